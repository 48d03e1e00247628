//! What a reload leaves of what was told before it.

use std::{collections::BTreeMap, ops::Range, sync::Arc};

use leadsman_core::{
    attempt::{Ending, Measure},
    id::Location,
    limits::Limit,
    outcome::Reason,
    plan::Check,
    record::RunRecord,
};

use super::{
    fixture::{MS, book, check, edition, facts, passing, plan, record, replied, report, settings},
    reading::{Series, series, sum, text},
};
use crate::{
    seats::Seats,
    telemetry::{BuildInfo, Edition, Format, Telemetry},
};

/// A daemon that is reloaded.
struct World {
    telemetry: Telemetry,
    seats: Seats,
}

impl World {
    fn of(checks: Vec<Check>) -> Self {
        let mut seats = Seats::default();
        let arranged = seats.arrange(&checks).seats;
        let told = (BuildInfo::default(), edition());
        Self {
            telemetry: Telemetry::new(&plan(checks), &arranged, told, settings()),
            seats,
        }
    }

    fn reload(&mut self, checks: Vec<Check>) {
        self.reload_as(checks, edition());
    }

    fn reload_as(&mut self, checks: Vec<Check>, edition: Edition) {
        let seats = self.seats.arrange(&checks).seats;
        self.telemetry.reload(&plan(checks), &seats, edition);
    }

    /// What the second of two scrapes reads: what has just appeared is 0 in the first.
    fn told(&self) -> Series {
        text(&self.telemetry, Format::Text);
        series(&text(&self.telemetry, Format::Text))
    }

    /// How many series have names that begin so.
    fn count(&self, prefix: &str) -> usize {
        let told = self.told();
        told.keys().filter(|name| name.starts_with(prefix)).count()
    }

    /// How many series tell of certificates, and how many are measures.
    fn gauges(&self) -> (usize, usize) {
        (
            self.count("leadsman_tls_"),
            self.count("leadsman_measure_body_bytes"),
        )
    }
}

/// A run that measured one series for each of these numbers.
fn measuring(parts: Range<u32>) -> Arc<RunRecord> {
    let mut report = report(MS, replied(facts(None)));
    let measure = |part: u32| Measure {
        name: "body_bytes".to_owned(),
        value: 1.0,
        labels: vec![("part".to_owned(), part.to_string())],
    };
    report.measures = parts.map(measure).collect();
    record(&check("a", "http", &["x"]), 0, Reason::Ok, vec![report])
}

/// A run of this probe that reached a limit.
fn limited(probe: &str) -> Arc<RunRecord> {
    let mut report = report(MS, replied(facts(None)));
    report.ending = Ending::Limit {
        limit: Limit::Memory,
    };
    let check = check("a", probe, &["x"]);
    record(&check, 0, Reason::ProbeMemory, vec![report])
}

#[test]
fn another_probe_leaves_no_certificate_and_no_measure_of_the_one_before() {
    let mut world = World::of(vec![check("a", "http", &["x"])]);
    book(&world.telemetry, 0, &passing(120 * MS));
    assert_eq!(world.gauges(), (3, 1));
    world.reload(vec![check("a", "http", &["x"])]);
    assert_eq!(world.gauges(), (3, 1), "nothing has changed");
    world.reload(vec![check("a", "tcp", &["x"])]);
    assert_eq!(world.gauges(), (0, 0));
    let told = world.told();
    assert_eq!(sum(&told, "leadsman_runs_total", &["\"pass"]), 1.0);
    assert_eq!(sum(&told, "leadsman_attempts_total", &[]), 1.0);
}

#[test]
fn another_address_or_other_settings_leave_no_certificate() {
    let changes: [fn(&mut Check); 2] = [
        |check| {
            let assignment = Arc::make_mut(&mut check.assignments[0]);
            assignment.address = "http://x.example".to_owned();
        },
        |check| Arc::make_mut(&mut check.assignments[0]).set_settings("{\"tls\":false}"),
    ];
    for change in changes {
        let mut world = World::of(vec![check("a", "http", &["x"])]);
        book(&world.telemetry, 0, &passing(120 * MS));
        let mut changed = check("a", "http", &["x"]);
        change(&mut changed);
        world.reload(vec![changed]);
        assert_eq!(world.gauges(), (0, 1));
        book(&world.telemetry, 0, &passing(120 * MS));
        assert_eq!(world.gauges(), (3, 1), "what is served now is told");
    }
}

