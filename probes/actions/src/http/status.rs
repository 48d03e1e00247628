//! Statuses as people write them: `200`, `2xx`, `200-204`, or a list of these.

use std::{borrow::Cow, fmt};

use leadsman_sdk::__private::schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// A set of statuses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statuses(Vec<(u16, u16)>);

impl Statuses {
    /// 200 to 299.
    pub fn success() -> Self {
        Self(vec![(200, 299)])
    }

    /// Whether the status is one of them.
    pub fn contains(&self, status: u16) -> bool {
        self.0
            .iter()
            .any(|(first, last)| (*first..=*last).contains(&status))
    }
}

/// Reads one status or range.
fn parse(text: &str) -> Result<(u16, u16), String> {
    let unreadable = || format!("`{text}` is no status; write `200`, `2xx` or `200-204`");
    let valid = |status: u16| Some(status).filter(|status| (100..=599).contains(status));
    let number = |text: &str| {
        text.trim()
            .parse()
            .ok()
            .and_then(valid)
            .ok_or_else(unreadable)
    };
    if let Some(hundreds) = text.strip_suffix("xx") {
        let hundreds = number(&format!("{hundreds}00"))?;
        return Ok((hundreds, hundreds + 99));
    }
    match text.split_once('-') {
        Some((first, last)) => Ok((number(first)?, number(last)?)).and_then(|(first, last)| {
            if first <= last {
                Ok((first, last))
            } else {
                Err(unreadable())
            }
        }),
        None => number(text).map(|status| (status, status)),
    }
}

impl fmt::Display for Statuses {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, (first, last)) in self.0.iter().enumerate() {
            let comma = if index == 0 { "" } else { " or " };
            match (first, last) {
                _ if first == last => write!(f, "{comma}{first}")?,
                _ if first % 100 == 0 && *last == first + 99 => {
                    write!(f, "{comma}{}xx", first / 100)?;
                }
                _ => write!(f, "{comma}{first}-{last}")?,
            }
        }
        Ok(())
    }
}

/// One status, or several.
#[derive(Deserialize)]
#[serde(untagged)]
enum Written {
    Number(u16),
    Text(String),
}

#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMany {
    Many(Vec<Written>),
    One(Written),
}

impl<'de> Deserialize<'de> for Statuses {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let written = match OneOrMany::deserialize(deserializer)? {
            OneOrMany::Many(written) => written,
            OneOrMany::One(written) => vec![written],
        };
        let ranges = written.iter().map(|written| match written {
            Written::Number(status) => parse(&status.to_string()),
            Written::Text(text) => parse(text),
        });
        ranges
            .collect::<Result<_, _>>()
            .map(Self)
            .map_err(de::Error::custom)
    }
}

impl Serialize for Statuses {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let ranges: Vec<String> = self
            .0
            .iter()
            .map(|range| Self(vec![*range]).to_string())
            .collect();
        ranges.serialize(serializer)
    }
}

impl JsonSchema for Statuses {
    fn schema_name() -> Cow<'static, str> {
        "Statuses".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let one = [
            leadsman_sdk::__private::serde_json::json!({"type": "integer", "minimum": 100, "maximum": 599}),
            leadsman_sdk::__private::serde_json::json!({"type": "string", "pattern": "^([1-5]xx|[1-5][0-9]{2}(-[1-5][0-9]{2})?)$"}),
        ];
        json_schema!({"anyOf": [one[0], one[1], {"type": "array", "minItems": 1, "items": {"anyOf": one}}]})
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statuses_are_read_as_people_write_them() {
        let read: Statuses = serde_json::from_str(r#"["2xx", 301, "400-404"]"#).unwrap();
        assert!(
            [200, 299, 301, 402]
                .into_iter()
                .all(|status| read.contains(status))
        );
        assert!(
            [199, 300, 302, 405]
                .into_iter()
                .all(|status| !read.contains(status))
        );
        assert_eq!(read.to_string(), "2xx or 301 or 400-404");
        for wrong in ["\"6xx\"", "99", "\"204-200\"", "\"ok\"", "[]x"] {
            assert!(serde_json::from_str::<Statuses>(wrong).is_err(), "{wrong}");
        }
    }
}
