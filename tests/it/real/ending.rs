//! How a daemon ends: when it is told once, and when it is told twice.

use std::{
    fs,
    time::{Duration, Instant},
};

use super::{daemon::Daemon, http, nginx::Nginx, process::free_port};

/// Far less than the 15 s that an endpoint waits for its last scrape.
const AT_ONCE: Duration = Duration::from_secs(5);

/// A daemon on one check that passes every second.
fn daemon(folder: &tempfile::TempDir) -> (Daemon, Nginx) {
    let port = free_port();
    let server = format!("server {{ listen 127.0.0.1:{port}; location / {{ return 200; }} }}");
    let nginx = Nginx::start(folder.path(), port, &server);
    let file = folder.path().join("leadsman.yaml");
    let text = format!(
        "defaults: {{interval: 1s, timeout: 900ms}}\nchecks:\n  web: {{probe: http, targets: ['http://127.0.0.1:{port}']}}\n"
    );
    fs::write(&file, text).expect("the folder of the test can be written");
    let mut daemon = Daemon::start(&file);
    daemon.all_have_run();
    (daemon, nginx)
}

/// Scrapes, lets one more run be booked, and tells it to end: now it waits for a scrape of that run.
fn draining(daemon: &mut Daemon) {
    daemon.metrics();
    let ended = |checks: Vec<serde_json::Value>| {
        checks
            .first()
            .map(|check| http::at(check, "/last/ended_unix_ms").clone())
    };
    let scraped = ended(daemon.checks());
    let port = daemon.port;
    daemon.process.until("another run has ended", || {
        let told = http::json(port, "/api/v1/checks")?;
        (Some(http::at(&told, "/checks/0/last/ended_unix_ms").clone()) != scraped).then_some(())
    });
    assert_eq!(
        http::get(port, "/-/ready").map(|(status, _)| status).ok(),
        Some(200)
    );
    daemon.process.signal("TERM");
    daemon.process.until("it is not ready any more", || {
        http::get(port, "/-/ready")
            .is_ok_and(|(status, _)| status == 503)
            .then_some(())
    });
}

#[test]
fn a_daemon_that_nobody_scrapes_ends_at_once() {
    for signal in ["TERM", "INT"] {
        let folder = tempfile::tempdir().unwrap();
        let (mut daemon, _nginx) = daemon(&folder);
        let told = Instant::now();
        daemon.process.signal(signal);
        assert!(
            daemon.process.ended().success(),
            "{}",
            daemon.process.output()
        );
        assert!(told.elapsed() < AT_ONCE, "{:?}", told.elapsed());
    }
}

#[test]
fn the_last_values_are_served_until_one_scrape_has_had_them() {
    let folder = tempfile::tempdir().unwrap();
    let (mut daemon, _nginx) = daemon(&folder);
    draining(&mut daemon);
    assert_eq!(
        http::get(daemon.port, "/-/healthy")
            .map(|(status, _)| status)
            .ok(),
        Some(200)
    );
    let before = daemon.checks();
    let told = Instant::now();
    let last = daemon.metrics();
    assert!(last.contains("leadsman_runs_total"));
    assert!(
        daemon.process.ended().success(),
        "{}",
        daemon.process.output()
    );
    assert!(told.elapsed() < AT_ONCE, "{:?}", told.elapsed());
    assert!(
        before
            .iter()
            .all(|check| check["last"]["outcome"] == "pass")
    );
}

#[test]
fn a_second_signal_ends_it_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let (mut daemon, _nginx) = daemon(&folder);
    draining(&mut daemon);
    let told = Instant::now();
    daemon.process.signal("TERM");
    assert!(daemon.process.ended().success());
    assert!(told.elapsed() < AT_ONCE, "{:?}", told.elapsed());
    assert!(
        daemon.process.output().contains("second signal"),
        "{}",
        daemon.process.output()
    );
}

#[test]
fn checks_that_fail_change_neither_health_nor_readiness() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("leadsman.yaml");
    let text = "defaults: {interval: 1s, timeout: 900ms}\nchecks:\n  one: {probe: tcp, targets: ['127.0.0.1:1']}\n  two: {probe: http, targets: ['http://127.0.0.1:1']}\n";
    fs::write(&file, text).unwrap();
    let mut daemon = Daemon::start(&file);
    for check in daemon.all_have_run() {
        assert_eq!(check["last"]["outcome"], "fail", "{check}");
    }
    for path in ["/-/healthy", "/-/ready"] {
        let status = http::get(daemon.port, path).map(|(status, _)| status);
        assert_eq!(status.ok(), Some(200), "{path}");
    }
}
