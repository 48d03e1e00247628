//! The state of each check-target as `GET /api/v1/checks` tells it.

use std::{collections::BTreeMap, sync::Arc};

use leadsman_core::{
    attempt::{Operation, Report, Step},
    dispatch::MissedReason,
    facts::Facts,
    id::{CheckId, Location, ProbeName, TargetName},
    ledger::Last,
    outcome::{Blame, Outcome, Reason},
    phase::{Nanos, Phases},
    record::RunRecord,
    seam::Call,
};
use serde::Serialize;

use super::{CheckAbout, values::seconds};

/// One check on one target.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CheckState {
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
    /// What the check is.
    #[serde(flatten)]
    pub about: Arc<CheckAbout>,
    /// Whether it is in a maintenance window.
    pub in_maintenance: bool,
    /// Those of the checks that it depends on which fail at this location.
    pub failing_dependencies: Vec<CheckId>,
    /// The last run, once there was one.
    pub last: Option<LastRun>,
    /// When a run last passed.
    pub last_pass_unix_ms: Option<i64>,
    /// When the next run is due, where the dispatcher has said so.
    pub next_tick_unix_ms: Option<i64>,
    /// The last tick that did not become a run.
    pub last_missed: Option<MissedState>,
    /// The last run that did not pass, step by step; absent where it is not asked for, or there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_failed: Option<FailedRun>,
}

/// What the last run came to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LastRun {
    /// The outcome.
    pub outcome: Outcome,
    /// The reason.
    pub reason: Reason,
    /// Who has to act.
    pub blame: Blame,
    /// What happened, for people.
    pub sentence: Arc<str>,
    /// When it ended.
    pub ended_unix_ms: i64,
}

/// Ticks that did not become runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct MissedState {
    /// Why.
    pub reason: MissedReason,
    /// When the first of them was due.
    pub planned_unix_ms: i64,
    /// How many they were.
    pub count: u64,
}

/// A run that did not pass, without the bodies that it kept.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FailedRun {
    /// The run's id.
    pub run: String,
    /// When it was due.
    pub planned_unix_ms: i64,
    /// The outcome.
    pub outcome: Outcome,
    /// The reason.
    pub reason: Reason,
    /// Who has to act.
    pub blame: Blame,
    /// What happened, for people.
    pub sentence: Arc<str>,
    /// How long it waited on the target.
    pub latency_seconds: f64,
    /// How many attempts it made.
    pub attempts: usize,
    /// The author's steps in the last attempt, with their operations.
    pub steps: Vec<StepState>,
    /// The last attempt's operations outside of any step.
    pub operations: Vec<OperationState>,
}

/// A step of the author's.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct StepState {
    /// Its name.
    pub name: String,
    /// Whether it went well, as the author says.
    pub ok: Option<bool>,
    /// What the author says of it.
    pub detail: String,
    /// How long it took; absent where the attempt ended first.
    pub seconds: Option<f64>,
    /// What it asked of the network.
    pub operations: Vec<OperationState>,
}

/// One operation on the network.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct OperationState {
    /// `http`, `dns`, `tls`, `tcp_connect`, `tcp_write`, `tcp_read` or `tcp_close`.
    pub call: &'static str,
    /// How long it took; absent where the attempt ended first.
    pub seconds: Option<f64>,
    /// How long each phase took that was reached.
    pub phases: BTreeMap<&'static str, f64>,
    /// What went wrong.
    pub failure: Option<String>,
}

impl From<Last> for LastRun {
    fn from(last: Last) -> Self {
        Self {
            outcome: last.conclusion.outcome(),
            reason: last.conclusion.reason,
            blame: last.conclusion.blame(),
            sentence: last.conclusion.sentence,
            ended_unix_ms: last.ended_unix_ns / 1_000_000,
        }
    }
}

impl FailedRun {
    /// What is kept of a record: a body of each failing target would be too much to hold.
    pub(super) fn of(record: &RunRecord) -> Self {
        let report = record.last().map(|attempt| attempt.report.as_ref());
        Self {
            run: record.run.clone(),
            planned_unix_ms: record.planned_unix_ns / 1_000_000,
            outcome: record.outcome,
            reason: record.reason,
            blame: record.blame,
            sentence: record.sentence.clone(),
            latency_seconds: seconds(record.latency),
            attempts: record.attempts.len(),
            steps: report.map(steps).unwrap_or_default(),
            operations: report
                .map(|report| operations(report, None))
                .unwrap_or_default(),
        }
    }
}

fn steps(report: &Report) -> Vec<StepState> {
    let state = |(index, step): (usize, &Step)| StepState {
        name: step.name.clone(),
        ok: step.ok,
        detail: step.detail.clone(),
        seconds: took(step.started, step.ended),
        operations: operations(report, Some(index)),
    };
    report.steps.iter().enumerate().map(state).collect()
}

fn operations(report: &Report, step: Option<usize>) -> Vec<OperationState> {
    report
        .operations
        .iter()
        .filter(|operation| operation.step == step)
        .map(operation_state)
        .collect()
}

fn operation_state(operation: &Operation) -> OperationState {
    let answer = operation.answer.as_deref();
    let phases: Phases = answer
        .and_then(|answer| answer.facts())
        .map(|facts: &Facts| facts.phases)
        .unwrap_or_default();
    OperationState {
        call: called(&operation.call),
        seconds: took(operation.started, operation.ended),
        phases: phases
            .iter()
            .map(|(phase, nanos)| (phase.as_str(), seconds(nanos)))
            .collect(),
        failure: answer
            .and_then(|answer| answer.failure())
            .map(ToString::to_string),
    }
}

const fn called(call: &Call) -> &'static str {
    match call {
        Call::Http(_) => "http",
        Call::Dns(_) => "dns",
        Call::Tls(_) => "tls",
        Call::TcpConnect(_) => "tcp_connect",
        Call::TcpWrite { .. } => "tcp_write",
        Call::TcpRead(_) => "tcp_read",
        Call::TcpClose { .. } => "tcp_close",
    }
}

fn took(started: Nanos, ended: Option<Nanos>) -> Option<f64> {
    ended.map(|ended| seconds(ended.saturating_sub(started)))
}
