//! Names, labels and paths.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use leadsman_core::id::{NameError, ResourceName};

use crate::{
    notes::{Notes, Wrong, wrong},
    tree::{Entry, Node},
};

/// Labels that the exported families use themselves.
const RESERVED: [&str; 6] = ["check", "target", "location", "sli", "probe", "team"];

/// The name at `node`.
pub(crate) fn name<T>(
    node: &Node,
    new: impl FnOnce(&str) -> Result<T, NameError>,
) -> Result<T, Wrong> {
    new(node.expect_text("a name")?).map_err(|error| refused(&error))
}

/// The refusal of a text that is not a name.
pub(crate) fn refused(error: &NameError) -> Wrong {
    match error {
        NameError::Empty => wrong(error.to_string(), "write at least one character"),
        NameError::TooLong(_) => wrong(error.to_string(), "shorten it"),
        NameError::Character(odd, alphabet) => wrong(
            format!("`{odd}` is not allowed in this name"),
            format!("write only {alphabet}"),
        ),
    }
}

/// The name that a key is.
pub(crate) fn key(entry: &Entry, notes: &Notes<'_>) -> Option<ResourceName> {
    ResourceName::new(&entry.key)
        .map_err(|error| notes.say_at(entry.at, &entry.node.path, refused(&error)))
        .ok()
}

/// The path at `node`, from the configuration's folder.
pub(crate) fn path(node: &Node, folder: &Path) -> Result<PathBuf, Wrong> {
    Ok(folder.join(node.expect_text("a path as text")?))
}

/// The labels at `node`.
pub(crate) fn labels(node: Option<&Node>, notes: &Notes<'_>) -> BTreeMap<String, String> {
    let entries = node
        .and_then(|node| notes.keep(node, node.entries()))
        .unwrap_or_default();
    entries
        .iter()
        .filter_map(|entry| label(entry, notes))
        .collect()
}

fn label(entry: &Entry, notes: &Notes<'_>) -> Option<(String, String)> {
    let mut letters = entry.key.chars();
    let begins = letters
        .next()
        .is_some_and(|c| c.is_ascii_alphabetic() || c == '_');
    let path = &entry.node.path;
    if !begins
        || !letters.all(|c| c.is_ascii_alphanumeric() || c == '_')
        || entry.key.starts_with("__")
    {
        let message = format!("`{}` is not a label's name", entry.key);
        notes.say_at(
            entry.at,
            path,
            wrong(
                message,
                "use letters, digits and `_`, not a digit or `__` at the start",
            ),
        );
        return None;
    }
    if RESERVED.contains(&entry.key.as_str()) {
        let message = format!("the label `{}` is set by leadsman itself", entry.key);
        notes.say_at(entry.at, path, wrong(message, "choose another name"));
        return None;
    }
    let node = &entry.node;
    let value = node.text().ok_or_else(|| node.not_text("a text"));
    notes
        .keep(node, value)
        .map(|value| (entry.key.clone(), value.to_owned()))
}
