//! The table of rules.

mod reasons;

use std::sync::Arc;

use super::*;
use crate::{
    attempt::{Step, Usage},
    facts::{Distrust, Facts, TlsFacts},
    failure::Failure,
    outcome::Blame,
    seam::{Call, DnsReply, HttpCall, HttpReply},
};

const SECOND: Nanos = 1_000_000_000;

fn report(ending: Ending, verdict: Option<Verdict>) -> Report {
    Report {
        took: SECOND / 10,
        verdict,
        ..Report::not_started(0, ending)
    }
}

fn operation(answer: Option<Answer>) -> Operation {
    let ended = answer.is_some().then_some(SECOND / 10);
    let call = Arc::new(Call::Http(Box::new(HttpCall::get("http://t/"))));
    Operation {
        started: 0,
        ended,
        step: None,
        call,
        answer: answer.map(Arc::new),
    }
}

fn reply() -> Answer {
    Answer::Http(Ok(HttpReply {
        status: 502,
        headers: vec![],
        body: bytes::Bytes::new(),
        facts: Box::default(),
    }))
}

fn failure(kind: FailureKind) -> Answer {
    Answer::Http(Err(Failure::new(kind, kind.as_str())))
}

fn dns(rcode: u16) -> Answer {
    Answer::Dns(Ok(Box::new(DnsReply {
        rcode,
        authoritative: true,
        truncated: false,
        recursion_available: false,
        authentic_data: false,
        answers: vec![],
        authority: vec![],
        additional: vec![],
        server: String::new(),
        transport: "udp".to_owned(),
        facts: Box::default(),
    })))
}

fn distrusted(kind: FailureKind) -> Answer {
    let tls = TlsFacts {
        distrust: Some(Distrust {
            kind,
            message: String::new(),
        }),
        ..TlsFacts::default()
    };
    Answer::Tls(Ok(Box::new(Facts {
        tls: Some(Arc::new(tls)),
        ..Facts::default()
    })))
}

fn assertion(kind: &str, path: &str) -> Cause {
    Cause::Assertion {
        kind: kind.to_owned(),
        path: path.to_owned(),
        expected: "a".to_owned(),
        got: "b".to_owned(),
    }
}

fn said_fail(answers: Vec<Answer>, cause: Cause) -> Report {
    let operations = answers
        .into_iter()
        .map(|answer| operation(Some(answer)))
        .collect();
    Report {
        operations,
        causes: vec![cause.into()],
        ..report(Ending::Returned, Some(Verdict::Fail))
    }
}

fn conclude(report: &Report) -> (Outcome, Reason, Blame) {
    let conclusion = classify(report, SECOND);
    (conclusion.outcome(), conclusion.reason, conclusion.blame())
}

#[test]
fn a_failure_that_the_host_observed_decides_by_itself() {
    for kind in FailureKind::ALL {
        let report = said_fail(vec![failure(*kind)], Cause::Operation { index: 0 });
        assert_eq!(
            classify(&report, SECOND).reason,
            kind.reason(),
            "{}",
            kind.as_str()
        );
    }
}

#[test]
fn a_fail_that_rests_on_a_failure_of_ours_is_unknown() {
    let cases = [
        (FailureKind::FdExhausted, Blame::Prober),
        (FailureKind::PortExhausted, Blame::Prober),
        (FailureKind::LocalNetwork, Blame::Prober),
        (FailureKind::ResolverDown, Blame::Prober),
        (FailureKind::EgressPrivate, Blame::Policy),
        (FailureKind::BadRequest, Blame::Probe),
    ];
    for (kind, blame) in cases {
        let (outcome, _, blamed) = conclude(&said_fail(
            vec![failure(kind)],
            Cause::Operation { index: 0 },
        ));
        assert_eq!(
            (outcome, blamed),
            (Outcome::Unknown, blame),
            "{}",
            kind.as_str()
        );
    }
}

#[test]
fn missing_evidence_never_excuses_a_target() {
    for kind in [
        FailureKind::ConnectTimeout,
        FailureKind::ResponseTimeout,
        FailureKind::DnsTimeout,
    ] {
        let (outcome, _, blame) = conclude(&said_fail(
            vec![failure(kind)],
            Cause::Operation { index: 0 },
        ));
        assert_eq!(
            (outcome, blame),
            (Outcome::Fail, Blame::Target),
            "{}",
            kind.as_str()
        );
    }
}

