//! A run as a line of numbers: 48 bytes, so that an hour of minutes costs a check-target 3 KiB.

use std::collections::{BTreeMap, VecDeque};

use leadsman_core::{
    id::RunId,
    outcome::{Outcome, Reason},
    phase::{Nanos, Phase, Phases},
    record::RunRecord,
};
use serde::Serialize;

/// Where a phase was not reached.
const NOT_REACHED: u32 = u32::MAX;

/// Times are kept in microseconds: more than an hour fits into 32 bits.
const UNIT: Nanos = 1_000;

/// One run.
#[derive(Debug, Clone, Copy)]
pub(super) struct Recent {
    /// The run's number, and the reason's in the lowest byte.
    tag: u64,
    ended_unix_ms: i64,
    latency: u32,
    phases: [u32; Phase::ALL.len()],
}

/// One run as the API tells it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RecentRun {
    /// The run's id.
    pub run: String,
    /// When it ended.
    pub ended_unix_ms: i64,
    /// The outcome.
    pub outcome: Outcome,
    /// The reason.
    pub reason: Reason,
    /// How long it waited on the target, to the microsecond.
    pub latency_ns: u64,
    /// How long each phase took that was reached, over all operations of the last attempt.
    pub phases: BTreeMap<&'static str, u64>,
}

impl Recent {
    fn of(record: &RunRecord, phases: &Phases) -> Self {
        let number = RunId::parse(&record.run).map_or(0, |id| id.number);
        let reason = Reason::ALL.iter().position(|known| *known == record.reason);
        let reason = reason.and_then(|at| u64::try_from(at).ok()).unwrap_or(0);
        Self {
            tag: number << 8 | reason,
            ended_unix_ms: record.ended_unix_ns() / 1_000_000,
            latency: compact(record.latency),
            phases: Phase::ALL.map(|phase| phases.get(phase).map_or(NOT_REACHED, compact)),
        }
    }

    fn told(&self, life: u64) -> RecentRun {
        let reason = usize::try_from(self.tag & 0xff).ok();
        let reason = reason.and_then(|at| Reason::ALL.get(at).copied());
        let reason = reason.unwrap_or(Reason::Internal);
        let phases = Phase::ALL.into_iter().zip(self.phases);
        let reached = phases.filter(|(_, took)| *took != NOT_REACHED);
        RecentRun {
            run: RunId {
                life,
                number: self.tag >> 8,
            }
            .to_string(),
            ended_unix_ms: self.ended_unix_ms,
            outcome: reason.outcome(),
            reason,
            latency_ns: u64::from(self.latency) * UNIT,
            phases: reached
                .map(|(phase, took)| (phase.as_str(), u64::from(took) * UNIT))
                .collect(),
        }
    }
}

/// A time that is too long is the longest that fits.
fn compact(nanos: Nanos) -> u32 {
    u32::try_from(nanos / UNIT)
        .unwrap_or(NOT_REACHED)
        .min(NOT_REACHED - 1)
}

/// The last runs, oldest first.
#[derive(Debug, Clone, Default)]
pub(super) struct RecentRuns {
    /// Which process the runs' numbers belong to.
    life: u64,
    runs: VecDeque<Recent>,
}

impl RecentRuns {
    /// One more; the oldest goes where there is no room.
    pub(super) fn push(&mut self, record: &RunRecord, phases: &Phases, room: usize) {
        self.life = RunId::parse(&record.run).map_or(self.life, |id| id.life);
        while self.runs.len() >= room.max(1) {
            self.runs.pop_front();
        }
        self.runs.push_back(Recent::of(record, phases));
    }

    pub(super) fn told(&self) -> Vec<RecentRun> {
        self.runs.iter().map(|run| run.told(self.life)).collect()
    }
}

#[cfg(test)]
mod tests {
    use leadsman_core::failure::FailureKind;

    use super::*;
    use crate::telemetry::tests::fixture::{MS, failing};

    #[test]
    fn a_run_takes_no_more_than_48_bytes() {
        assert!(size_of::<Recent>() <= 48, "{}", size_of::<Recent>());
    }

    #[test]
    fn numbers_come_back_as_they_went_in_and_the_oldest_goes() {
        let mut record = failing(Reason::EgressPrivate, FailureKind::EgressPrivate)
            .as_ref()
            .clone();
        let mut phases = Phases::default();
        phases.add(Phase::Connect, 3 * MS);
        phases.add(Phase::Wait, 0);
        let mut runs = RecentRuns::default();
        for number in 0..70_u64 {
            record.run = RunId {
                life: 0x19f,
                number,
            }
            .to_string();
            runs.push(&record, &phases, 60);
        }
        let told = runs.told();
        assert_eq!(told.len(), 60);
        assert_eq!(told[0].run, "19f-a");
        let last = &told[59];
        assert_eq!((last.run.as_str(), last.reason), ("19f-45", record.reason));
        assert_eq!(last.latency_ns, 700 * MS);
        assert_eq!(
            last.phases,
            BTreeMap::from([("connect", 3 * MS), ("wait", 0)])
        );
    }
}
