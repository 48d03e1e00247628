//! The author's steps: how often each ended how, and how long it took.

use std::{collections::BTreeMap, time::SystemTime};

use leadsman_core::{
    attempt::{Report, Step},
    outcome::Outcome,
};

use super::{
    exposition::{Family, Label, Labels, Value, label, written},
    families as def,
    numbers::Tally,
    targets::TargetView,
    values::seconds,
};

/// Steps of one check-target that have series, at most.
const MOST: usize = 100;

/// Every step that is known of a check-target, by its name.
#[derive(Debug, Clone, Default)]
pub(super) struct Steps(BTreeMap<Box<str>, Seen>);

/// What became of one step.
#[derive(Debug, Clone, Copy)]
struct Seen {
    /// Since when it counts.
    born: SystemTime,
    /// Whether the configuration names it; a probe in code names its own.
    is_declared: bool,
    /// How often, by outcome in the order of [`Outcome::ALL`].
    results: [u64; 3],
    took: Tally,
}

impl Seen {
    const fn none(born: SystemTime) -> Self {
        Self {
            born,
            is_declared: false,
            results: [0; 3],
            took: Tally { count: 0, sum: 0 },
        }
    }
}

impl Steps {
    /// The steps that the configuration names, so that each is there at 0 before its first run; those that
    /// it names no more are forgotten. What a probe in code has named stays: no reload is about it.
    pub(super) fn declare(&mut self, names: &[String], now: SystemTime) {
        let is_named = |known: &str| names.iter().any(|name| name == known);
        self.0
            .retain(|known, seen| !seen.is_declared || is_named(known));
        for name in names.iter().take(MOST) {
            let seen = self.0.entry(name.as_str().into());
            seen.or_insert(Seen::none(now)).is_declared = true;
        }
    }

    /// Books an attempt that came to an outcome, at the end of its run; returns how many steps found no room.
    pub(super) fn take(&mut self, report: &Report, outcome: Outcome, ended: SystemTime) -> u64 {
        let steps = report.steps.iter();
        let refused = steps.filter(|step| !self.book(step, report, (outcome, ended)));
        u64::try_from(refused.count()).unwrap_or(u64::MAX)
    }

    /// What became of a step so far; `None` where there is no room for another one.
    fn seen(&mut self, name: &str, now: SystemTime) -> Option<&mut Seen> {
        // A step that is known, as all but the first run's are, is found without a key of its own.
        if !self.0.contains_key(name) {
            if self.0.len() >= MOST {
                return None;
            }
            self.0.insert(name.into(), Seen::none(now));
        }
        self.0.get_mut(name)
    }

    fn book(
        &mut self,
        step: &Step,
        report: &Report,
        (outcome, now): (Outcome, SystemTime),
    ) -> bool {
        let Some(seen) = self.seen(&step.name, now) else {
            return false;
        };
        let ended = step.ended.unwrap_or(report.took);
        seen.took.count += 1;
        seen.took.sum = seen
            .took
            .sum
            .saturating_add(ended.saturating_sub(step.started));
        let came_to = came_to(step, outcome);
        let at = Outcome::ALL.iter().position(|known| *known == came_to);
        if let Some(count) = at.and_then(|at| seen.results.get_mut(at)) {
            *count += 1;
        }
        true
    }
}

/// A step that did not go well shares the attempt's fate; where the probe made good for it, it has failed.
const fn came_to(step: &Step, attempt: Outcome) -> Outcome {
    match (step.ok, attempt) {
        (Some(true), _) => Outcome::Pass,
        (Some(false), Outcome::Pass) => Outcome::Fail,
        (_, outcome) => outcome,
    }
}

