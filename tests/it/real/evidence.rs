//! Why a run failed: the log, the API and the commands say the same, and none of them says a secret.

use std::{fs, path::Path, process::Output};

use leadsman_tests::peer::Peer;
use serde_json::Value;

use super::{
    daemon::{Daemon, leadsman, leadsman_with},
    http::{self, at},
    nginx::Nginx,
    process::{free_port, until},
};

const PASSWORD: &str = "s3cret-of-the-lead";

/// `probe:s3cret-of-the-lead` in base64, as it goes over the wire.
const ENCODED: &str = "cHJvYmU6czNjcmV0LW9mLXRoZS1sZWFk";

fn is_clean(what: &str, text: &str) {
    let shows = text.contains(PASSWORD) || text.contains(ENCODED);
    assert!(!shows, "{what} shows the secret:\n{text}");
}

/// A target that fails and shows whoever asks what it was sent, and one that is well.
fn started(folder: &Path) -> (Nginx, Daemon) {
    let port = free_port();
    let server = format!(
        "server {{ listen 127.0.0.1:{port}; default_type text/plain; location / {{ return 200 'fine'; }}\n\
         location /down {{ return 500 'the rope broke: $http_authorization'; }} }}"
    );
    let nginx = Nginx::start(folder, port, &server);
    fs::write(folder.join("password"), PASSWORD).expect("the folder of the test can be written");
    let file = folder.join("leadsman.yaml");
    let text = format!(
        "secrets:\n  login: {{file: password, hosts: ['127.0.0.1:{port}']}}\n\
         defaults: {{interval: 1s, timeout: 900ms}}\nchecks:\n  \
         down: {{probe: http, targets: ['http://127.0.0.1:{port}/down'], grants: {{secrets: [login]}}, settings: {{basic: {{user: probe, secret: login}}}}}}\n  \
         up: {{probe: http, targets: ['http://127.0.0.1:{port}/']}}\n"
    );
    fs::write(&file, text).expect("the folder of the test can be written");
    let options = ["--log.format", "json"];
    let mut daemon = Daemon::start_as(leadsman(), &file, free_port(), &options);
    daemon.all_have_run();
    (nginx, daemon)
}

fn printed(output: &Output) -> String {
    let both = [output.stdout.as_slice(), output.stderr.as_slice()].concat();
    String::from_utf8_lossy(&both).into_owned()
}

/// The line that the log has of a run.
fn logged(daemon: &Daemon, run: &str) -> Value {
    until("the log tells the run", || {
        let log = daemon.process.output();
        let lines = log.lines().map(serde_json::from_str::<Value>);
        let mut lines = lines.map(|line| line.expect("each line is JSON"));
        lines.find(|line| line["run"] == run)
    })
}

#[test]
fn a_run_that_failed_is_explained_everywhere_and_shows_no_secret() {
    let folder = tempfile::tempdir().unwrap();
    let (_nginx, daemon) = started(folder.path());
    let told = http::json(daemon.port, "/api/v1/runs?check=down&outcome=fail").unwrap();
    let run = at(&told, "/runs/0/run").as_str().unwrap().to_owned();

    let whole = http::text(daemon.port, &format!("/api/v1/runs/{run}")).unwrap();
    is_clean("the API", &whole);
    let whole: Value = serde_json::from_str(&whole).unwrap();
    assert_eq!(at(&whole, "/record/reason"), "http_status");
    let came = whole["came"].as_str().unwrap();
    assert!(came.starts_with("the rope broke: "), "{came}");

    let line = logged(&daemon, &run);
    assert_eq!(line["level"], "info");
    assert_eq!(
        (&line["check"], &line["reason"]),
        (&"down".into(), &"http_status".into())
    );
    assert_eq!(line["sentence"], *at(&whole, "/record/sentence"));
    assert_eq!(line["came"], whole["came"]);
    assert!(line["remote"].as_str().unwrap().starts_with("127.0.0.1:"));
    assert!(line["phases"].as_str().unwrap().contains("wait="), "{line}");
    is_clean("the log", &daemon.process.output());
    is_clean("/metrics", &daemon.metrics());
    let checks = http::text(daemon.port, "/api/v1/checks").unwrap();
    is_clean("/api/v1/checks", &checks);
}

#[test]
fn the_commands_show_the_runs_of_a_daemon_and_how_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let (_nginx, daemon) = started(folder.path());
    let url = format!("http://127.0.0.1:{}", daemon.port);
    let asked = |arguments: &[&str]| leadsman_with(&[arguments, &["--url", &url]].concat());

    let status = asked(&["status"]);
    assert_eq!(status.status.code(), Some(2), "{}", printed(&status));
    assert!(
        printed(&status).contains("http_status"),
        "{}",
        printed(&status)
    );
    let status = asked(&["status", "--json"]);
    let status: Value = serde_json::from_slice(&status.stdout).unwrap();
    assert_eq!(at(&status, "/status/failing"), 1);

    let runs = asked(&["runs", "down"]);
    assert_eq!(runs.status.code(), Some(0), "{}", printed(&runs));
    assert!(printed(&runs).contains("http_status"), "{}", printed(&runs));
    let told = http::json(daemon.port, "/api/v1/runs?check=down").unwrap();
    let run = at(&told, "/runs/0/run").as_str().unwrap().to_owned();
    let one = asked(&["runs", "down", "--run", &run]);
    let shown = printed(&one);
    assert_eq!(one.status.code(), Some(0), "{shown}");
    assert!(
        shown.contains("came: the rope broke") && shown.contains("wait"),
        "{shown}"
    );
    is_clean("the waterfall", &shown);
    let json = asked(&["runs", "down", "--run", &run, "--json"]);
    let json: Value = serde_json::from_slice(&json.stdout).unwrap();
    assert_eq!(json["run"], run.as_str());

    let nobody = asked(&["runs", "sail"]);
    assert_eq!(nobody.status.code(), Some(64), "{}", printed(&nobody));
}

#[test]
fn a_daemon_that_is_not_there_ends_a_command_with_69() {
    let url = format!("http://127.0.0.1:{}", free_port());
    let output = leadsman_with(&["status", "--url", &url]);
    assert_eq!(output.status.code(), Some(69), "{}", printed(&output));
    assert!(printed(&output).contains("--url"), "{}", printed(&output));
}

#[test]
fn a_server_that_is_no_daemon_is_told_as_such_and_ends_a_command_with_69() {
    let other = Peer::answering(
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{}",
    )
    .unwrap();
    let url = format!("http://{}", other.address());
    for command in [
        &["status"][..],
        &["status", "--json"],
        &["runs", "web"],
        &["runs", "web", "--json"],
        &["runs", "web", "--run", "19f3c2a41b0-2a"],
    ] {
        let output = leadsman_with(&[command, &["--url", &url]].concat());
        let told = printed(&output);
        assert_eq!(output.status.code(), Some(69), "{command:?}: {told}");
        let foreign = format!("what answers at {url} is not leadsman's API");
        assert!(
            told.contains(&foreign) && told.contains("--url"),
            "{command:?}: {told}"
        );
    }
}
