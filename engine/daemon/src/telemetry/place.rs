//! The families of this location as a whole.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicI64, Ordering},
    },
    time::SystemTime,
};

use leadsman_core::{id::Location, outcome::Outcome, plan::Plan, widespread::Failing};

use super::{
    BuildInfo, Shape, TelemetrySettings,
    births::Births,
    board::Board,
    exposition::{Definition, Family, HistogramView, Label, Labels, label, written},
    families as def,
    histogram::Histogram,
    numbers::Numbers,
    targets::TargetView,
    values::{unix_ms, unix_ns_seconds},
};

/// How many of these last outcomes are failures.
pub(super) fn failing(outcomes: impl Iterator<Item = Option<Outcome>>) -> Failing {
    let mut seen = Failing::default();
    for outcome in outcomes.flatten() {
        seen.judged += usize::from(outcome != Outcome::Unknown);
        seen.failing += usize::from(outcome == Outcome::Fail);
    }
    seen
}

fn expected(board: &Board) -> Family {
    let mut family = Family::of(&def::LOCATION_EXPECTED);
    for location in &board.locations {
        let labels = [written("location", location.as_str())].into();
        family.add(None, Labels::shared(&labels), 1_u64);
    }
    family
}

/// Where this daemon stands, and what it is: the same for its whole life, whatever is reloaded.
#[derive(Debug)]
pub(super) struct Place {
    location: Location,
    labels: Arc<[Label]>,
    build: Vec<Label>,
    born: SystemTime,
    is_healthy: AtomicBool,
    reload_ok: AtomicBool,
    reloaded_unix_ms: AtomicI64,
}

impl Place {
    pub(super) fn new(plan: &Plan, build: BuildInfo, born: SystemTime) -> Self {
        let build = [
            ("version", build.version),
            ("commit", build.commit),
            ("rustc", build.rustc),
        ];
        Self {
            location: plan.location.clone(),
            labels: [written("location", plan.location.as_str())].into(),
            build: build
                .iter()
                .filter(|(_, value)| !value.is_empty())
                .map(|(name, value)| written(name, value))
                .collect(),
            born,
            is_healthy: AtomicBool::new(true),
            reload_ok: AtomicBool::new(true),
            reloaded_unix_ms: AtomicI64::new(unix_ms(born)),
        }
    }

    pub(super) fn set_reload(&self, ok: bool, unix_ms: i64) {
        self.reload_ok.store(ok, Ordering::Relaxed);
        if ok {
            self.reloaded_unix_ms.store(unix_ms, Ordering::Relaxed);
        }
    }

    /// Whether the last reading of the configuration was all right, and when one last was.
    fn reload(&self) -> [Family; 2] {
        let ok = u64::from(self.reload_ok.load(Ordering::Relaxed));
        let at = self.reloaded_unix_ms.load(Ordering::Relaxed);
        let mut last = Family::of(&def::RELOAD_AT);
        last.add(
            None,
            Labels::shared(&self.labels),
            unix_ns_seconds(at.saturating_mul(1_000_000)),
        );
        [self.one(&def::RELOAD_OK, Vec::new(), ok), last]
    }

    pub(super) fn set_healthy(&self, healthy: bool) {
        self.is_healthy.store(healthy, Ordering::Relaxed);
    }

    pub(super) const fn location(&self) -> &Location {
        &self.location
    }

    pub(super) fn is_healthy(&self) -> bool {
        self.is_healthy.load(Ordering::Relaxed)
    }

    pub(super) const fn born(&self) -> SystemTime {
        self.born
    }

    pub(super) const fn labels(&self) -> &Arc<[Label]> {
        &self.labels
    }

