//! The families of each check: what it is, what it promises, and what its targets add up to.

use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet},
    ops::Range,
    sync::Arc,
    time::{Duration, SystemTime},
};

use leadsman_core::{
    few::Few,
    id::{CheckId, ProbeName},
    phase::Phase,
    plan::{Check, MeasureDescription},
    schedule::Rule,
};

use super::{
    CheckAbout, Format,
    births::Births,
    board::Board,
    budget::LogBudget,
    exposition::{Definition, Family, Kind, Label, Labels, Value, label, label_name, written},
    families as def,
    measures::Declared,
    numbers::{Numbers, Tally},
    targets::TargetView,
    values::seconds,
};

/// What a scrape has to know of a check.
#[derive(Debug)]
pub(super) struct CheckEntry {
    id: CheckId,
    /// The check alone.
    labels: Arc<[Label]>,
    info: Arc<[Label]>,
    numbers: Vec<(&'static Definition, Vec<Label>, f64)>,
    measures: Arc<Declared>,
    about: Arc<CheckAbout>,
    lines: Arc<LogBudget>,
    has_windows: bool,
    born: SystemTime,
}

impl CheckEntry {
    pub(super) fn new(
        check: &Check,
        measures: &BTreeMap<ProbeName, Arc<[MeasureDescription]>>,
        (before, now): (Option<&Self>, SystemTime),
    ) -> Self {
        Self {
            id: check.id.clone(),
            about: Arc::new(CheckAbout::of(check)),
            lines: before
                .map(|before| Arc::clone(&before.lines))
                .unwrap_or_default(),
            has_windows: !check.maintenance.is_empty(),
            labels: [written("check", check.id.as_str())].into(),
            info: info(check).into(),
            numbers: numbers(check),
            born: before.map_or(now, |before| before.born),
            // Its series are counted anew: those of targets that have left take no room.
            measures: Arc::new(Declared::new(check, measures)),
        }
    }

    pub(super) fn id(&self) -> &str {
        self.id.as_str()
    }

    /// It has an account that counts since then: a renamed check's is older than the check.
    pub(super) fn counts_since(&mut self, born: SystemTime) {
        self.born = self.born.min(born);
    }

    pub(super) const fn about(&self) -> &Arc<CheckAbout> {
        &self.about
    }

    pub(super) fn depends(&self) -> bool {
        !self.about.depends_on.is_empty()
    }

    /// How many lines it may have in the log.
    pub(super) fn lines(&self) -> &LogBudget {
        &self.lines
    }

