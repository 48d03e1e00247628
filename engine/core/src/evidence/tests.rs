//! What is kept, and what is not.

use serde_json::json;

use super::*;
use crate::{
    attempt::{Cause, Ending, LogLine, Operation, RunCause},
    failure::{Failure, FailureKind},
    id::{CheckId, Location, ProbeName, TargetName},
    outcome::{Blame, Conclusion, Outcome, Reason},
    phase::Phase,
    record::AttemptRecord,
    seam::{HttpCall, HttpReply},
};

fn reply(body: Bytes) -> Answer {
    let certificate = Certificate {
        subject: "CN=shop".to_owned(),
        issuer: String::new(),
        serial: String::new(),
        not_before: 0,
        not_after: 1,
        names: Vec::new(),
        signature_algorithm: String::new(),
        sha256: "ab".to_owned(),
        der: Bytes::from(vec![1; 2_000]),
    };
    let facts = Facts {
        tls: Some(Arc::new(TlsFacts {
            chain: vec![certificate],
            ..TlsFacts::default()
        })),
        ..Facts::default()
    };
    Answer::Http(Ok(HttpReply {
        status: 500,
        headers: vec![("x".to_owned(), Bytes::from(vec![b'x'; 5_000])); 50],
        body,
        facts: Box::new(facts),
    }))
}

fn record(answers: Vec<Answer>) -> RunRecord {
    let mut report = Report::not_started(0, Ending::Returned);
    report.log = vec![
        LogLine {
            at: 0,
            level: "info".to_owned(),
            message: "ö".repeat(500),
        };
        90
    ];
    report.operations = answers
        .into_iter()
        .map(|answer| Operation {
            started: 0,
            ended: Some(1),
            step: None,
            call: Arc::new(Call::Http(Box::new(HttpCall::get("http://shop")))),
            answer: Some(Arc::new(answer)),
        })
        .collect();
    RunRecord {
        version: 1,
        seam: 1,
        run: "a-1".to_owned(),
        check: CheckId::new("web").unwrap(),
        target: TargetName::new("shop").unwrap(),
        address: "shop".to_owned(),
        location: Location::new("here").unwrap(),
        probe: ProbeName::new("http").unwrap(),
        cause: RunCause::Tick,
        planned_unix_ns: 0,
        lag: 0,
        outcome: Outcome::Fail,
        reason: Reason::HttpStatus,
        blame: Blame::Target,
        sentence: "no".into(),
        latency: 0,
        attempts: vec![AttemptRecord {
            conclusion: Conclusion::new(Reason::HttpStatus, "no"),
            report: Arc::new(report),
        }],
    }
}

#[test]
fn every_default_is_below_its_ceiling_and_above_zero() {
    for (name, value, ceiling) in EvidenceLimits::default().fields() {
        assert!(0 < value && value <= ceiling, "{name}");
    }
    let huge = EvidenceLimits {
        failed_runs: usize::MAX,
        ..EvidenceLimits::default()
    };
    assert_eq!(
        huge.capped().failed_runs,
        EvidenceLimits::CEILING.failed_runs
    );
}

#[test]
fn bodies_headers_logs_and_certificates_are_cut_and_everything_else_stays() {
    let whole = record(vec![reply(Bytes::from(vec![b'b'; 100_000]))]);
    let mut kept = whole.clone();
    EvidenceLimits::default().keep(&mut kept);
    let report = &kept.attempts[0].report;
    let Some(Answer::Http(Ok(reply))) = report.operations[0].answer.as_deref() else {
        panic!("the answer is kept");
    };
    assert_eq!((reply.body.len(), reply.headers.len()), (200, 32));
    assert_eq!(reply.headers[0].1.len(), 200);
    let chain = &reply.facts.tls.as_ref().unwrap().chain;
    assert!(chain[0].der.is_empty() && chain[0].subject == "CN=shop");
    assert_eq!((report.log.len(), report.log[0].message.len()), (50, 200));
    assert_eq!((kept.run, kept.sentence), (whole.run, whole.sentence));
}

#[test]
fn what_is_cut_is_counted_in_what_is_kept_and_only_once() {
    let mut kept = record(vec![reply(Bytes::from(vec![b'b'; 100_000]))]);
    assert!(kept.attempts[0].report.cut.is_nothing());
    let counted = Cut {
        log_lines: 40,
        header_fields: 18,
        // Of the lines, of the header fields, and the body.
        shortened: 50 + 32 + 1,
    };
    for time in ["once", "twice"] {
        EvidenceLimits::default().keep(&mut kept);
        assert_eq!(kept.attempts[0].report.cut, counted, "{time}");
    }
    let told = serde_json::to_value(&kept).unwrap();
    let cut = &told["attempts"][0]["report"]["cut"];
    assert_eq!(
        *cut,
        json!({"log_lines": 40, "header_fields": 18, "shortened": 83})
    );
    assert_eq!(serde_json::from_value::<Cut>(cut.clone()).unwrap(), counted);
}

