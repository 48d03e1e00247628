//! What the API tells, and what the shutdown waits for.

use std::sync::Arc;

use leadsman_core::{
    attempt::RunCause, dispatch::MissedReason, failure::FailureKind, outcome::Reason,
};
use serde_json::json;

use super::fixture::{MS, NOW_MS, book, failing, passing, small};
use crate::telemetry::Format;

#[test]
fn a_failed_run_is_told_step_by_step_and_stays_when_the_next_one_passes() {
    let telemetry = small();
    book(
        &telemetry,
        0,
        &failing(Reason::ConnectTimeout, FailureKind::ConnectTimeout),
    );
    book(&telemetry, 0, &passing(MS));
    telemetry.missed(0, MissedReason::Late, NOW_MS, 4);
    telemetry.set_next_tick(0, NOW_MS + 60_000);
    let states = serde_json::to_value(telemetry.check_states()).unwrap();
    assert_eq!(states.as_array().unwrap().len(), 3);
    insta::assert_json_snapshot!(states[0]);
    assert_eq!(states[2]["last"], json!(null));
    assert_eq!(states[2]["next_tick_unix_ms"], json!(null));
}

#[test]
fn lines_beyond_a_check_s_share_are_counted() {
    let telemetry = small();
    let admitted = (0..13).filter(|_| telemetry.admits_line(0)).count();
    assert_eq!(admitted, 10);
    let metrics = || String::from_utf8(telemetry.render(Format::Text)).unwrap();
    let line = |count| format!("leadsman_log_lines_dropped_total{{check=\"shop/web\"}} {count}\n");
    assert!(metrics().contains(&line(0)) && metrics().contains(&line(3)));
}

#[test]
fn a_run_that_somebody_asked_for_is_not_booked() {
    let telemetry = small();
    let mut asked = passing(MS).as_ref().clone();
    asked.cause = RunCause::Request;
    telemetry.finished(0, Arc::new(asked));
    assert_eq!(telemetry.check_states()[0].last, None);
}

#[test]
fn what_is_not_in_the_plan_is_ignored() {
    let telemetry = small();
    book(&telemetry, 99, &passing(MS));
    telemetry.missed(99, MissedReason::Late, NOW_MS, 1);
    telemetry.set_next_tick(99, NOW_MS);
    assert!(!telemetry.awaits_scrapes(1));
}

#[test]
fn a_shutdown_waits_for_a_scrape_that_starts_after_the_last_booking() {
    let telemetry = small();
    assert_eq!(
        (telemetry.scrapes_started(), telemetry.last_scrape()),
        (0, None)
    );
    assert!(!telemetry.awaits_scrapes(1));
    telemetry.note_scrape();
    book(&telemetry, 0, &passing(MS));
    telemetry.render(Format::Text);
    assert!(telemetry.awaits_scrapes(1), "this scrape started before");
    telemetry.note_scrape();
    assert!(!telemetry.awaits_scrapes(1));
    assert_eq!(
        (telemetry.scrapes_started(), telemetry.last_scrape()),
        (2, Some(NOW_MS))
    );
}

#[test]
fn a_sick_location_says_so() {
    let telemetry = small();
    telemetry.set_location_healthy(false);
    let text = super::reading::text(&telemetry, Format::Text);
    assert!(text.contains("leadsman_location_healthy{location=\"eu-west\"} 0\n"));
}
