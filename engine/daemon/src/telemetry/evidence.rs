//! What is kept of a check-target's runs: the last ones that did not pass, the last one that did, and
//! a line of numbers for each of the last.

use std::{collections::VecDeque, sync::Arc};

use leadsman_core::{
    evidence::EvidenceLimits,
    id::{CheckId, Location, ProbeName, TargetName},
    outcome::{Blame, Outcome, Reason},
    phase::Phases,
    record::RunRecord,
};
use serde::Serialize;

use super::recent::RecentRuns;

/// Of one check-target.
#[derive(Debug, Clone, Default)]
pub(super) struct Evidence {
    /// Oldest first.
    failed: VecDeque<Arc<RunRecord>>,
    passed: Option<Arc<RunRecord>>,
    pub(super) recent: RecentRuns,
}

impl Evidence {
    /// Takes a record that has been cut already.
    pub(super) fn take(
        &mut self,
        record: Arc<RunRecord>,
        phases: &Phases,
        limits: &EvidenceLimits,
    ) {
        self.recent.push(&record, phases, limits.recent_runs);
        if record.outcome == Outcome::Pass {
            self.passed = Some(record);
            return;
        }
        while self.failed.len() >= limits.failed_runs.max(1) {
            self.failed.pop_front();
        }
        self.failed.push_back(record);
    }

    /// The last run that did not pass.
    pub(super) fn last_failed(&self) -> Option<&Arc<RunRecord>> {
        self.failed.back()
    }

    /// Every run that is kept whole.
    pub(super) fn records(&self) -> impl Iterator<Item = &Arc<RunRecord>> {
        self.failed.iter().chain(&self.passed)
    }
}

/// A run that is kept, in one line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RunSummary {
    /// The run's id.
    pub run: String,
    /// The check.
    pub check: CheckId,
    /// The target's name.
    pub target: TargetName,
    /// Where the prober stands.
    pub location: Location,
    /// The probe.
    pub probe: ProbeName,
    /// The outcome.
    pub outcome: Outcome,
    /// The reason.
    pub reason: Reason,
    /// Who has to act.
    pub blame: Blame,
    /// What happened, for people.
    pub sentence: String,
    /// When it was due.
    pub planned_unix_ms: i64,
    /// When it ended.
    pub ended_unix_ms: i64,
    /// How long it waited on the target.
    pub latency_ns: u64,
    /// How many attempts it made.
    pub attempts: usize,
}

impl RunSummary {
    pub(super) fn of(record: &RunRecord) -> Self {
        Self {
            run: record.run.clone(),
            check: record.check.clone(),
            target: record.target.clone(),
            location: record.location.clone(),
            probe: record.probe.clone(),
            outcome: record.outcome,
            reason: record.reason,
            blame: record.blame,
            sentence: record.sentence.clone(),
            planned_unix_ms: record.planned_unix_ns / 1_000_000,
            ended_unix_ms: record.ended_unix_ns() / 1_000_000,
            latency_ns: record.latency,
            attempts: record.attempts.len(),
        }
    }
}
