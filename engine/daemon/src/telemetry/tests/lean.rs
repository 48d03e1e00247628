//! What an https check-target costs in series.

use leadsman_core::{attempt::Measure, failure::FailureKind, outcome::Reason};

use super::{
    fixture::{MS, book, failing, passing, record, report, telemetry, web},
    reading::{series, text},
};
use crate::telemetry::{Format, Telemetry, exposition::Family};

/// A check with a latency objective, that has run for some time.
fn running(targets: &[&str]) -> Telemetry {
    let check = web(targets);
    let telemetry = telemetry(vec![check]);
    for slot in 0..u32::try_from(targets.len()).unwrap() {
        let mut passed = passing(120 * MS).as_ref().clone();
        let mut quiet = passed.attempts[0].report.as_ref().clone();
        quiet.measures.clear();
        passed.attempts[0].report = quiet.into();
        book(&telemetry, slot, &passed.into());
    }
    telemetry
}

/// Every family.
fn told(telemetry: &Telemetry, format: Format) -> Vec<Family> {
    let mut all = Vec::new();
    let told = telemetry.families(format, &mut |families| {
        all.extend(families);
        Ok(())
    });
    assert_eq!(told, Ok(()));
    all
}

/// The series of a check's targets, and those of the check itself.
fn cost(telemetry: &Telemetry, format: Format) -> (usize, usize) {
    let is_per_target = |family: &&Family| {
        family
            .samples
            .iter()
            .any(|sample| sample.labels.iter().any(|(name, _)| name == "target"))
    };
    let count = |families: Vec<&Family>| {
        let samples = families.into_iter().flat_map(|family| &family.samples);
        samples
            .filter(|sample| sample.check.is_some())
            .map(|sample| sample.series(format))
            .sum()
    };
    let families = told(telemetry, format);
    let (targets, checks) = families.iter().partition(is_per_target);
    (count(targets), count(checks))
}

#[test]
fn an_https_check_target_is_lean() {
    let telemetry = running(&["home"]);
    assert_eq!(cost(&telemetry, Format::Text), (30, 23));
    assert_eq!(cost(&telemetry, Format::OpenMetrics), (30, 23));
    assert_eq!(cost(&telemetry, Format::Protobuf), (18, 30));
    book(
        &telemetry,
        0,
        &failing(Reason::ConnectTimeout, FailureKind::ConnectTimeout),
    );
    // The failing run has a step of its author's.
    let step = 5;
    assert_eq!(cost(&telemetry, Format::Text).0, 32 + step);
    // Protobuf has its duration as a histogram without buckets: six, which is what a step may cost.
    assert_eq!(cost(&telemetry, Format::Protobuf).0, 20 + step + 1);
}

#[test]
fn another_target_costs_nothing_but_its_own_series() {
    let telemetry = running(&["home", "api", "shop"]);
    assert_eq!(cost(&telemetry, Format::Text), (3 * 30, 23));
    assert_eq!(cost(&telemetry, Format::Protobuf), (3 * 18, 30));
}

#[test]
fn a_check_says_what_it_costs() {
    let telemetry = running(&["home", "api"]);
    let exposed = series(&text(&telemetry, Format::Text));
    let of_check = exposed
        .keys()
        .filter(|name| name.contains("check=\"shop/web"))
        .count();
    let said = exposed
        .iter()
        .find(|(name, _)| name.starts_with("leadsman_series{"))
        .unwrap();
    assert_eq!(*said.1, f64::from(u32::try_from(of_check).unwrap()));
}

#[test]
fn measures_beyond_the_check_s_share_are_dropped_and_counted() {
    let check = web(&["home", "api"]);
    let telemetry = telemetry(vec![check.clone()]);
    for slot in 0..2 {
        let mut measuring = report(MS, super::fixture::failed(FailureKind::DnsNodata));
        let measure = |part| Measure {
            name: "body_bytes".to_owned(),
            value: 1.0,
            labels: vec![("part".to_owned(), part)],
        };
        measuring.measures = (0..150).map(|part| measure(part.to_string())).collect();
        book(
            &telemetry,
            slot,
            &record(&check, 0, Reason::Ok, vec![measuring]),
        );
    }
    text(&telemetry, Format::Text);
    let series = series(&text(&telemetry, Format::Text));
    assert_eq!(
        series
            .keys()
            .filter(|name| name.starts_with("leadsman_measure_"))
            .count(),
        200
    );
    assert!(
        series
            .iter()
            .any(|(name, dropped)| name.contains("series_limit") && *dropped == 100.0)
    );
}
