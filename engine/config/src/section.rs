//! The sections of the file, each read into its part of the plan.

mod check;
mod limits;
mod location;
mod network;
mod objectives;
mod probes;
mod secrets;
mod settings;
mod targets;
mod timing;
mod tls;

use leadsman_core::plan::{Catalog, Check, Plan};

use crate::{
    element::name,
    layers::Layers,
    nearest,
    notes::{Notes, wrong},
    section::{check::Shared, probes::Probes},
    table::{Keys, Table},
    tree::{Entry, Node},
};

const ROOT: Keys = Keys {
    known: &[
        "location",
        "locations",
        "team",
        "labels",
        "network",
        "tls",
        "secrets",
        "probes",
        "defaults",
        "checks",
    ],
    later: &[
        "include",
        "teams",
        "templates",
        "maintenance",
        "alerts",
        "targets",
    ],
};

/// The whole plan; `None` once something that everything else needs is missing.
pub(crate) fn plan(root: &Node, catalog: &dyn Catalog, notes: &Notes<'_>) -> Option<Plan> {
    if root.is_null() {
        notes.say(
            root,
            wrong("the file is empty", "a file needs at least `checks`"),
        );
        return None;
    }
    let table = Table::open(root, ROOT, notes)?;
    let places = location::read(&table, notes);
    let team = table.get("team").and_then(|node| notes.read(node, team));
    let network = network::read(table.get("network"), notes);
    let shared = Shared {
        places: &places,
        team,
        labels: name::labels(table.get("labels"), notes),
        rules: network.rules.clone(),
        tls: tls::read(table.get("tls"), notes),
        secrets: secrets::read(table.get("secrets"), notes),
        probes: Probes::read(table.get("probes"), catalog, notes),
        notes,
    };
    let checks = checks(&table, &shared);
    Some(Plan {
        location: places.here.clone()?,
        locations: places.all.clone(),
        network,
        tls: shared.tls,
        secrets: shared.secrets.known,
        probes: shared.probes.used(&checks),
        checks,
    })
}

fn team(node: &Node) -> Result<String, crate::notes::Wrong> {
    name::name(node, leadsman_core::id::ResourceName::new).map(String::from)
}

fn checks(root: &Table<'_>, shared: &Shared<'_>) -> Vec<Check> {
    let defaults = root
        .get("defaults")
        .and_then(|node| Table::open(node, check::DEFAULTS, shared.notes));
    // Read for itself, so that a mistake in it shows even where every check says otherwise.
    shared.common(
        &Layers {
            own: defaults,
            defaults: None,
        },
        &mut std::collections::BTreeMap::new(),
    );
    let Some(node) = root.require("checks", "a file needs at least one check", shared.notes) else {
        return Vec::new();
    };
    let entries = shared.notes.keep(node, node.entries()).unwrap_or_default();
    if entries.is_empty() {
        shared.notes.say(
            node,
            wrong("`checks` is empty", "a file needs at least one check"),
        );
    }
    let mut checks: Vec<Check> = entries
        .iter()
        .filter_map(|entry| shared.check(entry, defaults))
        .collect();
    checks.sort_by(|a, b| a.id.cmp(&b.id));
    checks
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
