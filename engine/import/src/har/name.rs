//! What captured values are called.

use crate::journey::variable;

/// Keys that say nothing without what they stand in.
const GENERIC: [&str; 16] = [
    "id",
    "uuid",
    "guid",
    "key",
    "code",
    "number",
    "ref",
    "reference",
    "value",
    "href",
    "self",
    "url",
    "slug",
    "_id",
    "hash",
    "name",
];

/// What answers are wrapped in.
const WRAPPERS: [&str; 12] = [
    "data",
    "result",
    "results",
    "response",
    "payload",
    "attributes",
    "node",
    "nodes",
    "edges",
    "item",
    "object",
    "body",
];

/// A name from the key, from what it stands in, and from the path that was asked.
pub(super) fn name(key: &str, parents: &[String], path: &str) -> String {
    let plain = variable(key);
    let generic = GENERIC.contains(&key.to_ascii_lowercase().as_str()) || key.is_empty();
    if !generic {
        return plain;
    }
    let telling = |parent: &&String| !WRAPPERS.contains(&parent.to_ascii_lowercase().as_str());
    let of = match parents.iter().rev().find(telling) {
        Some(parent) => parent.clone(),
        None => thing(path).unwrap_or_default(),
    };
    if of.is_empty() {
        return plain;
    }
    let plain = plain.trim_start_matches("value_");
    variable(&format!("{}_{plain}", singular(&of)))
}

/// What a path is about: its last word.
fn thing(path: &str) -> Option<String> {
    let word = |segment: &&str| {
        !segment.is_empty()
            && !segment.contains(['$', '{'])
            && !segment.chars().any(|c| c.is_ascii_digit())
    };
    path.rsplit('/').find(word).map(ToOwned::to_owned)
}

/// One of `word`.
pub(super) fn singular(word: &str) -> String {
    if let Some(stem) = word.strip_suffix("ies").filter(|stem| stem.len() > 1) {
        return format!("{stem}y");
    }
    match word.strip_suffix('s') {
        Some(stem) if stem.len() > 1 && !stem.ends_with(['s', 'u', 'i']) => stem.to_owned(),
        _ => word.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_generic_key_is_named_after_what_it_is_of() {
        for (key, parents, path, expected) in [
            ("token", vec![], "/api/session", "token"),
            ("id", vec![], "/api/orders", "order_id"),
            ("id", vec!["data", "customer"], "/api/orders", "customer_id"),
            ("id", vec!["data"], "/api/categories/17", "category_id"),
            ("orderId", vec![], "/", "order_id"),
            ("id", vec![], "/", "id"),
        ] {
            let parents: Vec<String> = parents.into_iter().map(String::from).collect();
            assert_eq!(name(key, &parents, path), expected, "{key} {path}");
        }
    }
}
