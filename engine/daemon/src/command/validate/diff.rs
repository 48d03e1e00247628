//! `--diff`: what changes from another configuration, and what keeps its history.

use std::collections::BTreeMap;

use leadsman_core::{
    id::CheckId,
    plan::{Check, Plan},
};
use serde::Serialize;

/// The differences, by check.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
pub(super) struct Diff {
    added: Vec<String>,
    removed: Vec<String>,
    /// The old and the new id: counters and history go on.
    renamed: Vec<(String, String)>,
    /// The id, and what of it has changed.
    changed: Vec<(String, Vec<String>)>,
    unchanged: usize,
}

impl Diff {
    pub(super) fn between(old: &Plan, new: &Plan) -> Self {
        let mut before: BTreeMap<&CheckId, &Check> = old
            .checks
            .iter()
            .map(|check| (&check.id, check.as_ref()))
            .collect();
        let mut diff = Self::default();
        for check in &new.checks {
            let was = check.was.iter().find(|was| before.contains_key(was));
            let known = before.remove(&check.id);
            match known.or_else(|| before.remove(was?)) {
                None => diff.added.push(check.id.to_string()),
                Some(known) => diff.compare(known, check),
            }
        }
        diff.removed = before.keys().map(ToString::to_string).collect();
        diff
    }

    fn compare(&mut self, old: &Check, new: &Check) {
        if old.id != new.id {
            let ids = (old.id.to_string(), new.id.to_string());
            self.renamed.push(ids);
        }
        let changes = changes(old, new);
        if changes.is_empty() {
            self.unchanged += 1;
        } else {
            self.changed.push((new.id.to_string(), changes));
        }
    }

    /// For people.
    pub(super) fn text(&self) -> String {
        let mut lines = Vec::new();
        let mut put = |line: String| lines.push(line + "\n");
        for id in &self.added {
            put(format!("+ {id}  (a new check: its history begins)"));
        }
        for id in &self.removed {
            put(format!("- {id}  (its series end)"));
        }
        for (old, new) in &self.renamed {
            put(format!(
                "> {old} is now {new}  (counters and history go on)"
            ));
        }
        for (id, changes) in &self.changed {
            put(format!("~ {id}  {}", changes.join("; ")));
        }
        put(format!("  {} unchanged", self.unchanged));
        lines.concat()
    }
}

fn changes(old: &Check, new: &Check) -> Vec<String> {
    let mut changes = Vec::new();
    let mut differ = |what: &str, differs: bool| {
        if differs {
            changes.push(what.to_owned());
        }
    };
    differ("schedule", old.rule != new.rule);
    differ("retries", old.retry != new.retry);
    differ("objectives", old.objectives != new.objectives);
    differ("locations", old.locations != new.locations);
    differ("labels", old.labels != new.labels || old.team != new.team);
    differ(
        "alerts",
        (old.page, &old.alerts, old.expiry) != (new.page, &new.alerts, new.expiry),
    );
    differ("maintenance", old.maintenance != new.maintenance);
    differ("depends_on", old.depends_on != new.depends_on);
    differ("canary", old.canary != new.canary);
    changes.extend(targets(old, new));
    changes
}

fn targets(old: &Check, new: &Check) -> Vec<String> {
    let named = |check: &Check| -> BTreeMap<String, _> {
        let assignments = check.assignments.iter();
        assignments
            .map(|assignment| {
                (
                    assignment.target.to_string(),
                    std::sync::Arc::clone(assignment),
                )
            })
            .collect()
    };
    let (mut before, mut changes) = (named(old), Vec::new());
    for (target, assignment) in named(new) {
        match before.remove(&target) {
            None => changes.push(format!("target `{target}` comes")),
            Some(known) if known.address != assignment.address => {
                let (from, to) = (&known.address, &assignment.address);
                changes.push(format!(
                    "target `{target}` moves from {from} to {to} and keeps its history"
                ));
            }
            Some(known) if known.settings != assignment.settings => {
                changes.push(format!("settings of `{target}`"));
            }
            Some(known) if known.probe != assignment.probe => {
                changes.push(format!(
                    "probe {} instead of {}",
                    assignment.probe, known.probe
                ));
            }
            Some(known) => {
                let other = (
                    known.timeout,
                    &known.limits,
                    &known.egress,
                    &known.secrets,
                    &known.labels,
                );
                let new = (
                    assignment.timeout,
                    &assignment.limits,
                    &assignment.egress,
                    &assignment.secrets,
                    &assignment.labels,
                );
                if other != new {
                    changes.push(format!("timeout, limits, grants or labels of `{target}`"));
                }
            }
        }
    }
    changes.extend(
        before
            .keys()
            .map(|target| format!("target `{target}` leaves")),
    );
    changes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::telemetry::tests::fixture::{check, plan};

    #[test]
    fn what_comes_goes_moves_and_stays_is_told() {
        let old = plan(vec![
            check("gone", "http", &["a"]),
            check("old", "http", &["a"]),
            check("same", "http", &["a"]),
            check("other", "http", &["a"]),
        ]);
        let mut renamed = check("new", "http", &["a"]);
        renamed.was = vec![CheckId::new("old").unwrap()];
        let mut same = check("same", "http", &["a"]);
        same.origins = BTreeMap::from([("interval".to_owned(), "elsewhere:1".to_owned())]);
        let new = plan(vec![
            check("fresh", "http", &["a"]),
            renamed,
            same,
            check("other", "http", &["a", "b"]),
        ]);
        let text = Diff::between(&old, &new).text();
        assert_eq!(
            text,
            "+ fresh  (a new check: its history begins)\n\
             - gone  (its series end)\n\
             > old is now new  (counters and history go on)\n\
             ~ other  target `b` comes\n  2 unchanged\n"
        );
    }
}
