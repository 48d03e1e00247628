//! Since when each series counts, as the protobuf format tells it.

use std::{
    collections::BTreeMap,
    sync::atomic::{AtomicU64, Ordering},
    time::{Duration, SystemTime},
};

use leadsman_core::{
    dispatch::MissedReason, failure::FailureKind, id::CheckId, outcome::Reason, plan::Check,
};
use prometheus_client::encoding::prometheus_protobuf::prometheus_data_model::Metric;

use super::{
    fixture::{MS, NOW_MS, book, check, edition, failing, now, passing, plan, settings, web},
    reading::{messages, text},
};
use crate::{
    seats::Seats,
    telemetry::{BuildInfo, Format, Telemetry, TelemetrySettings},
};

/// Seconds after the start of the process.
type Age = i64;

/// A daemon with a clock of its own, which is reloaded.
struct World {
    telemetry: Telemetry,
    seats: Seats,
    clock: &'static AtomicU64,
}

/// Each test has its own clock: they may run in one process.
macro_rules! world {
    ($checks:expr) => {{
        static CLOCK: AtomicU64 = AtomicU64::new(0);
        fn clock() -> SystemTime {
            now() + Duration::from_secs(CLOCK.load(Ordering::Relaxed))
        }
        World::of($checks, clock, &CLOCK)
    }};
}

impl World {
    fn of(checks: Vec<Check>, clock: fn() -> SystemTime, at: &'static AtomicU64) -> Self {
        let mut seats = Seats::default();
        let arranged = seats.arrange(&checks).seats;
        let settings = TelemetrySettings {
            clock,
            ..settings()
        };
        let told = (BuildInfo::default(), edition());
        Self {
            telemetry: Telemetry::new(&plan(checks), &arranged, told, settings),
            seats,
            clock: at,
        }
    }

    /// Another configuration, so long after the start.
    fn reload(&mut self, checks: Vec<Check>, age: u64) {
        self.clock.store(age, Ordering::Relaxed);
        let seats = self.seats.arrange(&checks).seats;
        self.telemetry.reload(&plan(checks), &seats, edition());
    }

    /// The age of each series of a family, by the values of its labels.
    fn ages(&self, family: &str) -> BTreeMap<String, Option<Age>> {
        let families = messages(&self.telemetry);
        let family = families.iter().find(|known| known.name == family).unwrap();
        let told = |metric: &Metric| (labels(metric), age(metric));
        family.metric.iter().map(told).collect()
    }
}

fn labels(metric: &Metric) -> String {
    let values = metric.label.iter().map(|label| label.value.as_str());
    values.collect::<Vec<_>>().join(" ")
}

fn age(metric: &Metric) -> Option<Age> {
    let counter = metric.counter.as_ref();
    let counter = counter.and_then(|counter| counter.start_timestamp);
    let histogram = metric.histogram.as_ref();
    let histogram = histogram.and_then(|histogram| histogram.start_timestamp);
    let started = counter.or(histogram)?;
    Some(started.seconds - NOW_MS / 1_000)
}

#[test]
fn every_series_that_counts_says_since_when_and_no_other_does() {
    let world = world!(vec![web(&["home"])]);
    book(&world.telemetry, 0, &passing(120 * MS));
    let failed = failing(Reason::ConnectTimeout, FailureKind::ConnectTimeout);
    book(&world.telemetry, 0, &failed);
    let missed = MissedReason::Overload;
    world.telemetry.missed(0, missed, NOW_MS, 3);
    let families = messages(&world.telemetry);
    let mut counted = 0;
    for family in &families {
        for metric in &family.metric {
            let counts = metric.counter.is_some() || metric.histogram.is_some();
            assert_eq!(age(metric).is_some(), counts, "{} {metric:?}", family.name);
            counted += usize::from(counts);
        }
    }
    assert!(counted > 30, "{counted}");
}

#[test]
fn a_check_target_counts_since_it_came_and_keeps_that_over_reloads() {
    let mut world = world!(vec![check("a", "http", &["old"])]);
    let both = || {
        vec![
            check("a", "http", &["new", "old"]),
            check("b", "dns", &["x"]),
        ]
    };
    world.reload(both(), 100);
    world.reload(both(), 200);
    let expected = [("a new", 100), ("a old", 0), ("b x", 100)];
    let expected = expected.map(|(series, age)| (format!("{series} eu-west"), Some(age)));
    assert_eq!(world.ages("leadsman_ticks_total"), expected.into());
    let durations = world.ages("leadsman_run_duration_seconds");
    assert_eq!(durations["a new eu-west pass"], Some(100));
    assert_eq!(durations["a old eu-west fail"], Some(0));
    assert_eq!(world.ages("leadsman_scrapes_total")["eu-west"], Some(0));
}

#[test]
fn a_check_target_that_was_away_counts_since_it_is_back() {
    let mut world = world!(vec![check("a", "http", &["x"]), check("b", "dns", &["y"])]);
    world.reload(vec![check("b", "dns", &["y"])], 100);
    world.reload(
        vec![check("a", "http", &["x"]), check("b", "dns", &["y"])],
        200,
    );
    let ages = world.ages("leadsman_ticks_total");
    assert_eq!(ages["a x eu-west"], Some(200));
    assert_eq!(ages["b y eu-west"], Some(0));
}

#[test]
fn a_renamed_check_counts_since_it_had_its_old_name_also_in_what_is_summed() {
    let mut world = world!(vec![check("old", "http", &["home"])]);
    book(&world.telemetry, 0, &passing(120 * MS));
    let mut renamed = check("new", "http", &["home"]);
    renamed.was = vec![CheckId::new("old").unwrap()];
    world.reload(vec![renamed, check("other", "http", &["home"])], 100);
    book(&world.telemetry, 1, &passing(120 * MS));
    let ticks = world.ages("leadsman_ticks_total");
    assert_eq!(ticks["new home eu-west"], Some(0));
    let phases = world.ages("leadsman_run_phase_seconds");
    assert_eq!(phases["new eu-west connect"], Some(0));
    assert_eq!(phases["other eu-west connect"], Some(100));
}

#[test]
fn open_metrics_has_no_created_lines_which_would_be_series() {
    let world = world!(vec![web(&["home"])]);
    book(&world.telemetry, 0, &passing(120 * MS));
    assert!(!text(&world.telemetry, Format::OpenMetrics).contains("_created"));
}
