//! What a journey costs, and what it never does.

use std::{
    fs,
    io::{BufRead, BufReader, Write},
};

use leadsman_core::{
    outcome::{Outcome, Reason},
    plan::Retry,
    record::RunRecord,
    seam::Call,
};
use leadsman_example_shop::{Fault, Options, Shop};
use leadsman_tests::{
    engine::Trial,
    peer::{Peer, hang, head},
};
use serde_json::{Value, json};

use super::{settings, shop};

/// Answers every request of a connection with 200.
fn patient() -> Peer {
    Peer::start(|stream| {
        while !head(stream)?.is_empty() {
            stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok")?;
        }
        Ok(())
    })
    .unwrap()
}

fn of_requests(peer: &Peer, count: usize) -> RunRecord {
    let step = |number| json!({"name": format!("step {number}"), "request": {"path": "/"}});
    let steps: Vec<Value> = (0..count).map(step).collect();
    Trial::bundled("journey", peer.url(), json!({"steps": steps})).run()
}

#[test]
fn ten_requests_are_ten_crossings_on_one_connection() {
    let peer = patient();
    let (few, many) = (of_requests(&peer, 5), of_requests(&peer, 15));
    assert_eq!(
        (few.outcome, many.outcome),
        (Outcome::Pass, Outcome::Pass),
        "{}",
        many.sentence
    );
    assert_eq!(peer.served(), 2, "one connection a run");
    let calls = |record: &RunRecord| record.last().unwrap().report.usage.host_calls;
    assert_eq!(calls(&many) - calls(&few), 10);
    assert_eq!(calls(&few), 5 + 2, "and two for the whole journey");
}

/// What a journey asks for that names its unique value in two steps.
fn named_twice(peer: &Peer) -> Vec<String> {
    let step = |name| json!({"name": name, "request": {"path": "/${unique}"}});
    let steps = json!({"steps": [step("first"), step("second")]});
    let record = Trial::bundled("journey", peer.url(), steps).run();
    assert_eq!(record.outcome, Outcome::Pass, "{}", record.sentence);
    let operations = &record.last().unwrap().report.operations;
    let urls = operations
        .iter()
        .filter_map(|operation| match operation.call.as_ref() {
            Call::Http(call) => Some(call.url.clone()),
            _ => None,
        });
    urls.collect()
}

#[test]
fn the_unique_value_is_the_same_in_an_attempt_and_another_in_the_next() {
    let peer = patient();
    let (one, other) = (named_twice(&peer), named_twice(&peer));
    assert_eq!((one.len(), other.len()), (2, 2));
    assert_eq!((&one[0], &other[0]), (&one[1], &other[1]));
    assert_ne!(one[0], other[0]);
}

fn retried(shop: &Shop, settings: Value) -> RunRecord {
    let retry = Retry {
        attempts: 3,
        ..Retry::default()
    };
    Trial::bundled("journey", shop.url(), settings)
        .secret("shop-password", Options::PASSWORD, &shop.url())
        .retry(retry)
        .run()
}

#[test]
fn a_journey_with_side_effects_is_not_retried_unless_its_author_says_it_is_safe() {
    for fault in [
        Fault::CreateConflicts,
        Fault::NeverReady,
        Fault::Resets,
        Fault::Hangs,
    ] {
        let shop = shop(fault);
        let record = retried(&shop, settings());
        assert_eq!(record.attempts.len(), 1, "{fault}");
        assert_eq!(shop.served("POST /api/orders"), 1, "{fault}");
        let mut repeatable = settings();
        repeatable["repeatable"] = json!(true);
        let record = retried(&shop, repeatable);
        assert_eq!(
            (record.attempts.len(), shop.served("POST /api/orders")),
            (4, 5),
            "{fault}"
        );
    }
}

fn retried_in_rust(shop: &Shop, repeatable: bool) -> RunRecord {
    let component = fs::read(env!("LEADSMAN_EXAMPLE_ORDER")).unwrap();
    let settings = json!({"every": "20ms", "within": "300ms", "repeatable": repeatable});
    let retry = Retry {
        attempts: 3,
        ..Retry::default()
    };
    Trial::of(component, shop.url())
        .settings(settings)
        .secret("shop-password", Options::PASSWORD, &shop.url())
        .retry(retry)
        .run()
}

#[test]
fn neither_is_one_in_rust_and_its_author_need_not_think_of_it() {
    for fault in [
        Fault::CreateConflicts,
        Fault::NeverReady,
        Fault::Resets,
        Fault::Hangs,
    ] {
        let shop = shop(fault);
        let record = retried_in_rust(&shop, false);
        assert_eq!(record.attempts.len(), 1, "{fault}");
        assert_eq!(shop.served("POST /api/orders"), 1, "{fault}");
        let record = retried_in_rust(&shop, true);
        assert_eq!(
            (record.attempts.len(), shop.served("POST /api/orders")),
            (4, 5),
            "{fault}"
        );
    }
}

#[test]
fn a_check_of_one_exchange_is_retried_whatever_its_method() {
    let shop = shop(Fault::Healthy);
    let retry = Retry {
        attempts: 2,
        ..Retry::default()
    };
    let posted = json!({"method": "POST", "path": "/nowhere"});
    let trial = Trial::bundled("http", shop.url(), posted).retry(retry);
    assert_eq!(trial.run().attempts.len(), 3);
}

