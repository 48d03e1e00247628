//! The account of one check on one target: what was due, what ran, what it came to.
//!
//! Law: ticks = runs + missed; runs = outcomes + in flight; valid(availability) = pass + fail
//! (+ unknown where an objective says so) − excluded; bad ≤ valid.

use serde::Serialize;

use crate::{
    dispatch::MissedReason,
    few::Few,
    outcome::{Conclusion, Outcome, Reason},
    phase::Nanos,
    plan::Objectives,
};

/// Valid and bad events of one SLI.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Events {
    /// Events that count.
    pub valid: u64,
    /// Events that burned budget.
    pub bad: u64,
}

/// The account. Counters start at 0, before the first run, and never go back.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Ledger {
    /// Due moments.
    pub ticks: u64,
    /// Ticks that did not run.
    pub missed: Few<MissedReason, u64>,
    /// Ticks that started.
    pub started: u64,
    /// Runs that ended, by outcome.
    pub outcomes: Few<Outcome, u64>,
    /// Runs that ended, by reason.
    pub reasons: Few<Reason, u64>,
    /// Guest instantiations.
    pub attempts: u64,
    /// Availability.
    pub availability: Events,
    /// Latency, where an objective says what is slow.
    pub latency: Events,
    /// Overlapped ticks behind runs that failed, and runs in maintenance: they do not count against
    /// coverage.
    pub excluded: u64,
    /// Runs that passed, but not well enough to be silent about.
    pub degraded: u64,
    /// The last run, once there was one.
    pub last: Option<Last>,
    /// When a run last passed, in Unix nanoseconds.
    pub last_pass_unix_ns: Option<i64>,
    /// Overlapped ticks behind the run that is under way.
    overlapped: u64,
}

/// The last run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Last {
    /// What it came to.
    pub conclusion: Conclusion,
    /// When it ended, in Unix nanoseconds.
    pub ended_unix_ns: i64,
}

/// What the ledger learns of a run that has ended.
#[derive(Debug, Clone, Copy)]
pub struct Ended<'a> {
    /// What it came to.
    pub conclusion: &'a Conclusion,
    /// The latency of its last attempt.
    pub latency: Nanos,
    /// When it ended, in Unix nanoseconds.
    pub ended_unix_ns: i64,
    /// Whether it was due in a maintenance window: it is told, but it is no event of an SLI.
    pub in_maintenance: bool,
}

impl Ledger {
    /// A tick became a run.
    pub fn start(&mut self) {
        self.ticks += 1;
        self.started += 1;
    }

    /// Ticks did not become runs.
    pub fn miss(&mut self, reason: MissedReason, count: u64) {
        self.ticks += count;
        self.missed.add(reason, count);
        if reason == MissedReason::Overlap {
            self.overlapped += count;
        }
    }

    /// A run made so many attempts.
    pub fn attempt(&mut self, count: usize) {
        self.attempts += u64::try_from(count).unwrap_or(u64::MAX);
    }

    /// A run ended.
    pub fn end(&mut self, ended: Ended<'_>, objectives: &Objectives) {
        let reason = ended.conclusion.reason;
        let outcome = reason.outcome();
        self.outcomes.add(outcome, 1);
        self.reasons.add(reason, 1);
        self.degraded += u64::from(reason == Reason::Degraded);
        if ended.in_maintenance {
            self.excluded += 1;
        } else {
            self.judge(outcome, ended.latency, objectives);
        }
        let overlapped = std::mem::take(&mut self.overlapped);
        if outcome == Outcome::Fail {
            self.excluded += overlapped;
        }
        if outcome == Outcome::Pass {
            self.last_pass_unix_ns = Some(ended.ended_unix_ns);
        }
        self.last = Some(Last {
            conclusion: ended.conclusion.clone(),
            ended_unix_ns: ended.ended_unix_ns,
        });
    }

