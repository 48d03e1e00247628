//! Text from a command line to a value of the type that the schema asks for.

use serde_json::{Number, Value};

use super::{finding::word, shape};
use crate::{nearest, tree::shortened};

/// The value of `--set key_path=text`, typed by the schema.
///
/// `key_path` names nested settings with dots. Numbers and booleans are recognised where the schema
/// wants them, lists are split at commas, lists and mappings may be written as YAML in brackets.
pub fn coerce_set(schema: &Value, key_path: &str, text: &str) -> Result<Value, String> {
    let keys: Vec<&str> = key_path.split('.').collect();
    let schemas = at(schema, &keys)?;
    let kinds = kinds(&schemas);
    typed(schema, &schemas, &kinds, text).ok_or_else(|| {
        let expected: Vec<&str> = kinds
            .iter()
            .filter(|kind| **kind != "null")
            .map(|kind| word(kind))
            .collect();
        format!(
            "expected {} for `{key_path}`, got `{}`",
            expected.join(" or "),
            shortened(text)
        )
    })
}

/// The value of a reference's text at that place, if the schema knows it.
pub(crate) fn scalar(schema: &Value, keys: &[&str], text: &str) -> Option<Value> {
    let schemas = at(schema, keys).ok()?;
    plain(&kinds(&schemas), text)
}

/// Every schema that may be meant at a path: the alternatives of the value's kind are not known yet.
fn at<'s>(root: &'s Value, keys: &[&str]) -> Result<Vec<&'s Value>, String> {
    let mut here = spread(root, root);
    for key in keys {
        let inner: Vec<&Value> = here
            .iter()
            .filter_map(|schema| inside(schema, key))
            .flat_map(|schema| spread(root, schema))
            .collect();
        if inner.is_empty() && !here.iter().all(|schema| is_open(schema)) {
            let known: Vec<&str> = here
                .iter()
                .filter_map(|schema| shape::properties(schema))
                .flatten()
                .map(|(key, _)| key.as_str())
                .collect();
            let mend = if known.is_empty() {
                "there is none".to_owned()
            } else {
                nearest::suggestion(key, known.iter().copied())
            };
            return Err(format!("unknown setting `{}`: {mend}", shortened(key)));
        }
        here = inner;
    }
    Ok(here)
}

fn inside<'s>(schema: &'s Value, key: &str) -> Option<&'s Value> {
    let own = shape::properties(schema).and_then(|properties| properties.get(key));
    own.or_else(|| {
        schema
            .get("additionalProperties")
            .filter(|more| more.is_object())
    })
}

fn is_open(schema: &Value) -> bool {
    shape::properties(schema).is_none()
        && schema.get("additionalProperties") != Some(&Value::Bool(false))
}

/// The schema and its alternatives, references followed.
fn spread<'s>(root: &'s Value, schema: &'s Value) -> Vec<&'s Value> {
    let mut found = vec![shape::resolved(root, schema)];
    let mut next = 0;
    // A schema that contains itself would go on for ever.
    while let Some(schema) = found.get(next).copied().filter(|_| next < 64) {
        for branch in ["anyOf", "oneOf", "allOf"]
            .iter()
            .filter_map(|key| schema.get(*key)?.as_array())
            .flatten()
        {
            let branch = shape::resolved(root, branch);
            if !found.iter().any(|known| std::ptr::eq(*known, branch)) {
                found.push(branch);
            }
        }
        next += 1;
    }
    found
}

fn kinds<'s>(schemas: &[&'s Value]) -> Vec<&'s str> {
    let mut kinds: Vec<&str> = schemas
        .iter()
        .flat_map(|schema| shape::types(schema).unwrap_or_default())
        .collect();
    if kinds.is_empty()
        && schemas
            .iter()
            .any(|schema| schema.get("enum").is_some() || schema.get("const").is_some())
    {
        kinds.push("string");
    }
    kinds.dedup();
    kinds
}

