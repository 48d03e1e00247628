//! The daemon's own binary, which cargo puts beside the tests.

use std::{
    env,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use serde_json::Value;

use super::{
    http,
    process::{Process, free_port},
};

/// `leadsman` with a cache that all tests share, so that probes are compiled once.
pub(super) fn leadsman() -> Command {
    let here = env::current_exe().expect("the path of the test is known");
    let folder: Option<&Path> = here.ancestors().nth(2);
    let binary = folder.map(|folder| folder.join("leadsman"));
    let binary: Result<PathBuf, &str> = binary
        .filter(|file| file.is_file())
        .ok_or("the binary `leadsman` is not beside the tests: build the whole workspace");
    let mut command = Command::new(binary.expect("the daemon is built"));
    command.env(
        "LEADSMAN_CACHE_DIR",
        Path::new(env!("CARGO_TARGET_TMPDIR")).join("compiled"),
    );
    command.env("NO_COLOR", "1");
    command
}

/// Runs `leadsman` to its end.
pub(super) fn leadsman_with(arguments: &[&str]) -> Output {
    leadsman()
        .args(arguments)
        .output()
        .expect("the daemon can be started")
}

/// A running daemon.
#[derive(Debug)]
pub(super) struct Daemon {
    pub(super) process: Process,
    pub(super) port: u16,
}

impl Daemon {
    /// Starts it on a configuration and waits until it answers.
    pub(super) fn start(configuration: &Path) -> Self {
        Self::start_as(leadsman(), configuration, free_port(), &[])
    }

    /// The same, from a prepared command, on a port of the caller's, with more options.
    pub(super) fn start_as(
        mut command: Command,
        configuration: &Path,
        port: u16,
        options: &[&str],
    ) -> Self {
        command.arg("run").arg("--config").arg(configuration);
        command
            .args(["--web.listen-address", &format!("127.0.0.1:{port}")])
            .args(options);
        let log = configuration.with_extension("log");
        let mut process = Process::start(&mut command, &log);
        process.until("the daemon is healthy", || http::text(port, "/-/healthy"));
        Self { process, port }
    }

    /// What `/api/v1/checks` says of each check and target.
    pub(super) fn checks(&self) -> Vec<Value> {
        let told = http::json(self.port, "/api/v1/checks");
        told.and_then(|told| http::at(&told, "/checks").as_array().cloned())
            .unwrap_or_default()
    }

    /// Waits until every check has run.
    pub(super) fn all_have_run(&mut self) -> Vec<Value> {
        let port = self.port;
        self.process.until("every check has run", || {
            let told = http::json(port, "/api/v1/checks")?;
            let checks = http::at(&told, "/checks").as_array()?.clone();
            let run = !checks.is_empty() && checks.iter().all(|check| check["last"].is_object());
            run.then_some(checks)
        })
    }

    /// The text exposition.
    pub(super) fn metrics(&self) -> String {
        http::text(self.port, "/metrics").expect("the daemon serves its metrics")
    }
}
