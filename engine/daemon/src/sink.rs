//! Who is told what happened: telemetry first, then one log line when an outcome or a reason changes.

use std::sync::Arc;

use leadsman_core::{dispatch::MissedReason, outcome::Outcome, record::RunRecord};
use leadsman_runner::Sink;

use crate::{seats::Vacancies, telemetry::Telemetry};

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

    fn finished(&self, slot: u32, record: &Arc<RunRecord>) {
        if self.telemetry.finished(slot, record) {
            log(record);
        }
    }

    fn vacant(&self, slot: u32) {
        self.vacancies.add(slot);
    }

    fn planned(&self, slot: u32, unix_ms: i64) {
        self.telemetry.set_next_tick(slot, unix_ms);
    }
}

/// A failing target is no error of this daemon: it is `info`; what cannot be trusted is `warn`.
fn log(record: &RunRecord) {
    let (check, target, run) = (
        record.check.as_str(),
        record.target.as_str(),
        record.run.as_str(),
    );
    let (outcome, reason, blame) = (
        record.outcome.as_str(),
        record.reason.as_str(),
        record.blame.as_str(),
    );
    let sentence = record.sentence.escape_debug().to_string();
    match record.outcome {
        Outcome::Pass | Outcome::Fail => {
            tracing::info!(check, target, run, outcome, reason, blame, %sentence, "outcome changed");
        }
        Outcome::Unknown => {
            tracing::warn!(check, target, run, outcome, reason, blame, %sentence, "outcome changed");
        }
    }
}
