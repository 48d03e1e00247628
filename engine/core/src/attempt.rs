//! One attempt: the order that starts it, the report that it leaves, and who turns one into the other.

use std::{collections::BTreeMap, future::Future, sync::Arc};

use serde::{Deserialize, Serialize};

use crate::{
    egress::Egress,
    evidence::Cut,
    failure::Failure,
    id::{CheckId, Location, ProbeName, ResourceName, TargetName},
    limits::{Limit, Limits},
    phase::{Nanos, Phase},
    places::Places,
    seam::{Answer, Call},
};

/// What is the same for every run of one check on one target; prepared when the plan is loaded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Assignment {
    /// The check.
    pub check: CheckId,
    /// The target's name.
    pub target: TargetName,
    /// The target's address as the configuration writes it.
    pub address: String,
    /// Where this daemon stands.
    pub location: Location,
    /// Which probe runs.
    pub probe: ProbeName,
    /// The probe's settings as JSON text, defaults filled in, the target's `set` merged.
    pub settings: Arc<str>,
    /// The same without the defaults that were filled in; `None` where nobody kept it.
    #[serde(skip)]
    pub written: Option<Arc<str>>,
    /// The target's labels.
    pub labels: BTreeMap<String, String>,
    /// How long one attempt may take.
    pub timeout: Nanos,
    /// What one attempt may use.
    pub limits: Limits,
    /// Where it may go.
    pub egress: Arc<Egress>,
    /// Which secrets it may use, by name.
    pub secrets: Vec<ResourceName>,
    /// Where nested settings are written; `None` where nothing is nested.
    #[serde(skip)]
    pub places: Option<Arc<Places>>,
}

impl Assignment {
    /// Puts other settings in place of its own: JSON text, defaults filled in.
    pub fn set_settings(&mut self, complete: impl Into<Arc<str>>) {
        self.settings = complete.into();
        self.written = None;
    }
}

/// Why a run happens. Only ticks enter the law and the SLIs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RunCause {
    /// It was due.
    Tick,
    /// Somebody asked a running daemon.
    Request,
    /// `leadsman once`.
    Once,
}

/// What to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Order {
    /// Whose attempt it is.
    pub assignment: Arc<Assignment>,
    /// The assignment's place in the roster.
    pub slot: u32,
    /// The run's id, unique in this process's life and the next ones'.
    pub run: String,
    /// Why the run happens.
    pub cause: RunCause,
    /// The planned instant, in nanoseconds since the Unix epoch.
    pub planned_unix_ns: i64,
    /// The first attempt is 1.
    pub attempt: u32,
}

/// What the guest says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// The target is well.
    Pass,
    /// The target is not well.
    Fail,
    /// The target answers, but not well enough to be silent about.
    Degraded,
    /// The probe could not judge.
    Unknown,
}

/// How an attempt stopped.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "how")]
pub enum Ending {
    /// The guest returned its verdict.
    Returned,
    /// The guest trapped: a panic, an uncaught exception, an invalid value.
    Trapped {
        /// What it said last, or what the sandbox says.
        message: String,
    },
    /// The time ended.
    Deadline {
        /// Whether a call was waiting on the target at that moment.
        waiting_on_target: bool,
    },
    /// A hard limit was reached.
    Limit {
        /// Which.
        limit: Limit,
    },
    /// The daemon stopped it.
    Cancelled,
    /// The host failed.
    HostFailed {
        /// How.
        message: String,
    },
    /// The probe could not be loaded.
    NotLoaded {
        /// Why.
        message: String,
    },
}

impl Ending {
    /// The label's value.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Returned => "returned",
            Self::Trapped { .. } => "trapped",
            Self::Deadline { .. } => "deadline",
            Self::Limit { .. } => "limit",
            Self::Cancelled => "cancelled",
            Self::HostFailed { .. } | Self::NotLoaded { .. } => "host_failed",
        }
    }
}

/// What the guest named as the cause of its verdict, in the order in which it did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "cause")]
pub enum Cause {
    /// A failure that the host observed: the operation with this index.
    Operation {
        /// Index into [`Report::operations`].
        index: usize,
    },
    /// A request that made no sense, so that it never became an operation.
    Refused {
        /// What the host said of it.
        failure: Failure,
    },
    /// An expectation that was not met.
    Assertion {
        /// One of the documented kinds (`status`, `header`, `body`, …).
        kind: String,
        /// Which header, JSONPath, record or setting.
        path: String,
        /// What was expected.
        expected: String,
        /// What came, shortened.
        got: String,
    },
    /// A sentence of the probe's own.
    Statement {
        /// The sentence.
        message: String,
    },
}

/// A cause, and where it belongs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Named {
    /// The cause.
    #[serde(flatten)]
    pub cause: Cause,
    /// The step that was open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<usize>,
    /// Where the setting that it is about is written: `FILE:LINE`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub setting: Option<String>,
}

impl From<Cause> for Named {
    fn from(cause: Cause) -> Self {
        Self {
            cause,
            step: None,
            setting: None,
        }
    }
}

/// One operation on the network.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Operation {
    /// When it began, in nanoseconds since the attempt's start.
    pub started: Nanos,
    /// When it ended; `None` where the attempt ended first.
    pub ended: Option<Nanos>,
    /// The step that was open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<usize>,
    /// What was asked.
    pub call: Arc<Call>,
    /// What came.
    pub answer: Option<Arc<Answer>>,
}

