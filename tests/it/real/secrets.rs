//! A secret reaches the host that it is bound to, and nobody's eyes.

use std::{fs, path::Path};

use super::{
    daemon::{Daemon, leadsman, leadsman_with},
    http::{self, at},
    nginx::Nginx,
    once::once,
    process::free_port,
};

const PASSWORD: &str = "s3cret-of-the-lead";

/// `probe:s3cret-of-the-lead` in base64, as it goes over the wire.
const ENCODED: &str = "cHJvYmU6czNjcmV0LW9mLXRoZS1sZWFk";

fn site(folder: &Path) -> (Nginx, u16) {
    let port = free_port();
    let place = folder.display();
    fs::write(folder.join("users"), format!("probe:{{PLAIN}}{PASSWORD}\n"))
        .expect("the folder can be written");
    fs::write(folder.join("password"), format!("{PASSWORD}\n")).expect("the folder can be written");
    fs::write(folder.join("page.txt"), "in").expect("the folder can be written");
    let server = format!(
        "log_format who '$remote_user $status';\nserver {{ listen 127.0.0.1:{port}; root {place}; access_log {place}/access.log who;\n\
         auth_basic probes; auth_basic_user_file {place}/users; }}"
    );
    (Nginx::start(folder, port, &server), port)
}

fn configuration(folder: &Path, port: u16) -> std::path::PathBuf {
    let file = folder.join("leadsman.yaml");
    let text = format!(
        "secrets:\n  login: {{file: password, hosts: ['127.0.0.1:{port}']}}\n  elsewhere: {{file: password, hosts: [shop.example]}}\n\
         defaults: {{interval: 1s, timeout: 900ms}}\nchecks:\n  \
         in: {{probe: http, targets: ['http://127.0.0.1:{port}/page.txt'], grants: {{secrets: [login]}}, settings: {{basic: {{user: probe, secret: login}}}}}}\n  \
         out: {{probe: http, targets: ['http://127.0.0.1:{port}/page.txt'], grants: {{secrets: [login]}}, settings: {{basic: {{user: wrong, secret: login}}}}}}\n  \
         bound: {{probe: http, targets: ['http://127.0.0.1:{port}/page.txt'], grants: {{secrets: [elsewhere]}}, settings: {{basic: {{user: probe, secret: elsewhere}}}}}}\n"
    );
    fs::write(&file, text).expect("the folder of the test can be written");
    file
}

fn is_clean(what: &str, text: &str) {
    assert!(
        !text.contains(PASSWORD) && !text.contains(ENCODED),
        "{what} shows the secret:\n{text}"
    );
}

#[test]
fn a_secret_signs_in_and_is_not_in_the_run_nor_in_what_people_see() {
    let folder = tempfile::tempdir().unwrap();
    let (_nginx, port) = site(folder.path());
    let file = configuration(folder.path(), port);
    let run = once(&file, "in");
    run.comes_to("pass", "ok");
    is_clean("the run", &run.printed);
    let run = once(&file, "out");
    run.comes_to("fail", "http_status");
    is_clean("the failed run", &run.printed);
    let log = fs::read_to_string(folder.path().join("access.log")).unwrap();
    assert_eq!(log, "probe 200\nwrong 401\n");
    let output = leadsman_with(&[
        "once",
        "out",
        "--log.level",
        "trace",
        "--config",
        file.to_str().unwrap(),
    ]);
    is_clean("the waterfall", &String::from_utf8_lossy(&output.stdout));
    is_clean("the trace", &String::from_utf8_lossy(&output.stderr));
}

#[test]
fn a_secret_is_not_sent_to_a_host_that_it_is_not_bound_to() {
    let folder = tempfile::tempdir().unwrap();
    let (_nginx, port) = site(folder.path());
    let run = once(&configuration(folder.path(), port), "bound");
    run.comes_to("unknown", "secret_unavailable");
    assert_eq!(run.record["blame"], "policy");
    is_clean("the run", &run.printed);
    let log = fs::read_to_string(folder.path().join("access.log")).unwrap_or_default();
    assert_eq!(log, "", "nothing was sent");
}

#[test]
fn a_secret_is_not_in_what_a_daemon_shows() {
    let folder = tempfile::tempdir().unwrap();
    let (_nginx, port) = site(folder.path());
    let file = configuration(folder.path(), port);
    let options = ["--log.level", "trace"];
    let mut daemon = Daemon::start_as(leadsman(), &file, free_port(), &options);
    daemon.all_have_run();
    is_clean("/metrics", &daemon.metrics());
    let listed = http::json(daemon.port, "/api/v1/runs").unwrap();
    // Of those that pass only the last one is kept: it may be another by now.
    let runs = at(&listed, "/runs").as_array().unwrap().iter();
    let runs: Vec<String> = runs
        .filter(|run| run["outcome"] != "pass")
        .map(|run| format!("/api/v1/runs/{}", run["run"].as_str().unwrap()))
        .collect();
    assert!(runs.len() >= 2, "{listed}");
    let shown = [
        "/api/v1/checks",
        "/api/v1/checks/in",
        "/api/v1/checks/out",
        "/api/v1/status",
        "/api/v1/runs",
    ];
    for path in shown.into_iter().chain(runs.iter().map(String::as_str)) {
        is_clean(path, &http::text(daemon.port, path).unwrap());
    }
    is_clean("the log", &daemon.process.output());
}
