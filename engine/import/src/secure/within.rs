//! Credentials within a text that is not parted: a query or a form with odd parts, JSON and XML that are sent as something else.

use std::ops::Range;

use regex::Regex;

use super::Keeper;
use crate::{
    address::{decode, encode},
    credential::{is_credential, is_credential_number},
    text::Text,
    value::Value,
};

/// A value as it was meant, and the encoder that its place needs.
type Written = fn(&str) -> (String, &'static str);

/// One way in which a text names a value.
struct Way {
    /// Its groups are the name and the value.
    pattern: &'static str,
    telling: fn(&str) -> bool,
    written: Written,
}

/// Parameters, up to the next `&` or the end of the line.
const PART: &str = r"(?:^|[&\r\n])([^&=\r\n]{1,128})=[ \t]*([^&\r\n]*)";

/// `"name": "value"`, `"name": 1`, `<name>value</name>`, `<x name="value">` and the parts of a multipart form.
const MARKED: [Way; 5] = [
    Way {
        pattern: r#"(?s)"([^"\\\s,:\]}][^"\\\n]{0,63})"\s*:\s*"((?:[^"\\]|\\.)*)""#,
        telling: is_credential,
        written: quoted,
    },
    // A template may stand there too.
    Way {
        pattern: r#""([^"\\\s,:\]}][^"\\\n]{0,63})"\s*:\s*(-?[0-9][0-9.eE+-]*|templatenumber[0-9]+standshere)"#,
        telling: is_credential_number,
        written: plain,
    },
    Way {
        pattern: r"<([A-Za-z_][A-Za-z0-9_.:-]*)(?:\s[^<>]*)?>\s*([^<>\s](?:[^<>]*[^<>\s])?)\s*</",
        telling: is_credential,
        written: plain,
    },
    Way {
        pattern: r#"\s([A-Za-z_][A-Za-z0-9_.:-]*)\s*=\s*"([^"<>]*)""#,
        telling: is_credential,
        written: plain,
    },
    Way {
        pattern: r#"(?i)form-data;[^\r\n]*\bname="([^"\r\n]*)"[^\r\n]*\r?\n(?:[^\r\n]+\r?\n)*\r?\n([^\r\n]+)"#,
        telling: is_credential,
        written: plain,
    },
];

/// `"name": ["value", 1]`: each item is what the name says.
const LIST: &str =
    r#"(?s)"([^"\\\s,:\]}][^"\\\n]{0,63})"\s*:\s*\[((?:[^"\[\]{}]|"(?:[^"\\]|\\.)*")*)\]"#;
const ITEM: &str = r#"(?s)"((?:[^"\\]|\\.)*)""#;

/// A credential that stands in a text.
struct Found {
    at: Range<usize>,
    name: String,
    value: String,
    encoder: &'static str,
}

/// Takes the credentials out of a body.
pub(super) fn body(text: &mut Text, keep: &mut Keeper<'_>) {
    let (raw, words) = text.words();
    let mut found = Vec::new();
    for way in &MARKED {
        find(&raw, way, &mut found);
    }
    listed(&raw, &mut found);
    let marked = raw.trim_start().starts_with(['{', '<']) || Value::read(&raw).is_some();
    if !marked {
        find(&raw, &parts(percent), &mut found);
    }
    replace(text, (&raw, &words), found, keep);
}

/// Takes the credentials out of the query of an address, which escapes its secrets by itself.
pub(super) fn address(text: &mut Text, keep: &mut Keeper<'_>) {
    query(text, unescaped, keep);
}

/// The same where the address stands in a header field.
pub(super) fn field(text: &mut Text, keep: &mut Keeper<'_>) {
    query(text, percent, keep);
}

fn query(text: &mut Text, written: Written, keep: &mut Keeper<'_>) {
    let Some((mut made, mut query)) = text.split_once('?') else {
        return;
    };
    let (raw, words) = query.words();
    let mut found = Vec::new();
    find(&raw, &parts(written), &mut found);
    replace(&mut query, (&raw, &words), found, keep);
    made.push("?");
    made.append(query);
    *text = made;
}

fn parts(written: Written) -> Way {
    Way {
        pattern: PART,
        telling: is_credential,
        written,
    }
}

fn find(raw: &str, way: &Way, found: &mut Vec<Found>) {
    let Ok(pattern) = Regex::new(way.pattern) else {
        return;
    };
    for pair in pattern.captures_iter(raw) {
        let (Some(name), Some(value)) = (pair.get(1), pair.get(2)) else {
            continue;
        };
        let at = value.range();
        let name = decode(name.as_str()).unwrap_or_else(|| name.as_str().to_owned());
        if (way.telling)(&name) {
            let (value, encoder) = (way.written)(value.as_str());
            found.push(Found {
                at,
                name,
                value,
                encoder,
            });
        }
    }
}

/// The texts of lists under a telling name.
fn listed(raw: &str, found: &mut Vec<Found>) {
    let (Ok(list), Ok(item)) = (Regex::new(LIST), Regex::new(ITEM)) else {
        return;
    };
    for pair in list.captures_iter(raw) {
        let (Some(name), Some(items)) = (pair.get(1), pair.get(2)) else {
            continue;
        };
        if !is_credential(name.as_str()) {
            continue;
        }
        for text in item
            .captures_iter(items.as_str())
            .filter_map(|item| item.get(1))
        {
            let (value, encoder) = quoted(text.as_str());
            found.push(Found {
                at: items.start() + text.start()..items.start() + text.end(),
                name: name.as_str().to_owned(),
                value,
                encoder,
            });
        }
    }
}

/// Puts a template in the place of each; what stands within another one goes with it.
fn replace(
    text: &mut Text,
    (raw, words): (&str, &[(String, String)]),
    mut found: Vec<Found>,
    keep: &mut Keeper<'_>,
) {
    found.sort_by_key(|found| found.at.start);
    let part = |range: Range<usize>| Text::restore(raw.get(range).unwrap_or_default(), words);
    let (mut made, mut end) = (Text::default(), 0);
    for found in found {
        if found.at.start < end {
            continue;
        }
        let name = Text::restore(&found.name, words).spoken();
        let value = Text::restore(&found.value, words);
        if let Some(template) = keep.template(&name, &value) {
            made.append(part(end..found.at.start));
            made.push_template(&format!("{template}{}", found.encoder));
            end = found.at.end;
        }
    }
    if end > 0 {
        made.append(part(end..raw.len()));
        *text = made;
    }
}

fn plain(raw: &str) -> (String, &'static str) {
    (raw.to_owned(), "")
}

fn unescaped(raw: &str) -> (String, &'static str) {
    (decode(raw).unwrap_or_else(|| raw.to_owned()), "")
}

/// Only what a form writes in the same way again is taken for escaped.
fn percent(raw: &str) -> (String, &'static str) {
    match decode(raw).filter(|value| encode(value) == raw) {
        Some(value) => (value, "|percent"),
        None => plain(raw),
    }
}

fn quoted(raw: &str) -> (String, &'static str) {
    let value = serde_json::from_str::<String>(&format!("\"{raw}\""));
    value.map_or_else(|_| plain(raw), |value| (value, "|json"))
}
