//! Who is told what happened: telemetry first, then one log line when an outcome or a reason changes.

use std::sync::{
    Arc,
    atomic::{AtomicU16, Ordering},
};

use leadsman_core::{
    dispatch::MissedReason,
    outcome::{Outcome, Reason},
    record::RunRecord,
};
use leadsman_runner::Sink;

use crate::telemetry::Telemetry;

/// Telemetry and the log.
#[derive(Debug)]
pub struct Told {
    telemetry: Arc<Telemetry>,
    /// Per slot, the last reason's number plus one; 0 before the first run.
    last: Vec<AtomicU16>,
}

impl Told {
    /// For so many slots.
    pub fn new(telemetry: Arc<Telemetry>, slots: usize) -> Self {
        Self {
            telemetry,
            last: std::iter::repeat_with(AtomicU16::default)
                .take(slots)
                .collect(),
        }
    }

    /// Whether the slot's reason differs from its last one; a first pass is no change.
    fn changed(&self, slot: u32, reason: Reason) -> bool {
        let number = Reason::ALL.iter().position(|known| *known == reason);
        let number = number
            .and_then(|number| u16::try_from(number + 1).ok())
            .unwrap_or(0);
        let last = usize::try_from(slot)
            .ok()
            .and_then(|slot| self.last.get(slot));
        let before = last.map_or(0, |last| last.swap(number, Ordering::Relaxed));
        before != number && !(before == 0 && reason == Reason::Ok)
    }
}

impl Sink for Told {
    fn started(&self, slot: u32) {
        self.telemetry.started(slot);
    }

    fn missed(&self, slot: u32, reason: MissedReason, planned_unix_ms: i64, count: u64) {
        self.telemetry.missed(slot, reason, planned_unix_ms, count);
    }

    fn finished(&self, slot: u32, record: &Arc<RunRecord>) {
        self.telemetry.finished(slot, record);
        if self.changed(slot, record.reason) {
            log(record);
        }
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
