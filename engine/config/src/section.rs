//! The sections of the files, each read into its part of the plan.

mod care;
mod ceilings;
mod check;
mod limits;
mod location;
mod network;
mod objectives;
mod owner;
pub(crate) mod platform;
mod probes;
mod secrets;
mod settings;
mod targets;
mod templates;
mod timing;
mod tls;

use std::sync::Arc;

use leadsman_core::plan::{Catalog, Check};

use crate::{
    element::name,
    files::Files,
    nearest,
    notes::{Notes, wrong},
    section::{check::Shared, owner::Owner, platform::Platform},
    table::{Keys, Table},
    tree::{Entry, Node},
};

/// What the platform alone may say.
const PLATFORM: [&str; 7] = [
    "location",
    "locations",
    "include",
    "network",
    "tls",
    "secrets",
    "teams",
];
const ROOT: Keys = Keys {
    known: &[
        "location",
        "locations",
        "include",
        "network",
        "tls",
        "secrets",
        "probes",
        "teams",
        "team",
        "labels",
        "alerts",
        "maintenance",
        "templates",
        "defaults",
        "targets",
        "checks",
    ],
    later: &[],
};
const TEAM: Keys = Keys {
    known: &[
        "team",
        "labels",
        "alerts",
        "maintenance",
        "templates",
        "defaults",
        "targets",
        "checks",
    ],
    later: &[],
};

/// What a file is read with.
#[derive(Clone, Copy)]
pub(crate) struct Reading<'a> {
    pub(crate) files: &'a dyn Files,
    pub(crate) catalog: &'a dyn Catalog,
    /// Whether the origins of values are kept.
    pub(crate) origins: bool,
}

/// The checks of one file: of a team, or of the platform's own.
pub(crate) fn checks(
    table: &Table<'_>,
    platform: &Platform,
    reading: Reading<'_>,
    notes: &Notes<'_>,
) -> Vec<Arc<Check>> {
    let owner = Owner::read(table, platform, notes);
    let own_defaults = table
        .get("defaults")
        .and_then(|node| Table::open(node, check::DEFAULTS, notes));
    let shared = Shared {
        platform,
        owner: &owner,
        templates: templates::Templates::read(table.get("templates"), platform, notes),
        defaults: own_defaults,
        lists: targets::Lists::read(table.get("targets"), platform.targets.as_ref(), notes),
        reading,
        notes,
    };
    shared.look_at_what_is_inherited();
    let mut checks = each_check(table, platform, &shared);
    checks.sort_by(|a, b| a.id.cmp(&b.id));
    ceilings::judge(table.node, &owner, &checks, platform, notes);
    checks
}

fn each_check(table: &Table<'_>, platform: &Platform, shared: &Shared<'_>) -> Vec<Arc<Check>> {
    let notes = shared.notes;
    if platform.is_distributed() && table.get("checks").is_none() {
        return Vec::new();
    }
    let Some(node) = table.require("checks", "a file needs at least one check", notes) else {
        return Vec::new();
    };
    let Some(entries) = notes.keep(node, node.entries()) else {
        return Vec::new();
    };
    if entries.is_empty() {
        let mend = "a file needs at least one check";
        notes.say(node, wrong("`checks` is empty", mend));
    }
    entries
        .iter()
        .filter_map(|entry| shared.check(entry).map(Arc::new))
        .collect()
}

/// A team's file, opened: what belongs to the platform is refused by name.
pub(crate) fn team_file<'n>(root: &'n Node, notes: &Notes<'_>) -> Option<Table<'n>> {
    if root.is_null() {
        let mend = "a file needs at least `checks`";
        notes.say(root, wrong("the file is empty", mend));
        return None;
    }
    let entries = notes.keep(root, root.entries())?;
    let stray = entries
        .iter()
        .filter(|entry| PLATFORM.contains(&entry.key.as_str()) || entry.key == "probes");
    let mut is_stray = false;
    for entry in stray {
        is_stray = true;
        let message = format!("`{}` belongs into the platform's file", entry.key);
        let mend = "ask its owners, or remove it here";
        notes.say_at(entry.at, &entry.node.path, wrong(message, mend));
    }
    if is_stray {
        return None;
    }
    Table::open(root, TEAM, notes)
}

/// The entry's value among named things, or a note with the nearest name.
fn known<'a, T, I: Iterator<Item = (&'a str, T)> + Clone>(
    node: &Node,
    text: &str,
    what: &str,
    all: I,
    notes: &Notes<'_>,
) -> Option<T> {
    let found = all
        .clone()
        .find(|(name, _)| *name == text)
        .map(|(_, value)| value);
    if found.is_none() {
        let mend = nearest::suggestion(text, all.map(|(name, _)| name));
        notes.say(
            node,
            wrong(format!("unknown {what} {}", node.shown()), mend),
        );
    }
    found
}

/// The entries of an optional mapping of named things, with their names checked.
fn named<'a>(
    node: Option<&'a Node>,
    notes: &Notes<'_>,
) -> Vec<(leadsman_core::id::ResourceName, &'a Entry)> {
    let entries = node
        .and_then(|node| notes.keep(node, node.entries()))
        .unwrap_or_default();
    entries
        .iter()
        .filter_map(|entry| name::key(entry, notes).map(|name| (name, entry)))
        .collect()
}

/// Each item of a list, read; mistakes are noted item by item.
fn each<T>(
    node: Option<&Node>,
    what: &str,
    notes: &Notes<'_>,
    read: impl Fn(&Node) -> Result<T, crate::notes::Wrong>,
) -> Vec<T> {
    let items = node
        .and_then(|node| notes.keep(node, node.items(what)))
        .unwrap_or_default();
    items
        .iter()
        .filter_map(|item| notes.read(item, &read))
        .collect()
}
