//! `targets`: what a check examines.

use std::collections::{BTreeMap, BTreeSet};

use leadsman_core::{
    egress::HostPattern,
    id::{ProbeName, TargetName},
};

use crate::{
    element::{address, name},
    notes::{Notes, Wrong, wrong},
    table::{Keys, Table},
    tree::{Node, Tree},
};

const TARGET: Keys = Keys {
    known: &["name", "address", "labels", "set"],
    later: &["file_sd"],
};

/// One target of one check.
pub(super) struct Target<'a> {
    pub(super) name: TargetName,
    pub(super) address: String,
    /// `None` where the machine's own resolver is examined.
    pub(super) pattern: Option<HostPattern>,
    pub(super) labels: BTreeMap<String, String>,
    pub(super) set: Option<&'a Node>,
}

pub(super) fn read<'a>(
    node: Option<&'a Node>,
    check: &Node,
    probe: Option<&ProbeName>,
    notes: &Notes<'_>,
) -> Vec<Target<'a>> {
    let Some(node) = node else {
        notes.say(
            check,
            wrong("`targets` is missing", "list at least one address"),
        );
        return Vec::new();
    };
    let items = notes.keep(node, node.items("targets"));
    if items.is_some_and(<[_]>::is_empty) {
        notes.say(
            node,
            wrong("`targets` is empty", "list at least one address"),
        );
    }
    let mut seen = BTreeSet::new();
    let targets = items.unwrap_or_default().iter().filter_map(|item| {
        let target = target(item, probe, notes)?;
        if !seen.insert(target.name.clone()) {
            let message = format!("two targets of this check are named `{}`", target.name);
            notes.say(
                item,
                wrong(
                    message,
                    "give one of them another `name`: it is the series' label",
                ),
            );
        }
        Some(target)
    });
    targets.collect()
}

fn target<'a>(item: &'a Node, probe: Option<&ProbeName>, notes: &Notes<'_>) -> Option<Target<'a>> {
    if !matches!(item.value, Tree::Map(_)) {
        let (address, pattern) = notes.read(item, |node| place(node, probe))?;
        let name = notes.keep(
            item,
            TargetName::new(&address).map_err(|error| name::refused(&error)),
        )?;
        return Some(Target {
            name,
            address,
            pattern,
            labels: BTreeMap::new(),
            set: None,
        });
    }
    let table = Table::open(item, TARGET, notes)?;
    let labels = name::labels(table.get("labels"), notes);
    let written = table
        .get("name")
        .map(|node| notes.read(node, |node| name::name(node, TargetName::new)));
    let node = table.require("address", "a URL, `host` or `host:port`", notes)?;
    let (address, pattern) = notes.read(node, |node| place(node, probe))?;
    let name = match written {
        Some(name) => name,
        None => notes.keep(
            node,
            TargetName::new(&address).map_err(|error| name::refused(&error)),
        ),
    };
    let set = table
        .get("set")
        .filter(|node| notes.keep(node, node.entries()).is_some());
    Some(Target {
        name: name?,
        address,
        pattern,
        labels,
        set,
    })
}

fn place(node: &Node, probe: Option<&ProbeName>) -> Result<(String, Option<HostPattern>), Wrong> {
    let text = node.expect_text("an address as text")?;
    if text == "system" && probe.is_some_and(|probe| probe.as_str() == "dns") {
        return Ok((text.to_owned(), None));
    }
    Ok((text.to_owned(), Some(address::target(text)?)))
}