#[test]
fn a_crash_is_the_targets_occasion_once_it_has_answered() {
    let trap = || Ending::Trapped {
        message: "index out of bounds".to_owned(),
    };
    let before = report(trap(), None);
    assert_eq!(
        conclude(&before),
        (Outcome::Unknown, Reason::ProbeTrap, Blame::Probe)
    );
    let after = Report {
        operations: vec![operation(Some(reply()))],
        ..report(trap(), None)
    };
    assert_eq!(
        conclude(&after),
        (Outcome::Fail, Reason::ProbeError, Blame::Probe)
    );
    let reset = Report {
        operations: vec![operation(Some(failure(FailureKind::ConnectionReset)))],
        ..report(trap(), None)
    };
    assert_eq!(conclude(&reset).1, Reason::ProbeError);
    let silent = Report {
        operations: vec![operation(Some(failure(FailureKind::ConnectTimeout)))],
        ..report(trap(), None)
    };
    assert_eq!(conclude(&silent).1, Reason::ProbeTrap);
}

#[test]
fn limits_and_failures_of_the_host_are_never_the_targets() {
    let cases = [
        (Ending::Limit { limit: Limit::Cpu }, Reason::ProbeCpu),
        (
            Ending::Limit {
                limit: Limit::Memory,
            },
            Reason::ProbeMemory,
        ),
        (
            Ending::Limit {
                limit: Limit::Requests,
            },
            Reason::ProbeLimit,
        ),
        (
            Ending::HostFailed {
                message: "x".to_owned(),
            },
            Reason::Internal,
        ),
        (
            Ending::NotLoaded {
                message: "x".to_owned(),
            },
            Reason::ProbeLoad,
        ),
        (Ending::Cancelled, Reason::Internal),
    ];
    for (ending, reason) in cases {
        let answered = Report {
            operations: vec![operation(Some(reply()))],
            ..report(ending, None)
        };
        assert_eq!(conclude(&answered).1, reason);
        assert_eq!(conclude(&answered).0, Outcome::Unknown);
    }
}

#[test]
fn a_deadline_is_whose_it_waited_on() {
    let waiting = Report {
        took: SECOND,
        operations: vec![operation(None)],
        ..report(
            Ending::Deadline {
                waiting_on_target: true,
            },
            None,
        )
    };
    assert_eq!(
        conclude(&waiting),
        (Outcome::Fail, Reason::Deadline, Blame::Target)
    );
    let computing = report(
        Ending::Deadline {
            waiting_on_target: false,
        },
        None,
    );
    assert_eq!(
        conclude(&computing),
        (Outcome::Unknown, Reason::ProbeDeadline, Blame::Probe)
    );
}

#[test]
fn assertions_lead_to_their_reasons_where_the_target_was_heard() {
    let cases = [
        ("status", "status", reply(), Reason::HttpStatus),
        ("header", "x", reply(), Reason::HttpHeader),
        ("body", "x", reply(), Reason::HttpBody),
        ("http-version", "x", reply(), Reason::HttpVersion),
        ("tls-version", "x", reply(), Reason::TlsVersion),
        ("duration", "x", reply(), Reason::TooSlow),
        ("anything", "x", reply(), Reason::Assertion),
        ("answer", "x", dns(0), Reason::DnsAnswerMismatch),
        ("rcode", "x", dns(3), Reason::DnsNxdomain),
        ("rcode", "x", dns(2), Reason::DnsServfail),
        ("rcode", "x", dns(5), Reason::DnsRefused),
        ("rcode", "x", dns(9), Reason::DnsRcode),
        (
            "certificate",
            "tls_expired",
            distrusted(FailureKind::TlsExpired),
            Reason::TlsExpired,
        ),
        (
            "certificate",
            "names",
            distrusted(FailureKind::TlsExpired),
            Reason::TlsBadCertificate,
        ),
    ];
    for (kind, path, answer, reason) in cases {
        assert_eq!(
            conclude(&said_fail(vec![answer], assertion(kind, path))).1,
            reason,
            "{kind} {path}"
        );
    }
}

#[test]
fn what_the_host_did_not_observe_is_not_believed() {
    let unheard = Report {
        causes: vec![assertion("status", "status").into()],
        ..report(Ending::Returned, Some(Verdict::Fail))
    };
    assert_eq!(
        conclude(&unheard),
        (Outcome::Unknown, Reason::ProbeOutputInvalid, Blame::Probe)
    );
    let lied = said_fail(
        vec![distrusted(FailureKind::TlsExpired)],
        assertion("certificate", "tls_name_mismatch"),
    );
    assert_eq!(conclude(&lied).1, Reason::ProbeOutputInvalid);
    let no_dns = said_fail(vec![reply()], assertion("rcode", "rcodes"));
    assert_eq!(conclude(&no_dns).1, Reason::ProbeOutputInvalid);
    let succeeded = said_fail(vec![reply()], Cause::Operation { index: 0 });
    assert_eq!(conclude(&succeeded).1, Reason::ProbeOutputInvalid);
    let idle = report(Ending::Returned, Some(Verdict::Pass));
    assert_eq!(conclude(&idle).1, Reason::ProbeOutputInvalid);
}

