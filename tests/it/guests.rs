//! Probes that misbehave: each is contained, and each has its outcome, reason and blame.

use std::{
    io::{Read, Write},
    sync::Barrier,
    time::{Duration, Instant},
};

use leadsman_core::{
    attempt::{Ending, Verdict},
    limits::{Limit, Limits},
    outcome::{Blame, Outcome, Reason},
    plan::Retry,
};
use leadsman_tests::{
    engine::{Trial, concluded, load},
    guests::component,
    peer::{Peer, hang, head},
};
use serde_json::json;

mod asking;
mod loading;
mod polling;

/// What makes a run try once more.
const UNAVAILABLE: &str = "HTTP/1.1 503 No\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";

const AGAIN: Retry = Retry {
    attempts: 1,
    delay: Duration::ZERO,
};

fn trial(guest: &str, target: &str) -> Trial {
    Trial::of(component(guest).unwrap(), target)
}

fn ok_peer() -> Peer {
    Peer::answering("HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok").unwrap()
}

#[test]
fn a_loop_is_cut_at_its_cpu_limit() {
    let limits = Limits {
        cpu_ms: 60,
        ..Limits::default()
    };
    let began = Instant::now();
    let record = trial("spins_forever", "127.0.0.1:9").limits(limits).run();
    assert_eq!(
        concluded(&record),
        (Outcome::Unknown, Reason::ProbeCpu, Blame::Probe)
    );
    assert!(
        began.elapsed() < Duration::from_secs(5),
        "cut long before the timeout"
    );
    let used = record.last().unwrap().report.usage.cpu;
    assert!((60_000_000..200_000_000).contains(&used), "{used} ns");
}

#[test]
fn waiting_for_ever_ends_at_the_timeout_and_is_the_probes_fault() {
    let record = trial("waits_forever", "127.0.0.1:9").timeout_ms(100).run();
    assert_eq!(
        concluded(&record),
        (Outcome::Unknown, Reason::ProbeDeadline, Blame::Probe)
    );
    assert_eq!(
        record.last().unwrap().report.ending,
        Ending::Deadline {
            waiting_on_target: false
        }
    );
}

#[test]
fn memory_ends_at_its_limit() {
    let record = trial("grows_memory", "127.0.0.1:9")
        .limits(Limits {
            memory_bytes: 8 << 20,
            ..Limits::default()
        })
        .run();
    assert_eq!(
        concluded(&record),
        (Outcome::Unknown, Reason::ProbeMemory, Blame::Probe)
    );
    assert!(record.last().unwrap().report.usage.memory_bytes <= 8 << 20);
}

#[test]
fn a_stack_that_is_exhausted_is_the_probes_fault_and_hurts_no_run_after_it() {
    // Both in one place: the second gets the stack that the first has used up.
    let records = trial("recurses_forever", "127.0.0.1:9").queued();
    let here = trial("recurses_forever", "127.0.0.1:9").run();
    for record in records.iter().chain([&here]) {
        assert_eq!(
            concluded(record),
            (Outcome::Unknown, Reason::ProbeTrap, Blame::Probe)
        );
        let cause = "call stack exhausted";
        assert!(record.sentence.contains(cause), "{}", record.sentence);
    }
    // The sandbox of the last one goes on.
    let next = Trial::bundled("http", ok_peer().url(), json!({})).run();
    assert_eq!(concluded(&next), (Outcome::Pass, Reason::Ok, Blame::Nobody));
}

#[test]
fn a_panic_before_the_target_has_answered_is_the_probes_fault_and_tells_its_message_and_line() {
    let record = trial("panics", "127.0.0.1:9").run();
    assert_eq!(
        concluded(&record),
        (Outcome::Unknown, Reason::ProbeTrap, Blame::Probe)
    );
    assert!(
        record.sentence.contains("the target must be nowhere"),
        "{}",
        record.sentence
    );
    assert!(
        record.sentence.contains("panics.rs:"),
        "{}",
        record.sentence
    );
}

#[test]
fn a_panic_on_a_targets_502_page_is_a_failure_that_the_probe_has_to_mend() {
    let peer =
        Peer::answering("HTTP/1.1 502 Bad Gateway\r\ncontent-length: 15\r\n\r\n<h1>Oh no.</h1>")
            .unwrap();
    let record = trial("panics_on_answer", &peer.url()).run();
    assert_eq!(
        concluded(&record),
        (Outcome::Fail, Reason::ProbeError, Blame::Probe)
    );
    assert!(
        record.sentence.contains("the page is a number"),
        "{}",
        record.sentence
    );
}

#[test]
fn a_panic_after_a_step_that_passed_leaves_it_as_it_ended() {
    let peer = ok_peer();
    let record = trial("panics_between_steps", &peer.url()).run();
    assert_eq!(
        concluded(&record),
        (Outcome::Fail, Reason::ProbeError, Blame::Probe)
    );
    let steps = record.last().unwrap().report.steps.iter();
    let ended: Vec<_> = steps.map(|step| (step.name.as_str(), step.ok)).collect();
    assert_eq!(ended, [("sign in", Some(true))]);
    assert!(
        record.sentence.contains("nobody expected this"),
        "{}",
        record.sentence
    );
}

