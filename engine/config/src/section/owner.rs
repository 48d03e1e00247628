//! Who owns a file: the team, its labels, how it is told, and when it is left in peace.

use std::collections::BTreeMap;

use leadsman_core::{
    id::ResourceName,
    plan::{Alerts, Window},
};

use super::{care, known, platform::Platform};
use crate::{
    element::name,
    notes::{Notes, wrong},
    table::Table,
    tree::Node,
};

/// The owner of the checks of one file.
pub(super) struct Owner {
    /// Whether a team is written, be it a known one.
    pub(super) has_team: bool,
    pub(super) team: Option<String>,
    pub(super) labels: BTreeMap<String, String>,
    pub(super) alerts: Alerts,
    pub(super) maintenance: Vec<Window>,
}

impl Owner {
    pub(super) fn read(table: &Table<'_>, platform: &Platform, notes: &Notes<'_>) -> Self {
        let mut alerts = Alerts::default();
        let mut maintenance = Vec::new();
        let written = [platform.alerts.as_ref(), table.get("alerts")];
        for node in written.into_iter().flatten() {
            care::alerts(node, &mut alerts, notes);
        }
        let same = |one: Option<&Node>, other: Option<&Node>| matches!((one, other), (Some(one), Some(other)) if one == other);
        let windows = [platform.maintenance.as_ref(), table.get("maintenance")];
        let is_own = same(windows[0], windows[1]);
        for node in windows.into_iter().skip(usize::from(is_own)).flatten() {
            maintenance.extend(care::maintenance(node, notes));
        }
        Self {
            has_team: table.get("team").is_some(),
            team: table
                .get("team")
                .and_then(|node| team(node, platform, notes)),
            labels: name::labels(table.get("labels"), notes),
            alerts,
            maintenance,
        }
    }
}

/// Where the platform lists its teams, a team is one of them.
fn team(node: &Node, platform: &Platform, notes: &Notes<'_>) -> Option<String> {
    let name = notes.read(node, |node| name::name(node, ResourceName::new))?;
    if platform.teams.is_empty() {
        return Some(name.into());
    }
    let all = platform
        .teams
        .keys()
        .map(|name| (name.as_str(), name.as_str().to_owned()));
    known(node, name.as_str(), "team", all, notes)
}

/// A file without a team, where the platform lists its teams, escapes every ceiling.
pub(super) fn must_have_a_team(node: &Node, owner: &Owner, platform: &Platform, notes: &Notes<'_>) {
    let is_team_file = notes.start() != crate::tree::Span::START;
    if is_team_file && !owner.has_team && !platform.teams.is_empty() {
        let mend = "write `team: NAME`, one of the platform's `teams`";
        notes.say_at(notes.start(), &node.path, wrong("`team` is missing", mend));
    }
}
