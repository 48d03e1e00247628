//! Where something stands in a body, and what it must be: JSONPaths and values, CSS selectors and texts.

use std::{borrow::Cow, collections::BTreeMap};

use leadsman_sdk::__private::schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// JSONPath: value.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Equals(pub BTreeMap<String, Value>);

impl JsonSchema for Equals {
    fn schema_name() -> Cow<'static, str> {
        "Equals".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "object", "propertyNames": {"format": "json-path"}})
    }
}

/// CSS selector: text.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Texts(pub BTreeMap<String, String>);

impl JsonSchema for Texts {
    fn schema_name() -> Cow<'static, str> {
        "Texts".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "object",
            "propertyNames": {"format": "css"},
            "additionalProperties": {"type": "string"},
        })
    }
}

/// Whether a value is what is expected; a text equals a number or a truth value that is written the same.
pub fn same(expected: &Value, got: &Value) -> bool {
    let written = |value: &Value| match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(_) | Value::Bool(_) => Some(value.to_string()),
        _ => None,
    };
    expected == got || written(expected).is_some_and(|text| written(got) == Some(text))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_text_equals_what_is_written_the_same() {
        assert!(same(&json!("7"), &json!(7)) && same(&json!(true), &json!("true")));
        assert!(same(&json!([1]), &json!([1])) && same(&json!(null), &json!(null)));
        assert!(!same(&json!("[1]"), &json!([1])) && !same(&json!("null"), &json!(null)));
    }
}
