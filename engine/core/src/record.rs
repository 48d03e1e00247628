//! One run as it is told to people and programs: the one versioned shape of `once`, kept runs and logs.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::{
    attempt::{Assignment, Order, Report, RunCause},
    id::{CheckId, Location, ProbeName, TargetName},
    outcome::{Blame, Conclusion, Outcome, Reason},
    phase::Nanos,
    seam::SEAM_VERSION,
};

/// The version of this shape.
pub const RECORD_VERSION: u32 = 1;

/// One run, with every fact that the host saw, whether or not the guest asked for it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunRecord {
    /// [`RECORD_VERSION`].
    pub version: u32,
    /// [`SEAM_VERSION`], of the calls and answers inside.
    pub seam: u32,
    /// The run's id.
    pub run: String,
    /// The check.
    pub check: CheckId,
    /// The target's name.
    pub target: TargetName,
    /// The target's address.
    pub address: String,
    /// Where the prober stands.
    pub location: Location,
    /// The probe.
    pub probe: ProbeName,
    /// Why it ran.
    pub cause: RunCause,
    /// The planned instant, in Unix nanoseconds.
    pub planned_unix_ns: i64,
    /// From the planned instant to the first attempt's start; negative never.
    pub lag: Nanos,
    /// The outcome.
    pub outcome: Outcome,
    /// The reason.
    pub reason: Reason,
    /// Who has to act.
    pub blame: Blame,
    /// What happened, for people.
    pub sentence: Arc<str>,
    /// The last attempt's latency: the union of what waited on the target.
    pub latency: Nanos,
    /// Every attempt.
    pub attempts: Vec<AttemptRecord>,
}

/// One attempt of a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AttemptRecord {
    /// What it came to.
    pub conclusion: Conclusion,
    /// What happened.
    pub report: Arc<Report>,
}

impl RunRecord {
    /// The record of a run that made these attempts.
    pub fn new(order: &Order, attempts: Vec<AttemptRecord>, conclusion: Conclusion) -> Self {
        let assignment: &Assignment = &order.assignment;
        let first = attempts.first().map_or(order.planned_unix_ns, |attempt| {
            attempt.report.started_unix_ns
        });
        let latency = attempts
            .last()
            .map_or(0, |attempt| attempt.report.latency());
        Self {
            version: RECORD_VERSION,
            seam: SEAM_VERSION,
            run: order.run.clone(),
            check: assignment.check.clone(),
            target: assignment.target.clone(),
            address: assignment.address.clone(),
            location: assignment.location.clone(),
            probe: assignment.probe.clone(),
            cause: order.cause,
            planned_unix_ns: order.planned_unix_ns,
            lag: u64::try_from(first.saturating_sub(order.planned_unix_ns)).unwrap_or(0),
            outcome: conclusion.outcome(),
            reason: conclusion.reason,
            blame: conclusion.blame(),
            sentence: conclusion.sentence,
            latency,
            attempts,
        }
    }

    /// Puts another conclusion in place of the run's own.
    pub fn conclude(&mut self, conclusion: Conclusion) {
        self.outcome = conclusion.outcome();
        self.reason = conclusion.reason;
        self.blame = conclusion.blame();
        self.sentence = conclusion.sentence;
    }

    /// The last attempt.
    pub fn last(&self) -> Option<&AttemptRecord> {
        self.attempts.last()
    }

    /// When the last attempt ended, in Unix nanoseconds.
    pub fn ended_unix_ns(&self) -> i64 {
        self.last().map_or(self.planned_unix_ns, |attempt| {
            attempt
                .report
                .started_unix_ns
                .saturating_add(i64::try_from(attempt.report.took).unwrap_or(i64::MAX))
        })
    }
}
