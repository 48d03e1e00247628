//! What a daemon still does when it has been told to end: its runs, and the scrapes that it waits for.

use std::{
    fs,
    net::TcpListener,
    thread,
    time::{Duration, Instant},
};

use super::{
    daemon::{Daemon, leadsman},
    http,
    nginx::Nginx,
    process::{free_port, until},
};

/// Far less than the 15 s that an endpoint waits for its last scrape.
const AT_ONCE: Duration = Duration::from_secs(5);

/// Longer than what follows the last scrape that is waited for.
const A_WHILE: Duration = Duration::from_millis(1_500);

fn written(folder: &tempfile::TempDir, text: &str) -> std::path::PathBuf {
    let file = folder.path().join("leadsman.yaml");
    fs::write(&file, text).expect("the folder of the test can be written");
    file
}

/// Whether it answers, again and again, for a while.
fn stays(daemon: &Daemon) -> bool {
    let since = Instant::now();
    while since.elapsed() < A_WHILE {
        if http::text(daemon.port, "/-/healthy").is_none() {
            return false;
        }
        thread::yield_now();
    }
    true
}

/// Waits until it has heard that it is to end.
fn drains(daemon: &mut Daemon) {
    let port = daemon.port;
    daemon.process.until("it is not ready any more", || {
        let status = http::get(port, "/-/ready").map(|(status, _)| status);
        (status.ok() == Some(503)).then_some(())
    });
}

#[test]
fn the_last_values_are_served_until_as_many_scrapers_as_there_are_have_had_them() {
    let folder = tempfile::tempdir().unwrap();
    let port = free_port();
    let server = format!("server {{ listen 127.0.0.1:{port}; location / {{ return 200; }} }}");
    let _nginx = Nginx::start(folder.path(), port, &server);
    let file = written(
        &folder,
        &format!(
            "defaults: {{interval: 1s, timeout: 900ms}}\nchecks:\n  web: {{probe: http, targets: ['http://127.0.0.1:{port}']}}\n"
        ),
    );
    let options = ["--web.wait-for-scrapers", "3"];
    let mut daemon = Daemon::start_as(leadsman(), &file, free_port(), &options);
    daemon.all_have_run();
    daemon.metrics();
    let port = daemon.port;
    let last = || {
        let told = http::json(port, "/api/v1/checks")?;
        http::at(&told, "/checks/0/last/ended_unix_ms").as_i64()
    };
    let scraped = last();
    daemon.process.until("another run has ended", || {
        (last() != scraped).then_some(())
    });
    daemon.process.signal("TERM");
    drains(&mut daemon);
    // Whatever was under way has been booked by now: from here on each scrape counts.
    assert!(stays(&daemon));
    for scrape in 1..3 {
        assert!(daemon.metrics().contains("leadsman_runs_total"));
        assert!(stays(&daemon), "after {scrape} of 3 scrapes");
    }
    let told = Instant::now();
    daemon.metrics();
    assert!(
        daemon.process.ended().success(),
        "{}",
        daemon.process.output()
    );
    assert!(told.elapsed() < AT_ONCE, "{:?}", told.elapsed());
    let log = daemon.process.output();
    assert!(
        log.contains("drained") && !log.contains("not scraped so often"),
        "{log}"
    );
}

/// A target that accepts and says nothing, and how many have come.
fn silent() -> (u16, std::sync::mpsc::Receiver<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let (came, comes) = std::sync::mpsc::channel();
    thread::spawn(move || {
        let mut held = Vec::new();
        for stream in listener.incoming() {
            held.push(stream);
            if came.send(()).is_err() {
                return;
            }
        }
    });
    (port, comes)
}

/// A daemon with this grace, and a run under way that hangs as long as what comes with it is there.
fn hanging(folder: &tempfile::TempDir, grace: &str) -> (Daemon, std::sync::mpsc::Receiver<()>) {
    let (port, comes) = silent();
    let file = written(
        folder,
        &format!(
            "defaults: {{interval: 20s, timeout: 19s}}\nchecks:\n  hangs: {{probe: http, targets: ['http://127.0.0.1:{port}']}}\n"
        ),
    );
    let options = ["--shutdown.grace", grace];
    let daemon = Daemon::start_as(leadsman(), &file, free_port(), &options);
    until("a run hangs", || comes.try_recv().ok());
    (daemon, comes)
}

#[test]
fn runs_that_hang_are_cut_when_the_grace_is_over() {
    let folder = tempfile::tempdir().unwrap();
    let (mut daemon, _target) = hanging(&folder, "1s");
    let told = Instant::now();
    daemon.process.signal("TERM");
    assert!(
        daemon.process.ended().success(),
        "{}",
        daemon.process.output()
    );
    let took = told.elapsed();
    assert!(
        took >= Duration::from_secs(1) && took < Duration::from_secs(8),
        "{took:?}"
    );
    let log = daemon.process.output();
    assert!(
        log.contains("runs were cut that had not ended within the grace"),
        "{log}"
    );
}

#[test]
fn a_second_signal_ends_it_at_once_while_runs_hang_within_a_long_grace() {
    let folder = tempfile::tempdir().unwrap();
    let (mut daemon, _target) = hanging(&folder, "2m");
    let hangs = Instant::now();
    daemon.process.signal("TERM");
    drains(&mut daemon);
    daemon.process.signal("TERM");
    assert!(
        daemon.process.ended().success(),
        "{}",
        daemon.process.output()
    );
    // Before the run could have ended by itself.
    assert!(hangs.elapsed() < AT_ONCE, "{:?}", hangs.elapsed());
    let log = daemon.process.output();
    assert!(
        log.contains("stopped at once by a second signal") && !log.contains("drained"),
        "{log}"
    );
}

#[test]
fn runs_that_end_within_the_grace_are_booked() {
    let folder = tempfile::tempdir().unwrap();
    let (port, comes) = silent();
    let file = written(
        &folder,
        &format!(
            "defaults: {{interval: 4s, timeout: 3s}}\nchecks:\n  hangs: {{probe: http, targets: ['http://127.0.0.1:{port}']}}\n"
        ),
    );
    let options = ["--shutdown.grace", "20s"];
    let mut daemon = Daemon::start_as(leadsman(), &file, free_port(), &options);
    until("a run hangs", || comes.try_recv().ok());
    // It has been scraped, so that it waits to be scraped once more.
    daemon.metrics();
    daemon.process.signal("TERM");
    let port = daemon.port;
    let failed = |text: &str| {
        let labels = [("outcome", "fail")];
        super::scrape::sum(text, "leadsman_runs_total", &labels) > 0.0
    };
    daemon.process.until("the run is booked", || {
        http::json(port, "/api/v1/checks").filter(|told| told["checks"][0]["last"].is_object())
    });
    assert!(failed(&daemon.metrics()));
    assert!(daemon.process.ended().success());
    assert!(!daemon.process.output().contains("runs were cut"));
}
