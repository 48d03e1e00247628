//! Which failures count among many that happen at once.

use std::time::{Duration, SystemTime};

use leadsman_core::{
    failure::FailureKind,
    outcome::{Conclusion, Reason},
    plan::{Check, Window},
};

use super::{
    fixture::{book, check, failing, now, settings},
    formats::of,
    reading::text,
};
use crate::telemetry::{Format, Telemetry, TelemetrySettings};

const TARGETS: [&str; 10] = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j"];

/// All targets have failed, at the same time.
fn down(check: Check, clock: fn() -> SystemTime) -> Telemetry {
    let settings = TelemetrySettings {
        clock,
        ..settings()
    };
    let telemetry = of(vec![check], settings);
    for slot in 0..10 {
        book(
            &telemetry,
            slot,
            &failing(Reason::ConnectTimeout, FailureKind::ConnectTimeout),
        );
    }
    telemetry
}

/// Whether it is told, and how many fail by the status.
fn told(telemetry: &Telemetry) -> (bool, bool, usize) {
    let series = "leadsman_widespread_failure{location=\"eu-west\"} 1\n";
    let is_shown = text(telemetry, Format::Text).contains(series);
    (
        is_shown,
        telemetry.status().widespread,
        telemetry.failing().failing,
    )
}

#[test]
fn targets_that_fail_now_are_many_and_those_whose_last_word_is_old_are_none() {
    let web = || check("a", "http", &TARGETS);
    assert_eq!(told(&down(web(), now)), (true, true, 10));
    let later = || now() + Duration::from_mins(2);
    assert_eq!(told(&down(web(), later)), (false, false, 0));
}

#[test]
fn targets_that_fail_in_their_maintenance_are_no_widespread_failure() {
    let mut web = check("a", "http", &TARGETS);
    web.maintenance = vec![Window {
        cron: "0 * * * *".to_owned(),
        zone: "UTC".to_owned(),
        length: Duration::from_hours(1),
    }];
    assert_eq!(told(&down(web, now)), (false, false, 0));
}

#[test]
fn a_run_that_is_excused_is_no_failure_of_its_step() {
    let telemetry = of(vec![check("a", "http", &["home"])], settings());
    let mut excused = failing(Reason::ConnectTimeout, FailureKind::ConnectTimeout)
        .as_ref()
        .clone();
    excused.conclude(Conclusion::new(
        Reason::LocalNetwork,
        "the canary has failed too",
    ));
    for _ in 0..2 {
        book(&telemetry, 0, &excused.clone().into());
        text(&telemetry, Format::Text);
    }
    let text = text(&telemetry, Format::Text);
    let steps = text
        .lines()
        .filter(|line| line.starts_with("leadsman_step_results_total"));
    let of_outcome = |outcome: &str| {
        let label = format!("outcome=\"{outcome}\"");
        steps
            .clone()
            .filter(|line| line.contains(&label))
            .map(|line| line.ends_with(" 2"))
            .collect::<Vec<_>>()
    };
    assert_eq!(of_outcome("unknown"), [true], "{text}");
    assert!(
        of_outcome("fail").into_iter().all(|counted| !counted),
        "{text}"
    );
}