/// Hears a line and hangs up instead of answering it.
fn curt() -> Peer {
    Peer::start(|stream| {
        BufReader::new(stream)
            .read_line(&mut String::new())
            .map(drop)
    })
    .unwrap()
}

/// How many attempts a failing run with three retries makes, and how many connections it opens.
fn attempts(trial: Trial, peer: &Peer) -> (usize, usize) {
    let before = peer.served();
    let retry = Retry {
        attempts: 3,
        ..Retry::default()
    };
    let record = trial.retry(retry).run();
    assert_eq!(record.outcome, Outcome::Fail, "{}", record.sentence);
    (record.attempts.len(), peer.served() - before)
}

#[test]
fn a_dialogue_that_has_sent_something_is_not_held_again_unless_its_author_says_it_is_safe() {
    let peer = curt();
    for (repeatable, made) in [(false, 1), (true, 4)] {
        let talk =
            json!({"name": "talk", "tcp": {"dialogue": [{"send": "BUY"}, {"expect": "^250 "}]}});
        let settings = json!({"steps": [talk], "repeatable": repeatable});
        let trial = Trial::bundled("journey", peer.address().to_string(), settings);
        assert_eq!(attempts(trial, &peer), (made, made), "{repeatable}");
    }
}

#[test]
fn a_dialogue_that_only_listens_is_held_again() {
    let peer = Peer::start(|stream| stream.write_all(b"421 busy\r\n")).unwrap();
    let listen = json!({"name": "listen", "tcp": {"dialogue": [{"expect": "^220 "}]}});
    let settings = json!({"steps": [listen]});
    let trial = Trial::bundled("journey", peer.address().to_string(), settings);
    assert_eq!(attempts(trial, &peer), (4, 4));
}

#[test]
fn a_check_of_one_dialogue_is_retried_whatever_it_has_sent() {
    let peer = curt();
    let dialogue = json!({"dialogue": [{"send": "BUY"}, {"expect": "^250 "}]});
    let trial = Trial::bundled("tcp", peer.address().to_string(), dialogue);
    assert_eq!(attempts(trial, &peer), (4, 4));
}

#[test]
fn a_journey_that_is_cut_off_after_its_post_is_not_retried_unless_its_author_says_it_is_safe() {
    // Takes the order; what comes after it is never answered.
    let peer = Peer::start(|stream| {
        head(stream)?;
        stream.write_all(b"HTTP/1.1 201 Created\r\ncontent-length: 0\r\n\r\n")?;
        hang(stream)
    })
    .unwrap();
    for (method, repeatable, made) in [("POST", false, 1), ("POST", true, 4), ("GET", false, 4)] {
        let order = json!({"name": "order", "request": {"method": method, "path": "/orders"}});
        let look = json!({"name": "look", "request": {"path": "/orders/1"}});
        let settings = json!({"steps": [order, look], "repeatable": repeatable});
        let trial = Trial::bundled("journey", peer.url(), settings).timeout_ms(500);
        assert_eq!(attempts(trial, &peer), (made, made), "{method}");
    }
}

#[test]
fn a_journey_that_only_reads_is_retried() {
    let shop = shop(Fault::Healthy);
    let reads = json!({"steps": [{"name": "read", "request": {"path": "/nowhere"}}]});
    assert_eq!(retried(&shop, reads).attempts.len(), 4);
}

#[test]
fn a_request_that_is_not_answered_on_a_kept_connection_is_not_sent_again() {
    let peer = Peer::start(|stream| {
        head(stream)?;
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok")?;
        // The second request on this connection is read, and the connection closed.
        head(stream).map(drop)
    })
    .unwrap();
    let steps = json!({"steps": [
        {"name": "first", "request": {"path": "/"}},
        {"name": "second", "request": {"method": "POST", "path": "/", "body": "x"}},
    ]});
    let record = Trial::bundled("journey", peer.url(), steps).run();
    assert_eq!(record.outcome, Outcome::Fail, "{}", record.sentence);
    assert_eq!(peer.served(), 1, "{}", record.sentence);
}

#[test]
fn a_variable_that_is_not_set_is_told_before_anything_is_sent() {
    let peer = patient();
    let settings = json!({"steps": [{"name": "read", "request": {"path": "/${nothing}"}}]});
    let record = Trial::bundled("journey", peer.url(), settings).run();
    assert_eq!(
        (record.outcome, record.reason),
        (Outcome::Unknown, Reason::ProbeUndecided)
    );
    assert!(
        record
            .sentence
            .contains("step `read`: the variable `nothing` is not set"),
        "{}",
        record.sentence
    );
    assert_eq!(peer.served(), 0);
}

#[test]
fn what_a_run_did_is_counted_from_its_own_start_also_after_a_wait_for_its_turn() {
    let peer = patient();
    let pause = json!({"steps": [
        {"name": "pause", "pause": "200ms"},
        {"name": "ask", "request": {"path": "/"}},
    ]});
    let mut records = Trial::bundled("journey", peer.url(), pause).queued();
    records.sort_by_key(|record| record.last().unwrap().report.usage.queued);
    let late = &records[1].last().unwrap().report;
    assert!(late.usage.queued > 150_000_000, "{} ns", late.usage.queued);
    for step in &late.steps {
        assert!(step.started <= step.ended.unwrap() && step.ended.unwrap() <= late.took);
    }
    assert!(
        late.steps[0].started < 100_000_000,
        "{} ns",
        late.steps[0].started
    );
    assert!(late.operations[0].ended.unwrap() <= late.took);
}
