//! Targets that misbehave, through the bundled probes: each has its outcome, reason and blame.

use std::{
    io::{Read, Write},
    net::{Ipv4Addr, Shutdown, TcpStream},
    sync::{Arc, Mutex, PoisonError},
};

use flate2::{Compression, write::GzEncoder};
use leadsman_core::{
    outcome::{Blame, Outcome, Reason},
    phase::Phase,
    seam::Answer,
};
use leadsman_tests::{
    engine::{Trial, concluded},
    peer::{Peer, hang, head, nowhere},
};
use serde_json::{Value, json};

const FAIL: (Outcome, Blame) = (Outcome::Fail, Blame::Target);

fn http(peer: &Peer, settings: Value) -> Trial {
    Trial::bundled("http", peer.url(), settings).timeout_ms(300)
}

fn blamed(trial: Trial) -> (Reason, (Outcome, Blame)) {
    let (outcome, reason, blame) = concluded(&trial.run());
    (reason, (outcome, blame))
}

fn answer(body: &str) -> Vec<u8> {
    format!(
        "HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

#[test]
fn a_target_that_is_not_there_refuses() {
    let target = format!("http://{}/", nowhere().unwrap());
    assert_eq!(
        blamed(Trial::bundled("http", target, json!({}))),
        (Reason::ConnectRefused, FAIL)
    );
}

#[test]
fn a_target_that_hangs_times_out_in_the_phase_in_which_it_hangs() {
    let peer = Peer::start(hang).unwrap();
    let record = http(&peer, json!({})).run();
    assert_eq!(
        concluded(&record),
        (Outcome::Fail, Reason::ResponseTimeout, Blame::Target)
    );
    let report = &record.last().unwrap().report;
    let phases = report.operations[0]
        .answer
        .as_deref()
        .and_then(Answer::facts)
        .unwrap()
        .phases;
    assert!(phases.get(Phase::Wait).is_some() && phases.get(Phase::Receive).is_none());
    assert!(
        report.latency() >= 290_000_000,
        "a timed-out run is recorded at its timeout"
    );
}

#[test]
fn a_target_that_drips_its_head_or_its_body_times_out() {
    for first in [
        "HTTP/1.1 200 OK\r\n",
        "HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n",
    ] {
        let peer = Peer::start(move |stream| {
            head(stream)?;
            stream.write_all(first.as_bytes())?;
            drip(stream)
        })
        .unwrap();
        assert_eq!(
            blamed(http(&peer, json!({}))),
            (Reason::ResponseTimeout, FAIL),
            "{first:?}"
        );
    }
}

/// One byte at a time, as slowly as the reader can bear.
fn drip(stream: &mut TcpStream) -> std::io::Result<()> {
    stream.set_read_timeout(Some(std::time::Duration::from_millis(20)))?;
    loop {
        stream.write_all(b"x")?;
        if matches!(stream.read(&mut [0; 64]), Ok(0)) {
            return Ok(());
        }
    }
}

#[test]
fn a_connection_that_ends_before_the_answer_does_is_truncated() {
    let peer = Peer::start(|stream| {
        head(stream)?;
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nshort")?;
        stream.shutdown(Shutdown::Both)
    })
    .unwrap();
    assert_eq!(
        blamed(http(&peer, json!({}))),
        (Reason::ResponseTruncated, FAIL)
    );
}

#[test]
fn a_connection_that_is_reset_before_or_within_the_answer_is_the_targets_failure() {
    for first in ["", "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nshort"] {
        let peer = Peer::start(move |stream| {
            // What was sent and is not read when it closes makes it a reset.
            stream.peek(&mut [0; 1])?;
            stream.write_all(first.as_bytes())
        })
        .unwrap();
        let (reason, rest) = blamed(http(&peer, json!({})));
        assert_eq!((reason, rest), (Reason::ConnectionReset, FAIL), "{first:?}");
    }
}

#[test]
fn endless_headers_are_too_large() {
    let peer = Peer::start(|stream| {
        head(stream)?;
        stream.write_all(b"HTTP/1.1 200 OK\r\n")?;
        loop {
            stream.write_all(b"x-filler: 0123456789012345678901234567890123456789\r\n")?;
        }
    })
    .unwrap();
    assert_eq!(
        blamed(http(&peer, json!({})).timeout_ms(5_000)),
        (Reason::ResponseTooLarge, FAIL)
    );
}

#[test]
fn an_endless_body_is_too_large() {
    let peer = Peer::start(|stream| {
        head(stream)?;
        stream.write_all(b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n")?;
        loop {
            stream.write_all(&[b'x'; 4096])?;
        }
    })
    .unwrap();
    assert_eq!(
        blamed(http(&peer, json!({"max_body": 100_000})).timeout_ms(5_000)),
        (Reason::ResponseTooLarge, FAIL)
    );
}

#[test]
fn a_compressed_bomb_is_too_large_long_before_it_is_unpacked() {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(&vec![0; 50 << 20]).unwrap();
    let bomb = encoder.finish().unwrap();
    let mut answer = format!(
        "HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: {}\r\n\r\n",
        bomb.len()
    )
    .into_bytes();
    answer.extend(bomb);
    let peer = Peer::answering(answer).unwrap();
    let settings = json!({"max_body": 16_000_000});
    assert_eq!(
        blamed(http(&peer, settings).timeout_ms(5_000)),
        (Reason::ResponseTooLarge, FAIL)
    );
}

#[test]
fn what_is_no_http_breaks_the_protocol() {
    let peer = Peer::answering("SSH-2.0-OpenSSH_9.2\r\n\r\n").unwrap();
    assert_eq!(blamed(http(&peer, json!({}))), (Reason::HttpProtocol, FAIL));
}

#[test]
fn a_redirect_loop_ends_at_its_limit() {
    let peer =
        Peer::answering("HTTP/1.1 302 Found\r\nlocation: /again\r\ncontent-length: 0\r\n\r\n")
            .unwrap();
    assert_eq!(
        blamed(http(&peer, json!({"max_redirects": 3})).timeout_ms(5_000)),
        (Reason::RedirectLoop, FAIL)
    );
    assert!(peer.served() >= 4);
}

#[test]
fn a_redirect_to_the_metadata_service_is_the_targets_failure() {
    let away = "HTTP/1.1 302 Found\r\nlocation: http://169.254.169.254/latest/\r\ncontent-length: 0\r\n\r\n";
    let peer = Peer::answering(away).unwrap();
    let record = http(&peer, json!({})).run();
    let (outcome, reason, blame) = concluded(&record);
    assert_eq!((reason, (outcome, blame)), (Reason::RedirectDenied, FAIL));
    // Not the address of who sent us there.
    let attempt = record.attempts.first().unwrap();
    let operation = attempt.report.operations.first().unwrap();
    let failure = operation.answer.as_ref().unwrap().failure().unwrap();
    let metadata = Ipv4Addr::new(169, 254, 169, 254);
    assert_eq!(failure.facts.refused, Some(metadata.into()));
}

#[test]
fn a_name_that_leads_to_this_machine_is_the_policys_refusal() {
    let record = Trial::bundled("http", "http://localhost:9/", json!({})).run();
    assert_eq!(
        concluded(&record),
        (Outcome::Unknown, Reason::EgressPrivate, Blame::Policy)
    );
    assert!(
        record.sentence.contains("network.allow"),
        "{}",
        record.sentence
    );
}

#[test]
fn expectations_lead_to_their_own_reasons_and_all_unmet_ones_are_told() {
    let peer = Peer::answering(answer(r#"{"status": "down", "n": 1}"#)).unwrap();
    let cases = [
        (json!({"status": 204}), Reason::HttpStatus),
        (
            json!({"expect_headers": [{"name": "x-served-by"}]}),
            Reason::HttpHeader,
        ),
        (
            json!({"expect_body": {"matches": ["\"up\""]}}),
            Reason::HttpBody,
        ),
        (
            json!({"expect_body": {"json_path": ["$.missing"]}}),
            Reason::HttpBody,
        ),
        (
            json!({"expect_body": {"cel": ["body.n > 1"]}}),
            Reason::HttpBody,
        ),
        (
            json!({"expect_body": {"cel": ["body.absent == 1"]}}),
            Reason::HttpBody,
        ),
        (json!({"versions": ["HTTP/2"]}), Reason::HttpVersion),
        (json!({"tls": "required"}), Reason::TlsVersion),
    ];
    for (settings, reason) in cases {
        assert_eq!(
            blamed(http(&peer, settings.clone())),
            (reason, FAIL),
            "{settings}"
        );
    }
    let record = http(
        &peer,
        json!({"status": 204, "expect_body": {"cel": ["body.n > 1"]}}),
    )
    .run();
    assert!(
        record.sentence.contains("204") && record.sentence.contains("body.n > 1"),
        "{}",
        record.sentence
    );
}

#[test]
fn a_body_that_is_no_json_is_a_failure_with_a_sentence_and_no_panic() {
    let peer = Peer::answering(answer("<html>502</html>")).unwrap();
    let record = http(
        &peer,
        json!({"expect_body": {"json_path": ["$.status"], "cel": ["body.n > 1"]}}),
    )
    .run();
    assert_eq!(
        concluded(&record),
        (Outcome::Fail, Reason::HttpBody, Blame::Target)
    );
    assert!(record.sentence.contains("no JSON"), "{}", record.sentence);
}

#[test]
fn a_slow_answer_is_degraded_and_counts_as_a_pass() {
    let peer = Peer::answering(answer("ok")).unwrap();
    let record = http(&peer, json!({"degraded_above": "1us"})).run();
    assert_eq!(
        concluded(&record),
        (Outcome::Pass, Reason::Degraded, Blame::Nobody)
    );
}

#[test]
fn an_exchange_has_every_phase_that_it_reached_and_they_fit_into_its_operation() {
    let peer = Peer::answering(answer("ok")).unwrap();
    let record = http(&peer, json!({})).run();
    let operation = &record.last().unwrap().report.operations[0];
    let facts = operation.answer.as_deref().and_then(Answer::facts).unwrap();
    let reached: Vec<Phase> = facts.phases.iter().map(|(phase, _)| phase).collect();
    let plain = [Phase::Connect, Phase::Send, Phase::Wait, Phase::Receive];
    assert_eq!(
        reached, plain,
        "a literal is not resolved, and http has no tls"
    );
    assert!(facts.phases.total() <= operation.ended.unwrap() - operation.started);
}

#[test]
fn a_dialogue_is_held_line_by_line_with_groups_and_a_wrong_line_is_told() {
    let heard = Arc::new(Mutex::new(Vec::new()));
    let hears = Arc::clone(&heard);
    let peer = Peer::start(move |stream| {
        stream.write_all(b"220 mail.example ESMTP\r\n")?;
        let mut said = [0; 64];
        let read = stream.read(&mut said)?;
        hears
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .extend_from_slice(&said[..read]);
        stream.write_all(b"250-one\r\n250 done\r\n")?;
        hang(stream)
    })
    .unwrap();
    let target = peer.address().to_string();
    let dialogue = json!({"dialogue": [
        {"expect": "^220 ([a-z.]+) ", "send": "EHLO ${1}", "captures": {"host": "${1}"}},
        {"expect": "^250 "},
    ]});
    let record = Trial::bundled("tcp", target.clone(), dialogue).run();
    assert_eq!(
        concluded(&record),
        (Outcome::Pass, Reason::Ok, Blame::Nobody)
    );
    assert_eq!(heard.lock().unwrap().as_slice(), b"EHLO mail.example\n");
    assert_eq!(
        record.last().unwrap().report.measures[0].labels[1].1,
        "mail.example"
    );
    let wrong = json!({"dialogue": [{"expect_bytes": "421 "}]});
    let record = Trial::bundled("tcp", target, wrong).run();
    assert_eq!(
        concluded(&record),
        (Outcome::Fail, Reason::Assertion, Blame::Target)
    );
    assert!(
        record.sentence.contains("421 ") && record.sentence.contains("220 "),
        "{}",
        record.sentence
    );
}

#[test]
fn a_dns_server_that_is_down_or_silent_is_the_targets_failure() {
    let down = nowhere().unwrap().to_string();
    let query = json!({"query": "shop.example"});
    assert_eq!(
        blamed(Trial::bundled("dns", down, query.clone()).timeout_ms(500)),
        (Reason::ConnectRefused, FAIL)
    );
    let silent = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    let target = silent.local_addr().unwrap().to_string();
    assert_eq!(
        blamed(Trial::bundled("dns", target, query).timeout_ms(300)),
        (Reason::DnsTimeout, FAIL)
    );
}
