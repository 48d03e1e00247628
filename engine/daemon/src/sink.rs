//! Who is told what happened: telemetry first, then the log.

use std::sync::Arc;

use leadsman_core::{dispatch::MissedReason, outcome::Outcome, record::RunRecord};
use leadsman_runner::Sink;

use crate::{
    seats::Vacancies,
    telemetry::{News, Telemetry},
};

mod line;

/// Telemetry and the log.
#[derive(Debug)]
pub struct Told {
    /// Who counts.
    pub telemetry: Arc<Telemetry>,
    /// Who gives slots away.
    pub vacancies: Vacancies,
}

impl Sink for Told {
    fn started(&self, slot: u32) {
        self.telemetry.started(slot);
    }

    fn missed(&self, slot: u32, reason: MissedReason, planned_unix_ms: i64, count: u64) {
        self.telemetry.missed(slot, reason, planned_unix_ms, count);
    }

    /// One line for a run that did not pass, and one for a pass that is news.
    fn finished(&self, slot: u32, record: Arc<RunRecord>) {
        let (record, news) = self.telemetry.finished(slot, record);
        let is_told = news != News::Nothing || record.outcome != Outcome::Pass;
        if is_told && self.telemetry.admits_line(slot) {
            line::log(&record, news);
        }
    }

    fn location(&self, healthy: bool) {
        self.telemetry.set_location_healthy(healthy);
    }

    fn vacant(&self, slot: u32) {
        self.vacancies.add(slot);
    }

    fn planned(&self, slot: u32, unix_ms: i64) {
        self.telemetry.set_next_tick(slot, unix_ms);
    }
}
