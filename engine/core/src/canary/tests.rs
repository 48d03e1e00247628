//! When silence is excused, and when it is not.

use std::{net::SocketAddr, sync::Arc};

use super::*;
use crate::{
    attempt::{Assignment, Cause, Ending, Order, Report, RunCause, Verdict},
    classify::classify,
    egress::Egress,
    facts::Facts,
    failure::{Failure, FailureKind},
    id::{CheckId, Location, ProbeName, TargetName},
    limits::Limits,
    record::AttemptRecord,
    seam::{Answer, HttpCall},
};

const PUBLIC: &str = "1.1.1.1:443";
const PRIVATE: &str = "10.0.0.1:443";
const UNTIL: i64 = 1_000;

fn order(check: &str) -> Order {
    let assignment = Assignment {
        check: CheckId::new(check).unwrap(),
        target: TargetName::new("t").unwrap(),
        address: "https://t".to_owned(),
        location: Location::new("l").unwrap(),
        probe: ProbeName::new("http").unwrap(),
        settings: "{}".into(),
        written: None,
        labels: BTreeMap::new(),
        timeout: 1_000_000_000,
        limits: Limits::default(),
        egress: Arc::new(Egress::default()),
        secrets: Vec::new(),
        places: None,
    };
    Order {
        assignment: Arc::new(assignment),
        slot: 0,
        run: "1-1".to_owned(),
        cause: RunCause::Tick,
        planned_unix_ns: 0,
        attempt: 1,
    }
}

/// A run of one operation that failed so, at this address.
fn failed(check: &str, kind: FailureKind, remote: Option<&str>) -> RunRecord {
    let mut failure = Failure::new(kind, "nothing came");
    failure.facts = Box::new(Facts {
        remote: remote.map(|remote| remote.parse::<SocketAddr>().unwrap()),
        ..Facts::default()
    });
    let operation = Operation {
        started: 0,
        ended: Some(1),
        step: None,
        call: Arc::new(Call::Http(Box::new(HttpCall::get("https://t/")))),
        answer: Some(Arc::new(Answer::Http(Err(failure)))),
    };
    let report = Report {
        verdict: Some(Verdict::Fail),
        causes: vec![Cause::Operation { index: 0 }.into()],
        operations: vec![operation],
        ..Report::not_started(0, Ending::Returned)
    };
    record(check, report)
}

fn record(check: &str, report: Report) -> RunRecord {
    let conclusion = classify(&report, 1_000_000_000);
    let attempt = AttemptRecord {
        conclusion: conclusion.clone(),
        report: Arc::new(report),
    };
    RunRecord::new(&order(check), vec![attempt], conclusion)
}

fn silent(check: &str, remote: &str) -> RunRecord {
    failed(check, FailureKind::ConnectTimeout, Some(remote))
}

fn passed(check: &str) -> RunRecord {
    let mut record = silent(check, PUBLIC);
    record.conclude(Conclusion::new(Reason::Ok, "ok"));
    record
}

/// What the canary came to in each round, and what a target's silence then comes to.
fn after(rounds: &[RunRecord], target: &RunRecord) -> Option<Conclusion> {
    let mut canaries = Canaries::default();
    for round in rounds {
        canaries.book(1, round, UNTIL);
    }
    canaries.excuse(target, UNTIL)
}

#[test]
fn silence_is_excused_only_by_a_canary_of_the_same_class_that_failed_in_its_last_two_rounds() {
    let (lost, well) = (silent("canary", PUBLIC), passed("canary"));
    let refused = failed("canary", FailureKind::ConnectRefused, Some(PUBLIC));
    let unresolved = failed("canary", FailureKind::DnsTimeout, None);
    let target = silent("web", PUBLIC);
    let cases: [(&str, &[&RunRecord], bool); 8] = [
        ("no canary", &[], false),
        ("it passed", &[&well], false),
        ("it failed", &[&lost], true),
        ("it failed in the round before", &[&lost, &well], true),
        ("it failed two rounds before", &[&lost, &well, &well], false),
        ("it failed otherwise than by silence", &[&refused], true),
        (
            "it failed at another class",
            &[&silent("canary", PRIVATE)],
            false,
        ),
        ("it failed before any address", &[&unresolved], false),
    ];
    for (what, rounds, excused) in cases {
        let rounds: Vec<RunRecord> = rounds.iter().map(|round| (*round).clone()).collect();
        let conclusion = after(&rounds, &target);
        assert_eq!(conclusion.is_some(), excused, "{what}");
        if let Some(conclusion) = conclusion {
            assert_eq!(
                (conclusion.reason, conclusion.outcome(), conclusion.blame()),
                (Reason::LocalNetwork, Outcome::Unknown, Blame::Prober),
            );
            assert!(conclusion.sentence.contains("`canary` on `t`"), "{what}");
        }
    }
}

