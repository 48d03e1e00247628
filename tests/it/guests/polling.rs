//! Several operations at once, of every protocol that has them, and waiting no longer than asked.

#![expect(clippy::indexing_slicing, reason = "a test stops where it fails")]

use std::{
    collections::BTreeMap,
    io,
    net::{SocketAddr, UdpSocket},
    sync::{Arc, Barrier},
    thread,
};

use leadsman_core::{
    outcome::{Blame, Outcome, Reason},
    record::RunRecord,
};
use leadsman_tests::{engine::concluded, peer::Peer};
use rcgen::{CertificateParams, KeyPair};
use rustls::{ServerConfig, ServerConnection, pki_types::PrivateKeyDer};

use super::{ok_peer, trial};

fn passed(record: &RunRecord) {
    assert_eq!(
        concluded(record),
        (Outcome::Pass, Reason::Ok, Blame::Nobody),
        "{}",
        record.sentence
    );
}

/// There were three, and the last one began before the first one ended.
fn were_in_flight_at_once(record: &RunRecord) {
    let operations = &record.last().unwrap().report.operations;
    let began = operations.iter().map(|operation| operation.started).max();
    let ended = operations
        .iter()
        .map(|operation| operation.ended.unwrap())
        .min();
    assert_eq!(operations.len(), 3);
    assert!(began < ended, "{operations:?}");
}

/// Answers nobody before three have asked; its code is the place in the alphabet of the name's first letter.
fn name_server() -> SocketAddr {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let address = socket.local_addr().unwrap();
    thread::spawn(move || {
        let (mut asked, mut question) = (BTreeMap::new(), [0; 512]);
        while asked.len() < 3 {
            let (length, asker) = socket.recv_from(&mut question).unwrap();
            asked.insert(asker, question[..length].to_vec());
        }
        for (asker, mut answer) in asked {
            // Behind the header (RFC 1035 §4.1.1) and the length of the name's first label.
            let code = answer[13] - b'a';
            answer.splice(2..4, [0x81, 0x80 | code]);
            socket.send_to(&answer, asker).unwrap();
        }
    });
    address
}

#[test]
fn three_questions_are_in_flight_at_once_and_each_gets_its_own_answer() {
    let server = name_server().to_string();
    let record = trial("asks_names_in_parallel", &server).run();
    passed(&record);
    were_in_flight_at_once(&record);
}

/// Shakes hands with nobody before three have come.
fn tls_peer() -> Peer {
    let key = KeyPair::generate().unwrap();
    let params = CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap();
    let chain = vec![params.self_signed(&key).unwrap().der().clone()];
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(chain, PrivateKeyDer::try_from(key.serialize_der()).unwrap())
        .unwrap();
    let (config, all) = (Arc::new(config), Barrier::new(3));
    Peer::start(move |stream| {
        all.wait();
        let connection = ServerConnection::new(Arc::clone(&config));
        let mut connection = connection.map_err(io::Error::other)?;
        connection.complete_io(stream).map(drop)
    })
    .unwrap()
}

#[test]
fn three_handshakes_are_in_flight_at_once_and_each_shows_its_certificate() {
    let peer = tls_peer();
    let record = trial("shakes_hands_in_parallel", &peer.address().to_string()).run();
    passed(&record);
    were_in_flight_at_once(&record);
}

#[test]
fn a_wait_for_a_peer_that_accepts_and_says_nothing_ends_at_its_own_timeout() {
    // It reads a handshake as a request whose end does not come.
    let peer = ok_peer();
    let record = trial("stops_waiting", &peer.address().to_string()).run();
    passed(&record);
    let report = &record.last().unwrap().report;
    let operations = report.operations.iter();
    let ended: Vec<bool> = operations
        .map(|operation| operation.ended.is_some())
        .collect();
    assert_eq!(ended, [false, true]);
    // The guest waits for 200 ms, the run for 5 s.
    assert!(
        (200_000_000..4_000_000_000).contains(&report.took),
        "{} ns",
        report.took
    );
}