    pub(super) fn measures(&self) -> &Declared {
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
    let severity = check.alerts.severity.page.as_ref();
    labels.extend(severity.map(|severity| written("severity", severity)));
    let runbook = check.alerts.runbook.as_ref();
    labels.extend(runbook.map(|runbook| written("runbook_url", runbook)));
    for (name, value) in &check.labels {
        let name = label_name(name);
        let taken = matches!(name.as_str(), "probe" | "team" | "severity" | "runbook_url")
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
            &def::CHECK_PAGE_LOCATIONS,
            Vec::new(),
            Some(f64::from(check.page.locations)),
        ),
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

/// What a scrape sees of some checks, at one moment.
pub(super) struct View<'a> {
    pub(super) board: &'a Board,
    /// Of all checks, in the plan's order.
    pub(super) targets: &'a [TargetView<'a>],
    /// Which checks it is about.
    pub(super) part: Range<usize>,
    /// The location's label.
    pub(super) place: &'a Arc<[Label]>,
    pub(super) now_ms: i64,
}

impl<'a> View<'a> {
    /// Its checks, each with its place.
    fn checks(&self) -> impl Iterator<Item = (usize, &'a CheckEntry)> + use<'a> {
        let checks = self.board.checks.get(self.part.clone()).unwrap_or_default();
        (self.part.start..).zip(checks)
    }

    /// The targets of its checks.
    fn targets(&self) -> &'a [TargetView<'a>] {
        let place = |check| move |target: &TargetView<'_>| target.slot.check() < check;
        let start = self.targets.partition_point(place(self.part.start));
        let end = self.targets.partition_point(place(self.part.end));
        self.targets.get(start..end).unwrap_or_default()
    }
}

/// Makes one family of some checks.
pub(super) type Group = fn(&View<'_>, &mut Births) -> Family;

/// Everything labelled with a check and no target; in parts like the families of check-targets.
pub(super) const GROUPS: [Group; 13] = [
    |view, _| described(view),
    |view, _| promised(&def::CHECK_INTERVAL, view),
    |view, _| promised(&def::CHECK_TIMEOUT, view),
    |view, _| promised(&def::CHECK_LOCATIONS, view),
    |view, _| promised(&def::CHECK_PAGE_LOCATIONS, view),
    |view, _| promised(&def::OBJECTIVE, view),
    |view, _| promised(&def::LATENCY_THRESHOLD, view),
    |view, _| maintenance(view),
    |view, _| dependencies(view),
    |view, births| phases(view, births),
    |view, births| {
        let denied: CountsOf = |numbers| &numbers.denied;
        happened((&def::EGRESS_DENIED, "network_class"), denied, view, births)
    },
    |view, births| {
        let dropped: CountsOf = |numbers| &numbers.measured.dropped;
        happened((&def::MEASURES_DROPPED, "reason"), dropped, view, births)
    },
    |view, births| dropped_lines(view, births),
];

/// Whether each check that has windows is in one.
fn maintenance(view: &View<'_>) -> Family {
    let mut family = Family::of(&def::MAINTENANCE);
    let mut told = None;
    for target in view.targets() {
        let index = target.slot.check();
        let check = view
            .board
            .checks
            .get(index)
            .filter(|check| check.has_windows);
        if let (Some(check), true) = (check, told != Some(index)) {
            told = Some(index);
            let is_open = target.slot.in_maintenance(view.now_ms);
            let labels = Labels::with(&check.labels, view.place.to_vec());
            family.add(Some(index), labels, u64::from(is_open));
        }
    }
    family
}

/// Whether what a check depends on fails here: one of its targets, by its last outcome.
fn dependencies(view: &View<'_>) -> Family {
    let mut family = Family::of(&def::DEPENDENCY_FAILING);
    if !view.checks().any(|(_, check)| check.depends()) {
        return family;
    }
    // What a check depends on may be in any part.
    let failing: BTreeSet<&CheckId> = (view.targets.iter())
        .filter(|target| target.numbers.fails_at(view.now_ms))
        .map(|target| &target.slot.assignment().check)
        .collect();
    for (index, check) in view.checks() {
        for on in &check.about.depends_on {
            let mut own = view.place.to_vec();
            own.push(written("on", on.as_str()));
            let fails = u64::from(failing.contains(on));
            family.add(Some(index), Labels::with(&check.labels, own), fails);
        }
    }
    family
}

fn described(view: &View<'_>) -> Family {
    let mut family = Family::of(&def::CHECK_INFO);
    for (index, check) in view.checks() {
        family.add(Some(index), Labels::shared(&check.info), 1_u64);
    }
    family
}

fn promised(definition: &'static Definition, view: &View<'_>) -> Family {
    let mut family = Family::of(definition);
    for (index, check) in view.checks() {
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

/// A check's targets, and what those counted that left it.
fn all_of<'a>(view: &View<'a>) -> impl Iterator<Item = (usize, &'a Numbers)> + use<'a> {
    let departed = &view.board.departed;
    let present = view.targets().iter();
    let present = present.map(|target| (target.slot.check(), &*target.numbers));
    let departed = view
        .checks()
        .filter_map(|(index, check)| Some((index, departed.of_check(check)?)));
    present.chain(departed)
}

/// Of all of a check's targets together: 14 series for each target would be half of its budget.
fn phases(view: &View<'_>, births: &mut Births) -> Family {
    let mut sums: BTreeMap<(usize, Phase), Tally> = BTreeMap::new();
    for (index, numbers) in all_of(view) {
        for (phase, tally) in numbers.phases.iter() {
            sums.entry((index, phase)).or_default().add(tally);
        }
    }
    let mut family = Family::of(&def::RUN_PHASE);
    family.samples.reserve_exact(sums.len());
    for ((index, phase), tally) in sums {
        let Some(check) = view.board.checks.get(index) else {
            continue;
        };
        let owner = births.owner(check.id());
        let is_new = births.is_new(def::RUN_PHASE.name, owner, phase.as_str());
        let tally = if is_new { Tally::default() } else { tally };
        let own = [view.place.as_ref(), &[label("phase", phase.as_str())]].concat();
        let value = Value::Summary {
            sum: seconds(tally.sum),
            count: tally.count,
        };
        let labels = Labels::with(&check.labels, own);
        family.add_since(check.born, Some(index), labels, value);
    }
    family
}

/// Counts under names that appear when it happens.
type CountsOf = fn(&Numbers) -> &Few<&'static str, u64>;

/// What a check's targets counted under names that appear when it happens.
fn happened(
    (definition, by): (&'static Definition, &'static str),
    counts: CountsOf,
    view: &View<'_>,
    births: &mut Births,
) -> Family {
    let mut sums: BTreeMap<(usize, &'static str), u64> = BTreeMap::new();
    for (index, numbers) in all_of(view) {
        for (key, count) in counts(numbers).iter() {
            *sums.entry((index, key)).or_default() += count;
        }
    }
    let mut family = Family::of(definition);
    for ((index, key), count) in sums {
        let Some(check) = view.board.checks.get(index) else {
            continue;
        };
        let owner = births.owner(check.id());
        let shown = births.shown(definition.name, owner, key, count);
        let labels = Labels::with(&check.labels, vec![label(by, key)]);
        family.add_since(check.born, Some(index), labels, shown);
    }
    family
}

/// Log lines of checks that had too many.
fn dropped_lines(view: &View<'_>, births: &mut Births) -> Family {
    let mut family = Family::of(&def::LOG_LINES_DROPPED);
    for (index, check) in view.checks() {
        let dropped = check.lines.dropped();
        if dropped > 0 {
            let owner = births.owner(check.id());
            let shown = births.shown(def::LOG_LINES_DROPPED.name, owner, "", dropped);
            let labels = Labels::shared(&check.labels);
            family.add_since(check.born, Some(index), labels, shown);
        }
    }
    family
}

/// A family for each name that a probe has measured.
pub(super) fn measured(checks: &[CheckEntry], targets: &[TargetView<'_>]) -> Vec<Family> {
    let mut families: BTreeMap<&str, Family> = BTreeMap::new();
    for target in targets {
        let Some(check) = checks.get(target.slot.check()) else {
            continue;
        };
        let last = target.numbers.measured.last.iter();
        // Beside a reload a run may still have measured what the probe before declared.
        for (series, value) in last.filter(|(series, _)| check.measures.has(series)) {
            let help = (check.measures.get(&series.measure)).map(|measure| measure.help.clone());
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

/// How many series each check has in what was written, and in this family.
#[derive(Debug)]
pub(super) struct SeriesCounts(Vec<usize>);

impl SeriesCounts {
    /// Nothing is written yet.
    pub(super) fn of(checks: &[CheckEntry]) -> Self {
        Self(vec![1; checks.len()])
    }

    /// Adds what is in families.
    pub(super) fn add(&mut self, families: &[Family], format: Format) {
        for sample in families.iter().flat_map(|family| &family.samples) {
            if let Some(count) = sample.check.and_then(|check| self.0.get_mut(check)) {
                *count += sample.series(format);
            }
        }
    }

    /// What they came to.
    pub(super) fn told(self, checks: &[CheckEntry]) -> Family {
        let mut family = Family::of(&def::SERIES);
        for (index, (check, count)) in checks.iter().zip(self.0).enumerate() {
            family.add(
                Some(index),
                Labels::shared(&check.labels),
                u64::try_from(count).unwrap_or(u64::MAX),
            );
        }
        family
    }
}
