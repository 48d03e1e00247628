//! The README's quick start, as its reader would run it: it ends by itself, says where to look, and its table tells of
//! every check.

use std::{
    env,
    process::{Command, Stdio},
};

use crate::failure::Failure;

/// How long it runs: the slowest of its checks is due every two seconds.
const SPAN: &str = "12s";

/// Each check's outcome that its service provokes in that time, as the table's column names it; where it has several
/// targets that are not alike, for each of them.
const WANTED: [(&str, &str, &str); 13] = [
    ("account", "", "pass"),
    ("certificates", "good", "pass"),
    ("certificates", "ends-soon", "pass"),
    ("checkout", "", "fail"),
    ("checkout-retried", "", "pass"),
    ("mail", "", "pass"),
    ("order", "", "pass"),
    ("search", "", "pass"),
    ("shop", "", "pass"),
    ("shop-content", "", "pass"),
    ("wrong-name", "", "fail"),
    ("zone", "", "pass"),
    ("zone-nothing-else", "", "pass"),
];

/// What there is to look at, as the demo names it, and how its line ends.
const PLACES: [(&str, &str); 5] = [
    ("metrics", "http://127.0.0.1:9617/metrics"),
    ("every check", "http://127.0.0.1:9617/api/v1/checks"),
    (
        "one run, shown",
        "leadsman once checkout --config examples/quickstart.yaml",
    ),
    (
        "a journey",
        "leadsman once order --config examples/quickstart.yaml",
    ),
    (
        "what it is",
        "leadsman explain search --config examples/quickstart.yaml",
    ),
];

/// Runs it to its end and reads what it says.
pub(super) fn check() -> Result<(), Failure> {
    println!("==> demo: cargo xtask demo --for {SPAN}");
    let output = Command::new(env::current_exe()?)
        .args(["demo", "--for", SPAN])
        .stderr(Stdio::inherit())
        .output()?;
    let told = String::from_utf8_lossy(&output.stdout).into_owned();
    print!("{told}");
    if !output.status.success() {
        return Err(Failure::new(format!(
            "the demo ended with {}",
            output.status
        )));
    }
    let missing = missing(&told);
    if missing.is_empty() {
        println!("==> demo: passed");
        return Ok(());
    }
    let missing = missing.join(", ");
    Err(Failure::new(format!("the demo does not tell: {missing}")))
}

/// What was wanted and is in no line, and in no row.
fn missing(told: &str) -> Vec<String> {
    let rows: Vec<Vec<&str>> = told.lines().filter_map(cells).collect();
    let mut missing = without_place(told);
    missing.extend(without_outcome(&rows));
    missing.extend(without_latency(&rows));
    let is_slow =
        |row: &Vec<&str>| row.first() == Some(&"search") && row.last() == Some(&"degraded");
    if !rows.iter().any(is_slow) {
        missing.push("that `search` is degraded".to_owned());
    }
    missing
}

/// What the reader is not told where to look for.
fn without_place(told: &str) -> Vec<String> {
    let after = told.split_once("Where to look:");
    let lines = after.map_or("", |(_, lines)| lines);
    let is_told = |(what, place): &(&str, &str)| {
        let mut lines = lines.lines().map(str::trim);
        lines.any(|line| line.starts_with(what) && line.ends_with(place))
    };
    let missing = PLACES.iter().filter(|place| !is_told(place));
    missing
        .map(|(what, _)| format!("where to look for `{what}`"))
        .collect()
}

/// The column of that name.
fn column(rows: &[Vec<&str>], name: &str) -> Option<usize> {
    let header = rows.iter().find(|row| row.first() == Some(&"check"))?;
    header.iter().position(|cell| *cell == name)
}