#[test]
fn a_stale_canary_excuses_nothing() {
    let mut canaries = Canaries::default();
    canaries.book(1, &silent("canary", PUBLIC), UNTIL);
    let target = silent("web", PUBLIC);
    assert!(canaries.excuse(&target, UNTIL).is_some());
    assert!(canaries.excuse(&target, UNTIL + 1).is_none());
    assert!(!canaries.are_well(UNTIL));
    assert!(canaries.are_well(UNTIL + 1));
}

#[test]
fn what_was_heard_is_never_excused() {
    let lost = [silent("canary", PUBLIC)];
    for kind in FailureKind::ALL {
        let target = failed("web", *kind, Some(PUBLIC));
        let is_silence = matches!(
            kind,
            FailureKind::ConnectTimeout | FailureKind::ResponseTimeout | FailureKind::DnsTimeout
        );
        assert_eq!(
            after(&lost, &target).is_some(),
            is_silence,
            "{}",
            kind.as_str()
        );
    }
    let mut answered = Report::clone(&silent("web", PUBLIC).attempts[0].report);
    let mut half = Failure::new(FailureKind::ResponseTimeout, "the body stopped");
    half.facts.http = Some(Box::default());
    half.facts.remote = Some(PUBLIC.parse().unwrap());
    answered.operations[0].answer = Some(Arc::new(Answer::Http(Err(half))));
    assert!(after(&lost, &record("web", answered)).is_none());
}

#[test]
fn a_probe_that_crashes_says_nothing_of_the_network() {
    let mut crashed = silent("canary", PUBLIC);
    crashed.conclude(Conclusion::new(Reason::ProbeTrap, "a bug"));
    let target = silent("web", PUBLIC);
    assert!(after(&[crashed.clone()], &target).is_none());
    assert!(after(&[silent("canary", PUBLIC), crashed], &target).is_some());
}

#[test]
fn a_slot_that_is_somebody_elses_is_forgotten() {
    let mut canaries = Canaries::default();
    canaries.book(1, &silent("canary", PUBLIC), UNTIL);
    assert!(canaries.forget(1));
    assert!(!canaries.forget(1));
    assert!(canaries.excuse(&silent("web", PUBLIC), UNTIL).is_none());
    assert!(canaries.are_well(UNTIL));
}

#[test]
fn a_target_that_took_the_connection_was_heard_whatever_came_after_it() {
    let lost = [silent("canary", PUBLIC)];
    for (phase, excused) in [
        (Phase::Connect, true),
        (Phase::Send, false),
        (Phase::Wait, false),
        (Phase::Receive, false),
    ] {
        let mut report = Report::clone(
            &failed("web", FailureKind::ResponseTimeout, Some(PUBLIC)).attempts[0].report,
        );
        let mut failure = Failure::new(FailureKind::ResponseTimeout, "nothing came");
        failure.facts.remote = Some(PUBLIC.parse().unwrap());
        failure.facts.phases.add(phase, 1);
        report.operations[0].answer = Some(Arc::new(Answer::Http(Err(failure))));
        let excuse = after(&lost, &record("web", report));
        assert_eq!(excuse.is_some(), excused, "{phase:?}");
    }
}

#[test]
fn a_target_that_was_heard_in_an_earlier_attempt_is_not_excused() {
    let lost = [silent("canary", PUBLIC)];
    let mut target = silent("web", PUBLIC);
    let refused = failed("web", FailureKind::ConnectRefused, Some(PUBLIC));
    target.attempts.insert(0, refused.attempts[0].clone());
    assert!(after(&lost, &target).is_none());
}

#[test]
fn a_resolver_that_is_silent_to_a_canary_too_is_no_targets_fault() {
    let unresolved = |check| failed(check, FailureKind::DnsTimeout, None);
    let excuse = after(&[unresolved("canary")], &unresolved("web")).unwrap();
    assert!(
        excuse.sentence.contains("the resolver may be out of"),
        "{}",
        excuse.sentence
    );
    assert!(after(&[silent("canary", PUBLIC)], &unresolved("web")).is_none());
}
