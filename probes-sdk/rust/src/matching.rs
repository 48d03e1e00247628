//! Expressions that the host compiled when the configuration was loaded.

use std::{borrow::Cow, fmt};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

use crate::raw::matching::expressions as raw;

/// Bytes that the host holds; they are copied only where [`Content::read`] asks for them.
pub struct Content(raw::Blob);

impl Content {
    pub(crate) fn new(blob: raw::Blob) -> Self {
        Self(blob)
    }

    /// Keeps bytes of the probe's own, so that expressions can look at them.
    pub fn of(bytes: &[u8]) -> Self {
        Self(raw::Blob::new(bytes))
    }

    /// How many bytes there are.
    pub fn size(&self) -> u64 {
        self.0.size()
    }

    /// At most `length` bytes from `offset`.
    pub fn read(&self, offset: u64, length: u32) -> Vec<u8> {
        self.0.read(offset, length)
    }

    /// Whether these bytes stand anywhere in it; it is looked for where the bytes are held.
    pub fn contains(&self, bytes: &[u8]) -> bool {
        self.0.contains(bytes)
    }

    /// The first bytes as one line of text, for a sentence that says what came instead.
    pub fn excerpt(&self) -> String {
        let bytes = self.read(0, 200);
        let text = String::from_utf8_lossy(&bytes);
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    }
}

impl fmt::Debug for Content {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Content")
            .field("size", &self.size())
            .finish()
    }
}

/// Why an expression cannot be used on these bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Mismatch {
    /// It is not in the check's settings: a probe must take its expressions from there.
    UnknownExpression(String),
    /// The bytes are not what it needs, for example no JSON.
    Unreadable(String),
    /// It failed on these bytes, for example on a field that is not there.
    Evaluation(String),
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownExpression(text) | Self::Unreadable(text) | Self::Evaluation(text) => {
                f.write_str(text)
            }
        }
    }
}

impl std::error::Error for Mismatch {}

/// An expression that the configuration did not contain is a fault of the probe; bytes that do not
/// fit are a fact about the target, which the probe reports as an unmet expectation.
impl From<Mismatch> for crate::Error {
    fn from(mismatch: Mismatch) -> Self {
        match mismatch {
            Mismatch::UnknownExpression(text) => Self::Undecided(text),
            Mismatch::Unreadable(text) | Mismatch::Evaluation(text) => {
                crate::report::assertion(
                    crate::Kind::Body,
                    "body",
                    "bytes that the expression can read",
                    &text,
                );
                Self::Unmet
            }
        }
    }
}

impl From<raw::Mismatch> for Mismatch {
    fn from(mismatch: raw::Mismatch) -> Self {
        match mismatch {
            raw::Mismatch::UnknownExpression(text) => Self::UnknownExpression(text),
            raw::Mismatch::Unreadable(text) => Self::Unreadable(text),
            raw::Mismatch::Evaluation(text) => Self::Evaluation(text),
        }
    }
}

macro_rules! expression {
    ($(#[$doc:meta])* $name:ident, $format:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// The expression of that text; it must be what the settings or their defaults contain.
            pub fn new(text: impl Into<String>) -> Self {
                Self(text.into())
            }

            /// The expression's text.
            pub fn as_str(&self) -> &str {
                &self.0
            }

            /// Whether it holds for these bytes.
            pub fn is_match(&self, content: &Content) -> Result<bool, Mismatch> {
                Ok(raw::holds($format, &self.0, &content.0)?)
            }

            /// Whether it holds for a text.
            pub fn is_match_text(&self, text: &str) -> Result<bool, Mismatch> {
                Ok(raw::holds_text($format, &self.0, text)?)
            }

            /// What it finds first in these bytes.
            pub fn find(&self, content: &Content) -> Result<Vec<Option<String>>, Mismatch> {
                Ok(raw::find($format, &self.0, &content.0)?)
            }

            /// What it finds first in a text.
            pub fn find_text(&self, text: &str) -> Result<Vec<Option<String>>, Mismatch> {
                Ok(raw::find_text($format, &self.0, text)?)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl JsonSchema for $name {
            fn schema_name() -> Cow<'static, str> {
                stringify!($name).into()
            }

            fn inline_schema() -> bool {
                true
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({"type": "string", "format": $format, "minLength": 1, "maxLength": 4096})
            }
        }
    };
}

expression!(
    /// A regular expression (RE2 syntax), compiled by the host when the configuration is loaded.
    Regex, "regex"
);
expression!(
    /// A JSONPath (RFC 9535), compiled by the host when the configuration is loaded.
    JsonPath, "json-path"
);
expression!(
    /// A CEL expression over `body`, compiled by the host when the configuration is loaded.
    Cel, "cel"
);
expression!(
    /// A CEL expression over the members of a JSON object, compiled by the host when the configuration is
    /// loaded.
    Condition, "cel-object"
);
expression!(
    /// A CSS selector, with `@attribute` where an attribute is meant and not the text, compiled by the host
    /// when the configuration is loaded.
    Css, "css"
);

impl Condition {
    /// The variables that it refers to.
    pub fn variables(&self) -> Result<Vec<String>, Mismatch> {
        Ok(raw::variables("cel-object", &self.0)?)
    }
}
