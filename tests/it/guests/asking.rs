//! The limit of requests: the first one beyond it is refused, and who goes on is stopped.

use leadsman_core::{
    attempt::Ending,
    limits::{Limit, Limits},
    outcome::{Blame, Outcome, Reason},
};
use leadsman_tests::engine::concluded;

use super::{ok_peer, trial};

fn five() -> Limits {
    Limits {
        requests: 5,
        ..Limits::default()
    }
}

#[test]
fn asking_without_end_stops_at_the_limit_of_requests() {
    let peer = ok_peer();
    let record = trial("asks_without_end", &peer.url()).limits(five()).run();
    assert_eq!(
        concluded(&record),
        (Outcome::Unknown, Reason::ProbeLimit, Blame::Probe)
    );
    assert_eq!(peer.served(), 5);
    assert!(
        record.sentence.contains("its 5 requests"),
        "{}",
        record.sentence
    );
    let report = &record.last().unwrap().report;
    assert_eq!(report.ending, Ending::Returned, "it could have cleaned up");
    assert_eq!(report.usage.truncated[&Limit::Requests], 1);
}

#[test]
fn a_guest_that_asks_on_after_it_was_refused_is_stopped() {
    let peer = ok_peer();
    let record = trial("asks_whatever_comes", &peer.url())
        .limits(five())
        .run();
    assert_eq!(
        concluded(&record),
        (Outcome::Unknown, Reason::ProbeLimit, Blame::Probe)
    );
    assert_eq!(peer.served(), 5 + 10, "as many as a cleanup may need");
    let limit = Limit::Requests;
    assert_eq!(
        record.last().unwrap().report.ending,
        Ending::Limit { limit }
    );
}
