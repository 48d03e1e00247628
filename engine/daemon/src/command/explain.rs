//! `leadsman explain`.

use std::{
    io::{self, Write},
    path::PathBuf,
    process::ExitCode,
};

use jiff::Timestamp;
use leadsman_config::Disk;
use leadsman_core::{
    plan::{Check, Plan},
    schedule::{Rule, Timetable},
};

use super::CommandError;
use crate::{app, args::Explain, clock, paint::Paint};

/// Ticks shown.
const TICKS: usize = 5;

/// Says what a check is.
pub(super) fn explain(
    arguments: &Explain,
    cache: Option<PathBuf>,
) -> Result<ExitCode, CommandError> {
    let io = app::io_runtime()?;
    let probes = app::probes(cache, 16, &io)?;
    let (plan, absent) = app::read(&arguments.config, &Disk, &probes)?;
    super::warn(&absent)?;
    let Some(check) = plan
        .checks
        .iter()
        .find(|check| check.id.as_str() == arguments.check)
    else {
        let known: Vec<&str> = plan.checks.iter().map(|check| check.id.as_str()).collect();
        let known = known.join("`, `");
        return Err(CommandError::Usage(format!(
            "no check `{}` runs here; there are `{known}`",
            arguments.check
        )));
    };
    if arguments.origins {
        return Ok(super::printed(&origins(check))?);
    }
    let text = explained(&plan, check, Paint::for_stdout());
    io::stdout().write_all(text.as_bytes())?;
    Ok(ExitCode::SUCCESS)
}

/// One line for each value: its key, and the file and line that say it.
fn origins(check: &Check) -> String {
    let width = check.origins.keys().map(String::len).max().unwrap_or(0);
    let lines = check.origins.iter();
    let lines: Vec<String> = lines
        .map(|(key, origin)| format!("{key:<width$}  {origin}\n"))
        .collect();
    lines.concat()
}

fn explained(plan: &Plan, check: &Check, paint: Paint) -> String {
    let mut lines = vec![
        paint.bold(check.id.as_str()),
        format!("  schedule   {}", rule(&check.rule)),
    ];
    for assignment in &check.assignments {
        lines.push(String::new());
        lines.push(format!(
            "  {} {}",
            paint.bold(assignment.target.as_str()),
            paint.dim(&assignment.address)
        ));
        lines.push(format!(
            "    next ticks {}",
            ticks(plan, check, assignment).join("\n               ")
        ));
        let granted = assignment
            .egress
            .target
            .iter()
            .chain(&assignment.egress.grants)
            .map(ToString::to_string);
        lines.push(format!(
            "    may reach  {}",
            or_nothing(&granted.collect::<Vec<_>>())
        ));
        let secrets: Vec<String> = assignment.secrets.iter().map(ToString::to_string).collect();
        lines.push(format!("    secrets    {}", or_nothing(&secrets)));
        lines.push(format!("    settings   {}", assignment.settings));
    }
    if let Some(assignment) = check.assignments.first() {
        lines.push(String::new());
        lines.push(format!("  {}", paint.bold("limits of one attempt")));
        lines.extend(assignment.limits.fields().map(|(name, value, ceiling)| {
            format!(
                "    {name:<14} {value:>12}   {}",
                paint.dim(&format!("at most {ceiling}"))
            )
        }));
    }
    lines.push(String::new());
    lines.push(format!("  {}", paint.bold("where values come from")));
    lines.extend(
        check
            .origins
            .iter()
            .map(|(key, origin)| format!("    {key:<24} {}", paint.dim(origin))),
    );
    lines.join("\n") + "\n"
}

fn rule(rule: &Rule) -> String {
    match rule {
        Rule::Every(period) => format!("every {period:?}"),
        Rule::Cron { expression, zone } => format!("`{expression}` in {zone}"),
    }
}

fn ticks(
    plan: &Plan,
    check: &Check,
    assignment: &leadsman_core::attempt::Assignment,
) -> Vec<String> {
    let timetable = match Timetable::new(&check.rule, &check.id, &assignment.target, &plan.location)
    {
        Ok(timetable) => timetable,
        Err(error) => return vec![error.to_string()],
    };
    let mut at = clock::now().unix_ms;
    let mut ticks = Vec::new();
    while let Some(next) = timetable.next_after(at).filter(|_| ticks.len() < TICKS) {
        ticks.push(
            Timestamp::from_millisecond(next)
                .map_or_else(|error| error.to_string(), |tick| tick.to_string()),
        );
        at = next;
    }
    ticks
}

fn or_nothing(names: &[String]) -> String {
    if names.is_empty() {
        "nothing".to_owned()
    } else {
        names.join(", ")
    }
}
