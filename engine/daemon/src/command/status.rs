//! `leadsman status`: how a running daemon and its checks are.

use std::{
    cmp::Reverse,
    collections::BTreeMap,
    fmt::Write as _,
    io::{self, Write as _},
    process::ExitCode,
};

use comfy_table::{Table, presets};
use leadsman_core::outcome::{Outcome, Reason};
use serde::Deserialize;
use serde_json::{Value, json};

use super::CommandError;
use crate::{args, client::Client, clock, paint::Paint};

#[derive(Deserialize)]
struct Status {
    location: String,
    location_healthy: bool,
    revision: String,
    ready: bool,
    checks: usize,
    targets: usize,
    failing: usize,
    unknown: usize,
    /// A daemon before this version has not said it.
    #[serde(default)]
    widespread: bool,
    missed: BTreeMap<String, u64>,
    bad_files: Vec<File>,
    /// A daemon before this version has not said it.
    #[serde(default)]
    noticed_files: Vec<File>,
}

#[derive(Deserialize)]
struct File {
    #[serde(rename = "file")]
    path: String,
    errors: Vec<String>,
    notices: Vec<String>,
}

#[derive(Deserialize)]
struct Checks {
    checks: Vec<CheckTarget>,
}

#[derive(Deserialize)]
struct CheckTarget {
    check: String,
    target: String,
    last: Option<Last>,
    last_pass_unix_ms: Option<i64>,
}

#[derive(Deserialize)]
struct Last {
    outcome: Outcome,
    reason: Reason,
    sentence: String,
}

/// Says how it is; the exit status is 0 where all pass, 2 where something fails, and 3 where something
/// is not known.
pub(super) fn status(arguments: &args::Status) -> Result<ExitCode, CommandError> {
    let client = Client::new(&arguments.daemon)?;
    let told: Value = client.get("/api/v1/status")?;
    let states: Value = client.get("/api/v1/checks?compact=true")?;
    let status: Status = client.read(&told)?;
    let checks = client.read::<Checks>(&states)?.checks;
    let text = if arguments.daemon.json {
        let both = json!({"version": 1, "status": told, "checks": states.get("checks")});
        serde_json::to_string_pretty(&both).map_err(io::Error::other)?
    } else {
        drawn(&status, &checks, clock::now().unix_ms, Paint::for_stdout())
    };
    writeln!(io::stdout(), "{}", text.trim_end())?;
    Ok(ExitCode::from(status.code()))
}

impl Status {
    /// Whether nothing can be judged from there.
    const fn is_blind(&self) -> bool {
        !self.location_healthy || (self.targets > 0 && self.unknown == self.targets)
    }

    const fn code(&self) -> u8 {
        if self.failing > 0 {
            2
        } else if self.unknown > 0 || !self.ready || !self.location_healthy {
            3
        } else {
            0
        }
    }
}

fn drawn(status: &Status, checks: &[CheckTarget], now_ms: i64, paint: Paint) -> String {
    let mut out = String::new();
    let mut say = |text: String| {
        let written = writeln!(out, "{text}");
        debug_assert!(written.is_ok(), "writing to a string does not fail");
    };
    say(format!(
        "{}: {} checks on {} targets, {} failing, {} not known; revision {}",
        paint.bold(&status.location),
        status.checks,
        status.targets,
        status.failing,
        status.unknown,
        status.revision,
    ));
    if !status.ready {
        say("not ready: the schedule does not run".to_owned());
    }
    if status.is_blind() {
        say(format!(
            "blind: nothing can be judged from {}",
            status.location
        ));
    }
    if status.widespread {
        say("many fail at once: look for one cause first".to_owned());
    }
    for (reason, count) in &status.missed {
        say(format!("missed ticks: {count} {reason}"));
    }
    for file in &status.bad_files {
        let why = file.errors.join("; ");
        say(format!("bad file: {}: {why}", file.path));
    }
    for file in &status.noticed_files {
        let what = file.notices.join("; ");
        say(format!("does less than it says: {}: {what}", file.path));
    }
    say(table(checks, now_ms, paint));
    out
}