#[test]
fn a_million_log_lines_are_cut_at_either_limit_and_counted_and_the_verdict_stands() {
    let peer = ok_peer();
    let lines = Limits {
        cpu_ms: 5_000,
        log_lines: 100,
        ..Limits::default()
    };
    // Each line has eleven.
    let bytes = Limits {
        cpu_ms: 5_000,
        log_bytes: 1_000,
        ..Limits::default()
    };
    for (limits, kept, cut) in [(lines, 100, 999_900), (bytes, 90, 999_910)] {
        let record = trial("floods_log", &peer.url())
            .limits(limits)
            .timeout_ms(20_000)
            .run();
        assert_eq!(
            concluded(&record),
            (Outcome::Pass, Reason::Ok, Blame::Nobody)
        );
        let report = &record.last().unwrap().report;
        assert_eq!(
            (report.log.len(), report.usage.truncated[&Limit::Log]),
            (kept, cut)
        );
    }
}

#[test]
fn a_huge_string_ends_the_run_at_the_limit_of_one_call() {
    let record = trial("sends_huge_string", "127.0.0.1:9")
        .limits(Limits {
            cpu_ms: 5_000,
            ..Limits::default()
        })
        .run();
    assert_eq!(
        concluded(&record),
        (Outcome::Unknown, Reason::ProbeLimit, Blame::Probe)
    );
    assert_eq!(
        record.last().unwrap().report.ending,
        Ending::Limit {
            limit: Limit::CallBytes
        }
    );
}

#[test]
fn a_pass_without_looking_is_not_believed() {
    let record = trial("does_nothing", "127.0.0.1:9").run();
    assert_eq!(record.last().unwrap().report.verdict, Some(Verdict::Pass));
    assert_eq!(
        concluded(&record),
        (Outcome::Unknown, Reason::ProbeOutputInvalid, Blame::Probe)
    );
}

#[test]
fn a_claim_that_the_host_did_not_observe_is_not_believed() {
    let record = trial("lies", &ok_peer().url()).run();
    assert_eq!(
        concluded(&record),
        (Outcome::Unknown, Reason::ProbeOutputInvalid, Blame::Probe)
    );
}

#[test]
fn a_host_that_nobody_granted_is_refused_and_the_line_that_would_allow_it_is_told() {
    let record = trial("wanders", "127.0.0.1:9").run();
    assert_eq!(
        concluded(&record),
        (Outcome::Unknown, Reason::EgressDenied, Blame::Policy)
    );
    assert!(record.sentence.contains("grants"), "{}", record.sentence);
}

/// Three requests, three handles to wait on: whichever limit is lower ends the attempt, each by its own name.
#[test]
fn too_many_handles_or_requests_at_once_end_the_attempt_by_their_own_name() {
    let peer = Peer::start(hang).unwrap();
    for (limits, limit) in [
        (
            Limits {
                handles: 3,
                ..Limits::default()
            },
            Limit::Handles,
        ),
        (
            Limits {
                in_flight: 2,
                ..Limits::default()
            },
            Limit::InFlight,
        ),
    ] {
        let record = trial("asks_in_parallel", &peer.url()).limits(limits).run();
        assert_eq!(
            concluded(&record),
            (Outcome::Unknown, Reason::ProbeLimit, Blame::Probe)
        );
        let ending = &record.last().unwrap().report.ending;
        assert_eq!(ending, &Ending::Limit { limit });
        let told = format!("`{}`", limit.as_str());
        assert!(record.sentence.contains(&told), "{}", record.sentence);
    }
}

#[test]
fn what_is_said_beyond_a_soft_limit_is_cut_and_counted_and_the_verdict_stands() {
    let limits = Limits {
        steps: 7,
        measures: 8,
        causes: 9,
        ..Limits::default()
    };
    let record = trial("says_too_much", &ok_peer().url())
        .limits(limits)
        .run();
    assert_eq!(
        concluded(&record),
        (Outcome::Fail, Reason::HttpBody, Blame::Target)
    );
    let report = &record.last().unwrap().report;
    assert_eq!(report.verdict, Some(Verdict::Fail));
    let kept = (
        report.steps.len(),
        report.measures.len(),
        report.causes.len(),
    );
    assert_eq!(kept, (7, 8, 9));
    let cut =
        [Limit::Steps, Limit::Measures, Limit::Causes].map(|limit| report.usage.truncated[&limit]);
    assert_eq!(cut, [93, 92, 91]);
}

