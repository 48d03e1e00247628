//! What the demo's checks came to, from the daemon's last scrape.

use comfy_table::{CellAlignment, Table, presets::UTF8_FULL_CONDENSED};

use crate::scrape::Scrape;

/// How exact the table's latencies are.
pub(super) const NOTE: &str = "Latencies are of passing runs and as exact as the text format's buckets; native histograms are within 9 %.";

const HEADER: [&str; 9] = [
    "check", "target", "runs", "pass", "fail", "unknown", "p50", "p99", "missed",
];

/// A line for each target of each check.
pub(super) fn table(scrape: &Scrape) -> Table {
    let mut table = Table::new();
    table.load_preset(UTF8_FULL_CONDENSED);
    table.set_header(HEADER.into_iter().chain(["why not"]));
    let mut keys: Vec<(&str, &str)> = scrape
        .of("leadsman_ticks_total")
        .filter_map(|sample| {
            let label = |name| sample.labels.get(name).map(String::as_str);
            Some((label("check")?, label("target")?))
        })
        .collect();
    keys.sort_unstable();
    for (check, target) in keys {
        table.add_row(row(scrape, check, target));
    }
    for column in 2..HEADER.len() {
        if let Some(column) = table.column_mut(column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table
}

fn row(scrape: &Scrape, check: &str, target: &str) -> Vec<String> {
    let own = [("check", check), ("target", target)];
    let runs = |outcome| {
        let [check, target] = own;
        scrape.sum(
            "leadsman_runs_total",
            &[check, target, ("outcome", outcome)],
        )
    };
    let outcomes = ["pass", "fail", "unknown"].map(runs);
    let all: f64 = outcomes.iter().sum();
    let [check_label, target_label] = own;
    let passing = [check_label, target_label, ("outcome", "pass")];
    let latency = scrape.buckets("leadsman_run_duration_seconds", &passing);
    let quantile = |of| latency.quantile(of).map_or_else(|| "–".to_owned(), between);
    let mut row = vec![check.to_owned(), target.to_owned(), all.to_string()];
    row.extend(outcomes.map(|count| count.to_string()));
    row.extend([quantile(0.5), quantile(0.99), missed(scrape, &own)]);
    row.push(why_not(scrape, check, target));
    row
}

/// How many ticks were missed, and why: those that came due while the daemon drains are the demo's own doing.
fn missed(scrape: &Scrape, own: &[(&str, &str)]) -> String {
    let missed = scrape
        .of("leadsman_missed_ticks_total")
        .filter(|sample| sample.has(own) && sample.value > 0.0);
    let counts: Vec<String> = missed
        .map(|sample| {
            let reason = sample.labels.get("reason").map_or("", String::as_str);
            format!("{} {reason}", sample.value)
        })
        .collect();
    if counts.is_empty() {
        return "0".to_owned();
    }
    counts.join(", ")
}

/// The most frequent reason of the runs that were not plainly well.
fn why_not(scrape: &Scrape, check: &str, target: &str) -> String {
    let label = |sample: &crate::scrape::Sample, name: &str| {
        sample.labels.get(name).cloned().unwrap_or_default()
    };
    let most = scrape
        .of("leadsman_run_reasons_total")
        .filter(|sample| label(sample, "check") == check && label(sample, "target") == target)
        .filter(|sample| label(sample, "reason") != "ok" && sample.value > 0.0)
        .max_by(|left, right| left.value.total_cmp(&right.value));
    most.map(|sample| label(sample, "reason"))
        .unwrap_or_default()
}

fn between((above, up_to): (f64, f64)) -> String {
    let (above, up_to) = (above * 1e3, up_to * 1e3);
    if up_to.is_infinite() {
        format!("> {above} ms")
    } else if above == 0.0 {
        format!("≤ {up_to} ms")
    } else {
        format!("{above}–{up_to} ms")
    }
}