/// Those that do not pass: failing ones first, of these the ones that have done so for longest.
fn table(checks: &[CheckTarget], now_ms: i64, paint: Paint) -> String {
    let outcome = |check: &CheckTarget| check.last.as_ref().map(|last| last.outcome);
    let mut bad: Vec<&CheckTarget> = checks.iter().collect();
    bad.retain(|check| outcome(check) != Some(Outcome::Pass));
    if bad.is_empty() {
        return "every target passes".to_owned();
    }
    bad.sort_by_key(|check| (Reverse(rank(outcome(check))), check.last_pass_unix_ms));
    let mut table = Table::new();
    table.load_preset(presets::NOTHING);
    table.set_header(["OUTCOME", "CHECK", "TARGET", "LAST PASS", "REASON", "WHY"]);
    for check in bad {
        let last = check.last.as_ref();
        table.add_row([
            last.map_or_else(
                || "no run yet".to_owned(),
                |last| paint.outcome(last.outcome, last.outcome.as_str()),
            ),
            check.check.clone(),
            check.target.clone(),
            check
                .last_pass_unix_ms
                .map_or_else(|| "never".to_owned(), |at| ago(now_ms - at)),
            last.map(|last| last.reason.as_str().to_owned())
                .unwrap_or_default(),
            last.map(|last| last.sentence.escape_debug().to_string())
                .unwrap_or_default(),
        ]);
    }
    table.to_string()
}

const fn rank(outcome: Option<Outcome>) -> u8 {
    match outcome {
        Some(Outcome::Fail) => 2,
        Some(Outcome::Unknown) => 1,
        Some(Outcome::Pass) | None => 0,
    }
}

fn ago(ms: i64) -> String {
    match ms / 1_000 {
        seconds @ ..120 => format!("{seconds} s ago"),
        seconds @ 120..7_200 => format!("{} min ago", seconds / 60),
        seconds => format!("{} h ago", seconds / 3_600),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(failing: usize, unknown: usize) -> Status {
        Status {
            location: "eu-west".to_owned(),
            location_healthy: true,
            revision: "0c5e".to_owned(),
            ready: true,
            checks: 1,
            targets: 3,
            failing,
            unknown,
            widespread: failing > 2,
            missed: BTreeMap::from([("late".to_owned(), 3)]),
            bad_files: vec![File {
                path: "shop.yaml".to_owned(),
                errors: vec!["line 2".to_owned()],
                notices: Vec::new(),
            }],
            noticed_files: vec![File {
                path: "pay.yaml".to_owned(),
                errors: Vec::new(),
                notices: vec!["nobody's check".to_owned()],
            }],
        }
    }

    fn check(target: &str, outcome: Option<Outcome>, last_pass: Option<i64>) -> CheckTarget {
        CheckTarget {
            check: "web".to_owned(),
            target: target.to_owned(),
            last: outcome.map(|outcome| Last {
                outcome,
                reason: Reason::HttpStatus,
                sentence: "no".to_owned(),
            }),
            last_pass_unix_ms: last_pass,
        }
    }

    #[test]
    fn the_worst_comes_first_and_what_else_is_wrong_is_said() {
        let checks = [
            check("fine", Some(Outcome::Pass), Some(1)),
            check("dark", Some(Outcome::Unknown), Some(1)),
            check("short", Some(Outcome::Fail), Some(90_000)),
            check("long", Some(Outcome::Fail), None),
        ];
        let text = drawn(&status(2, 1), &checks, 100_000, Paint::plain());
        let at = |what: &str| text.find(what).unwrap_or(usize::MAX);
        assert!(
            at("long") < at("short") && at("short") < at("dark"),
            "{text}"
        );
        assert!(at("dark") < usize::MAX && !text.contains("fine"), "{text}");
        for said in [
            "3 late",
            "bad file: shop.yaml: line 2",
            "does less than it says: pay.yaml: nobody's check",
            "10 s ago",
            "never",
        ] {
            assert!(text.contains(said), "{said}: {text}");
        }
    }

    #[test]
    fn the_exit_status_is_the_outcome() {
        assert_eq!(status(0, 0).code(), 0);
        assert_eq!((status(1, 1).code(), status(0, 1).code()), (2, 3));
        assert!(status(0, 3).is_blind() && !status(0, 2).is_blind());
    }
}
