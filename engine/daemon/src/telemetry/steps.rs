//! The author's steps: how often each ended how, and how long it took.

use std::collections::BTreeMap;

use leadsman_core::{
    attempt::{Report, Step},
    outcome::Outcome,
};

use super::{
    exposition::{Family, Label, Labels, Value, label, written},
    families as def,
    slot::Tally,
    targets::TargetView,
    values::seconds,
};

/// Steps of one check-target that have series, at most.
const MOST: usize = 100;

/// Every step that is known of a check-target, by its name.
#[derive(Debug, Clone, Default)]
pub(super) struct Steps(BTreeMap<Box<str>, Seen>);

/// What became of one step.
#[derive(Debug, Clone, Copy, Default)]
struct Seen {
    /// How often, by outcome in the order of [`Outcome::ALL`].
    results: [u64; 3],
    took: Tally,
}

impl Steps {
    /// The steps that the configuration names, so that each is there at 0 before its first run; those that
    /// it names no more are forgotten.
    pub(super) fn declare(&mut self, names: &[String]) {
        self.0
            .retain(|known, _| names.iter().any(|name| **name == **known));
        for name in names.iter().take(MOST) {
            self.0.entry(name.as_str().into()).or_default();
        }
    }

    /// Books an attempt that came to an outcome; returns how many steps found no room.
    pub(super) fn take(&mut self, report: &Report, outcome: Outcome) -> u64 {
        let steps = report.steps.iter();
        let refused = steps.filter(|step| !self.book(step, report, outcome));
        u64::try_from(refused.count()).unwrap_or(u64::MAX)
    }

    fn book(&mut self, step: &Step, report: &Report, outcome: Outcome) -> bool {
        let is_known = self.0.contains_key(step.name.as_str());
        if !is_known && self.0.len() >= MOST {
            return false;
        }
        let seen = self.0.entry(step.name.as_str().into()).or_default();
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

/// At most five series a step: its outcomes, and the count and sum of its durations.
pub(super) fn families(targets: &[TargetView<'_>]) -> [Family; 2] {
    [
        family(&def::STEP_RESULTS, targets, |seen| {
            let results = Outcome::ALL.into_iter().zip(seen.results);
            results
                .map(|(outcome, count)| (Some(label("outcome", outcome.as_str())), count.into()))
                .collect()
        }),
        family(&def::STEP_DURATION, targets, |seen| {
            let (sum, count) = (seconds(seen.took.sum), seen.took.count);
            vec![(None, Value::Summary { sum, count })]
        }),
    ]
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
                family.add(Some(target.slot.check()), labels, value);
            }
        }
    }
    family
}

#[cfg(test)]
mod tests {
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
        steps.declare(&["a".to_owned(), "b".to_owned(), "c".to_owned()]);
        let report = attempt(&[("a", Some(true)), ("b", None)]);
        assert_eq!(steps.take(&report, Outcome::Fail), 0);
        steps.take(&attempt(&[("a", Some(false))]), Outcome::Unknown);
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
        assert_eq!(steps.take(&attempt(&named), Outcome::Pass), 50);
        steps.declare(&names[..1]);
        assert_eq!(steps.0.len(), 1);
    }
}