#[test]
fn a_run_that_began_before_the_reload_tells_nothing_of_what_is_asked_after_it() {
    let mut world = World::of(vec![check("a", "http", &["x"])]);
    world.telemetry.started(0);
    world.reload(vec![check("a", "tcp", &["x"])]);
    world.telemetry.finished(0, passing(120 * MS));
    assert_eq!(world.gauges(), (0, 0));
    let told = world.told();
    let ended = |probe: &str| sum(&told, "leadsman_attempt_endings_total", &[probe]);
    assert_eq!((ended("\"http"), ended("\"tcp")), (1.0, 0.0));
    assert_eq!(sum(&told, "leadsman_runs_total", &["\"pass"]), 1.0);
}

#[test]
fn what_is_declared_no_more_is_not_told() {
    let mut world = World::of(vec![check("a", "http", &["x"])]);
    book(&world.telemetry, 0, &passing(120 * MS));
    let nothing = Edition {
        measures: BTreeMap::new(),
        ..edition()
    };
    world.reload_as(vec![check("a", "http", &["x"])], nothing);
    assert_eq!(world.gauges(), (3, 0));
}

#[test]
fn series_that_stay_count_in_the_limit_of_what_is_declared_anew() {
    let mut world = World::of(vec![check("a", "http", &["x"])]);
    book(&world.telemetry, 0, &measuring(0..150));
    let mut anew = edition();
    for measures in anew.measures.values_mut() {
        let mut described = measures.to_vec();
        described[0].help = "The same in other words.".to_owned();
        *measures = described.into();
    }
    world.reload_as(vec![check("a", "http", &["x"])], anew);
    book(&world.telemetry, 0, &measuring(100..250));
    assert_eq!(world.gauges().1, 200);
    let told = world.told();
    let dropped = sum(&told, "leadsman_measures_dropped_total", &["series_limit"]);
    assert_eq!(dropped, 50.0);
}

#[test]
fn what_a_probe_came_to_stays_its_own_when_the_check_has_another() {
    let mut world = World::of(vec![check("a", "http", &["x"])]);
    let mut before = [0.0; 4];
    let mut see = |world: &World, expected: [f64; 4]| {
        let told = world.told();
        let count = |family: &str, probe: &str| sum(&told, family, &[probe]);
        let (endings, hits) = (
            "leadsman_attempt_endings_total",
            "leadsman_probe_limit_hits_total",
        );
        let now = [
            count(endings, "\"http"),
            count(hits, "\"http"),
            count(endings, "\"tcp"),
            count(hits, "\"tcp"),
        ];
        assert_eq!(now, expected);
        assert!(now.iter().zip(before).all(|(now, before)| *now >= before));
        before = now;
    };
    book(&world.telemetry, 0, &limited("http"));
    book(&world.telemetry, 0, &limited("http"));
    see(&world, [2.0, 2.0, 0.0, 0.0]);
    world.reload(vec![check("a", "tcp", &["x"])]);
    see(&world, [2.0, 2.0, 0.0, 0.0]);
    book(&world.telemetry, 0, &limited("tcp"));
    see(&world, [2.0, 2.0, 1.0, 1.0]);
    world.reload(vec![check("a", "http", &["x"])]);
    book(&world.telemetry, 0, &limited("http"));
    see(&world, [3.0, 3.0, 1.0, 1.0]);
    world.reload(Vec::new());
    see(&world, [3.0, 3.0, 1.0, 1.0]);
}

#[test]
fn a_location_that_comes_with_a_reload_is_expected_from_then_on() {
    let world = World::of(Vec::new());
    let expected = |world: &World| {
        let told = world.told();
        let names = told.keys();
        let names = names.filter(|name| name.starts_with("leadsman_location_expected"));
        names.cloned().collect::<Vec<_>>()
    };
    let series = |location: &str| format!("leadsman_location_expected{{location=\"{location}}}");
    assert_eq!(expected(&world), ["eu-west", "us-east"].map(series));
    let mut grown = plan(Vec::new());
    grown.locations.insert(0, Location::new("ap").unwrap());
    world.telemetry.reload(&grown, &[], edition());
    assert_eq!(expected(&world), ["ap", "eu-west", "us-east"].map(series));
}
