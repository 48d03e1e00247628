//! What a scrape reads of one check-target.

use std::collections::BTreeMap;

use leadsman_core::{
    few::Few,
    id::ProbeName,
    ledger::{Ended, Ledger},
    limits::Limit,
    outcome::{Conclusion, Outcome},
    phase::{Nanos, Phase},
    plan::Objectives,
    record::RunRecord,
};

use super::{
    histogram::Histogram,
    lesson::{Certificates, Lesson},
    measures::{Declared, Measured},
    steps::Steps,
    values::at_unix_ns,
};

/// What a scrape reads, as it was at one moment.
#[derive(Debug, Clone, Default)]
pub(super) struct Numbers {
    pub(super) ledger: Ledger,
    pub(super) passing: Histogram,
    pub(super) failing: Histogram,
    pub(super) lag: Histogram,
    pub(super) overhead: Histogram,
    pub(super) phases: Few<Phase, Tally>,
    pub(super) certificates: Option<Certificates>,
    pub(super) denied: Few<&'static str, u64>,
    /// What the attempts of its probe came to.
    attempted: Attempted,
    /// The same of the probes that it had before.
    former: BTreeMap<ProbeName, Attempted>,
    pub(super) measured: Measured,
    pub(super) steps: Steps,
    /// Until when the last outcome speaks for the target, in Unix milliseconds.
    pub(super) fresh_until_ms: i64,
    /// Whether the last run was due in a maintenance window.
    pub(super) was_in_maintenance: bool,
}

/// What attempts of one probe came to.
#[derive(Debug, Clone, Default)]
pub(super) struct Attempted {
    /// How they stopped.
    pub(super) endings: Few<&'static str, u64>,
    /// Which limits ended them or cut what they said.
    pub(super) limits: Few<Limit, u64>,
}

impl Attempted {
    pub(super) fn add(&mut self, more: &Self) {
        self.endings.add_all(&more.endings);
        self.limits.add_all(&more.limits);
    }
}

/// How often and how long.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Tally {
    pub(super) count: u64,
    pub(super) sum: Nanos,
}

impl Tally {
    pub(super) fn add(&mut self, more: Self) {
        self.count += more.count;
        self.sum = self.sum.saturating_add(more.sum);
    }
}

impl Numbers {
    /// What the last run came to.
    pub(super) fn outcome(&self) -> Option<Outcome> {
        let last = self.ledger.last.as_ref()?;
        Some(last.conclusion.outcome())
    }

    pub(super) fn book(
        &mut self,
        record: &RunRecord,
        objectives: &Objectives,
        in_maintenance: bool,
    ) {
        self.ledger.attempt(record.attempts.len());
        let conclusion = Conclusion::new(record.reason, record.sentence.clone());
        let ended_unix_ns = record.ended_unix_ns();
        let ended = Ended {
            conclusion: &conclusion,
            latency: record.latency,
            ended_unix_ns,
            in_maintenance,
        };
        self.ledger.end(ended, objectives);
        self.was_in_maintenance = in_maintenance;
        match record.reason.outcome() {
            Outcome::Pass => self.passing.observe(record.latency),
            Outcome::Fail => self.failing.observe(record.latency),
            Outcome::Unknown => {}
        }
        self.lag.observe(record.lag);
    }

    /// Adds what a check-target has counted that is gone: sums over targets never go back.
    pub(super) fn absorb(&mut self, gone: &Self) {
        self.lag.merge(&gone.lag);
        self.overhead.merge(&gone.overhead);
        for (phase, tally) in gone.phases.iter() {
            self.phases.change(phase, |sum| sum.add(tally));
        }
        self.denied.add_all(&gone.denied);
        self.measured.dropped.add_all(&gone.measured.dropped);
    }

    /// What attempts came to, probe by probe; `probe` is the one that it has now.
    pub(super) fn attempted<'a>(
        &'a self,
        probe: &'a ProbeName,
    ) -> impl Iterator<Item = (&'a ProbeName, &'a Attempted)> {
        self.former.iter().chain([(probe, &self.attempted)])
    }

    /// The check has another probe from now on.
    pub(super) fn part_from(&mut self, probe: &ProbeName) {
        let attempted = std::mem::take(&mut self.attempted);
        let former = self.former.entry(probe.clone()).or_default();
        former.add(&attempted);
    }

    /// Adds what is never forgotten.
    pub(super) fn count(&mut self, lesson: &Lesson, record: &RunRecord, probe: &ProbeName) {
        // A run that was under way when the check got another probe.
        let former = self.former.get_mut(&record.probe);
        let former = former.filter(|_| record.probe != *probe);
        let attempted = former.unwrap_or(&mut self.attempted);
        for attempt in &record.attempts {
            let ending = attempt.report.ending.as_str();
            attempted.endings.add(ending, 1);
        }
        attempted.limits.add_all(&lesson.limits);
        self.denied.add_all(&lesson.denied);
        self.overhead.observe(lesson.overhead);
        for (phase, nanos) in lesson.phases.iter() {
            let once = Tally {
                count: 1,
                sum: nanos,
            };
            self.phases.change(phase, |sum| sum.add(once));
        }
        if let Some(last) = record.last() {
            // The run's: a run that is excused is no failure of its step either.
            let outcome = record.outcome;
            let ended = at_unix_ns(record.ended_unix_ns());
            let refused = self.steps.take(&last.report, outcome, ended);
            if refused > 0 {
                self.measured.dropped.add("steps", refused);
            }
        }
    }

    /// Takes what the run says of the target as it is now.
    pub(super) fn learn(&mut self, lesson: &Lesson, record: &RunRecord, declared: &Declared) {
        self.certificates = lesson.certificates.or(self.certificates);
        if let Some(last) = record.last() {
            self.measured.take(&last.report.measures, declared);
        }
    }
}
