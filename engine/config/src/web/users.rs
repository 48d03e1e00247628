//! `basic_auth_users`: names, and the hashes of their passwords.

use std::collections::BTreeMap;

use super::Hidden;
use crate::{
    notes::{Notes, Wrong, wrong},
    tree::{Entry, Node},
};

/// The costs that are accepted: below is not bcrypt, above a scrape would wait for many seconds.
const COSTS: std::ops::RangeInclusive<u32> = 4..=18;

/// Characters of salt and digest.
const TAIL: usize = 53;

const MEND: &str = "write what `htpasswd -nBC 10 \"\"` prints behind the `:`";

pub(super) fn read(node: Option<&Node>, notes: &Notes<'_>) -> BTreeMap<String, Hidden> {
    let entries = node
        .and_then(|node| notes.keep(node, node.entries()))
        .unwrap_or_default();
    entries
        .iter()
        .filter_map(|entry| user(entry, notes))
        .collect()
}

fn user(entry: &Entry, notes: &Notes<'_>) -> Option<(String, Hidden)> {
    let name = &entry.key;
    if name.contains(':') || name.chars().any(char::is_control) {
        let message = "a user's name has no `:` and no control characters";
        notes.say_at(
            entry.at,
            &entry.node.path,
            wrong(message, "rename the user"),
        );
        return None;
    }
    let hash = notes.read(&entry.node, hash)?;
    Some((name.clone(), Hidden(hash)))
}

/// A bcrypt hash; what is wrong with it is told without showing it, for it may be a password.
fn hash(node: &Node) -> Result<String, Wrong> {
    let refused = |why: &str| Err(wrong(why, MEND));
    let Some(text) = node.text() else {
        return refused("a password is written as the text of its bcrypt hash");
    };
    let Some((cost, tail)) = parts(text) else {
        return refused("this is not a bcrypt hash of a password");
    };
    if !COSTS.contains(&cost) {
        return refused("the cost of this bcrypt hash is not between 4 and 18");
    }
    let base64 = |c: char| c.is_ascii_alphanumeric() || c == '.' || c == '/';
    if tail.len() != TAIL || !tail.chars().all(base64) {
        return refused("this bcrypt hash is cut off, or has other characters in it");
    }
    Ok(text.to_owned())
}

/// The cost, and what follows it.
fn parts(text: &str) -> Option<(u32, &str)> {
    let rest = ["$2a$", "$2b$", "$2y$"]
        .iter()
        .find_map(|version| text.strip_prefix(version))?;
    let (cost, tail) = rest.split_once('$')?;
    let digits = cost.len() == 2 && cost.bytes().all(|byte| byte.is_ascii_digit());
    Some((cost.parse().ok().filter(|_| digits)?, tail))
}
