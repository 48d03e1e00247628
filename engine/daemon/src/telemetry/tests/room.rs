//! What is kept of all runs together: how much it may be, and how a run is found in it.

use std::sync::Arc;

use leadsman_core::{
    evidence::{EvidenceLimits, weight},
    failure::FailureKind,
    id::RunId,
    outcome::Reason,
    record::RunRecord,
};

use super::{
    fixture::{check, edition, failing, passing, plan, seats, settings},
    reading::{series, sum, text},
};
use crate::telemetry::{BuildInfo, Format, RunFilter, Telemetry, TelemetrySettings};

/// So many check-targets, in checks of 100, with this much room for all that they keep.
fn telemetry(targets: usize, total_bytes: usize) -> Telemetry {
    let names: Vec<String> = (0..100).map(|number| format!("t{number}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let checks = (0..targets.div_ceil(100)).map(|number| {
        let names = &names[..targets.min(100)];
        check(&format!("team/c{number:03}"), "http", names)
    });
    let checks: Vec<_> = checks.collect();
    let seats = seats(&checks);
    let settings = TelemetrySettings {
        evidence: EvidenceLimits {
            total_bytes,
            ..EvidenceLimits::default()
        },
        ..settings()
    };
    let about = (BuildInfo::default(), edition());
    Telemetry::new(&plan(checks), &seats, about, settings)
}

const LIFE: u64 = 0x18f;

fn numbered(record: &Arc<RunRecord>, number: u64) -> Arc<RunRecord> {
    let id = RunId { life: LIFE, number };
    Arc::new(RunRecord {
        run: id.to_string(),
        ..record.as_ref().clone()
    })
}

fn failure() -> Arc<RunRecord> {
    failing(Reason::ConnectTimeout, FailureKind::ConnectTimeout)
}

/// How many runs of the target of that number are kept.
fn kept(telemetry: &Telemetry, target: usize) -> usize {
    let filter = RunFilter {
        target: Some(format!("t{target}")),
        ..RunFilter::default()
    };
    telemetry.runs(&filter).len()
}

/// What is kept of a failure weighs so much.
fn weight_kept() -> usize {
    let mut kept = Arc::unwrap_or_clone(failure());
    EvidenceLimits::default().keep(&mut kept);
    weight(&kept)
}

fn told(telemetry: &Telemetry) -> (f64, f64) {
    let series = series(&text(telemetry, Format::Text));
    let one = |name| sum(&series, name, &[]);
    (
        one("leadsman_evidence_bytes"),
        one("leadsman_evidence_dropped_total"),
    )
}

#[test]
fn all_kept_runs_together_have_a_bound_and_each_target_its_share_of_it() {
    const TARGETS: usize = 50;
    let one = weight_kept();
    let total = TARGETS * (3 * one + one / 2);
    let telemetry = telemetry(TARGETS, total);
    let mut number = 0;
    for _ in 0..10 {
        for slot in 0..u32::try_from(TARGETS).unwrap() {
            number += 1;
            telemetry.finished(slot, numbered(&failure(), number));
            let used = telemetry.room.used();
            assert!(used <= total, "{used} of {total}");
        }
    }
    for target in 0..TARGETS {
        let kept = kept(&telemetry, target);
        assert!((3..=4).contains(&kept), "t{target}: {kept}");
    }
    let (used, dropped) = told(&telemetry);
    assert!(used > 0.0 && dropped > 0.0, "{used} {dropped}");
    let newest = RunId { life: LIFE, number };
    assert!(telemetry.run(&newest.to_string()).is_some());
}

#[test]
fn a_target_that_answers_much_pushes_out_nobody_elses_runs() {
    const TARGETS: usize = 50;
    let one = weight_kept();
    let telemetry = telemetry(TARGETS, TARGETS * 2 * one);
    for slot in 1..u32::try_from(TARGETS).unwrap() {
        telemetry.finished(slot, numbered(&failure(), u64::from(slot)));
    }
    let mut large = failure().as_ref().clone();
    large.sentence = "x".repeat(20 * one).into();
    let large = Arc::new(large);
    for number in 100..120 {
        telemetry.finished(0, numbered(&large, number));
    }
    assert!(kept(&telemetry, 0) <= 2, "as many as there is room for");
    for target in 1..TARGETS {
        assert_eq!(kept(&telemetry, target), 1, "t{target}");
    }
    let (_, dropped) = told(&telemetry);
    assert!(dropped > 0.0);
}

#[test]
fn runs_of_targets_that_leave_give_their_room_back() {
    let telemetry = telemetry(50, 64 << 20);
    for slot in 0..50 {
        telemetry.finished(slot, numbered(&failure(), u64::from(slot)));
    }
    assert!(telemetry.room.used() > 0);
    telemetry.reload(&plan(Vec::new()), &[], edition());
    assert_eq!(telemetry.room.used(), 0);
}

#[test]
fn a_run_is_found_among_10_000_targets_by_comparing_numbers_once_each() {
    const TARGETS: u64 = 10_000;
    let telemetry = telemetry(10_000, 256 << 20);
    let (failure, pass) = (failure(), passing(1));
    for slot in 0..TARGETS {
        let place = u32::try_from(slot).unwrap();
        telemetry.finished(place, numbered(&failure, slot));
        telemetry.finished(place, numbered(&pass, TARGETS + slot));
    }
    assert_eq!(telemetry.room.dropped(), 0, "two records each have room");
    let mut looked = 0;
    let last = RunId {
        life: LIFE,
        number: TARGETS - 1,
    };
    let found = telemetry.search(last, &mut looked).unwrap();
    assert_eq!(found.run, last.to_string());
    assert!(looked <= 20_000, "{looked} records were looked at");
    let earlier = RunId { life: 1, ..last };
    assert!(telemetry.search(earlier, &mut looked).is_none());
}