    /// Latency counts passing runs only, so that an outage does not burn two budgets.
    fn judge(&mut self, outcome: Outcome, latency: Nanos, objectives: &Objectives) {
        match outcome {
            Outcome::Pass => {
                self.availability.valid += 1;
                if let Some(objective) = objectives.latency {
                    self.latency.valid += 1;
                    self.latency.bad += u64::from(u128::from(latency) > objective.under.as_nanos());
                }
            }
            Outcome::Fail => {
                self.availability.valid += 1;
                self.availability.bad += 1;
            }
            Outcome::Unknown if objectives.unknown_is_bad => {
                self.availability.valid += 1;
                self.availability.bad += 1;
            }
            Outcome::Unknown => {}
        }
    }

    /// Runs that have ended.
    pub fn ended(&self) -> u64 {
        self.outcomes.total()
    }

    /// Runs under way.
    pub fn in_flight(&self) -> u64 {
        self.started.saturating_sub(self.ended())
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;

    use super::*;
    use crate::plan::LatencyObjective;

    fn objectives(unknown_is_bad: bool) -> Objectives {
        let latency = LatencyObjective {
            under: Duration::from_nanos(500),
            at_least: 0.95,
        };
        Objectives {
            availability: Some(0.999),
            latency: Some(latency),
            unknown_is_bad,
            ..Objectives::default()
        }
    }

    #[derive(Debug, Clone)]
    enum Booked {
        Run(Reason, Nanos),
        Missed(MissedReason, u64),
    }

    fn booked() -> impl Strategy<Value = Booked> {
        let reason = prop::sample::select(Reason::ALL.to_vec());
        let missed = prop::sample::select(MissedReason::ALL.to_vec());
        prop_oneof![
            (reason, 0_u64..1_000).prop_map(|(reason, latency)| Booked::Run(reason, latency)),
            (missed, 1_u64..100).prop_map(|(reason, count)| Booked::Missed(reason, count)),
        ]
    }

    proptest! {
        #[test]
        fn the_law_holds_after_every_booking(events in prop::collection::vec(booked(), 0..200), unknown_is_bad: bool) {
            let (mut ledger, objectives) = (Ledger::default(), objectives(unknown_is_bad));
            for event in events {
                match event {
                    Booked::Missed(reason, count) => ledger.miss(reason, count),
                    Booked::Run(reason, latency) => {
                        ledger.start();
                        prop_assert_eq!(ledger.in_flight(), 1);
                        let conclusion = Conclusion::new(reason, "");
                        ledger.end(Ended { conclusion: &conclusion, latency, ended_unix_ns: 1, in_maintenance: false }, &objectives);
                    }
                }
                let count = |outcome| ledger.outcomes.get(outcome);
                let unknown = if unknown_is_bad { count(Outcome::Unknown) } else { 0 };
                prop_assert_eq!(ledger.ticks, ledger.started + ledger.missed.total());
                prop_assert_eq!(ledger.ended(), ledger.reasons.total());
                prop_assert_eq!(ledger.availability.valid, count(Outcome::Pass) + count(Outcome::Fail) + unknown);
                prop_assert!(ledger.availability.bad <= ledger.availability.valid);
                prop_assert_eq!(ledger.latency.valid, count(Outcome::Pass));
                prop_assert!(ledger.latency.bad <= ledger.latency.valid);
                prop_assert!(ledger.availability.valid + ledger.excluded <= ledger.ticks);
            }
        }
    }

    #[test]
    fn overlap_behind_a_failing_run_is_excluded_and_behind_a_passing_one_is_not() {
        let objectives = Objectives::default();
        for (reason, excluded) in [(Reason::ConnectTimeout, 3), (Reason::Ok, 0)] {
            let mut ledger = Ledger::default();
            ledger.start();
            ledger.miss(MissedReason::Overlap, 3);
            let conclusion = Conclusion::new(reason, "");
            ledger.end(
                Ended {
                    conclusion: &conclusion,
                    latency: 0,
                    ended_unix_ns: 0,
                    in_maintenance: false,
                },
                &objectives,
            );
            assert_eq!(ledger.excluded, excluded);
        }
    }
}
