//! Templates: text with holes. `${name}`, `${name|encoder}`, and `$${` for a literal `${`.

use std::{borrow::Cow, fmt};

use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use leadsman_sdk::{
    __private::schemars::{JsonSchema, Schema, SchemaGenerator, json_schema},
    escape,
};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// The encoders, and those of them that the host can apply to a secret.
pub(crate) const ENCODERS: [&str; 8] = [
    "base64",
    "base64url",
    "hex",
    "percent",
    "json",
    "lower",
    "upper",
    "sha256",
];
pub(crate) const OF_SECRETS: [&str; 5] = ["base64", "base64url", "hex", "percent", "json"];

/// A text with holes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Template(String);

impl Template {
    /// The template of that text.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// Its text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl JsonSchema for Template {
    fn schema_name() -> Cow<'static, str> {
        "Template".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "string", "format": "template"})
    }
}

/// A piece of a template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Piece<'a> {
    /// Text as it is.
    Text(&'a str),
    /// A hole: a name, and encoders.
    Hole(Hole<'a>),
}

/// A name, and what its value goes through.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Hole<'a> {
    pub(crate) name: &'a str,
    pub(crate) encoders: Vec<&'a str>,
}

impl<'a> Hole<'a> {
    /// The secret's name, where the hole is one.
    pub(crate) fn secret(&self) -> Option<&'a str> {
        self.name.strip_prefix("secret:")
    }

    /// Whether it is a group of what a dialogue's `expect` matched.
    pub(crate) fn is_group(&self) -> bool {
        self.encoders.is_empty() && self.name.bytes().all(|byte| byte.is_ascii_digit())
    }

    fn parse(inner: &'a str) -> Result<Self, String> {
        let mut parts = inner.split('|').map(str::trim);
        let name = parts.next().filter(|name| !name.is_empty());
        let hole = Self {
            name: name.ok_or("a template's `${}` names nothing")?,
            encoders: parts.collect(),
        };
        let known: &[&str] = if hole.secret().is_some() {
            &OF_SECRETS
        } else {
            &ENCODERS
        };
        match hole
            .encoders
            .iter()
            .find(|encoder| !known.contains(encoder))
        {
            Some(unknown) => Err(format!(
                "`{unknown}` is no encoder of `{}`; there are `{}`",
                hole.name,
                known.join("`, `")
            )),
            None if hole.secret().is_some() && hole.encoders.len() > 1 => {
                Err(format!("`{}` takes one encoder at most", hole.name))
            }
            None => Ok(hole),
        }
    }
}

/// The pieces of a template, or what is wrong with it.
pub(crate) fn pieces(text: &str) -> Result<Vec<Piece<'_>>, String> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${") {
        if let Some(escaped) = before.strip_suffix('$') {
            found.extend([Piece::Text(escaped), Piece::Text("${")]);
            rest = after;
            continue;
        }
        let (inner, after) = after
            .split_once('}')
            .ok_or_else(|| format!("`${{{after}` is not closed by `}}`"))?;
        found.extend([Piece::Text(before), Piece::Hole(Hole::parse(inner)?)]);
        rest = after;
    }
    found.push(Piece::Text(rest));
    found.retain(|piece| *piece != Piece::Text(""));
    Ok(found)
}

/// A text after an encoder.
pub(crate) fn encode(encoder: &str, text: String) -> String {
    match encoder {
        "base64" => STANDARD.encode(text),
        "base64url" => URL_SAFE_NO_PAD.encode(text),
        "hex" => hex(text.as_bytes()),
        "percent" => escape::percent(&text),
        "json" => escape::json(&text),
        "lower" => text.to_lowercase(),
        "upper" => text.to_uppercase(),
        "sha256" => hex(&Sha256::digest(text)),
        _ => text,
    }
}

/// Lower-case hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    let digits = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    digits
        .filter_map(|digit| char::from_digit(digit.into(), 16))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hole<'a>(name: &'a str, encoders: &[&'a str]) -> Piece<'a> {
        Piece::Hole(Hole {
            name,
            encoders: encoders.to_vec(),
        })
    }

    #[test]
    fn holes_are_found_and_a_doubled_dollar_is_none() {
        assert_eq!(pieces("/orders").unwrap(), [Piece::Text("/orders")]);
        assert_eq!(
            pieces("a${ id | hex|upper }b$${x}").unwrap(),
            [
                Piece::Text("a"),
                hole("id", &["hex", "upper"]),
                Piece::Text("b"),
                Piece::Text("${"),
                Piece::Text("x}"),
            ]
        );
    }

    #[test]
    fn what_cannot_be_read_says_what_is_wrong() {
        for (text, part) in [
            ("${id", "not closed"),
            ("${}", "names nothing"),
            ("${id|rot13}", "`rot13` is no encoder of `id`"),
            ("${secret:login|sha256}", "`sha256` is no encoder"),
            ("${secret:login|hex|base64}", "one encoder"),
        ] {
            let message = pieces(text).unwrap_err();
            assert!(message.contains(part), "{text}: {message}");
        }
    }

    #[test]
    fn encoders_do_what_they_are_called() {
        for (encoder, encoded) in [
            ("base64", "YSYi"),
            ("base64url", "YSYi"),
            ("hex", "612622"),
            ("percent", "a%26%22"),
            ("json", "a&\\\""),
            ("upper", "A&\""),
            (
                "sha256",
                "c99031fa5fd77791f441347b1c49409f01b04ae872d3c86399219462f016ef01",
            ),
        ] {
            assert_eq!(encode(encoder, "a&\"".to_owned()), encoded, "{encoder}");
        }
    }
}