#[test]
fn a_record_that_is_kept_whole_says_nothing_of_cuts() {
    let mut kept = record(vec![Answer::TcpClose]);
    Arc::make_mut(&mut kept.attempts[0].report).log.clear();
    let whole = kept.clone();
    EvidenceLimits::default().keep(&mut kept);
    assert_eq!(kept, whole);
    let told = serde_json::to_value(&kept).unwrap();
    assert_eq!(told["attempts"][0]["report"].get("cut"), None);
}

#[test]
fn a_count_of_cuts_that_is_too_large_stays_at_its_highest() {
    let mut kept = record(Vec::new());
    let report = Arc::make_mut(&mut kept.attempts[0].report);
    let line = LogLine {
        message: String::new(),
        ..report.log[0].clone()
    };
    report.log = vec![line; 70_000];
    EvidenceLimits::default().keep(&mut kept);
    assert_eq!(kept.attempts[0].report.cut.log_lines, u16::MAX);
}

#[test]
fn nothing_that_is_kept_has_room_to_spare() {
    let mut kept = record(vec![reply(Bytes::new())]);
    let report = Arc::make_mut(&mut kept.attempts[0].report);
    report.causes.reserve(4);
    report.operations.reserve(4);
    report.steps.reserve(4);
    report.measures.reserve(4);
    report.log.reserve(4);
    EvidenceLimits::default().keep(&mut kept);
    let report = &kept.attempts[0].report;
    let room = [
        report.causes.capacity() - report.causes.len(),
        report.operations.capacity() - report.operations.len(),
        report.steps.capacity() - report.steps.len(),
        report.measures.capacity() - report.measures.len(),
        report.log.capacity() - report.log.len(),
    ];
    assert_eq!(room, [0; 5]);
}

#[test]
fn what_came_is_the_last_body_and_can_be_printed() {
    let answers = vec![
        reply(Bytes::from_static(b"first")),
        reply(Bytes::from_static(b"a\x1b[31m\n\xff\"b")),
        reply(Bytes::new()),
    ];
    let came = came(&record(answers), 200).unwrap();
    assert_eq!(came, "a\u{fffd}[31m \u{fffd}\"b");
    assert_eq!(super::came(&record(Vec::new()), 200), None);
}

#[test]
fn a_record_weighs_what_is_in_it() {
    let body = |size: usize| record(vec![reply(Bytes::from(vec![b'x'; size]))]);
    let (empty, full) = (weight(&body(1)), weight(&body(10_001)));
    assert_eq!(full - empty, 10_000);
    // 50 header fields of 5,000 bytes, a certificate of 2,000, 90 log lines of 1,000.
    assert!((342_000..360_000).contains(&empty), "{empty}");
    let mut two = record(vec![reply(Bytes::new()), reply(Bytes::new())]);
    assert!(weight(&two) - empty > 252_000);
    EvidenceLimits::default().keep(&mut two);
    assert!(weight(&two) < 40_000, "{}", weight(&two));
}

/// A run of a bundled probe whose target accepts the connection and is silent.
fn timed_out() -> RunRecord {
    let sentence = "no answer within 10 s: the request was sent, nothing came";
    let failure = Failure::new(FailureKind::ResponseTimeout, sentence).during(Phase::Wait);
    let mut record = record(vec![Answer::Http(Err(failure))]);
    let run = &mut record.attempts[0];
    let report = Arc::make_mut(&mut run.report);
    report.log.clear();
    report.causes = vec![Cause::Operation { index: 0 }.into()];
    record.run = "18c0ffee-000123456".to_owned();
    record.address = "https://shop.example.com/health".to_owned();
    record.sentence = sentence.into();
    run.conclusion.sentence = Arc::clone(&record.sentence);
    record
}

#[test]
fn the_last_failure_of_ten_thousand_silent_targets_has_room_by_default() {
    let mut kept = timed_out();
    EvidenceLimits::default().keep(&mut kept);
    let room = EvidenceLimits::default().total_bytes;
    assert!(room / weight(&kept) >= 10_000, "{}", weight(&kept));
}
