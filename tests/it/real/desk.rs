//! A configuration of several files that a test changes under a running daemon.

use std::{
    fs,
    process::{Command, Stdio},
};

use serde_json::Value;

use super::{
    daemon::{Daemon, leadsman},
    nginx::Nginx,
    process::{free_port, tool},
    scrape,
};

/// A platform's file, team files, and a server that all of them ask.
#[derive(Debug)]
pub(super) struct Desk {
    pub(super) folder: tempfile::TempDir,
    pub(super) server: u16,
    _nginx: Nginx,
}

/// The platform's file.
pub(super) const PLATFORM: &str =
    "include: [teams/*.yaml]\ntemplates: {web: {probe: http, interval: 1s, timeout: 900ms}}\n";

impl Desk {
    /// With the platform's file alone.
    pub(super) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let server = free_port();
        let text = format!("server {{ listen 127.0.0.1:{server}; location / {{ return 200; }} }}");
        let nginx = Nginx::start(folder.path(), server, &text);
        let desk = Self {
            folder,
            server,
            _nginx: nginx,
        };
        desk.write("leadsman.yaml", PLATFORM);
        desk
    }

    /// Writes a file.
    pub(super) fn write(&self, name: &str, text: &str) {
        let path = self.folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        // As an editor does: a reader sees the old text or the new one.
        let beside = path.with_extension("new");
        fs::write(&beside, text).unwrap();
        fs::rename(beside, path).unwrap();
    }

    /// A team's file with one check, `web`, on these targets.
    pub(super) fn team(&self, team: &str, targets: &str) {
        let text = format!("team: {team}\nchecks: {{web: {{use: web, targets: {targets}}}}}\n");
        self.write(&format!("teams/{team}.yaml"), &text);
    }

    /// A target that answers.
    pub(super) fn target(&self, name: &str) -> String {
        format!(
            "{{name: {name}, address: \"http://127.0.0.1:{}\"}}",
            self.server
        )
    }

    /// A daemon on it.
    pub(super) fn daemon(&self, options: &[&str]) -> Daemon {
        let state = self.folder.path().join("state");
        let state = ["--state.dir", state.to_str().unwrap()];
        let options: Vec<&str> = state.iter().chain(options).copied().collect();
        let file = self.folder.path().join("leadsman.yaml");
        Daemon::start_as(leadsman(), &file, free_port(), &options)
    }
}

/// Asks for a reload and returns the status and what was answered.
pub(super) fn reload(daemon: &Daemon) -> (u16, Value) {
    let url = format!("http://127.0.0.1:{}/-/reload", daemon.port);
    let output = Command::new(tool("curl"))
        .args([
            "--silent",
            "--request",
            "POST",
            "--write-out",
            "\n%{http_code}",
        ])
        .arg(url)
        .stderr(Stdio::inherit())
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let (body, status) = text.rsplit_once('\n').unwrap();
    let body = serde_json::from_str(body).unwrap_or_else(|_| Value::String(body.to_owned()));
    (status.parse().unwrap(), body)
}

/// How many runs of a check have ended.
pub(super) fn runs(daemon: &Daemon, check: &str) -> f64 {
    scrape::sum(
        &daemon.metrics(),
        "leadsman_runs_total",
        &[("check", check)],
    )
}
