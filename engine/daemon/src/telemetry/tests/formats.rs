//! The same numbers in every format.

use leadsman_core::{dispatch::MissedReason, failure::FailureKind, outcome::Reason, plan::Check};

use super::{
    fixture::{
        MS, NOW_MS, book, check, edition, failing, passing, plan, seats, settings, small, web,
    },
    reading::{Series, protobuf, series, text},
};
use crate::telemetry::{BuildInfo, Format, Telemetry, TelemetrySettings, writer::Writer};

/// Some runs, and a scrape that has seen what appeared.
fn settled() -> Telemetry {
    let telemetry = small();
    book(&telemetry, 0, &passing(120 * MS));
    book(
        &telemetry,
        1,
        &failing(Reason::ConnectTimeout, FailureKind::ConnectTimeout),
    );
    telemetry.missed(2, MissedReason::Overload, NOW_MS, 3);
    telemetry.render(Format::Text);
    telemetry
}

/// How many series a check has differs: each format counts its own.
fn comparable(series: Series) -> Series {
    series
        .into_iter()
        .filter(|(name, _)| !name.starts_with("leadsman_series{"))
        .collect()
}

#[test]
fn open_metrics_says_what_text_says() {
    let telemetry = settled();
    let open_metrics = text(&telemetry, Format::OpenMetrics);
    assert!(open_metrics.ends_with("\n# EOF\n"));
    assert!(open_metrics.contains("# TYPE leadsman_ticks counter\nleadsman_ticks_total{"));
    assert_eq!(
        series(&open_metrics),
        series(&text(&telemetry, Format::Text))
    );
}

#[test]
fn protobuf_says_what_text_says_and_has_the_failing_durations_too() {
    let telemetry = settled();
    let is_own = |name: &str| {
        name.starts_with("leadsman_run_duration_seconds") && name.contains("outcome=\"fail")
    };
    let mut found = comparable(protobuf(&telemetry));
    let failing: Series = found.extract_if(.., |name, _| is_own(name)).collect();
    assert_eq!(failing.len(), 6);
    assert!(failing.iter().any(|(name, sum)| name.contains("_sum")
        && name.contains("api")
        && (*sum - 0.7).abs() < 1e-9));
    let text = comparable(series(&text(&telemetry, Format::Text)));
    assert_eq!(
        found,
        text.into_iter()
            .filter(|(name, _)| !name.contains("_bucket{"))
            .collect()
    );
}

#[test]
fn a_family_that_is_written_in_parts_is_still_one() {
    let many = Writer::part(Format::Text) + 1;
    let name = |number| format!("shop/{number:04}");
    let checks = (0..many).map(|number| check(&name(number), "http", &["home"]));
    let telemetry = of(checks.collect(), settings());
    let numbers = 0..u32::try_from(many).unwrap();
    numbers.for_each(|slot| book(&telemetry, slot, &passing(120 * MS)));
    telemetry.render(Format::Text);
    let [plain, open] = [Format::Text, Format::OpenMetrics].map(|format| text(&telemetry, format));
    for exposition in [&plain, &open] {
        let heads = exposition.lines().filter(|line| line.starts_with("# "));
        let mut seen = std::collections::HashSet::new();
        assert!(heads.into_iter().all(|head| seen.insert(head)));
        assert!(seen.len() > 50, "{}", seen.len());
    }
    assert_eq!(series(&open), series(&plain));
    let phases = |series: Series| {
        let of = |(name, _): &(&String, _)| name.starts_with("leadsman_run_phase_seconds_count");
        series.iter().filter(of).count()
    };
    assert_eq!(phases(series(&plain)), phases(protobuf(&telemetry)));
    assert!(phases(series(&plain)) >= many);
}

#[test]
fn protobuf_is_a_stream_of_delimited_families() {
    let bytes = settled().render(Format::Protobuf);
    let (mut rest, mut names) = (bytes.as_slice(), Vec::new());
    while !rest.is_empty() {
        let (length, message) = varint(rest);
        let (length_of_name, name) = varint(&message[1..]);
        names.push(std::str::from_utf8(&name[..length_of_name]).unwrap());
        rest = &message[length..];
    }
    assert!(
        names.contains(&"leadsman_ticks_total") && names.contains(&"leadsman_schedule_lag_seconds")
    );
}

fn varint(bytes: &[u8]) -> (usize, &[u8]) {
    let length = bytes.iter().position(|byte| byte & 0x80 == 0).unwrap() + 1;
    let value = bytes[..length]
        .iter()
        .rev()
        .fold(0, |value, byte| value << 7 | usize::from(byte & 0x7f));
    (value, &bytes[length..])
}

#[test]
fn without_classic_buckets_text_keeps_the_infinite_one() {
    let settings = TelemetrySettings {
        classic_histograms: false,
        ..settings()
    };
    let telemetry = of(vec![web(&["home"])], settings);
    book(&telemetry, 0, &passing(120 * MS));
    for format in [Format::Text, Format::OpenMetrics] {
        let series = series(&text(&telemetry, format));
        let of: Vec<&String> = series
            .keys()
            .filter(|name| name.starts_with("leadsman_run_duration_seconds"))
            .collect();
        assert_eq!(of.len(), 3, "{of:?}");
        assert!(of.iter().any(|name| name.contains("le=\"+Inf")));
    }
    assert_eq!(
        protobuf(&telemetry)
            .keys()
            .filter(|name| name.contains("run_duration_seconds_count"))
            .count(),
        2
    );
}

#[test]
fn before_the_first_run_all_series_are_there_at_0() {
    let series = series(&text(&small(), Format::Text));
    let counters: Vec<_> = series
        .iter()
        .filter(|(name, _)| name.contains("_total{") && name.contains("target="))
        .collect();
    assert_eq!(counters.len(), 3 * (2 + 5) + 2 * 2);
    assert!(counters.iter().all(|(_, value)| **value == 0.0));
    assert!(
        !series
            .keys()
            .any(|name| name.starts_with("leadsman_last_") || name.contains("_tls_"))
    );
}

#[test]
fn the_last_outcome_goes_when_it_is_too_old() {
    const AGES: [fn() -> std::time::SystemTime; 2] = [
        || super::fixture::now() + std::time::Duration::from_secs(119),
        || super::fixture::now() + std::time::Duration::from_mins(2),
    ];
    let shown = AGES.map(|clock| {
        let settings = TelemetrySettings {
            clock,
            ..settings()
        };
        let telemetry = of(vec![check("a", "http", &["home"])], settings);
        book(&telemetry, 0, &passing(120 * MS));
        text(&telemetry, Format::Text).contains("\nleadsman_last_outcome{")
    });
    assert_eq!(shown, [true, false]);
}

pub(super) fn of(checks: Vec<Check>, settings: TelemetrySettings) -> Telemetry {
    let seats = seats(&checks);
    let told = (BuildInfo::default(), edition());
    Telemetry::new(&plan(checks), &seats, told, settings)
}