#[test]
fn files_and_sockets_past_the_contract_are_denied_and_listed() {
    let peer = ok_peer();
    let record = trial("reaches_out", &peer.url()).run();
    assert_eq!(
        concluded(&record),
        (Outcome::Pass, Reason::Ok, Blame::Nobody)
    );
    let log = &record.last().unwrap().report.log;
    let said: Vec<&str> = log.iter().map(|line| line.message.as_str()).collect();
    assert_eq!(
        said,
        [
            "read a file: denied",
            "write a file: denied",
            "list a folder: denied",
            "connect: denied",
            "listen: denied",
            "open a datagram socket: denied",
            "resolve a name: denied",
            "0 variables",
        ]
    );
    assert_eq!(peer.served(), 1, "the contract's own request alone");
    let imports = load(&component("reaches_out").unwrap()).unwrap().imports;
    for inert in ["wasi:filesystem/", "wasi:sockets/"] {
        assert!(
            imports.iter().any(|import| import.starts_with(inert)),
            "{imports:?}"
        );
    }
}

#[test]
fn nothing_that_a_guest_keeps_in_its_memory_is_there_in_another_attempt_or_run() {
    let peer = Peer::answering(UNAVAILABLE).unwrap();
    let trial = trial("remembers", &peer.url()).retry(AGAIN);
    // In a sandbox of their own, with room for one guest: each gets the memory that the one before has written to.
    let records = trial.clone().queued();
    let here = trial.run();
    let attempts = records.iter().chain([&here]).flat_map(|run| &run.attempts);
    let log = attempts.flat_map(|attempt| &attempt.report.log);
    let counted: Vec<&str> = log.map(|line| line.message.as_str()).collect();
    assert_eq!(counted, ["1"; 6]);
}

#[test]
fn a_guest_is_told_which_attempt_it_is_when_it_was_due_and_the_labels_of_its_target() {
    let peer = Peer::answering(UNAVAILABLE).unwrap();
    let record = trial("introduces_itself", &peer.url())
        .label("tier", "gold")
        .label("area", "quay")
        .due(1_790_000_000_123_456_789)
        .retry(AGAIN)
        .run();
    let told = |attempt| {
        let due = "due at 1790000000123456789";
        [attempt, due, "area=quay", "tier=gold"].map(str::to_owned)
    };
    let attempts = record.attempts.iter().map(|attempt| &attempt.report.log);
    let said: Vec<Vec<String>> = attempts
        .map(|log| log.iter().map(|line| line.message.clone()).collect())
        .collect();
    let both = ["attempt 1 of run trial", "attempt 2 of run trial"];
    assert_eq!(said, both.map(told));
}

#[test]
fn three_requests_are_in_flight_at_once_and_latency_counts_their_time_once() {
    // It answers nobody before all three have asked.
    let all = Barrier::new(3);
    let peer = Peer::start(move |stream| {
        head(stream)?;
        all.wait();
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok")
    })
    .unwrap();
    let record = trial("asks_in_parallel", &peer.url()).run();
    assert_eq!(
        concluded(&record),
        (Outcome::Pass, Reason::Ok, Blame::Nobody)
    );
    let report = &record.last().unwrap().report;
    let sum: u64 = report
        .operations
        .iter()
        .map(|operation| operation.ended.unwrap() - operation.started)
        .sum();
    assert_eq!(report.operations.len(), 3);
    assert!(report.latency() <= sum && report.latency() <= report.took);
}

#[test]
fn a_secret_reaches_its_host_and_comes_back_as_its_placeholder() {
    let peer = Peer::start(|stream| {
        let request = String::from_utf8_lossy(&head(stream)?).into_owned();
        let seen = if request.contains("Bearer s3cr3t-value") {
            "yes"
        } else {
            "no"
        };
        let body = format!("seen {seen}: {request}");
        write!(
            stream,
            "HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        )?;
        stream.flush()?;
        stream.read(&mut [0; 1]).map(drop)
    })
    .unwrap();
    let host = format!("http://{}", peer.address());
    let record = trial("spills_secret", &peer.url())
        .secret("token", "s3cr3t-value", &host)
        .run();
    let told = serde_json::to_string(&record).unwrap() + &format!("{record:?}");
    assert!(
        told.contains("seen yes"),
        "the secret reached its host: {told}"
    );
    assert!(!told.contains("s3cr3t-value"), "and nothing else");
    assert!(told.contains("leadsman-secret-token-"));
}

#[test]
fn a_secret_does_not_go_to_a_host_that_it_is_not_bound_to() {
    let peer = ok_peer();
    let record = trial("spills_secret", &peer.url())
        .secret("token", "s3cr3t-value", "https://elsewhere.example")
        .run();
    assert_eq!(
        concluded(&record),
        (Outcome::Unknown, Reason::SecretUnavailable, Blame::Policy)
    );
    assert!(
        record.sentence.contains("elsewhere.example"),
        "{}",
        record.sentence
    );
}

#[test]
fn every_guest_has_a_test() {
    let here = [
        include_str!("guests.rs"),
        include_str!("guests/asking.rs"),
        include_str!("guests/polling.rs"),
    ]
    .concat();
    let source = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("guests/examples");
    for file in std::fs::read_dir(source).unwrap() {
        let name = file
            .unwrap()
            .path()
            .file_stem()
            .unwrap()
            .to_string_lossy()
            .into_owned();
        assert!(
            here.contains(&format!("\"{name}\"")),
            "no test runs the guest `{name}`"
        );
    }
}
