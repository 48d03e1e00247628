//! `http_server_config` and `rate_limit`.

use std::{collections::BTreeMap, time::Duration};

use super::RateLimit;
use crate::{
    element::{boolean::boolean, duration::duration, whole},
    nearest,
    notes::{Notes, Wrong, wrong},
    table::{Keys, Table},
    tree::{Entry, Node},
};

const HTTP: Keys = Keys {
    known: &["http2", "headers"],
    later: &[],
};
const RATE: Keys = Keys {
    known: &["interval", "burst"],
    later: &[],
};

/// The headers that may be set, and the values of those that have a closed set of them.
const HEADERS: [(&str, &[&str]); 5] = [
    ("Content-Security-Policy", &[]),
    ("Strict-Transport-Security", &[]),
    ("X-Content-Type-Options", &["nosniff"]),
    ("X-Frame-Options", &["deny", "sameorigin"]),
    ("X-XSS-Protection", &[]),
];

/// `http_server_config`.
#[derive(Debug)]
pub(super) struct Http {
    pub(super) http2: bool,
    pub(super) headers: BTreeMap<String, String>,
}

pub(super) fn read(node: Option<&Node>, notes: &Notes<'_>) -> Http {
    let table = node.and_then(|node| Table::open(node, HTTP, notes));
    let get = |key| table.as_ref().and_then(|table| table.get(key));
    let headers = get("headers")
        .and_then(|node| notes.keep(node, node.entries()))
        .unwrap_or_default();
    Http {
        http2: get("http2")
            .and_then(|node| notes.read(node, boolean))
            .unwrap_or(true),
        headers: headers
            .iter()
            .filter_map(|entry| header(entry, notes))
            .collect(),
    }
}

/// A header that may be set; a blank one is not set.
fn header(entry: &Entry, notes: &Notes<'_>) -> Option<(String, String)> {
    let known = HEADERS.iter().find(|(name, _)| *name == entry.key);
    let Some((name, values)) = known else {
        let message = format!("the header `{}` cannot be set here", entry.key);
        let mend = nearest::suggestion(&entry.key, HEADERS.iter().map(|(name, _)| *name));
        notes.say_at(entry.at, &entry.node.path, wrong(message, mend));
        return None;
    };
    if entry.node.is_null() || entry.node.text() == Some("") {
        return None;
    }
    let value = notes.read(&entry.node, |node| header_value(node, values))?;
    Some(((*name).to_owned(), value))
}

fn header_value(node: &Node, values: &[&'static str]) -> Result<String, Wrong> {
    let text = node.text().ok_or_else(|| node.not_text("a text"))?;
    if !values.is_empty() && !values.contains(&text) {
        return Err(wrong(
            format!(
                "expected one of {}, got {}",
                nearest::listed(values.iter().copied()),
                node.shown()
            ),
            nearest::suggestion(text, values.iter().copied()),
        ));
    }
    if text.chars().any(|c| !c.is_ascii() || c.is_ascii_control()) {
        return Err(wrong(
            "a header's value has only printable ASCII characters",
            "write it in one line, without other characters",
        ));
    }
    Ok(text.to_owned())
}

/// `rate_limit`; an interval of 0 is no limit.
pub(super) fn rate(node: &Node, notes: &Notes<'_>) -> Option<RateLimit> {
    let table = Table::open(node, RATE, notes)?;
    let burst = table.get("burst").map(|node| {
        let read = notes.read(node, |node| whole::whole(node, &(0..=u64::from(u32::MAX))));
        read.and_then(|burst| u32::try_from(burst).ok())
    });
    let interval = table
        .get("interval")
        .and_then(|node| notes.read(node, duration))
        .filter(|interval| *interval > Duration::ZERO)?;
    match burst {
        Some(Some(burst)) if burst > 0 => Some(RateLimit { interval, burst }),
        Some(None) => None,
        Some(Some(_)) | None => {
            let place = table.get("burst").unwrap_or(node);
            notes.say(
                place,
                wrong(
                    "without a burst of at least 1, every request would be refused",
                    "write how many requests may come at once, for example `burst: 20`",
                ),
            );
            None
        }
    }
}
