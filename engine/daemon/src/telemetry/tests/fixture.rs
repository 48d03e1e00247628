//! A small plan, and runs of it made by hand.

use std::{
    collections::BTreeMap,
    net::IpAddr,
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use axum::body::Bytes;
use leadsman_core::{
    attempt::{Assignment, Ending, Measure, Operation, Order, Report, RunCause, Step},
    facts::{Certificate, Facts, TlsFacts},
    failure::{Failure, FailureKind},
    id::{CheckId, Location, ProbeName, TargetName},
    limits::Limits,
    outcome::{Conclusion, Reason},
    phase::{Nanos, Phase, Phases},
    plan::{
        Alerts, Check, LatencyObjective, MeasureDescription, Network, Objectives, Page, Plan,
        Retry, Tls,
    },
    record::{AttemptRecord, RunRecord},
    schedule::Rule,
    seam::{Answer, Call, HttpCall, HttpReply},
};

use crate::{
    seats::{Seat, Seats},
    telemetry::{BuildInfo, Edition, Telemetry, TelemetrySettings},
};

pub(crate) const MS: Nanos = 1_000_000;

/// 2027-01-15, 08:00 UTC.
pub(crate) const NOW_MS: i64 = 1_800_000_000_000;

pub(crate) fn now() -> SystemTime {
    UNIX_EPOCH + Duration::from_hours(500_000)
}

fn location() -> Location {
    Location::new("eu-west").unwrap()
}

/// One check with its targets.
pub(crate) fn check(id: &str, probe: &str, targets: &[&str]) -> Check {
    let assignment = |target: &&str| {
        Arc::new(Assignment {
            check: CheckId::new(id).unwrap(),
            target: TargetName::new(target).unwrap(),
            address: format!("{target}.example"),
            location: location(),
            probe: ProbeName::new(probe).unwrap(),
            settings: "{}".into(),
            labels: BTreeMap::new(),
            timeout: 10_000 * MS,
            limits: Limits::default(),
            egress: Arc::default(),
            secrets: Vec::new(),
            written: None,
            places: None,
        })
    };
    Check {
        id: CheckId::new(id).unwrap(),
        team: None,
        labels: BTreeMap::new(),
        rule: Rule::Every(Duration::from_mins(1)),
        retry: Retry::default(),
        objectives: Objectives {
            availability: Some(0.999),
            ..Objectives::default()
        },
        locations: vec![location(), Location::new("us-east").unwrap()],
        assignments: targets.iter().map(assignment).collect(),
        steps: Vec::new(),
        was: Vec::new(),
        depends_on: Vec::new(),
        canary: false,
        page: Page::default(),
        expiry: None,
        alerts: Alerts::default(),
        maintenance: Vec::new(),
        origins: BTreeMap::new(),
    }
}

/// A check with everything that an https check may have.
pub(crate) fn web(targets: &[&str]) -> Check {
    let mut check = check("shop/web", "http", targets);
    check.team = Some("shop".to_owned());
    let labels = [
        ("tier", "1"),
        ("runbook-url", "https://wiki.corp/\"shop\"\\web\n"),
        ("team", "ignored"),
    ];
    check.labels = labels
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into();
    check.objectives.latency = Some(LatencyObjective {
        under: Duration::from_millis(500),
        at_least: 0.95,
    });
    check
}

pub(crate) fn plan(checks: Vec<Check>) -> Plan {
    Plan {
        location: location(),
        locations: vec![location(), Location::new("us-east").unwrap()],
        network: Network::default(),
        tls: Tls::default(),
        secrets: BTreeMap::new(),
        probes: BTreeMap::new(),
        checks: checks.into_iter().map(Arc::new).collect(),
    }
}

pub(crate) fn settings() -> TelemetrySettings {
    TelemetrySettings {
        clock: now,
        stalls: || 2,
        closed: || vec![("evicted", 3)],
        external_url: Some("https://ops.example/prober".to_owned()),
        ..TelemetrySettings::default()
    }
}

pub(crate) fn edition() -> Edition {
    let measure = MeasureDescription {
        name: "body_bytes".to_owned(),
        help: "The body's size,\nin \"bytes\".".to_owned(),
        labels: vec!["part".to_owned()],
    };
    Edition {
        revision: "0c5e".to_owned(),
        measures: BTreeMap::from([(ProbeName::new("http").unwrap(), [measure].into())]),
        files: Vec::new(),
        probes: Vec::new(),
    }
}

/// Seats for these checks, from the first slot on.
pub(crate) fn seats(checks: &[Check]) -> Vec<Vec<Seat>> {
    Seats::default().arrange(checks).seats
}

pub(crate) fn telemetry(checks: Vec<Check>) -> Telemetry {
    let build = BuildInfo {
        version: "0.1.0".to_owned(),
        commit: "abc".to_owned(),
        rustc: String::new(),
    };
    let seats = seats(&checks);
    Telemetry::new(&plan(checks), &seats, (build, edition()), settings())
}

/// A web check on two targets and a dns check: slots 0, 1 and 2.
pub(crate) fn small() -> Telemetry {
    telemetry(vec![
        web(&["home", "api"]),
        check("shop/zone", "dns", &["ns1"]),
    ])
}

pub(crate) fn facts(chain_valid_until: Option<i64>) -> Facts {
    let certificate = |not_after| Certificate {
        subject: String::new(),
        issuer: String::new(),
        serial: String::new(),
        not_before: 0,
        not_after,
        names: Vec::new(),
        signature_algorithm: String::new(),
        sha256: String::new(),
        der: Bytes::new(),
    };
    let chain = vec![certificate(1_810_000_000), certificate(1_805_000_000)];
    let mut phases = Phases::default();
    for (phase, nanos) in
        Phase::ALL
            .into_iter()
            .zip([MS, 2 * MS, 3 * MS, 4 * MS, MS / 2, 80 * MS, 9 * MS])
    {
        phases.add(phase, nanos);
    }
    Facts {
        phases,
        tls: Some(Arc::new(TlsFacts {
            chain,
            chain_valid_until,
            ..TlsFacts::default()
        })),
        ..Facts::default()
    }
}

pub(crate) fn replied(facts: Facts) -> Answer {
    Answer::Http(Ok(HttpReply {
        status: 200,
        headers: Vec::new(),
        body: Bytes::new(),
        facts: Box::new(facts),
    }))
}

pub(crate) fn failed(kind: FailureKind) -> Answer {
    let mut failure = Failure::new(kind, "it \"failed\"");
    failure.facts.phases.add(Phase::Resolve, 2 * MS);
    Answer::Http(Err(failure))
}

/// An operation that the policy refused for an address.
pub(crate) fn refused(address: IpAddr) -> Answer {
    let mut failure = Failure::new(FailureKind::EgressPrivate, "it is refused");
    failure.facts.phases.add(Phase::Resolve, 2 * MS);
    failure.facts.refused = Some(address);
    Answer::Http(Err(failure))
}

/// A report with one operation, which took this long.
pub(crate) fn report(took: Nanos, answer: Answer) -> Report {
    let mut report = Report::not_started(NOW_MS * 1_000_000 - 1_000_000_000, Ending::Returned);
    report.took = took + 5 * MS;
    report.operations.push(Operation {
        started: 0,
        ended: Some(took),
        step: None,
        call: Arc::new(Call::Http(Box::new(HttpCall::get("https://home.example/")))),
        answer: Some(Arc::new(answer)),
    });
    report
}

pub(crate) fn record(
    check: &Check,
    target: usize,
    reason: Reason,
    reports: Vec<Report>,
) -> Arc<RunRecord> {
    let order = Order {
        assignment: Arc::clone(&check.assignments[target]),
        slot: 0,
        run: "18f-1".to_owned(),
        cause: RunCause::Tick,
        planned_unix_ns: NOW_MS * 1_000_000 - 1_002_000_000,
        attempt: 1,
    };
    let attempt = |report| AttemptRecord {
        conclusion: Conclusion::new(reason, "why"),
        report: Arc::new(report),
    };
    let attempts = reports.into_iter().map(attempt).collect();
    Arc::new(RunRecord::new(
        &order,
        attempts,
        Conclusion::new(reason, "why"),
    ))
}

/// A run that passed, with a certificate and a measure.
pub(crate) fn passing(took: Nanos) -> Arc<RunRecord> {
    let mut report = report(took, replied(facts(Some(1_809_000_000))));
    let labels = vec![("part".to_owned(), "head".to_owned())];
    report.measures.push(Measure {
        name: "body_bytes".to_owned(),
        value: 1234.5,
        labels,
    });
    report.measures.push(Measure {
        name: "secret".to_owned(),
        value: 1.0,
        labels: Vec::new(),
    });
    record(&web(&["home"]), 0, Reason::Ok, vec![report])
}

/// A run that failed, in a step, at its second attempt.
pub(crate) fn failing(reason: Reason, kind: FailureKind) -> Arc<RunRecord> {
    let mut second = report(700 * MS, failed(kind));
    second.steps.push(Step {
        name: "log in".to_owned(),
        started: 0,
        ended: Some(700 * MS),
        ok: Some(false),
        detail: "no".to_owned(),
    });
    second.operations[0].step = Some(0);
    record(
        &web(&["home"]),
        0,
        reason,
        vec![report(MS, failed(kind)), second],
    )
}

/// Books a run as the runner does.
pub(crate) fn book(telemetry: &Telemetry, slot: u32, record: &Arc<RunRecord>) {
    telemetry.started(slot);
    telemetry.finished(slot, Arc::clone(record));
}
