//! What the log says of runs: each change once, and nothing of a target that goes on being well.

use std::{
    fs,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use leadsman_tests::peer::Peer;

use super::{daemon::Daemon, http, nginx::Nginx, process::free_port, scrape};

const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";

/// Waits until so many more runs have ended with that outcome.
fn runs(daemon: &mut Daemon, outcome: &str, more: f64) {
    runs_of(daemon, ("outcome", outcome), more);
}

/// The same for a label of a run's reason.
fn runs_of(daemon: &mut Daemon, label: (&str, &str), more: f64) {
    let port = daemon.port;
    let ended = || {
        let text = http::text(port, "/metrics")?;
        let name = "leadsman_run_reasons_total";
        Some(scrape::sum(&text, name, &[label]))
    };
    let before = ended().unwrap_or_default();
    daemon
        .process
        .until(label.1, || ended().filter(|now| *now >= before + more));
}

fn lines(daemon: &Daemon, message: &str) -> usize {
    let log = daemon.process.output();
    log.lines().filter(|line| line.contains(message)).count()
}

#[test]
fn a_change_is_one_line_and_a_repeated_pass_is_none() {
    let answers = Arc::new(AtomicBool::new(true));
    let site = Peer::switched(&answers, ANSWER).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("leadsman.yaml");
    let check = format!(
        "{{probe: http, interval: 1s, timeout: 200ms, targets: [\"{}\"]}}",
        site.url()
    );
    let text = format!("network: {{allow: [127.0.0.0/8]}}\nchecks: {{web: {check}}}\n");
    fs::write(&file, text).unwrap();
    let mut daemon = Daemon::start(&file);
    let seen = |daemon: &Daemon| {
        (
            lines(daemon, "outcome changed"),
            lines(daemon, "run did not pass"),
        )
    };
    runs(&mut daemon, "pass", 2.0);
    assert_eq!(seen(&daemon), (0, 0), "a target that is well is no news");
    answers.store(false, Ordering::Relaxed);
    runs(&mut daemon, "fail", 2.0);
    let (changes, failures) = seen(&daemon);
    assert_eq!(changes, 1, "the first failure is news, the next is not");
    assert!(failures >= 1, "but each of them is told");
    answers.store(true, Ordering::Relaxed);
    runs(&mut daemon, "pass", 2.0);
    assert_eq!(lines(&daemon, "outcome changed"), 2);
    assert_eq!(lines(&daemon, "outcome=pass"), 1);
}

#[test]
fn another_reason_of_the_same_outcome_is_one_line_of_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let (file, port) = (folder.path().join("leadsman.yaml"), free_port());
    let text = format!(
        "defaults: {{interval: 1s, timeout: 900ms}}\nchecks:\n  web: {{probe: http, targets: ['http://127.0.0.1:{port}']}}\n"
    );
    fs::write(&file, text).unwrap();
    let mut daemon = Daemon::start(&file);
    let changes = |daemon: &Daemon| {
        (
            lines(daemon, "outcome changed"),
            lines(daemon, "reason changed"),
        )
    };
    // Nobody listens there yet.
    runs_of(&mut daemon, ("reason", "connect_refused"), 2.0);
    assert_eq!(changes(&daemon), (1, 0), "{}", daemon.process.output());
    let server = format!("server {{ listen 127.0.0.1:{port}; location / {{ return 503; }} }}");
    let _nginx = Nginx::start(folder.path(), port, &server);
    runs_of(&mut daemon, ("reason", "http_status"), 2.0);
    assert_eq!(changes(&daemon), (1, 1), "{}", daemon.process.output());
    let log = daemon.process.output();
    let line = log.lines().find(|line| line.contains("reason changed"));
    assert!(
        line.is_some_and(|line| {
            line.contains("outcome=fail") && line.contains("reason=http_status")
        }),
        "{log}"
    );
}
