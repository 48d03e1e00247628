//! A journey that a test writes down, run once by the daemon's binary.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Output,
};

use serde_json::Value;

use crate::real::{
    daemon::{Daemon, leadsman, leadsman_with},
    http::{self, at},
    once::{Run, once},
    process::free_port,
};

/// The check `walk`, in a folder of its own.
pub(super) struct Walk {
    pub(super) folder: tempfile::TempDir,
    /// What stands above the checks, such as secrets.
    pub(super) above: String,
    pub(super) target: String,
    /// What the check may reach beside its target: the inside of `grants`.
    pub(super) grants: String,
    /// The check's settings, a line each.
    pub(super) settings: String,
}

impl Walk {
    /// A journey to a target.
    pub(super) fn to(target: impl Into<String>) -> Self {
        Self {
            folder: tempfile::tempdir().expect("there is room for a folder"),
            above: String::new(),
            target: target.into(),
            grants: String::new(),
            settings: String::new(),
        }
    }

    /// Its steps, a line each.
    pub(super) fn steps(mut self, steps: &[&str]) -> Self {
        self.settings = format!("steps:\n- {}\n", steps.join("\n- "));
        self
    }

    /// One more setting.
    pub(super) fn setting(mut self, line: &str) -> Self {
        self.settings += line;
        self.settings.push('\n');
        self
    }

    /// What stands above the checks.
    pub(super) fn above(mut self, lines: &str) -> Self {
        self.above = format!("{lines}\n");
        self
    }

    /// What it may reach beside its target.
    pub(super) fn grants(mut self, grants: &str) -> Self {
        grants.clone_into(&mut self.grants);
        self
    }

    /// A file beside the configuration.
    pub(super) fn file(self, name: &str, content: &str) -> Self {
        fs::write(self.folder.path().join(name), content)
            .expect("the folder of the test can be written");
        self
    }

    /// Writes the configuration.
    pub(super) fn written(&self) -> PathBuf {
        let settings = self.settings.lines();
        let settings = settings.map(|line| format!("      {line}\n"));
        let settings = settings.collect::<Vec<_>>().concat();
        let text = format!(
            "{}checks:\n  walk:\n    probe: journey\n    interval: 3s\n    timeout: 3s\n    targets: [\"{}\"]\n    \
             grants: {{{}}}\n    settings:\n{settings}",
            self.above, self.target, self.grants
        );
        let file = self.folder.path().join("leadsman.yaml");
        fs::write(&file, text).expect("the folder of the test can be written");
        file
    }

    /// The line of the configuration that has this text, as a sentence names it.
    pub(super) fn line(&self, part: &str) -> String {
        let file = self.written();
        let text = fs::read_to_string(&file).expect("it was written a moment ago");
        let line = text.lines().position(|line| line.contains(part));
        let line = line.expect("the configuration has the text");
        format!("({}:{})", file.display(), line + 1)
    }

    /// Runs it once.
    pub(super) fn once(&self) -> Run {
        let run = once(&self.written(), "walk");
        assert!(run.record.is_object(), "{}", run.printed);
        run
    }

    /// Runs it once, and in a daemon that logs all it can, and returns all that this leaves, each with what it is.
    pub(super) fn leaves(&self) -> Vec<(&'static str, String)> {
        let file = self.written();
        let path = file.to_str().expect("the path is a text");
        let drawn = leadsman_with(&["once", "walk", "--config", path]);
        let mut left = vec![
            ("the record", self.once().printed),
            ("the waterfall", both(&drawn)),
        ];
        let mut daemon = talkative(&file);
        daemon.all_have_run();
        left.extend(shown(&daemon, "walk"));
        left.push(("the log", daemon.process.output()));
        left
    }
}

/// A daemon that logs all it can, and so do the libraries in it.
pub(super) fn talkative(file: &Path) -> Daemon {
    Daemon::start_as(leadsman(), file, free_port(), &["--log.level", "trace"])
}

/// All that a daemon shows of a check that has run, each with what it is.
pub(super) fn shown(daemon: &Daemon, check: &str) -> Vec<(&'static str, String)> {
    let text = |path: &str| http::text(daemon.port, path).expect("the daemon answers");
    let runs = text("/api/v1/runs");
    let listed: Value = serde_json::from_str(&runs).expect("the daemon answers with JSON");
    let id = at(&listed, "/runs/0/run").as_str();
    let id = id.expect("the last run is kept").to_owned();
    let url = format!("http://127.0.0.1:{}", daemon.port);
    let drawn = leadsman_with(&["runs", check, "--run", &id, "--url", &url]);
    assert!(drawn.status.success(), "{}", both(&drawn));
    vec![
        ("the checks", text("/api/v1/checks")),
        ("the check", text(&format!("/api/v1/checks/{check}"))),
        ("the status", text("/api/v1/status")),
        ("the runs", runs),
        ("the kept run", text(&format!("/api/v1/runs/{id}"))),
        ("the kept run's waterfall", both(&drawn)),
        ("the metrics", daemon.metrics()),
    ]
}

fn both(output: &Output) -> String {
    let text = [output.stdout.as_slice(), &output.stderr].concat();
    String::from_utf8_lossy(&text).into_owned()
}

/// Each step of the last attempt, and whether it went well.
pub(super) fn steps(run: &Run) -> Vec<(&str, Option<bool>)> {
    let steps = at(&run.record, "/attempts/0/report/steps").as_array();
    let steps = steps.into_iter().flatten();
    steps
        .map(|step| {
            (
                step["name"].as_str().unwrap_or_default(),
                step["ok"].as_bool(),
            )
        })
        .collect()
}

impl Run {
    /// Asserts that it failed for this reason, with a sentence that begins like this.
    pub(super) fn fails(&self, reason: &str, sentence: &str) {
        self.comes_to("fail", reason);
        let told = self.said("sentence").as_str().unwrap_or_default();
        assert!(told.starts_with(sentence), "{told}\nnot\n{sentence}");
    }
}