/// How often each step ended how; at most five series a step, with those of its durations.
pub(super) fn results(targets: &[TargetView<'_>]) -> Family {
    family(&def::STEP_RESULTS, targets, |seen| {
        let results = Outcome::ALL.into_iter().zip(seen.results);
        results
            .map(|(outcome, count)| (Some(label("outcome", outcome.as_str())), count.into()))
            .collect()
    })
}

/// How long each step took: the count and the sum.
pub(super) fn durations(targets: &[TargetView<'_>]) -> Family {
    family(&def::STEP_DURATION, targets, |seen| {
        let (sum, count) = (seconds(seen.took.sum), seen.took.count);
        vec![(None, Value::Summary { sum, count })]
    })
}

/// A label beside the step's, and the value.
type Series = (Option<Label>, Value);

fn family(
    definition: &'static super::exposition::Definition,
    targets: &[TargetView<'_>],
    series: fn(&Seen) -> Vec<Series>,
) -> Family {
    let mut family = Family::of(definition);
    for target in targets {
        for (name, seen) in &target.numbers.steps.0 {
            for (own, value) in series(seen) {
                let mut labels = vec![written("step", name)];
                labels.extend(own);
                let labels = Labels::with(target.slot.labels(), labels);
                let check = Some(target.slot.check());
                family.add_since(seen.born, check, labels, value);
            }
        }
    }
    family
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use leadsman_core::attempt::Ending;

    use super::*;

    fn attempt(steps: &[(&str, Option<bool>)]) -> Report {
        let step = |(name, ok): &(&str, Option<bool>)| Step {
            name: (*name).to_owned(),
            started: 10,
            ended: ok.map(|_| 30),
            ok: *ok,
            detail: String::new(),
        };
        Report {
            took: 50,
            steps: steps.iter().map(step).collect(),
            ..Report::not_started(0, Ending::Returned)
        }
    }

    #[test]
    fn a_step_that_did_not_go_well_shares_its_attempts_fate() {
        let mut steps = Steps::default();
        let names = ["a".to_owned(), "b".to_owned(), "c".to_owned()];
        steps.declare(&names, UNIX_EPOCH);
        let report = attempt(&[("a", Some(true)), ("b", None)]);
        assert_eq!(steps.take(&report, Outcome::Fail, UNIX_EPOCH), 0);
        let report = attempt(&[("a", Some(false))]);
        steps.take(&report, Outcome::Unknown, UNIX_EPOCH);
        let results = |name: &str| steps.0[name].results;
        assert_eq!(
            (results("a"), results("b"), results("c")),
            ([1, 0, 1], [0, 1, 0], [0; 3])
        );
        assert_eq!((steps.0["b"].took.count, steps.0["b"].took.sum), (1, 40));
    }

    #[test]
    fn names_without_end_find_no_room_and_are_counted() {
        let mut steps = Steps::default();
        let names: Vec<String> = (0..150).map(|number| format!("step {number}")).collect();
        let named: Vec<_> = names
            .iter()
            .map(|name| (name.as_str(), Some(true)))
            .collect();
        let refused = steps.take(&attempt(&named), Outcome::Pass, UNIX_EPOCH);
        assert_eq!((refused, steps.0.len()), (50, MOST));
    }

    #[test]
    fn a_reload_forgets_the_steps_that_it_named_and_no_others() {
        let (first, later) = (UNIX_EPOCH, UNIX_EPOCH + Duration::from_secs(1));
        let mut steps = Steps::default();
        let names = ["pay".to_owned(), "read".to_owned()];
        steps.declare(&names, first);
        let report = attempt(&[("pay", Some(true)), ("in code", Some(true))]);
        steps.take(&report, Outcome::Pass, first);
        steps.declare(&names[1..], later);
        let known: Vec<&str> = steps.0.keys().map(|name| &**name).collect();
        assert_eq!(known, ["in code", "read"]);
        steps.declare(&names, later);
        let seen = |name: &str| (steps.0[name].results[0], steps.0[name].born);
        assert_eq!(seen("in code"), (1, first));
        assert_eq!(seen("pay"), (0, later), "it counts anew");
        assert_eq!(seen("read"), (0, first));
    }
}
