//! JSON whose texts may hold templates, and whose keys keep their order.

use std::fmt;

use regex::Regex;
use serde::{
    Deserialize, Deserializer,
    de::{Error, MapAccess, SeqAccess, Visitor},
};

use crate::{text::Text, yaml::Node};

/// Whole numbers up to here are the same in every reader.
const LARGEST_EXACT: f64 = 9_007_199_254_740_992.0;

/// Longest key that a document takes without another form.
const LONGEST_KEY: usize = 200;

/// Texts, which are passed over, and numbers.
const NUMBERS: &str = r#"(?s)"(?:[^"\\]|\\.)*"|(-?[0-9][0-9.eE+-]*)"#;

/// A JSON value.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Value {
    Null,
    Bool(bool),
    Number(String),
    Text(Text),
    List(Vec<Value>),
    Map(Vec<(String, Value)>),
}

/// A value that has no parts, and where it stands.
#[derive(Debug)]
pub(crate) struct Leaf<'a> {
    /// Its JSONPath.
    pub(crate) path: String,
    /// The keys that lead to it.
    pub(crate) keys: Vec<&'a str>,
    pub(crate) value: &'a Value,
}

impl Value {
    /// Reads `text`; `None` where it is no JSON, or none that a document says exactly (a key twice, a number that readers round).
    pub(crate) fn read(text: &str) -> Option<Self> {
        serde_json::from_str(text).ok()
    }

    pub(crate) fn node(&self) -> Node {
        match self {
            Self::Null => Node::Null,
            Self::Bool(value) => Node::Bool(*value),
            Self::Number(number) => Node::number(number),
            Self::Text(text) => Node::text(text.written()),
            Self::List(items) => Node::List(items.iter().map(Self::node).collect()),
            Self::Map(entries) => Node::map(entries.iter().map(|(key, value)| (key, value.node()))),
        }
    }

    /// A leaf's text as it would stand in an address or a field.
    pub(crate) fn plain(&self) -> Option<&str> {
        match self {
            Self::Number(number) => Some(number),
            Self::Text(text) => text.as_literal(),
            _ => None,
        }
    }

    /// Its leaves, in order.
    pub(crate) fn leaves(&self) -> Vec<Leaf<'_>> {
        let mut found = Vec::new();
        self.collect("$", &[], &mut found);
        found
    }

    fn collect<'a>(&'a self, path: &str, keys: &[&'a str], found: &mut Vec<Leaf<'a>>) {
        match self {
            Self::List(items) => {
                for (index, item) in items.iter().enumerate() {
                    item.collect(&format!("{path}[{index}]"), keys, found);
                }
            }
            Self::Map(entries) => {
                for (key, value) in entries {
                    let mut keys = keys.to_vec();
                    keys.push(key);
                    value.collect(&format!("{path}{}", member(key)), &keys, found);
                }
            }
            value => found.push(Leaf {
                path: path.to_owned(),
                keys: keys.to_vec(),
                value,
            }),
        }
    }

    /// Each leaf with the key that it stands under.
    pub(crate) fn leaves_mut(&mut self) -> Vec<(String, &mut Value)> {
        let mut found = Vec::new();
        self.collect_mut("", &mut found);
        found
    }

    fn collect_mut<'a>(&'a mut self, under: &str, found: &mut Vec<(String, &'a mut Value)>) {
        match self {
            Self::List(items) => {
                for item in items {
                    item.collect_mut(under, found);
                }
            }
            Self::Map(entries) => {
                for (key, value) in entries {
                    value.collect_mut(key, found);
                }
            }
            value => found.push((under.to_owned(), value)),
        }
    }

    /// The keys of all mappings in it.
    pub(crate) fn keys(&self) -> Vec<&str> {
        match self {
            Self::List(items) => items.iter().flat_map(Self::keys).collect(),
            Self::Map(entries) => {
                let mut keys: Vec<&str> = entries.iter().map(|(key, _)| key.as_str()).collect();
                keys.extend(entries.iter().flat_map(|(_, value)| value.keys()));
                keys
            }
            _ => Vec::new(),
        }
    }

    /// Whether each number is sent in the digits that it has in `raw`, from which this was read.
    pub(crate) fn keeps_numbers(&self, raw: &str) -> bool {
        let written = numbers(raw);
        let leaves = self.leaves();
        let read = leaves.iter().filter_map(|leaf| match leaf.value {
            Self::Number(number) => Some(number.as_str()),
            _ => None,
        });
        let sent = |number: &str| {
            let value = serde_json::from_str::<serde_json::Value>(number);
            let written = value.map(|value| value.to_string());
            written.is_ok_and(|written| written == number)
        };
        read.eq(written.iter().copied()) && written.iter().copied().all(sent)
    }

    pub(crate) fn texts_mut(&mut self) -> Vec<&mut Text> {
        let leaves = self.leaves_mut().into_iter();
        leaves
            .filter_map(|(_, value)| match value {
                Self::Text(text) => Some(text),
                _ => None,
            })
            .collect()
    }
}

