//! The families of each check-target.

use std::sync::Arc;

use leadsman_core::{ledger::Events, outcome::Outcome, record::RunRecord};

use super::{
    Shape,
    births::Births,
    exposition::{Definition, Family, HistogramView, Label, Labels, Value, label, written},
    families as def,
    format::Format,
    lesson::Certificates,
    numbers::Numbers,
    slot::Slot,
    steps,
    values::{unix_ns_seconds, unix_seconds},
};

/// A check-target's numbers at one moment.
#[derive(Debug)]
pub(super) struct TargetView<'a> {
    pub(super) slot: &'a Slot,
    pub(super) numbers: Arc<Numbers>,
    /// The last run that did not pass.
    failed: Option<Arc<RunRecord>>,
}

impl<'a> TargetView<'a> {
    pub(super) fn of(slot: &'a Slot) -> Self {
        let (numbers, failed) = slot.at_this_moment();
        Self {
            slot,
            numbers,
            failed,
        }
    }
}

/// The labels and the value of one series, without those that its check-target gives it.
type Series = (Vec<Label>, Value);

/// Makes one family of some check-targets.
pub(super) type Group = fn(&[TargetView<'_>], Shape, &mut Births) -> Family;

/// Everything labelled with a check, a target and a location, but the measures. Of ten thousand check-targets each
/// family takes megabytes: a part of one is written and forgotten before the next is made.
pub(super) const GROUPS: [Group; 19] = [
    |targets, _, _| sli(&def::SLI_VALID, targets, |events| events.valid),
    |targets, _, _| sli(&def::SLI_BAD, targets, |events| events.bad),
    |targets, _, births| excluded(targets, births),
    |targets, _, _| ticks(targets),
    |targets, _, births| missed(targets, births),
    |targets, _, _| outcomes(targets),
    |targets, _, births| reasons(targets, births),
    |targets, _, _| attempts(targets),
    |targets, _, births| degraded(targets, births),
    |targets, shape, _| last_outcome(targets, shape.now_ms),
    |targets, _, _| last_run(targets),
    |targets, _, _| last_pass(targets),
    |targets, _, _| last_failure(targets),
    |targets, shape, _| durations(targets, shape),
    |targets, _, _| steps::results(targets),
    |targets, _, _| steps::durations(targets),
    |targets, _, _| certificate(&def::LEAF_NOT_AFTER, targets, |ends| ends.leaf),
    |targets, _, _| certificate(&def::EARLIEST_NOT_AFTER, targets, |ends| ends.earliest),
    |targets, _, _| certificate(&def::CHAIN_VALID_UNTIL, targets, |ends| ends.valid_until),
];

/// Availability always; latency where there is an objective.
fn sli(
    definition: &'static Definition,
    targets: &[TargetView<'_>],
    count: fn(Events) -> u64,
) -> Family {
    each(definition, targets, |target| {
        let ledger = &target.numbers.ledger;
        let latency = target.slot.objectives().latency;
        let latency = latency.map(|_| ("latency", ledger.latency));
        let slis = [("availability", ledger.availability)]
            .into_iter()
            .chain(latency);
        slis.map(|(sli, events)| (vec![label("sli", sli)], count(events).into()))
            .collect::<Vec<Series>>()
    })
}

fn excluded(targets: &[TargetView<'_>], births: &mut Births) -> Family {
    each(&def::SLI_EXCLUDED, targets, |target| {
        let excluded = target.numbers.ledger.excluded;
        let shown = (excluded > 0)
            .then(|| births.shown(def::SLI_EXCLUDED.name, target.slot.serial(), "", excluded));
        shown.map(|count| (vec![label("sli", "availability")], count.into()))
    })
}

fn ticks(targets: &[TargetView<'_>]) -> Family {
    counter(&def::TICKS, targets, |numbers| numbers.ledger.ticks)
}

fn outcomes(targets: &[TargetView<'_>]) -> Family {
    each(&def::RUNS, targets, |target| {
        let outcomes = &target.numbers.ledger.outcomes;
        let count = |outcome: Outcome| outcomes.get(outcome);
        Outcome::ALL.map(|outcome| {
            (
                vec![label("outcome", outcome.as_str())],
                count(outcome).into(),
            )
        })
    })
}

fn attempts(targets: &[TargetView<'_>]) -> Family {
    counter(&def::ATTEMPTS, targets, |numbers| numbers.ledger.attempts)
}

fn missed(targets: &[TargetView<'_>], births: &mut Births) -> Family {
    each(&def::MISSED, targets, |target| {
        let series = target.numbers.ledger.missed.iter().map(|(reason, count)| {
            let shown = births.shown(
                def::MISSED.name,
                target.slot.serial(),
                reason.as_str(),
                count,
            );
            (vec![label("reason", reason.as_str())], shown.into())
        });
        series.collect::<Vec<Series>>()
    })
}

fn reasons(targets: &[TargetView<'_>], births: &mut Births) -> Family {
    each(&def::RUN_REASONS, targets, |target| {
        let series = target.numbers.ledger.reasons.iter().map(|(reason, count)| {
            let shown = births.shown(
                def::RUN_REASONS.name,
                target.slot.serial(),
                reason.as_str(),
                count,
            );
            let labels = vec![
                label("outcome", reason.outcome().as_str()),
                label("reason", reason.as_str()),
                label("blame", reason.blame().as_str()),
            ];
            (labels, shown.into())
        });
        series.collect::<Vec<Series>>()
    })
}

fn degraded(targets: &[TargetView<'_>], births: &mut Births) -> Family {
    each(&def::DEGRADED, targets, |target| {
        let count = target.numbers.ledger.degraded;
        let shown =
            (count > 0).then(|| births.shown(def::DEGRADED.name, target.slot.serial(), "", count));
        shown.map(|count| (Vec::new(), count.into()))
    })
}

impl Numbers {
    /// What the last run said of the target, while it is fresh.
    fn last_outcome(&self, now_ms: i64) -> Option<Outcome> {
        let last = self.ledger.last.as_ref();
        let fresh = last.filter(|_| now_ms <= self.fresh_until_ms)?;
        Some(fresh.conclusion.outcome())
    }

    /// The same, where no failure was planned.
    pub(super) fn judged(&self, now_ms: i64) -> Option<Outcome> {
        let outcome = self.last_outcome(now_ms);
        outcome.filter(|_| !self.was_in_maintenance)
    }

    /// Whether the target fails, as far as is known.
    pub(super) fn fails_at(&self, now_ms: i64) -> bool {
        self.last_outcome(now_ms) == Some(Outcome::Fail)
    }
}

/// Which run to look at, while the last one has not passed.
fn last_failure(targets: &[TargetView<'_>]) -> Family {
    each(&def::LAST_FAILURE, targets, |target| {
        let run = &target.failed.as_ref()?.run;
        let conclusion = &target.numbers.ledger.last.as_ref()?.conclusion;
        let labels = vec![
            written("run", run),
            label("outcome", conclusion.outcome().as_str()),
            label("reason", conclusion.reason.as_str()),
            label("blame", conclusion.blame().as_str()),
        ];
        (conclusion.outcome() != Outcome::Pass).then(|| (labels, 1_u64.into()))
    })
}

fn last_outcome(targets: &[TargetView<'_>], now_ms: i64) -> Family {
    gauge(&def::LAST_OUTCOME, targets, |numbers| {
        match numbers.last_outcome(now_ms)? {
            Outcome::Pass => Some(1_u64.into()),
            Outcome::Fail => Some(0_u64.into()),
            Outcome::Unknown => None,
        }
    })
}

fn last_run(targets: &[TargetView<'_>]) -> Family {
    gauge(&def::LAST_RUN, targets, |numbers| {
        Some(unix_ns_seconds(numbers.ledger.last.as_ref()?.ended_unix_ns).into())
    })
}

fn last_pass(targets: &[TargetView<'_>]) -> Family {
    gauge(&def::LAST_PASS, targets, |numbers| {
        Some(unix_ns_seconds(numbers.ledger.last_pass_unix_ns?).into())
    })
}

/// Classic buckets cost 15 series for each outcome: failing runs have native ones only, and no text.
fn durations(targets: &[TargetView<'_>], shape: Shape) -> Family {
    each(&def::RUN_DURATION, targets, |target| {
        let view = |histogram, classic| HistogramView::new(histogram, shape.format, classic).into();
        let passing = view(&target.numbers.passing, shape.classic);
        let failing =
            (shape.format == Format::Protobuf).then(|| view(&target.numbers.failing, false));
        let outcomes = [(Outcome::Pass, Some(passing)), (Outcome::Fail, failing)];
        outcomes
            .into_iter()
            .filter_map(|(outcome, view)| Some((vec![label("outcome", outcome.as_str())], view?)))
    })
}

fn certificate(
    definition: &'static Definition,
    targets: &[TargetView<'_>],
    moment: fn(&Certificates) -> Option<i64>,
) -> Family {
    gauge(definition, targets, |numbers| {
        Some(unix_seconds(moment(numbers.certificates.as_ref()?)?).into())
    })
}

fn gauge(
    definition: &'static Definition,
    targets: &[TargetView<'_>],
    value: impl Fn(&Numbers) -> Option<Value>,
) -> Family {
    each(definition, targets, |target| {
        value(&target.numbers).map(|value| (Vec::new(), value))
    })
}

fn counter(
    definition: &'static Definition,
    targets: &[TargetView<'_>],
    count: fn(&Numbers) -> u64,
) -> Family {
    each(definition, targets, |target| {
        [(Vec::new(), count(&target.numbers).into())]
    })
}

/// A family with the series that each check-target has in it.
fn each<I: IntoIterator<Item = Series>>(
    definition: &'static Definition,
    targets: &[TargetView<'_>],
    mut series: impl FnMut(&TargetView<'_>) -> I,
) -> Family {
    let mut family = Family::of(definition);
    for target in targets {
        for (labels, value) in series(target) {
            let labels = Labels::with(target.slot.labels(), labels);
            let (born, check) = (target.slot.born(), Some(target.slot.check()));
            family.add_since(born, check, labels, value);
        }
    }
    family
}