/// A step of the author's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// Its name.
    pub name: String,
    /// When it began, in nanoseconds since the attempt's start.
    pub started: Nanos,
    /// When it ended; `None` where the attempt ended first.
    pub ended: Option<Nanos>,
    /// Whether it went well, as the author says.
    pub ok: Option<bool>,
    /// What the author says of it.
    pub detail: String,
}

/// A number that the probe measured.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Measure {
    /// A name that the probe declared.
    pub name: String,
    /// The value, in base units.
    pub value: f64,
    /// Labels that the probe declared.
    pub labels: Vec<(String, String)>,
}

/// A line of the run's log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogLine {
    /// Nanoseconds since the attempt's start.
    pub at: Nanos,
    /// `trace`, `debug`, `info`, `warn`, `error`, or `output` for what the guest printed.
    pub level: String,
    /// The text.
    pub message: String,
}

/// What an attempt used of our own.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Usage {
    /// CPU time inside the guest; stretches below 0.1 ms by the clock on the wall.
    pub cpu: Nanos,
    /// Highest linear memory, in bytes.
    pub memory_bytes: u64,
    /// Crossings from guest to host.
    pub host_calls: u64,
    /// From the order to the guest's first instruction.
    pub queued: Nanos,
    /// What the guest asked to wait for.
    pub slept: Nanos,
    /// How often each soft limit cut something.
    pub truncated: BTreeMap<Limit, u64>,
}

/// What happened: facts only.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// When the guest's instance started, in nanoseconds since the Unix epoch.
    pub started_unix_ns: i64,
    /// From that start to the end.
    pub took: Nanos,
    /// How it stopped.
    pub ending: Ending,
    /// What the guest said, if it came to that.
    pub verdict: Option<Verdict>,
    /// Why, in the guest's order.
    pub causes: Vec<Named>,
    /// What was asked of the network, in order.
    pub operations: Vec<Operation>,
    /// The author's steps, in order.
    pub steps: Vec<Step>,
    /// What the probe measured.
    pub measures: Vec<Measure>,
    /// What the probe said.
    pub log: Vec<LogLine>,
    /// What it cost us.
    pub usage: Usage,
    /// Whether the guest asked that no further attempt is made: what this one did must not be done twice.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unrepeatable: bool,
    /// What of all this is not here, where it is a kept record's.
    #[serde(default, skip_serializing_if = "Cut::is_nothing")]
    pub cut: Cut,
}

impl Report {
    /// A report of an attempt whose guest never started.
    pub fn not_started(at_unix_ns: i64, ending: Ending) -> Self {
        Self {
            started_unix_ns: at_unix_ns,
            took: 0,
            ending,
            verdict: None,
            causes: Vec::new(),
            operations: Vec::new(),
            steps: Vec::new(),
            measures: Vec::new(),
            log: Vec::new(),
            usage: Usage::default(),
            unrepeatable: false,
            cut: Cut::default(),
        }
    }

    /// Whether the target was heard at all in this attempt.
    pub fn target_answered(&self) -> bool {
        self.operations
            .iter()
            .filter_map(|operation| operation.answer.as_deref())
            .any(is_evidence)
    }

    /// The union of the intervals in which an operation waited on the target.
    pub fn latency(&self) -> Nanos {
        union(
            self.operations
                .iter()
                .map(|operation| operation.waited(self.took))
                .collect(),
        )
    }

    /// What is left of the attempt beside the latency and the guest's own pauses: queue, sandbox and guest.
    pub fn overhead(&self) -> Nanos {
        let ours = self
            .took
            .saturating_sub(self.latency())
            .saturating_sub(self.usage.slept);
        self.usage.queued.saturating_add(ours)
    }
}

impl Operation {
    /// The interval that waited on the target; an operation that did not end waits until `end`.
    fn waited(&self, end: Nanos) -> (Nanos, Nanos) {
        let blocked = self
            .answer
            .as_deref()
            .and_then(Answer::facts)
            .and_then(|facts| facts.phases.get(Phase::Blocked))
            .unwrap_or(0);
        (
            self.started.saturating_add(blocked),
            self.ended.unwrap_or(end),
        )
    }
}

fn is_evidence(answer: &Answer) -> bool {
    match answer.failure() {
        Some(failure) => {
            failure.kind.is_evidence()
                || failure.facts.http.is_some()
                || failure.facts.tls.is_some()
        }
        None => !matches!(answer, Answer::TcpClose | Answer::TcpWrite(_)),
    }
}

fn union(mut intervals: Vec<(Nanos, Nanos)>) -> Nanos {
    intervals.sort_unstable();
    let mut covered = 0;
    let mut until = 0;
    for (start, end) in intervals {
        covered += end.saturating_sub(start.max(until));
        until = until.max(end);
    }
    covered
}

/// Who turns an order into a report: the sandbox in the daemon, a script in tests.
pub trait Prober: Send + Sync + 'static {
    /// Makes one attempt. It always ends: with a report, never with an error.
    fn attempt(&self, order: Order) -> impl Future<Output = Report> + Send;

    /// How many more runs could begin now without waiting long for a turn.
    fn room(&self) -> usize {
        usize::MAX
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn latency_counts_overlapping_waits_once() {
        assert_eq!(union(vec![(0, 10), (5, 20), (30, 40), (32, 35)]), 30);
        assert_eq!(union(vec![]), 0);
    }
}
