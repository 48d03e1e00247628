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
        // Beyond 64 bits a number has lost its last digits before anybody compares it (RFC 8259, section 6).
        json_schema!({
            "type": "object",
            "propertyNames": {"format": "json-path"},
            "additionalProperties": {"minimum": i64::MIN, "maximum": u64::MAX},
        })
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

/// Below it whole numbers and fractions compare exactly (2^53).
const EXACT: f64 = 9_007_199_254_740_992.0;

/// Whether a value is what is expected. A text, which a template always is, equals a number or a
/// truth value that is written the same; a number or a truth value equals no text.
pub fn same(expected: &Value, got: &Value) -> bool {
    match (expected, got) {
        (Value::String(text), Value::Number(_) | Value::Bool(_)) => {
            let written = got.to_string();
            *text == written
        }
        (Value::Number(expected), Value::Number(got)) if expected.is_f64() != got.is_f64() => {
            expected.as_f64() == got.as_f64()
                && expected.as_f64().is_some_and(|number| number.abs() < EXACT)
        }
        _ => expected == got,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_text_equals_what_is_written_the_same_and_all_else_its_own_kind() {
        for (expected, got) in [
            (json!("7"), json!(7)),
            (json!("true"), json!(true)),
            (json!(7), json!(7.0)),
            (json!(7.0), json!(7)),
            (json!([1]), json!([1])),
            (json!(null), json!(null)),
        ] {
            assert!(same(&expected, &got), "{expected} and {got}");
        }
        for (expected, got) in [
            (json!(7), json!("7")),
            (json!(true), json!("true")),
            (json!(7), json!(7.5)),
            (json!(u64::MAX), json!(18_446_744_073_709_551_616.0)),
            (json!("07"), json!(7)),
            (json!("[1]"), json!([1])),
            (json!("null"), json!(null)),
        ] {
            assert!(!same(&expected, &got), "{expected} and {got}");
        }
    }
}
