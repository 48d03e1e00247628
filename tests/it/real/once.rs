//! `leadsman once … --json`, read.

use std::{path::Path, process::Command};

use serde_json::Value;

use super::{daemon::leadsman, http::at};

/// One run: what it was, and the exit status that it ended with.
#[derive(Debug)]
pub(super) struct Run {
    pub(super) status: Option<i32>,
    pub(super) record: Value,
    /// All that was printed, on both streams.
    pub(super) printed: String,
}

/// Runs a check of a configuration once.
pub(super) fn once(configuration: &Path, check: &str) -> Run {
    once_as(leadsman(), configuration, check)
}

/// The same, from a prepared command.
pub(super) fn once_as(mut command: Command, configuration: &Path, check: &str) -> Run {
    command
        .args(["once", check, "--json", "--config"])
        .arg(configuration);
    let output = command.output().expect("the daemon can be started");
    let text = String::from_utf8_lossy(&output.stdout);
    let record = serde_json::from_str(&text).unwrap_or_default();
    let printed = format!("{text}{}", String::from_utf8_lossy(&output.stderr));
    Run {
        status: output.status.code(),
        record,
        printed,
    }
}

impl Run {
    /// Asserts the reason; outcome, exit status and blame are those that it always has.
    pub(super) fn comes_to(&self, outcome: &str, reason: &str) -> &Self {
        let sentence = self.said("sentence");
        assert_eq!(self.said("reason"), reason, "{sentence}");
        assert_eq!(self.said("outcome"), outcome, "{sentence}");
        let status = match (outcome, reason) {
            (_, "degraded") => 1,
            ("pass", _) => 0,
            ("fail", _) => 2,
            _ => 3,
        };
        assert_eq!(self.status, Some(status), "{sentence}");
        self
    }

    /// A field of the record, such as `blame`.
    pub(super) fn said(&self, field: &str) -> &Value {
        self.record.get(field).unwrap_or(&Value::Null)
    }

    /// What the network answered to the last operation, and whether it was a failure.
    pub(super) fn answer(&self) -> &Value {
        let operations = at(&self.record, "/attempts/0/report/operations").as_array();
        let answer = operations
            .and_then(|all| all.last())
            .map(|last| &last["answer"]);
        let kind = answer.and_then(|answer| answer.as_object()?.values().next());
        let result = kind.and_then(|kind| kind.get("Ok").or_else(|| kind.get("Err")));
        result.unwrap_or(&Value::Null)
    }

    /// The facts of the last operation, of success and of failure.
    pub(super) fn facts(&self) -> &Value {
        self.answer().get("facts").unwrap_or_else(|| self.answer())
    }

    /// Whether each phase of the last operation was reached: `resolve`, `connect`, `tls`, `send`, `wait`, `receive`.
    pub(super) fn reached(&self) -> Vec<&'static str> {
        let names = [
            "blocked", "resolve", "connect", "tls", "send", "wait", "receive",
        ];
        let phases = at(self.facts(), "/phases").as_array();
        let phases = phases.into_iter().flatten().zip(names).skip(1);
        phases
            .filter(|(took, _)| !took.is_null())
            .map(|(_, name)| name)
            .collect()
    }

    /// The presented leaf certificate.
    pub(super) fn leaf(&self) -> &Value {
        at(self.facts(), "/tls/chain/0")
    }
}
