//! What one run's record teaches, gathered before any lock is taken.

use leadsman_core::{
    attempt::{Cause, Ending, Report},
    egress::AddressClass,
    facts::{Facts, TlsFacts},
    failure::{Failure, FailureKind},
    few::Few,
    limits::Limit,
    phase::{Nanos, Phases},
    record::RunRecord,
};

/// Numbers of one run that the ledger does not book.
#[derive(Debug, Default)]
pub(super) struct Lesson {
    /// Of the last attempt, over all its operations.
    pub(super) phases: Phases,
    /// Over all attempts.
    pub(super) overhead: Nanos,
    /// Of the last attempt that shook hands.
    pub(super) certificates: Option<Certificates>,
    /// What the policy refused, by network class.
    pub(super) denied: Few<&'static str, u64>,
    /// Limits that ended an attempt or cut something.
    pub(super) limits: Few<Limit, u64>,
}

/// When certificates end, in Unix seconds: the first of all hosts that a run talked to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Certificates {
    pub(super) leaf: Option<i64>,
    pub(super) earliest: Option<i64>,
    /// `None` where a chain does not verify now.
    pub(super) valid_until: Option<i64>,
}

impl Lesson {
    pub(super) fn of(record: &RunRecord) -> Self {
        let mut lesson = Self::default();
        for attempt in &record.attempts {
            lesson.attempt(&attempt.report);
        }
        if let Some(last) = record.last() {
            facts(&last.report).for_each(|facts| lesson.phases.merge(&facts.phases));
        }
        lesson.certificates = record
            .attempts
            .iter()
            .rev()
            .find_map(|attempt| certificates(&attempt.report));
        lesson
    }

    fn attempt(&mut self, report: &Report) {
        self.overhead = self.overhead.saturating_add(report.overhead());
        for (limit, times) in &report.usage.truncated {
            self.limits.add(*limit, *times);
        }
        if let Ending::Limit { limit } = report.ending {
            self.limits.add(limit, 1);
        }
        let observed = report
            .operations
            .iter()
            .filter_map(|operation| operation.answer.as_deref()?.failure());
        let refused = report.causes.iter().filter_map(|named| match &named.cause {
            Cause::Refused { failure } => Some(failure),
            _ => None,
        });
        for class in observed.chain(refused).filter_map(network_class) {
            self.denied.add(class, 1);
        }
    }
}

/// Where a refused operation wanted to go; `None` where no policy refused it.
fn network_class(failure: &Failure) -> Option<&'static str> {
    let class = |address| AddressClass::of(address).as_str();
    match failure.kind {
        FailureKind::EgressPrivate | FailureKind::EgressDenied | FailureKind::RedirectDenied => {
            Some(failure.facts.refused.map_or("ungranted", class))
        }
        _ => None,
    }
}

fn facts(report: &Report) -> impl Iterator<Item = &Facts> {
    report
        .operations
        .iter()
        .filter_map(|operation| operation.answer.as_deref()?.facts())
}

fn certificates(report: &Report) -> Option<Certificates> {
    let shown = |facts: &Facts| facts.tls.clone().filter(|tls| !tls.chain.is_empty());
    facts(report)
        .filter_map(shown)
        .map(|tls| Certificates::of(&tls))
        .reduce(Certificates::first)
}

impl Certificates {
    fn of(tls: &TlsFacts) -> Self {
        Self {
            leaf: tls.leaf_not_after(),
            earliest: tls.earliest_not_after(),
            valid_until: tls.chain_valid_until,
        }
    }

    /// The first to end of two; no chain at all ends before any.
    fn first(self, other: Self) -> Self {
        let valid_until = self
            .valid_until
            .zip(other.valid_until)
            .map(|(one, two)| one.min(two));
        Self {
            leaf: self.leaf.min(other.leaf),
            earliest: self.earliest.min(other.earliest),
            valid_until,
        }
    }
}
