//! What a check is, as its configuration says: the same for all of its targets.

use std::collections::BTreeMap;

use leadsman_core::{id::CheckId, plan::Check, schedule::Rule};
use serde::Serialize;

/// What the API tells of a check beside its state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CheckAbout {
    /// The team that owns it, where one is named.
    pub team: Option<String>,
    /// The owner's labels.
    pub labels: BTreeMap<String, String>,
    /// How often it is due; `None` where a calendar says.
    pub interval_ms: Option<u64>,
    /// Where it is written what to do.
    pub runbook_url: Option<String>,
    /// Checks whose failure inhibits this one's pages.
    pub depends_on: Vec<CheckId>,
}

impl CheckAbout {
    pub(super) fn of(check: &Check) -> Self {
        let interval = match &check.rule {
            Rule::Every(interval) => u64::try_from(interval.as_millis()).ok(),
            Rule::Cron { .. } => None,
        };
        Self {
            team: check.team.clone(),
            labels: check.labels.clone(),
            interval_ms: interval,
            runbook_url: check.alerts.runbook.clone(),
            depends_on: check.depends_on.clone(),
        }
    }
}
