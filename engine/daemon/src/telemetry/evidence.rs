//! What is kept of a check-target's runs: the last ones that did not pass, the last one that did, and
//! a line of numbers for each of the last.

use std::{collections::VecDeque, sync::Arc};

use leadsman_core::{
    evidence::{EvidenceLimits, weight},
    id::{CheckId, Location, ProbeName, RunId, TargetName},
    outcome::{Blame, Outcome, Reason},
    phase::Phases,
    record::RunRecord,
};
use serde::Serialize;

use super::{recent::RecentRuns, room::Room};

/// Of one check-target.
#[derive(Debug)]
pub(super) struct Evidence {
    /// Oldest first.
    failed: VecDeque<Kept>,
    passed: Option<Kept>,
    pub(super) recent: RecentRuns,
    room: Arc<Room>,
}

/// A record, with what is asked of it most.
#[derive(Debug)]
struct Kept {
    record: Arc<RunRecord>,
    /// The run's id; `None` where it is not written as numbers.
    id: Option<RunId>,
    weight: usize,
}

impl Kept {
    fn new(record: Arc<RunRecord>) -> Self {
        Self {
            id: RunId::parse(&record.run),
            weight: weight(&record),
            record,
        }
    }
}

impl Drop for Evidence {
    fn drop(&mut self) {
        self.room.leave(self.weight());
    }
}

impl Evidence {
    /// Nothing, in the room that all have together.
    pub(super) fn new(room: &Arc<Room>) -> Self {
        Self {
            failed: VecDeque::new(),
            passed: None,
            recent: RecentRuns::default(),
            room: Arc::clone(room),
        }
    }

    /// Takes a record that has been cut already.
    pub(super) fn take(
        &mut self,
        record: Arc<RunRecord>,
        phases: &Phases,
        limits: &EvidenceLimits,
    ) {
        self.recent.push(&record, phases, limits.recent_runs);
        let kept = Kept::new(record);
        self.room.enter(kept.weight);
        if kept.record.outcome == Outcome::Pass {
            let before = self.passed.replace(kept);
            self.room.leave(before.map_or(0, |before| before.weight));
        } else {
            while self.failed.len() >= limits.failed_runs.max(1) {
                let before = self.failed.pop_front();
                self.room.leave(before.map_or(0, |before| before.weight));
            }
            // Most have one or none: a queue that grows by itself has room for four at once.
            self.failed.reserve_exact(1);
            self.failed.push_back(kept);
        }
        self.keep_to_share();
    }

    /// Where all room is taken, what is more than the share goes: old failures first, the last one last.
    pub(super) fn keep_to_share(&mut self) {
        while self.room.is_full() && self.weight() > self.room.share() {
            let oldest = match self.failed.len() {
                0 | 1 => self.passed.take().or_else(|| self.failed.pop_front()),
                _ => self.failed.pop_front(),
            };
            let Some(oldest) = oldest else { return };
            self.room.push_out(oldest.weight);
        }
    }

    fn weight(&self) -> usize {
        self.kept().map(|kept| kept.weight).sum()
    }

    fn kept(&self) -> impl Iterator<Item = &Kept> {
        self.failed.iter().chain(&self.passed)
    }

    /// The last run that did not pass.
    pub(super) fn last_failed(&self) -> Option<&Arc<RunRecord>> {
        self.failed.back().map(|kept| &kept.record)
    }

    /// Every run that is kept whole.
    pub(super) fn records(&self) -> impl Iterator<Item = &Arc<RunRecord>> {
        self.kept().map(|kept| &kept.record)
    }

    /// The record of a run, where it is kept here: numbers are compared, never texts.
    pub(super) fn find(&self, id: RunId, looked: &mut usize) -> Option<&Arc<RunRecord>> {
        let mut kept = self.kept().inspect(|_| *looked += 1);
        kept.find(|kept| kept.id == Some(id))
            .map(|kept| &kept.record)
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
    pub sentence: Arc<str>,
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
