//! A number that is expected, as people write it: `2`, or `1-3`.

use std::{borrow::Cow, fmt};

use leadsman_sdk::__private::schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// The lowest and the highest number that is well.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Count {
    least: u8,
    most: u8,
}

impl Count {
    /// Whether the number is well.
    pub fn contains(self, number: i64) -> bool {
        (i64::from(self.least)..=i64::from(self.most)).contains(&number)
    }

    /// The lowest number that is well.
    pub const fn least(self) -> u8 {
        self.least
    }
}

fn parse(text: &str) -> Result<Count, String> {
    let unreadable = || format!("`{text}` is no count; write `2`, or `1-3`");
    let number = |text: &str| text.trim().parse::<u8>().map_err(|_| unreadable());
    let (least, most) = match text.split_once('-') {
        Some((least, most)) => (number(least)?, number(most)?),
        None => (number(text)?, number(text)?),
    };
    if least > most {
        return Err(unreadable());
    }
    Ok(Count { least, most })
}

impl fmt::Display for Count {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.least == self.most {
            write!(f, "{}", self.least)
        } else {
            write!(f, "{}-{}", self.least, self.most)
        }
    }
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Written {
    Number(u8),
    Text(String),
}

impl<'de> Deserialize<'de> for Count {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Written::deserialize(deserializer)? {
            Written::Number(number) => Ok(Self {
                least: number,
                most: number,
            }),
            Written::Text(text) => parse(&text).map_err(de::Error::custom),
        }
    }
}

impl Serialize for Count {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl JsonSchema for Count {
    fn schema_name() -> Cow<'static, str> {
        "Count".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"anyOf": [
            {"type": "integer", "minimum": 0, "maximum": 255},
            {"type": "string", "pattern": "^[0-9]{1,3}(-[0-9]{1,3})?$"},
        ]})
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Option<Count> {
        serde_json::from_str(text).ok()
    }

    #[test]
    fn a_count_is_a_number_or_two_of_them() {
        let (two, some) = (read("2").unwrap(), read("\"1-3\"").unwrap());
        assert!(two.contains(2) && !two.contains(1) && !two.contains(3));
        assert!((1..=3).all(|number| some.contains(number)));
        assert!(!some.contains(0) && !some.contains(4) && !some.contains(-1));
        assert_eq!(
            (two.to_string(), some.to_string()),
            ("2".into(), "1-3".into())
        );
        assert_eq!(read("\"2\""), Some(two));
        for wrong in ["-1", "256", "\"3-1\"", "\"few\"", "\"1-\"", "1.5", "[1]"] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }
}