fn typed(root: &Value, schemas: &[&Value], kinds: &[&str], text: &str) -> Option<Value> {
    if kinds.is_empty() {
        return Some(yaml(text).unwrap_or_else(|| Value::String(text.to_owned())));
    }
    let bracket = text.trim_start().chars().next();
    if (bracket == Some('[') && kinds.contains(&"array"))
        || (bracket == Some('{') && kinds.contains(&"object"))
    {
        return yaml(text);
    }
    if let Some(value) = plain(kinds, text) {
        return Some(value);
    }
    if !kinds.contains(&"array") {
        return None;
    }
    let items: Vec<&Value> = schemas
        .iter()
        .filter_map(|schema| schema.get("items"))
        .flat_map(|items| spread(root, items))
        .collect();
    let inner = self::kinds(&items);
    text.split(',')
        .map(str::trim)
        .map(|item| typed(root, &items, &inner, item))
        .collect()
}

fn plain(kinds: &[&str], text: &str) -> Option<Value> {
    let wants = |kind| kinds.contains(&kind);
    let whole = || {
        text.parse::<u64>()
            .map(Number::from)
            .or_else(|_| text.parse::<i64>().map(Number::from))
            .ok()
    };
    let number = || text.parse::<f64>().ok().and_then(Number::from_f64);
    let numeric = if wants("integer") { whole() } else { None };
    let numeric = if wants("number") {
        numeric.or_else(whole).or_else(number)
    } else {
        numeric
    };
    let boolean = || {
        text.parse::<bool>()
            .ok()
            .filter(|_| wants("boolean"))
            .map(Value::Bool)
    };
    let nothing = || (wants("null") && text == "null").then_some(Value::Null);
    let textual = || wants("string").then(|| Value::String(text.to_owned()));
    numeric
        .map(Value::Number)
        .or_else(boolean)
        .or_else(nothing)
        .or_else(textual)
}

fn yaml(text: &str) -> Option<Value> {
    serde_saphyr::from_str_with_options(text, serde_saphyr::options! { strict_booleans: true }).ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn schema() -> Value {
        json!({
            "type": "object",
            "additionalProperties": false,
            "properties": {
                "status": {"anyOf": [{"type": "integer"}, {"type": "string"}, {"type": "array", "items": {"type": ["integer", "string"]}}]},
                "max": {"type": ["integer", "null"]},
                "follow": {"type": "boolean"},
                "names": {"type": "array", "items": {"type": "string"}},
                "body": {"$ref": "#/$defs/body"},
                "headers": {"type": "object", "additionalProperties": {"type": "string"}},
                "free": true
            },
            "$defs": {"body": {"type": "object", "properties": {"share": {"type": "number"}}, "additionalProperties": false}}
        })
    }

    #[test]
    fn text_takes_the_type_that_the_schema_asks_for() {
        for (key, text, expected) in [
            ("status", "204", json!(204)),
            ("status", "2xx", json!("2xx")),
            ("max", "3", json!(3)),
            ("max", "null", Value::Null),
            ("follow", "true", json!(true)),
            ("names", "a, b", json!(["a", "b"])),
            ("names", "[a, 'b,c']", json!(["a", "b,c"])),
            ("body.share", "0.5", json!(0.5)),
            ("body.share", "2", json!(2)),
            ("headers.X-Id", "7", json!("7")),
            ("free", "7", json!(7)),
            ("free", "yes", json!("yes")),
        ] {
            assert_eq!(
                coerce_set(&schema(), key, text),
                Ok(expected),
                "{key}={text}"
            );
        }
    }

    #[test]
    fn what_does_not_fit_is_refused_with_a_reason() {
        for (key, text, expected) in [
            (
                "statos",
                "1",
                "unknown setting `statos`: did you mean `status`?",
            ),
            ("max", "x", "expected a whole number for `max`, got `x`"),
            (
                "follow",
                "yes",
                "expected `true` or `false` for `follow`, got `yes`",
            ),
            (
                "body.chare",
                "1",
                "unknown setting `chare`: did you mean `share`?",
            ),
        ] {
            assert_eq!(
                coerce_set(&schema(), key, text),
                Err(expected.to_owned()),
                "{key}={text}"
            );
        }
    }
}
