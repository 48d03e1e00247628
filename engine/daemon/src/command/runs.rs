//! `leadsman runs`: what a running daemon has kept of a check's runs.

use std::{
    cmp::Reverse,
    io::{self, Write},
    process::ExitCode,
};

use comfy_table::{Table, presets};
use jiff::Timestamp;
use leadsman_core::{
    id::{CheckId, RunId},
    outcome::{Outcome, Reason},
    record::RunRecord,
};
use serde::Deserialize;
use serde_json::Value;

use super::CommandError;
use crate::{args::Runs, client::Client, paint::Paint, waterfall};

/// How many runs are shown.
const SHOWN: usize = 40;

#[derive(Deserialize)]
struct Check {
    targets: Vec<CheckTarget>,
}

#[derive(Deserialize)]
struct CheckTarget {
    target: String,
    address: String,
    recent: Vec<Recent>,
}

#[derive(Deserialize)]
struct Recent {
    run: String,
    ended_unix_ms: i64,
    outcome: Outcome,
    reason: Reason,
    latency_ns: u64,
}

#[derive(Deserialize)]
struct Run {
    record: RunRecord,
    came: Option<String>,
}

/// Shows a check's last runs, or one of them.
pub(super) fn runs(arguments: &Runs) -> Result<ExitCode, CommandError> {
    let wrong = |error: leadsman_core::id::NameError| CommandError::Usage(error.to_string());
    let check = CheckId::new(&arguments.check).map_err(wrong)?;
    let client = Client::new(&arguments.daemon)?;
    let text = match &arguments.run {
        Some(run) => one(&client, arguments, &check, run)?,
        None => several(&client, arguments, &check)?,
    };
    writeln!(io::stdout(), "{}", text.trim_end())?;
    Ok(ExitCode::SUCCESS)
}

fn one(
    client: &Client,
    arguments: &Runs,
    check: &CheckId,
    run: &str,
) -> Result<String, CommandError> {
    let wrong = || CommandError::Usage(format!("`{run}` is no run's id, such as `19f3c2a41b0-2a`"));
    let id = RunId::parse(run).ok_or_else(wrong)?;
    let told: Run = client.get(&format!("/api/v1/runs/{id}"))?;
    if told.record.check != *check {
        let other = &told.record.check;
        let why = format!("the run `{id}` is one of `{other}`, not of `{check}`");
        return Err(CommandError::Usage(why));
    }
    if arguments.daemon.json {
        return Ok(serde_json::to_string_pretty(&told.record).map_err(io::Error::other)?);
    }
    let paint = Paint::for_stdout();
    let mut text = waterfall::draw(&told.record, paint);
    if let Some(came) = told.came {
        text.push_str(&paint.dim(&format!("came: {came}")));
    }
    Ok(text)
}

fn several(client: &Client, arguments: &Runs, check: &CheckId) -> Result<String, CommandError> {
    let path = format!("/api/v1/checks/{check}");
    if arguments.daemon.json {
        let mut told: Value = client.get(&path)?;
        let targets = told.get_mut("targets").and_then(Value::as_array_mut);
        let targets = targets.ok_or_else(|| client.foreign(&"it lists no targets"))?;
        let is = |target: &Value, key: &str| {
            target.get(key) == arguments.target.clone().map(Value::from).as_ref()
        };
        targets.retain(|target| {
            arguments.target.is_none() || is(target, "target") || is(target, "address")
        });
        return Ok(serde_json::to_string_pretty(&told).map_err(io::Error::other)?);
    }
    let told: Check = client.get(&path)?;
    let wanted = arguments.target.as_deref();
    let is_wanted = |target: &CheckTarget| {
        wanted.is_none_or(|wanted| wanted == target.target || wanted == target.address)
    };
    if !told.targets.iter().any(is_wanted) {
        let why = format!("`{check}` has no target `{}`", wanted.unwrap_or_default());
        return Err(CommandError::Usage(why));
    }
    let targets = told.targets.iter().filter(|target| is_wanted(target));
    let runs = targets.flat_map(|target| target.recent.iter().map(move |run| (target, run)));
    Ok(table(runs.collect(), Paint::for_stdout()))
}

fn table(mut runs: Vec<(&CheckTarget, &Recent)>, paint: Paint) -> String {
    if runs.is_empty() {
        return "no runs yet".to_owned();
    }
    runs.sort_by_key(|(_, run)| Reverse(run.ended_unix_ms));
    let mut table = Table::new();
    table.load_preset(presets::NOTHING);
    table.set_header(["ENDED", "TARGET", "OUTCOME", "REASON", "LATENCY", "RUN"]);
    for (target, run) in runs.into_iter().take(SHOWN) {
        let ended = Timestamp::from_millisecond(run.ended_unix_ms);
        table.add_row([
            ended.map(|ended| format!("{ended:.3}")).unwrap_or_default(),
            target.target.clone(),
            paint.outcome(run.outcome, run.outcome.as_str()),
            run.reason.as_str().to_owned(),
            waterfall::millis(run.latency_ns),
            run.run.clone(),
        ]);
    }
    table.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_of_less_than_a_millisecond_has_a_latency() {
        let target = CheckTarget {
            target: "front".to_owned(),
            address: "https://shop.example".to_owned(),
            recent: Vec::new(),
        };
        let run = Recent {
            run: "19f3c2a41b0-2a".to_owned(),
            ended_unix_ms: 1_800_000_000_000,
            outcome: Outcome::Pass,
            reason: Reason::Ok,
            latency_ns: 714_000,
        };
        let text = table(vec![(&target, &run)], Paint::plain());
        assert!(text.contains(" 0.71 ms "), "{text}");
    }
}
