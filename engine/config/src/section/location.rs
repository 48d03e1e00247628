//! `location` and `locations`: where this daemon stands, and where the others do.

use leadsman_core::id::Location;

use super::known;
use crate::{
    element::name::name,
    notes::{Notes, wrong},
    table::Table,
    tree::{Node, Tree},
};

/// The location of a file that names none.
const ALONE: &str = "local";

/// The fleet's places.
pub(crate) struct Places {
    /// Where this daemon stands; `None` where that is a mistake.
    pub(crate) here: Option<Location>,
    pub(crate) all: Vec<Location>,
    /// Whether the file lists them: else there may be others, of which it does not know.
    pub(crate) are_listed: bool,
}

pub(super) fn read(root: &Table<'_>, notes: &Notes<'_>) -> Places {
    let written = root.get("location");
    let Some(node) = root.get("locations") else {
        let here = written.map_or_else(
            || Location::new(ALONE).ok(),
            |node| notes.read(node, |node| name(node, Location::new)),
        );
        return Places {
            all: here.iter().cloned().collect(),
            here,
            are_listed: false,
        };
    };
    let all = list(node, notes);
    let here = match written {
        Some(written) => written.text().map_or_else(
            || notes.keep(written, Err(written.not_text("a name as text"))),
            |text| {
                known(
                    written,
                    text,
                    "location",
                    all.iter().map(|place| (place.as_str(), place.clone())),
                    notes,
                )
            },
        ),
        None => missing(&all, node, notes),
    };
    Places {
        here,
        all,
        are_listed: true,
    }
}

fn missing(all: &[Location], node: &Node, notes: &Notes<'_>) -> Option<Location> {
    let alone = all.iter().find(|place| place.as_str() == ALONE).cloned();
    if alone.is_none() {
        let mend = "write `location: ${env:LEADSMAN_LOCATION}`, or the name of one of them";
        notes.say(
            node,
            wrong(
                format!("`location` is missing, and `{ALONE}` is not one of the `locations`"),
                mend,
            ),
        );
    }
    alone
}

fn list(node: &Node, notes: &Notes<'_>) -> Vec<Location> {
    let mut all: Vec<Location> = match &node.value {
        Tree::Map(entries) => entries
            .iter()
            .filter_map(|entry| {
                if !entry.node.is_null() && entry.node.value != Tree::Map(Vec::new()) {
                    notes.say(
                        &entry.node,
                        wrong("a location has no keys yet", "write `{}`"),
                    );
                }
                let place = Location::new(&entry.key)
                    .map_err(|error| crate::element::name::refused(&error));
                place
                    .map_err(|what| notes.say_at(entry.at, &entry.node.path, what))
                    .ok()
            })
            .collect(),
        _ => super::each(Some(node), "locations", notes, |item| {
            name(item, Location::new)
        }),
    };
    all.sort();
    if let Some(twice) = all
        .windows(2)
        .find(|pair| matches!(pair, [a, b] if a == b))
        .and_then(<[_]>::first)
    {
        notes.say(
            node,
            wrong(
                format!("the location `{twice}` is listed twice"),
                "remove one",
            ),
        );
    }
    all.dedup();
    all
}

/// Where a check runs: `all`, or a list.
pub(super) fn chosen(node: &Node, places: &Places, notes: &Notes<'_>) -> Vec<Location> {
    match &node.value {
        Tree::Text(text) if text == "all" => places.all.clone(),
        Tree::List(items) if items.is_empty() => {
            notes.say(
                node,
                wrong("`locations` is empty", "write `all`, or list at least one"),
            );
            Vec::new()
        }
        Tree::List(items) => items
            .iter()
            .filter_map(|item| one(item, places, notes))
            .collect(),
        _ => {
            notes.say(
                node,
                wrong(
                    format!(
                        "expected `all` or a list of locations, got {}",
                        node.shown()
                    ),
                    "write it as `[…]`",
                ),
            );
            Vec::new()
        }
    }
}

fn one(item: &Node, places: &Places, notes: &Notes<'_>) -> Option<Location> {
    let text = notes.keep(item, item.expect_text("a location's name"))?;
    known(
        item,
        text,
        "location",
        places
            .all
            .iter()
            .map(|place| (place.as_str(), place.clone())),
        notes,
    )
}