    pub(super) fn families(
        &self,
        (board, targets): (&Board, &[TargetView<'_>]),
        shape: Shape,
        settings: &TelemetrySettings,
        births: &mut Births,
    ) -> Vec<Family> {
        let healthy = u64::from(self.is_healthy());
        let outcomes = (targets.iter()).map(|target| target.numbers.judged(shape.now_ms));
        let widespread = u64::from(failing(outcomes).is_widespread());
        let [reload_ok, reload_at] = self.reload();
        let revision = vec![written("revision", &board.edition.revision)];
        vec![
            self.per_probe(&def::ATTEMPT_ENDINGS, "ending", (board, targets), births),
            self.per_probe(&def::LIMIT_HITS, "limit", (board, targets), births),
            expected(board),
            self.one(&def::LOCATION_HEALTHY, Vec::new(), healthy),
            self.one(&def::WIDESPREAD, Vec::new(), widespread),
            self.histogram(&def::SCHEDULE_LAG, (board, targets), shape, |numbers| {
                &numbers.lag
            }),
            self.histogram(&def::RUN_OVERHEAD, (board, targets), shape, |numbers| {
                &numbers.overhead
            }),
            self.one(&def::CONFIG_INFO, revision, 1),
            reload_ok,
            reload_at,
            self.build_info(),
            self.one(&def::RUNTIME_STALLS, Vec::new(), (settings.stalls)()),
            self.reached(settings.external_url.as_deref()),
            self.closed((settings.closed)(), births),
        ]
    }

    fn reached(&self, external_url: Option<&str>) -> Family {
        let mut family = Family::of(&def::WEB_INFO);
        if let Some(url) = external_url {
            let own = vec![written("external_url", url)];
            family.add(None, Labels::with(&self.labels, own), 1_u64);
        }
        family
    }

    fn closed(&self, counts: Vec<(&'static str, u64)>, births: &mut Births) -> Family {
        let mut family = Family::of(&def::WEB_CLOSED);
        let owner = births.owner("web");
        for (why, count) in counts {
            let shown = births.shown(def::WEB_CLOSED.name, owner, why, count);
            let labels = Labels::with(&self.labels, vec![label("why", why)]);
            family.add_since(self.born, None, labels, shown);
        }
        family
    }

    fn build_info(&self) -> Family {
        let mut family = Family::of(&def::BUILD_INFO);
        family.add(
            None,
            Labels::with(&Arc::default(), self.build.clone()),
            1_u64,
        );
        family
    }

    fn one(&self, definition: &'static Definition, own: Vec<Label>, value: u64) -> Family {
        let mut family = Family::of(definition);
        family.add_since(self.born, None, Labels::with(&self.labels, own), value);
        family
    }

    /// The sum of the check-targets' own histograms: no run waits for a lock that all runs share.
    fn histogram(
        &self,
        definition: &'static Definition,
        (board, targets): (&Board, &[TargetView<'_>]),
        shape: Shape,
        of: fn(&Numbers) -> &Histogram,
    ) -> Family {
        let mut sum = of(&board.departed.place).clone();
        for target in targets {
            sum.merge(of(&target.numbers));
        }
        let mut family = Family::of(definition);
        let view = HistogramView::new(&sum, shape.format, shape.classic);
        family.add_since(self.born, None, Labels::shared(&self.labels), view);
        family
    }

    /// What happened to a probe in all checks that use it, and in those that did.
    fn per_probe(
        &self,
        definition: &'static Definition,
        by: &'static str,
        (board, targets): (&Board, &[TargetView<'_>]),
        births: &mut Births,
    ) -> Family {
        let mut probes: BTreeMap<&str, BTreeMap<&'static str, u64>> = BTreeMap::new();
        let departed = board.departed.probes.iter();
        let present = targets.iter().flat_map(|target| {
            let probe = &target.slot.assignment().probe;
            target.numbers.attempted(probe)
        });
        for (probe, attempted) in departed.chain(present) {
            let sums = probes.entry(probe.as_str()).or_default();
            if definition.name == def::ATTEMPT_ENDINGS.name {
                let endings = attempted.endings.iter();
                endings.for_each(|(ending, count)| *sums.entry(ending).or_default() += count);
            } else {
                let limits = attempted.limits.iter();
                limits.for_each(|(limit, count)| *sums.entry(limit.as_str()).or_default() += count);
            }
        }
        let mut family = Family::of(definition);
        for (probe, sums) in probes {
            let owner = births.owner(probe);
            for (key, count) in sums {
                let labels = vec![written("probe", probe), label(by, key)];
                let shown = births.shown(definition.name, owner, key, count);
                let labels = Labels::with(&Arc::default(), labels);
                family.add_since(self.born, None, labels, shown);
            }
        }
        family
    }
}
