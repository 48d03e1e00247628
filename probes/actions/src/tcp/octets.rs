//! Bytes, as people write them: a text, hexadecimal digits, or base64.

use std::borrow::Cow;

use base64::{Engine, engine::general_purpose::STANDARD};
use leadsman_sdk::__private::schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

/// Bytes of a dialogue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Octets {
    /// A text, in UTF-8.
    Text(String),
    /// Hexadecimal digits; white space between them does not count.
    Hex {
        /// The digits.
        hex: String,
    },
    /// Base64 (RFC 4648 §4); white space within does not count.
    Base64 {
        /// The letters.
        base64: String,
    },
}

impl Octets {
    /// The bytes, or what is wrong with how they are written.
    pub fn bytes(&self) -> Result<Vec<u8>, String> {
        match self {
            Self::Text(text) => Ok(text.clone().into_bytes()),
            Self::Hex { hex } => digits(&bare(hex))
                .ok_or_else(|| format!("`{hex}` is no hexadecimal: write two digits a byte")),
            Self::Base64 { base64 } => STANDARD
                .decode(bare(base64))
                .map_err(|error| format!("`{base64}` is no base64: {error}")),
        }
    }

    /// The text, where it is one.
    pub const fn text(&self) -> Option<&String> {
        match self {
            Self::Text(text) => Some(text),
            Self::Hex { .. } | Self::Base64 { .. } => None,
        }
    }

    /// The text, where it is one, to be changed.
    pub const fn text_mut(&mut self) -> Option<&mut String> {
        match self {
            Self::Text(text) => Some(text),
            Self::Hex { .. } | Self::Base64 { .. } => None,
        }
    }
}

fn bare(text: &str) -> String {
    text.split_whitespace().collect()
}

fn digits(text: &str) -> Option<Vec<u8>> {
    let digits: Option<Vec<u32>> = text.chars().map(|digit| digit.to_digit(16)).collect();
    let pairs = digits?;
    let byte = |pair: &[u32]| match pair {
        [high, low] => u8::try_from(high * 16 + low).ok(),
        _ => None,
    };
    pairs.chunks(2).map(byte).collect()
}

impl JsonSchema for Octets {
    fn schema_name() -> Cow<'static, str> {
        "Octets".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"anyOf": [
            {"type": "string"},
            {
                "type": "object",
                "properties": {"hex": {"type": "string"}, "base64": {"type": "string"}},
                "minProperties": 1,
                "maxProperties": 1,
                "additionalProperties": false,
            },
        ]})
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(value: serde_json::Value) -> Result<Vec<u8>, String> {
        serde_json::from_value::<Octets>(value).unwrap().bytes()
    }

    #[test]
    fn bytes_are_written_as_text_as_digits_or_as_base64() {
        for (written, bytes) in [
            (json!("é"), b"\xc3\xa9".as_slice()),
            (json!({"hex": "00 fF\n7f"}), b"\x00\xff\x7f"),
            (json!({"base64": "AP9/"}), b"\x00\xff\x7f"),
        ] {
            assert_eq!(read(written).as_deref(), Ok(bytes));
        }
        for wrong in [
            json!({"hex": "0"}),
            json!({"hex": "0g"}),
            json!({"base64": "A"}),
        ] {
            assert!(read(wrong.clone()).is_err(), "{wrong}");
        }
    }
}
