//! What a capture of a dialogue is made of.

use std::borrow::Cow;

use leadsman_sdk::__private::schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

/// Groups of the expected line, as a text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Group {
    /// A template: `${1}` is the first group.
    Plain(String),
    /// The same, and what becomes of it.
    Told {
        /// The template.
        group: String,
        /// Whether the value is hidden everywhere.
        #[serde(default)]
        secret: bool,
    },
}

impl Group {
    /// The template.
    pub fn template(&self) -> &str {
        match self {
            Self::Plain(group) | Self::Told { group, .. } => group,
        }
    }

    /// Whether the value is hidden everywhere.
    pub const fn is_secret(&self) -> bool {
        matches!(self, Self::Told { secret: true, .. })
    }
}

impl JsonSchema for Group {
    fn schema_name() -> Cow<'static, str> {
        "Group".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"anyOf": [
            {"type": "string"},
            {
                "type": "object",
                "properties": {"group": {"type": "string"}, "secret": {"type": "boolean"}},
                "required": ["group"],
                "additionalProperties": false,
            },
        ]})
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_capture_is_a_template_that_may_be_a_secret() {
        for (written, is_secret) in [
            (json!("/${1}"), false),
            (json!({"group": "/${1}"}), false),
            (json!({"group": "/${1}", "secret": true}), true),
        ] {
            let read: Group = serde_json::from_value(written).unwrap();
            assert_eq!((read.template(), read.is_secret()), ("/${1}", is_secret));
        }
        assert!(serde_json::from_value::<Group>(json!({"secret": true})).is_err());
    }
}
