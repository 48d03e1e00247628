//! `--series`: what each check and each team costs.

use std::collections::BTreeMap;

use comfy_table::{CellAlignment, Table, presets};
use leadsman_core::plan::{Plan, cost};
use serde_json::{Value, json};

/// The series of each check and of each team, here and in all locations.
struct Cost<'a> {
    what: &'a str,
    here: usize,
    everywhere: usize,
}

fn checks(plan: &Plan) -> Vec<Cost<'_>> {
    let cost = |check| cost::series(check);
    let costs = plan.checks.iter().map(|check| Cost {
        what: check.id.as_str(),
        here: cost(check),
        everywhere: cost(check) * check.locations.len(),
    });
    let mut costs: Vec<Cost<'_>> = costs.collect();
    costs.sort_by_key(|cost| std::cmp::Reverse(cost.everywhere));
    costs
}

fn teams(plan: &Plan) -> Vec<Cost<'_>> {
    let mut sums: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    for check in &plan.checks {
        let sum = sums
            .entry(check.team.as_deref().unwrap_or("(no team)"))
            .or_default();
        let series = cost::series(check);
        sum.0 += series;
        sum.1 += series * check.locations.len();
    }
    let costs = sums.into_iter();
    costs
        .map(|(what, (here, everywhere))| Cost {
            what,
            here,
            everywhere,
        })
        .collect()
}

/// For people: teams, then checks, the dearest first.
pub(super) fn table(plan: &Plan) -> String {
    let mut text = rows("team", &teams(plan));
    text += "\n";
    text += &rows("check", &checks(plan));
    text
}

fn rows(what: &str, costs: &[Cost<'_>]) -> String {
    let mut table = Table::new();
    table
        .load_preset(presets::NOTHING)
        .set_header([what, "series here", "in all locations"]);
    for cost in costs {
        let (here, everywhere) = (cost.here.to_string(), cost.everywhere.to_string());
        table.add_row([cost.what, &here, &everywhere]);
    }
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    format!("{}\n", table.trim_fmt())
}

/// For programs.
pub(super) fn json(plan: &Plan) -> Value {
    let list = |costs: Vec<Cost<'_>>| -> Vec<Value> {
        let costs = costs.into_iter();
        costs
            .map(|cost| json!({"name": cost.what, "here": cost.here, "all_locations": cost.everywhere}))
            .collect()
    };
    json!({"teams": list(teams(plan)), "checks": list(checks(plan))})
}