/// Checks that have passed and whose latencies are not told.
fn without_latency(rows: &[Vec<&str>]) -> Vec<String> {
    let [Some(pass), Some(p50), Some(p99)] = ["pass", "p50", "p99"].map(|name| column(rows, name))
    else {
        return Vec::new();
    };
    let is_told = |cell: Option<&&str>| cell.is_some_and(|cell| cell.ends_with('s'));
    let lacking = rows.iter().filter(|row| {
        let passed = row
            .get(pass)
            .is_some_and(|count| !matches!(*count, "0" | "pass"));
        passed && !(is_told(row.get(p50)) && is_told(row.get(p99)))
    });
    lacking
        .map(|row| format!("p50 and p99 of `{}`", row.first().unwrap_or(&"")))
        .collect()
}

fn without_outcome(rows: &[Vec<&str>]) -> Vec<String> {
    let targets = column(rows, "target");
    let is_there = |(check, target, outcome): &(&str, &str, &str)| {
        let column = column(rows, outcome);
        rows.iter().any(|row| {
            let count = column.and_then(|column| row.get(column));
            let of_target = targets.and_then(|column| row.get(column));
            let is_it =
                row.first() == Some(check) && (target.is_empty() || of_target == Some(target));
            is_it && count.is_some_and(|count| !matches!(*count, "0" | "-0"))
        })
    };
    let missing = WANTED.iter().filter(|wanted| !is_there(wanted));
    missing.map(named).collect()
}

fn named((check, target, outcome): &(&str, &str, &str)) -> String {
    let on = match *target {
        "" => String::new(),
        target => format!(" on `{target}`"),
    };
    format!("a {outcome} of `{check}`{on}")
}

/// The cells of a line of the table.
fn cells(line: &str) -> Option<Vec<&str>> {
    let inner = line.strip_prefix('│')?.strip_suffix('│')?;
    Some(inner.split('┆').map(str::trim).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every place, and a table in which each check has one run of each outcome, but what is left out: a place, a check,
    /// or a target.
    fn told(without: &str) -> String {
        let places = PLACES.iter().filter(|(what, _)| *what != without);
        let places = places.map(|(what, place)| format!("  {what}  {place}\n"));
        let places = "Where to look:\n".to_owned() + &places.collect::<String>();
        let head = "│ check ┆ target ┆ runs ┆ pass ┆ fail ┆ p50 ┆ p99 ┆ why not │\n".to_owned();
        let rows = WANTED.iter().map(|(check, target, _)| {
            let runs = if [*check, *target].contains(&without) && !without.is_empty() {
                "0 ┆ 0"
            } else {
                "1 ┆ 1"
            };
            let why = if *check == "search" { "degraded" } else { "" };
            let target = if target.is_empty() { "x" } else { *target };
            format!("│ {check} ┆ {target} ┆ 2 ┆ {runs} ┆ ≤ 5 ms ┆ ≤ 5 ms ┆ {why} │\n")
        });
        places + &head + &rows.collect::<String>()
    }

    #[test]
    fn a_table_that_tells_of_every_check_lacks_nothing() {
        assert_eq!(missing(&told("")), Vec::<String>::new());
    }

    #[test]
    fn a_place_that_is_not_told_before_the_table_is_named() {
        let lacking = ["where to look for `a journey`"];
        assert_eq!(missing(&told("a journey")), lacking);
        let unannounced = told("").replace("Where to look:", "");
        assert_eq!(missing(&unannounced).len(), PLACES.len());
    }

    #[test]
    fn a_check_without_latencies_and_one_that_is_not_degraded_are_named() {
        let told = told("").replacen("≤ 5 ms", "–", 1).replace("degraded", "");
        assert_eq!(
            missing(&told),
            ["p50 and p99 of `account`", "that `search` is degraded"]
        );
    }

    #[test]
    fn a_check_without_its_outcome_is_named() {
        assert_eq!(missing(&told("checkout")), ["a fail of `checkout`"]);
        assert_eq!(
            missing(&told("ends-soon")),
            ["a pass of `certificates` on `ends-soon`"]
        );
        assert_eq!(missing("").len(), PLACES.len() + WANTED.len() + 1);
    }
}
