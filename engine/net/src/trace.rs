//! One operation's clock and facts, kept outside of the future that may be cut off.
//!
//! Phases are taken at contiguous boundaries: the end of one is the start of the next, so that
//! their sum is the operation's time to the nanosecond, also where the operation was cut off.

use std::sync::Arc;

use leadsman_core::{
    facts::Facts,
    failure::{Failure, FailureKind},
    phase::{Nanos, Phase, Phases},
};
use tokio::time::{Instant, timeout_at};

use crate::{fault::Fault, wire::Tap};

/// One operation's clock and facts.
#[derive(Debug)]
pub(crate) struct Trace {
    pub(crate) facts: Box<Facts>,
    last: Instant,
    phase: Option<Phase>,
    hop: Phases,
    tap: Option<Arc<Tap>>,
}

impl Trace {
    pub(crate) fn start() -> Self {
        Self {
            facts: Box::default(),
            last: Instant::now(),
            phase: None,
            hop: Phases::default(),
            tap: None,
        }
    }

    /// Begins with what is known of a connection that was opened before.
    pub(crate) fn about(mut self, opened: &Facts) -> Self {
        self.facts = Box::new(opened.clone());
        self
    }

    /// Runs the operation until the limit; what it learnt stays in the trace either way.
    pub(crate) async fn run<T>(
        mut self,
        limit: Instant,
        operation: impl AsyncFnOnce(&mut Self) -> Result<T, Fault>,
    ) -> Result<(T, Box<Facts>), Failure> {
        let outcome = timeout_at(limit, operation(&mut self)).await;
        match outcome {
            Ok(Ok(value)) => {
                self.end_hop();
                Ok((value, self.facts))
            }
            Ok(Err(fault)) => Err(self.fail(fault)),
            Err(_) => {
                let phase = self.settle(Instant::now());
                let (kind, what) = timed_out(phase);
                Err(self.fail(Fault::new(kind, what)))
            }
        }
    }

    /// Ends the phase that was open and begins another.
    pub(crate) fn enter(&mut self, phase: Phase) {
        if self.phase.is_some() {
            self.settle(Instant::now());
        }
        self.phase = Some(phase);
    }

    /// Begins an exchange whose boundaries the tap sees: sent, first byte, the rest.
    pub(crate) fn exchange(&mut self, tap: &Arc<Tap>) {
        self.enter(Phase::Send);
        tap.rewind();
        self.tap = Some(Arc::clone(tap));
    }

    /// Forgets an exchange that did not happen: its time is counted to the phase that comes.
    pub(crate) fn abandon(&mut self) {
        self.tap = None;
        self.phase = None;
    }

    /// Ends a hop: its phases are its own, and are added to the operation's.
    pub(crate) fn end_hop(&mut self) {
        if self.phase.is_some() {
            self.settle(Instant::now());
        }
        self.phase = None;
        self.tap = None;
        let hop = std::mem::take(&mut self.hop);
        self.facts.phases.merge(&hop);
        let open = self
            .facts
            .http
            .as_mut()
            .and_then(|http| http.hops.last_mut());
        if let Some(open) = open.filter(|open| open.phases == Phases::default()) {
            open.phases = hop;
        }
    }

    fn fail(mut self, fault: Fault) -> Failure {
        let reached = if self.phase.is_some() {
            self.settle(Instant::now())
        } else {
            None
        };
        self.end_hop();
        Failure {
            kind: fault.kind,
            phase: reached,
            message: fault.message,
            facts: self.facts,
        }
    }

    /// Counts the time until `now`, and tells which phase it is by then.
    fn settle(&mut self, now: Instant) -> Option<Phase> {
        if let Some(tap) = self.tap.take() {
            if let Some(sent) = tap.sent().or(tap.heard()) {
                self.step(sent, Phase::Wait);
            }
            if let Some(heard) = tap.heard() {
                self.step(heard, Phase::Receive);
            }
            self.tap = None;
        }
        let phase = self.phase;
        if let Some(phase) = phase {
            self.step(now, phase);
        }
        phase
    }

    fn step(&mut self, at: Instant, next: Phase) {
        let at = at.max(self.last);
        if let Some(phase) = self.phase {
            self.hop.add(phase, nanos(at - self.last));
        }
        self.last = at;
        self.phase = Some(next);
    }
}

fn nanos(duration: std::time::Duration) -> Nanos {
    Nanos::try_from(duration.as_nanos()).unwrap_or(Nanos::MAX)
}

fn timed_out(phase: Option<Phase>) -> (FailureKind, &'static str) {
    match phase {
        Some(Phase::Resolve) => (FailureKind::DnsTimeout, "the name was not resolved in time"),
        Some(Phase::Connect) => (
            FailureKind::ConnectTimeout,
            "the connection was not made in time",
        ),
        Some(Phase::Tls) => (
            FailureKind::TlsTimeout,
            "the TLS handshake did not end in time",
        ),
        Some(Phase::Send) => (
            FailureKind::ResponseTimeout,
            "the request could not be sent in time",
        ),
        Some(Phase::Receive) => (
            FailureKind::ResponseTimeout,
            "the answer did not end in time",
        ),
        _ => (FailureKind::ResponseTimeout, "no answer came in time"),
    }
}
