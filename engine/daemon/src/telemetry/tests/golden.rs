//! The interface, word for word.

use std::{
    fmt::Write as _,
    io::Write as _,
    process::{Command, Stdio},
};

use leadsman_core::{
    attempt::Ending, dispatch::MissedReason, failure::FailureKind, limits::Limit, outcome::Reason,
};

use super::{
    fixture::{MS, NOW_MS, book, failed, failing, passing, record, refused, report, small, web},
    reading::{series, sum, text},
};
use crate::telemetry::{Format, Telemetry, families};

/// Everything that can happen, once.
fn eventful() -> Telemetry {
    let telemetry = small();
    book(&telemetry, 0, &passing(120 * MS));
    book(&telemetry, 0, &passing(700 * MS));
    telemetry.started(0);
    telemetry.missed(0, MissedReason::Overlap, NOW_MS, 2);
    telemetry.finished(
        0,
        failing(Reason::ConnectTimeout, FailureKind::ConnectTimeout),
    );
    let mut limited = report(MS, refused([10, 0, 0, 1].into()));
    limited.ending = Ending::Limit {
        limit: Limit::Memory,
    };
    limited.usage.truncated.insert(Limit::Log, 3);
    book(
        &telemetry,
        1,
        &record(
            &web(&["home", "api"]),
            1,
            Reason::ProbeMemory,
            vec![limited],
        ),
    );
    book(
        &telemetry,
        1,
        &record(
            &web(&["home", "api"]),
            1,
            Reason::Degraded,
            vec![report(MS, failed(FailureKind::DnsNodata))],
        ),
    );
    telemetry.note_scrape();
    telemetry
}

/// What differs from machine to machine, and with the layout of records.
fn without_process(text: &str) -> String {
    let told = |line: &str| match line.rsplit_once(' ') {
        Some((name, _))
            if name.starts_with("process_") || name.starts_with("leadsman_evidence_bytes") =>
        {
            format!("{name} (some)\n")
        }
        _ => format!("{line}\n"),
    };
    text.lines().map(told).collect()
}

#[test]
fn the_text_exposition() {
    let telemetry = eventful();
    text(&telemetry, Format::Text);
    insta::assert_snapshot!(without_process(&text(&telemetry, Format::Text)));
}

#[test]
fn the_families_are_an_interface() {
    let mut list = String::new();
    for family in families::ALL {
        writeln!(
            list,
            "{} {} {{{}}}\n    {}",
            family.name,
            family.kind.as_str(),
            family.labels,
            family.help
        )
        .unwrap();
    }
    writeln!(list, "{}<name> gauge {{check, target, location, declared labels}}\n    The last value of a measure that the probe declares.", families::MEASURE_PREFIX).unwrap();
    assert_eq!(list, include_str!("../families.txt"));
}

#[test]
fn promtool_finds_nothing_to_complain_of() {
    let telemetry = eventful();
    for _ in 0..2 {
        let mut promtool = Command::new("promtool")
            .args(["check", "metrics"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        promtool
            .stdin
            .take()
            .unwrap()
            .write_all(&telemetry.render(Format::Text))
            .unwrap();
        let output = promtool.wait_with_output().unwrap();
        let said = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
        assert!(output.status.success() && said.is_empty(), "{said}");
    }
}

#[test]
fn what_appears_is_0_for_one_scrape_and_then_counted() {
    let telemetry = eventful();
    let appearing = [
        ("leadsman_sli_excluded_events_total", "availability", 2.0),
        ("leadsman_missed_ticks_total", "overlap", 2.0),
        ("leadsman_run_reasons_total", "connect_timeout", 1.0),
        ("leadsman_run_reasons_total", "\"ok", 2.0),
        ("leadsman_degraded_runs_total", "api", 1.0),
        ("leadsman_attempt_endings_total", "returned", 5.0),
        ("leadsman_egress_denied_total", "private", 1.0),
        ("leadsman_probe_limit_hits_total", "memory", 1.0),
        ("leadsman_measures_dropped_total", "undeclared", 2.0),
        ("leadsman_run_phase_seconds_count", "resolve", 5.0),
    ];
    let (first, second) = (
        series(&text(&telemetry, Format::Text)),
        series(&text(&telemetry, Format::Text)),
    );
    for (family, with, counted) in appearing {
        assert!(
            first
                .keys()
                .any(|name| name.starts_with(family) && name.contains(with)),
            "{family} {with}"
        );
        let sums = (sum(&first, family, &[with]), sum(&second, family, &[with]));
        assert_eq!(sums, (0.0, counted), "{family} {with}");
    }
}
