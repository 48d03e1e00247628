//! The families of each check: what it is, what it promises, and what its targets add up to.

use std::{borrow::Cow, collections::BTreeMap, sync::Arc, time::Duration};

use leadsman_core::{
    id::ProbeName,
    phase::Phase,
    plan::{Check, MeasureDescription},
    schedule::Rule,
};

use super::{
    Format,
    births::Births,
    exposition::{Definition, Family, Kind, Label, Labels, Value, label, label_name, written},
    families as def,
    measures::Declared,
    slot::Tally,
    targets::TargetView,
    values::seconds,
};

/// What a scrape has to know of a check.
#[derive(Debug)]
pub(super) struct CheckEntry {
    /// The check alone.
    labels: Arc<[Label]>,
    info: Arc<[Label]>,
    numbers: Vec<(&'static Definition, Vec<Label>, f64)>,
    measures: Declared,
}

impl CheckEntry {
    pub(super) fn new(
        check: &Check,
        measures: &BTreeMap<ProbeName, Vec<MeasureDescription>>,
    ) -> Self {
        Self {
            labels: [written("check", check.id.as_str())].into(),
            info: info(check).into(),
            numbers: numbers(check),
            measures: Declared::new(check, measures),
        }
    }

    pub(super) const fn measures(&self) -> &Declared {
        &self.measures
    }
}

/// A check's own labels come first; an owner's label of the same name is left out.
fn info(check: &Check) -> Vec<Label> {
    let mut labels = vec![written("check", check.id.as_str())];
    labels.extend(
        check
            .assignments
            .first()
            .map(|assignment| written("probe", assignment.probe.as_str())),
    );
    labels.extend(check.team.as_ref().map(|team| written("team", team)));
    for (name, value) in &check.labels {
        let name = label_name(name);
        let taken = matches!(name.as_str(), "probe" | "team")
            || labels.iter().any(|(other, _)| *other == name);
        if !taken && !name.starts_with("__") {
            labels.push((Cow::Owned(name), Cow::Owned(value.clone())));
        }
    }
    labels
}

fn numbers(check: &Check) -> Vec<(&'static Definition, Vec<Label>, f64)> {
    let interval = match &check.rule {
        Rule::Every(interval) => Some(interval.as_secs_f64()),
        Rule::Cron { .. } => None,
    };
    let timeout = check
        .assignments
        .first()
        .map(|assignment| seconds(assignment.timeout));
    let locations = u32::try_from(check.locations.len()).ok().map(f64::from);
    let latency = check.objectives.latency;
    let threshold = latency.map(|latency| Duration::as_secs_f64(&latency.under));
    let sli = |sli| vec![label("sli", sli)];
    let numbers = [
        (&def::CHECK_INTERVAL, Vec::new(), interval),
        (&def::CHECK_TIMEOUT, Vec::new(), timeout),
        (&def::CHECK_LOCATIONS, Vec::new(), locations),
        (
            &def::OBJECTIVE,
            sli("availability"),
            check.objectives.availability,
        ),
        (
            &def::OBJECTIVE,
            sli("latency"),
            latency.map(|latency| latency.at_least),
        ),
        (&def::LATENCY_THRESHOLD, Vec::new(), threshold),
    ];
    numbers
        .into_iter()
        .filter_map(|(definition, labels, number)| Some((definition, labels, number?)))
        .collect()
}

/// Everything labelled with a check and no target, and the measures.
pub(super) fn families(
    checks: &[CheckEntry],
    targets: &[TargetView<'_>],
    births: &mut Births,
) -> Vec<Family> {
    let mut families = vec![described(checks)];
    let constant = [
        &def::CHECK_INTERVAL,
        &def::CHECK_TIMEOUT,
        &def::CHECK_LOCATIONS,
        &def::OBJECTIVE,
        &def::LATENCY_THRESHOLD,
    ];
    families.extend(constant.map(|definition| promised(definition, checks)));
    families.push(phases(checks, targets, births));
    families.push(happened(
        &def::EGRESS_DENIED,
        "network_class",
        checks,
        targets,
        births,
    ));
    families.push(happened(
        &def::MEASURES_DROPPED,
        "reason",
        checks,
        targets,
        births,
    ));
    families.extend(measured(checks, targets));
    families
}

fn described(checks: &[CheckEntry]) -> Family {
    let mut family = Family::of(&def::CHECK_INFO);
    for (index, check) in checks.iter().enumerate() {
        family.add(Some(index), Labels::shared(&check.info), 1_u64);
    }
    family
}

fn promised(definition: &'static Definition, checks: &[CheckEntry]) -> Family {
    let mut family = Family::of(definition);
    for (index, check) in checks.iter().enumerate() {
        for (_, labels, number) in check
            .numbers
            .iter()
            .filter(|(of, ..)| of.name == definition.name)
        {
            family.add(
                Some(index),
                Labels::with(&check.labels, labels.clone()),
                *number,
            );
        }
    }
    family
}

/// Of all of a check's targets together: 14 series for each target would be half of its budget.
fn phases(checks: &[CheckEntry], targets: &[TargetView<'_>], births: &mut Births) -> Family {
    let mut sums: BTreeMap<(usize, Phase), (&TargetView<'_>, Tally)> = BTreeMap::new();
    for target in targets {
        for (phase, tally) in &target.numbers.phases {
            let (_, sum) = sums
                .entry((target.slot.check(), *phase))
                .or_insert((target, Tally::default()));
            sum.count += tally.count;
            sum.sum = sum.sum.saturating_add(tally.sum);
        }
    }
    let mut family = Family::of(&def::RUN_PHASE);
    for ((index, phase), (target, tally)) in sums {
        let is_new = births.is_new(def::RUN_PHASE.name, index, phase.as_str());
        let tally = if is_new { Tally::default() } else { tally };
        let location = written("location", target.slot.assignment().location.as_str());
        if let Some(check) = checks.get(index) {
            let labels = Labels::with(
                &check.labels,
                vec![location, label("phase", phase.as_str())],
            );
            family.add(
                Some(index),
                labels,
                Value::Summary {
                    sum: seconds(tally.sum),
                    count: tally.count,
                },
            );
        }
    }
    family
}

/// What a check's targets counted under names that appear when it happens.
fn happened(
    definition: &'static Definition,
    by: &'static str,
    checks: &[CheckEntry],
    targets: &[TargetView<'_>],
    births: &mut Births,
) -> Family {
    let mut sums: BTreeMap<(usize, &'static str), u64> = BTreeMap::new();
    for target in targets {
        let numbers = &target.numbers;
        let is_denied = definition.name == def::EGRESS_DENIED.name;
        let counts = if is_denied {
            &numbers.denied
        } else {
            &numbers.measured.dropped
        };
        for (key, count) in counts {
            *sums.entry((target.slot.check(), key)).or_default() += count;
        }
    }
    let mut family = Family::of(definition);
    for ((index, key), count) in sums {
        if let Some(check) = checks.get(index) {
            let shown = births.shown(definition.name, index, key, count);
            family.add(
                Some(index),
                Labels::with(&check.labels, vec![label(by, key)]),
                shown,
            );
        }
    }
    family
}

/// A family for each name that a probe has measured.
fn measured(checks: &[CheckEntry], targets: &[TargetView<'_>]) -> Vec<Family> {
    let mut families: BTreeMap<&str, Family> = BTreeMap::new();
    for target in targets {
        for (series, value) in &target.numbers.measured.last {
            let check = checks.get(target.slot.check());
            let help = check
                .and_then(|check| check.measures.get(&series.measure))
                .map(|measure| measure.help.clone());
            let family = families
                .entry(&series.measure)
                .or_insert_with(|| measure(&series.measure, help));
            let own = series
                .labels
                .iter()
                .map(|(name, value)| (Cow::Owned(name.clone()), Cow::Owned(value.clone())));
            family.add(
                Some(target.slot.check()),
                Labels::with(target.slot.labels(), own.collect()),
                *value,
            );
        }
    }
    families.into_values().collect()
}

fn measure(name: &str, help: Option<String>) -> Family {
    let help = help
        .filter(|help| !help.is_empty())
        .unwrap_or_else(|| "A measure of a probe.".to_owned());
    Family {
        name: Cow::Owned(format!("{}{name}", def::MEASURE_PREFIX)),
        kind: Kind::Gauge,
        help: Cow::Owned(help),
        samples: Vec::new(),
    }
}

/// How many series each check has in the families, and this one.
pub(super) fn series(checks: &[CheckEntry], families: &[Family], format: Format) -> Family {
    let mut counts = vec![1_usize; checks.len()];
    for sample in families.iter().flat_map(|family| &family.samples) {
        if let Some(count) = sample.check.and_then(|check| counts.get_mut(check)) {
            *count += sample.series(format);
        }
    }
    let mut family = Family::of(&def::SERIES);
    for (index, (check, count)) in checks.iter().zip(counts).enumerate() {
        family.add(
            Some(index),
            Labels::shared(&check.labels),
            u64::try_from(count).unwrap_or(u64::MAX),
        );
    }
    family
}
