//! The account adds up, after any bookings and in the middle of them.

use std::sync::atomic::{AtomicBool, Ordering};

use leadsman_core::{dispatch::MissedReason, failure::FailureKind, outcome::Reason};
use proptest::prelude::*;

use super::{
    fixture::{MS, NOW_MS, book, failed, failing, record, report, small, telemetry, web},
    reading::{series, sum, text},
};
use crate::telemetry::Format;

#[derive(Debug, Clone)]
enum Booked {
    Run(u32, Reason, u64),
    Missed(u32, MissedReason, u64),
}

fn booked() -> impl Strategy<Value = Booked> {
    let reason = prop::sample::select(Reason::ALL.to_vec());
    let missed = prop::sample::select(MissedReason::ALL.to_vec());
    prop_oneof![
        (0_u32..3, reason, 0_u64..2_000)
            .prop_map(|(slot, reason, ms)| Booked::Run(slot, reason, ms)),
        (0_u32..3, missed, 1_u64..100)
            .prop_map(|(slot, reason, count)| Booked::Missed(slot, reason, count)),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn the_exposition_keeps_the_law(events in prop::collection::vec(booked(), 0..60)) {
        let (telemetry, web) = (small(), web(&["home"]));
        for event in events {
            match event {
                Booked::Missed(slot, reason, count) => telemetry.missed(slot, reason, NOW_MS, count),
                Booked::Run(slot, reason, ms) => {
                    let report = report(ms * MS, failed(FailureKind::DnsNodata));
                    book(&telemetry, slot, &record(&web, 0, reason, vec![report]));
                }
            }
        }
        telemetry.render(Format::Text);
        let series = series(&text(&telemetry, Format::Text));
        for target in ["target=\"home", "target=\"api", "target=\"ns1"] {
            let count = |family: &str, with: &str| sum(&series, family, &[target, with]);
            let runs = count("leadsman_runs_total", "");
            let (pass, fail) = (count("leadsman_runs_total", "\"pass"), count("leadsman_runs_total", "\"fail"));
            let valid = count("leadsman_sli_valid_events_total", "availability");
            prop_assert_eq!(count("leadsman_ticks_total", ""), runs + count("leadsman_missed_ticks_total", ""));
            prop_assert_eq!(runs, count("leadsman_run_reasons_total", ""));
            prop_assert_eq!(runs, count("leadsman_attempts_total", ""));
            prop_assert_eq!(valid, pass + fail);
            prop_assert_eq!(count("leadsman_sli_bad_events_total", "availability"), fail);
            prop_assert_eq!(count("leadsman_run_duration_seconds_count", "\"pass"), pass);
            prop_assert!(valid + count("leadsman_sli_excluded_events_total", "") <= count("leadsman_ticks_total", ""));
        }
        let slow = sum(&series, "leadsman_sli_bad_events_total", &["latency"]);
        prop_assert!(slow <= sum(&series, "leadsman_sli_valid_events_total", &["latency"]));
    }
}

#[test]
fn valid_and_bad_of_one_run_appear_together() {
    let (telemetry, is_over) = (small(), AtomicBool::new(false));
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let record = failing(Reason::ConnectTimeout, FailureKind::ConnectTimeout);
            while !is_over.load(Ordering::Relaxed) {
                book(&telemetry, 0, &record);
            }
        });
        for _ in 0..50 {
            let series = series(&text(&telemetry, Format::Text));
            let valid = sum(
                &series,
                "leadsman_sli_valid_events_total",
                &["home", "availability"],
            );
            assert_eq!(
                valid,
                sum(
                    &series,
                    "leadsman_sli_bad_events_total",
                    &["home", "availability"]
                )
            );
            assert_eq!(
                valid,
                sum(&series, "leadsman_runs_total", &["home", "fail"])
            );
        }
        is_over.store(true, Ordering::Relaxed);
    });
}

#[test]
fn a_scrape_that_is_read_slowly_is_of_one_moment_and_keeps_no_other_waiting() {
    let names: Vec<String> = (0..300).map(|number| format!("home-{number}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let telemetry = telemetry(vec![web(&names)]);
    let record = failing(Reason::ConnectTimeout, FailureKind::ConnectTimeout);
    let (mut read, mut pieces) = (Vec::new(), 0);
    let written = telemetry.write(Format::Text, &mut |piece| {
        (0..300).for_each(|slot| book(&telemetry, slot, &record));
        assert!(!text(&telemetry, Format::Text).is_empty());
        read.extend_from_slice(&piece);
        pieces += 1;
        true
    });
    assert!(written.is_ok() && pieces > 3, "{pieces} pieces");
    let slow = series(&String::from_utf8(read).unwrap());
    let families = [
        "leadsman_ticks_total",
        "leadsman_runs_total",
        "leadsman_attempts_total",
        "leadsman_last_failure_info",
    ];
    assert_eq!(families.map(|family| sum(&slow, family, &[])), [0.0; 4]);
    let next = series(&text(&telemetry, Format::Text));
    assert!(sum(&next, "leadsman_runs_total", &["fail"]) >= 900.0);
}
