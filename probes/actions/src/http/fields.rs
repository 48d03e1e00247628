//! What is sent in header fields: texts, secrets, and several of one name.

use std::{borrow::Cow, slice};

use leadsman_sdk::{
    __private::schemars::{JsonSchema, Schema, SchemaGenerator, json_schema},
    Complaint,
    settings::SecretName,
};
use serde::{
    Deserialize, Deserializer, Serialize,
    de::{DeserializeOwned, Error as _},
};
use serde_json::Value;

/// What one header field holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum FieldValue<T> {
    /// A text.
    Text(T),
    /// A secret, and nothing else.
    Secret {
        /// The secret's name.
        secret: SecretName,
    },
}

/// What the header fields of one name hold: one value, or a list of them, each of which is sent in a field of its own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum FieldValues<T> {
    /// One field.
    One(FieldValue<T>),
    /// Several fields.
    Several(Vec<FieldValue<T>>),
}

/// The value's kind says which form it is.
impl<'de, T: DeserializeOwned> Deserialize<'de> for FieldValues<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let read = |value| read(value).map_err(D::Error::custom);
        Ok(match Value::deserialize(deserializer)? {
            Value::Array(items) => {
                Self::Several(items.into_iter().map(read).collect::<Result<_, _>>()?)
            }
            value => Self::One(read(value)?),
        })
    }
}

fn read<T: DeserializeOwned>(mut value: Value) -> serde_json::Result<FieldValue<T>> {
    Ok(match value.get_mut("secret").map(Value::take) {
        Some(secret) => FieldValue::Secret {
            secret: serde_json::from_value(secret)?,
        },
        None => FieldValue::Text(serde_json::from_value(value)?),
    })
}

impl<T> FieldValues<T> {
    /// The values, in the order in which they are sent.
    pub fn iter(&self) -> slice::Iter<'_, FieldValue<T>> {
        match self {
            Self::One(value) => slice::from_ref(value).iter(),
            Self::Several(values) => values.iter(),
        }
    }
}

impl<'a, T> IntoIterator for &'a FieldValues<T> {
    type Item = &'a FieldValue<T>;
    type IntoIter = slice::Iter<'a, FieldValue<T>>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

/// Complains about the names in `headers` that are this field's, which `setting` writes too.
pub fn written_twice(
    names: impl Iterator<Item = impl AsRef<str>>,
    field: &str,
    setting: &str,
) -> Vec<Complaint> {
    let same = names.filter(|name| name.as_ref().eq_ignore_ascii_case(field));
    let complaints = same.map(|name| {
        Complaint::new(
            pointer(name.as_ref()),
            format!("`{setting}` writes this field too: both would be sent"),
            "keep one of them",
        )
    });
    complaints.collect()
}

/// What frames a message is the host's: it drops the first, and refuses a request with one of the others.
const FRAMING: [&str; 6] = [
    "content-length",
    "connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// Complains about the names in `headers` that no probe may send.
pub fn framing(names: impl Iterator<Item = impl AsRef<str>>) -> Vec<Complaint> {
    let is_framing = |name: &str| FRAMING.iter().any(|own| own.eq_ignore_ascii_case(name));
    let found = names.filter(|name| is_framing(name.as_ref()));
    let complaints = found.map(|name| {
        let name = name.as_ref();
        Complaint::new(
            pointer(name),
            format!("`{name}` is set by the host, not by a probe"),
            "remove it",
        )
    });
    complaints.collect()
}

fn pointer(name: &str) -> String {
    let name = name.replace('~', "~0").replace('/', "~1");
    format!("/headers/{name}")
}

/// The forms stand side by side: whoever reads a schema beside a value takes the one of the value's kind.
impl<T: JsonSchema> JsonSchema for FieldValues<T> {
    fn schema_name() -> Cow<'static, str> {
        "FieldValues".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let text = generator.subschema_for::<T>();
        let secret = json_schema!({
            "type": "object",
            "properties": {"secret": generator.subschema_for::<SecretName>()},
            "required": ["secret"],
            "additionalProperties": false,
        });
        json_schema!({"anyOf": [
            text,
            secret,
            {"type": "array", "items": {"anyOf": [text, secret]}, "minItems": 1},
        ]})
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_field_is_a_text_a_secret_or_a_list_of_both() {
        let read = |value| serde_json::from_value::<FieldValues<String>>(value);
        let text = |text: &str| FieldValue::Text(text.to_owned());
        let secret = FieldValue::Secret {
            secret: SecretName::new("key"),
        };
        for (written, expected) in [
            (json!("a"), vec![text("a")]),
            (json!({"secret": "key"}), vec![secret.clone()]),
            (json!(["a", {"secret": "key"}]), vec![text("a"), secret]),
        ] {
            let values = read(written).unwrap();
            assert_eq!(values.iter().cloned().collect::<Vec<_>>(), expected);
        }
        assert!(read(json!(7)).is_err());
    }
}
