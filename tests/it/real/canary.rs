//! What a location hears of itself: canaries, and many targets that fail at once.

use std::{
    fmt::Write as _,
    fs,
    net::{SocketAddr, UdpSocket},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
};

use leadsman_tests::peer::{Peer, nowhere};
use serde_json::Value;
use tempfile::TempDir;

use super::{daemon::Daemon, http, scrape};

const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";

const ASKED: &str = "settings: {query: t.example, type: A}";

/// A DNS server that answers while this is so, and is silent otherwise.
fn server(answers: &Arc<AtomicBool>) -> SocketAddr {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let (address, answers) = (socket.local_addr().unwrap(), Arc::clone(answers));
    thread::spawn(move || {
        let mut question = [0; 512];
        while let Ok((length, asker)) = socket.recv_from(&mut question) {
            let mut answer = question.get(..length).unwrap().to_vec();
            // A response to it, with recursion and without an error (RFC 1035 §4.1.1).
            answer.splice(2..4, [0x81, 0x80]);
            if answers.load(Ordering::Relaxed) {
                socket.send_to(&answer, asker).unwrap();
            }
        }
    });
    address
}

fn started(folder: &TempDir, checks: &str) -> Daemon {
    let file = folder.path().join("leadsman.yaml");
    let defaults = "defaults: {interval: 1s, timeout: 300ms}";
    let text =
        format!("location: here\nnetwork: {{allow: [127.0.0.0/8]}}\n{defaults}\nchecks:\n{checks}");
    fs::write(&file, text).unwrap();
    Daemon::start(&file)
}

/// Waits until the last run of the check came to this.
fn comes_to(daemon: &mut Daemon, check: &str, reason: &str) -> Value {
    let port = daemon.port;
    daemon.process.until(&format!("{check}: {reason}"), || {
        let told = http::json(port, "/api/v1/checks")?;
        let states = http::at(&told, "/checks").as_array()?.clone();
        let mut states = states.iter();
        let state = states.find(|state| *http::at(state, "/check") == check)?;
        let last = http::at(state, "/last");
        (*http::at(last, "/reason") == reason).then(|| last.clone())
    })
}

fn healthy(daemon: &Daemon) -> f64 {
    scrape::sum(&daemon.metrics(), "leadsman_location_healthy", &[])
}

#[test]
fn a_silent_target_is_excused_while_a_canary_beside_it_is_silent_too_and_no_longer() {
    let (target, canary) = (
        Arc::new(AtomicBool::new(false)),
        Arc::new(AtomicBool::new(true)),
    );
    let (web, anchor) = (server(&target), server(&canary));
    let folder = tempfile::tempdir().unwrap();
    let checks = format!(
        "  web: {{probe: dns, targets: [\"{web}\"], {ASKED}}}\n  anchor: {{probe: dns, canary: true, targets: [\"{anchor}\"], {ASKED}}}\n"
    );
    let mut daemon = started(&folder, &checks);
    comes_to(&mut daemon, "anchor", "ok");
    let alone = comes_to(&mut daemon, "web", "dns_timeout");
    assert_eq!(
        (&alone["outcome"], &alone["blame"]),
        (&"fail".into(), &"target".into())
    );
    assert!(healthy(&daemon) > 0.5);

    canary.store(false, Ordering::Relaxed);
    let excused = comes_to(&mut daemon, "web", "local_network");
    assert_eq!(
        (&excused["outcome"], &excused["blame"]),
        (&"unknown".into(), &"prober".into())
    );
    let sentence = excused["sentence"].as_str().unwrap();
    assert!(sentence.contains("the canary `anchor`"), "{sentence}");
    assert!(healthy(&daemon) < 0.5, "whoever runs this prober sees it");
    let anchors = comes_to(&mut daemon, "anchor", "dns_timeout");
    assert_eq!(
        anchors["outcome"], "fail",
        "a canary excuses others, not itself"
    );

    canary.store(true, Ordering::Relaxed);
    comes_to(&mut daemon, "web", "dns_timeout");
    assert!(healthy(&daemon) > 0.5);
    target.store(true, Ordering::Relaxed);
    comes_to(&mut daemon, "web", "ok");
}

#[test]
fn many_targets_that_fail_at_once_are_announced_and_each_still_counts() {
    let folder = tempfile::tempdir().unwrap();
    let well = Peer::answering(ANSWER).unwrap();
    let mut targets = format!("{{name: well, address: \"{}\"}}", well.url());
    for number in 0..10 {
        let nowhere = nowhere().unwrap();
        write!(
            targets,
            ", {{name: t{number}, address: \"http://{nowhere}/\"}}"
        )
        .unwrap();
    }
    let mut daemon = started(
        &folder,
        &format!("  web: {{probe: http, targets: [{targets}]}}\n"),
    );
    let port = daemon.port;
    daemon.process.until("it is in the metrics", || {
        let text = http::text(port, "/metrics")?;
        (scrape::sum(&text, "leadsman_widespread_failure", &[]) > 0.5).then_some(())
    });
    let status = http::json(port, "/api/v1/status").unwrap();
    assert_eq!(
        (&status["widespread"], &status["failing"]),
        (&true.into(), &10.into())
    );
    let line = super::process::until("it is in the log", || {
        let log = daemon.process.output();
        let mut lines = log.lines();
        lines
            .find(|line| line.contains("many targets fail at once"))
            .map(str::to_owned)
    });
    assert!(line.contains("failing=10"), "{line}");
    let bad = scrape::sum(&daemon.metrics(), "leadsman_sli_bad_events_total", &[]);
    assert!(bad >= 10.0, "none is excused: {bad}");
}