/// The numbers in a JSON text, as they are written there.
fn numbers(raw: &str) -> Vec<&str> {
    let Ok(pattern) = Regex::new(NUMBERS) else {
        return Vec::new();
    };
    let found = pattern.captures_iter(raw);
    found
        .filter_map(|found| found.get(1))
        .map(|number| number.as_str())
        .collect()
}

/// One member in a JSONPath.
pub(crate) fn member(key: &str) -> String {
    let mut letters = key.chars();
    let begins = letters
        .next()
        .is_some_and(|c| c.is_ascii_alphabetic() || c == '_');
    if begins && letters.all(|c| c.is_ascii_alphanumeric() || c == '_') {
        return format!(".{key}");
    }
    let quoted = serde_json::Value::from(key).to_string();
    format!("[{quoted}]")
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Reader)
    }
}

struct Reader;

impl<'de> Visitor<'de> for Reader {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Number(value.to_string()))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Number(value.to_string()))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        if value.abs() >= LARGEST_EXACT {
            return Err(E::custom("a number that readers round"));
        }
        Ok(Value::Number(format!("{value:?}")))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Value, E> {
        Ok(Value::Text(Text::literal(value)))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(Value::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut map: Vec<(String, Value)> = Vec::new();
        let mut known = std::collections::HashSet::new();
        while let Some((key, value)) = entries.next_entry::<String, Value>()? {
            if key.len() > LONGEST_KEY || key.contains("${") || !known.insert(key.clone()) {
                return Err(A::Error::custom(
                    "a key that a document does not say exactly",
                ));
            }
            map.push((key, value));
        }
        Ok(Value::Map(map))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leaves_are_found_with_their_paths() {
        let value = Value::read(r#"{"b": [{"id": 7, "a b": "x"}], "a": null}"#).unwrap();
        let leaves: Vec<_> = value.leaves().into_iter().map(|leaf| leaf.path).collect();
        assert_eq!(leaves, ["$.b[0].id", "$.b[0][\"a b\"]", "$.a"]);
    }

    #[test]
    fn a_number_is_kept_where_its_digits_are() {
        for (text, kept) in [
            (
                r#"{"a": [1, -2.5, 0, "1.50 \" 1E5"], "1.50": 18446744073709551615}"#,
                true,
            ),
            ("0.1", true),
            ("[]", true),
            ("1.50", false),
            (r#"{"a": 1E5}"#, false),
            ("[1, 1e2]", false),
            ("-0", false),
            ("0.00001", false),
        ] {
            assert_eq!(
                Value::read(text).unwrap().keeps_numbers(text),
                kept,
                "{text}"
            );
        }
    }

    #[test]
    fn what_a_document_would_change_is_not_read() {
        for text in [
            "{\"a\": 1, \"a\": 2}",
            "123456789012345678901234",
            "{\"${x}\": 1}",
            "{",
        ] {
            assert_eq!(Value::read(text), None, "{text}");
        }
    }
}