#[test]
fn the_first_cause_wins_and_all_are_told() {
    let mut report = said_fail(vec![reply()], assertion("status", "status"));
    report.causes.push(assertion("body", "body").into());
    let conclusion = classify(&report, SECOND);
    assert_eq!(conclusion.reason, Reason::HttpStatus);
    assert_eq!(
        &*conclusion.sentence,
        "status: expected a, got b; body: expected a, got b"
    );
}

#[test]
fn a_probe_may_say_that_it_cannot_judge() {
    let undecided = Report {
        operations: vec![operation(Some(reply()))],
        causes: vec![
            Cause::Statement {
                message: "no token".to_owned(),
            }
            .into(),
        ],
        ..report(Ending::Returned, Some(Verdict::Unknown))
    };
    assert_eq!(
        conclude(&undecided),
        (Outcome::Unknown, Reason::ProbeUndecided, Blame::Probe)
    );
    let ours = Report {
        causes: vec![Cause::Operation { index: 0 }.into()],
        operations: vec![operation(Some(failure(FailureKind::FdExhausted)))],
        ..report(Ending::Returned, Some(Verdict::Unknown))
    };
    assert_eq!(conclude(&ours).1, Reason::FdExhausted);
}

#[test]
fn our_own_overhead_excuses_only_what_is_about_time() {
    let usage = Usage {
        queued: SECOND / 2,
        ..Usage::default()
    };
    let slow = Report {
        usage: usage.clone(),
        ..said_fail(
            vec![failure(FailureKind::ResponseTimeout)],
            Cause::Operation { index: 0 },
        )
    };
    assert_eq!(
        conclude(&slow),
        (Outcome::Unknown, Reason::ProberOverload, Blame::Prober)
    );
    let refused = Report {
        usage,
        ..said_fail(
            vec![failure(FailureKind::ConnectRefused)],
            Cause::Operation { index: 0 },
        )
    };
    assert_eq!(conclude(&refused).1, Reason::ConnectRefused);
}

#[test]
fn a_pause_of_the_guests_own_is_no_overhead_of_ours() {
    let usage = Usage {
        slept: SECOND,
        ..Usage::default()
    };
    let paused = Report {
        took: SECOND + SECOND / 10,
        usage,
        ..said_fail(
            vec![failure(FailureKind::ResponseTimeout)],
            Cause::Operation { index: 0 },
        )
    };
    assert_eq!(conclude(&paused).1, Reason::ResponseTimeout);
}

#[test]
fn a_pass_after_a_retry_is_seen_and_a_policy_is_not_retried() {
    assert_eq!(
        super::conclude(2, Conclusion::new(Reason::Ok, "")).reason,
        Reason::OkAfterRetry
    );
    assert_eq!(
        super::conclude(1, Conclusion::new(Reason::Ok, "")).reason,
        Reason::Ok
    );
    assert!(worth_retrying(Reason::ConnectRefused) && worth_retrying(Reason::ProberOverload));
    assert!(!worth_retrying(Reason::EgressDenied) && !worth_retrying(Reason::Ok));
}

#[test]
fn a_sentence_names_the_step_once_and_the_line_of_each_setting() {
    let step = |name: &str| Step {
        name: name.to_owned(),
        started: 0,
        ended: Some(1),
        ok: Some(false),
        detail: String::new(),
    };
    let in_step = |step: usize, path: &str, setting: &str| Named {
        step: Some(step),
        setting: Some(setting.to_owned()),
        ..assertion(path, path).into()
    };
    let report = Report {
        operations: vec![operation(Some(reply()))],
        steps: vec![step("create"), step("delete")],
        causes: vec![
            in_step(0, "status", "shop.yaml:7"),
            in_step(0, "body", "shop.yaml:8"),
            in_step(1, "status", "shop.yaml:12"),
        ],
        ..report(Ending::Returned, Some(Verdict::Fail))
    };
    assert_eq!(
        &*classify(&report, SECOND).sentence,
        "step `create`: status: expected a, got b (shop.yaml:7); body: expected a, got b (shop.yaml:8); \
         step `delete`: status: expected a, got b (shop.yaml:12)"
    );
}

#[test]
fn a_run_that_is_cut_names_the_step_that_was_open() {
    let open = Step {
        name: "wait".to_owned(),
        started: 0,
        ended: None,
        ok: None,
        detail: String::new(),
    };
    let report = Report {
        steps: vec![open],
        ..report(
            Ending::Deadline {
                waiting_on_target: true,
            },
            None,
        )
    };
    assert!(
        classify(&report, SECOND)
            .sentence
            .starts_with("step `wait`: ")
    );
}
