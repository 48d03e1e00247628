//! Names that may become label values: each type can only hold what is safe to export.

use std::{fmt, sync::Arc};

use serde::{Deserialize, Serialize};

/// Longest name accepted, in bytes.
pub const LONGEST_NAME: usize = 200;

/// Why a text is not a name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// Nothing was written.
    #[error("a name must not be empty")]
    Empty,
    /// Longer than [`LONGEST_NAME`].
    #[error("a name has at most {LONGEST_NAME} bytes, this one has {0}")]
    TooLong(usize),
    /// A character that the name's alphabet does not have.
    #[error("`{0}` is not allowed in this name: {1}")]
    Character(char, &'static str),
}

fn checked(text: &str, allowed: fn(char) -> bool, alphabet: &'static str) -> Result<(), NameError> {
    if text.is_empty() {
        return Err(NameError::Empty);
    }
    if text.len() > LONGEST_NAME {
        return Err(NameError::TooLong(text.len()));
    }
    match text.chars().find(|c| !allowed(*c)) {
        Some(odd) => Err(NameError::Character(odd, alphabet)),
        None => Ok(()),
    }
}

fn word(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.')
}

fn path(c: char) -> bool {
    word(c) || c == '/'
}

fn printable(c: char) -> bool {
    !c.is_control()
}

macro_rules! name {
    ($(#[$doc:meta])* $name:ident, $allowed:ident, $alphabet:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(Arc<str>);

        impl $name {
            /// Checks `text` against the alphabet of this kind of name.
            pub fn new(text: &str) -> Result<Self, NameError> {
                checked(text, $allowed, $alphabet)?;
                Ok(Self(text.into()))
            }

            /// The name as it was written.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = NameError;

            fn try_from(text: String) -> Result<Self, NameError> {
                Self::new(&text)
            }
        }

        impl From<$name> for String {
            fn from(name: $name) -> Self {
                name.0.as_ref().to_owned()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

name!(
    /// The stable id of a check: `team/key`, or `key` in a file without a team.
    CheckId, path, "letters, digits, `_`, `-`, `.` and `/`"
);
name!(
    /// The name of a target, which is its label; never its URL by necessity, but any printable text.
    TargetName, printable, "printable characters"
);
name!(
    /// The name of a probe.
    ProbeName, word, "letters, digits, `_`, `-` and `.`"
);
name!(
    /// Where this daemon stands.
    Location, word, "letters, digits, `_`, `-` and `.`"
);
name!(
    /// The name of a secret, a trust store or a client identity.
    ResourceName, word, "letters, digits, `_`, `-` and `.`"
);

/// A run's id as numbers: written as `life-number`, both in hexadecimal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RunId {
    /// The process: when it began, in Unix milliseconds.
    pub life: u64,
    /// The run in that life.
    pub number: u64,
}

impl RunId {
    /// The numbers of an id as it is written.
    pub fn parse(text: &str) -> Option<Self> {
        let (life, number) = text.split_once('-')?;
        Some(Self {
            life: u64::from_str_radix(life, 16).ok()?,
            number: u64::from_str_radix(number, 16).ok()?,
        })
    }
}

impl fmt::Display for RunId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:x}-{:x}", self.life, self.number)
    }
}

/// A tick's identity: the check, the target and the planned instant in Unix milliseconds.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct TickId {
    /// The check whose tick it is.
    pub check: CheckId,
    /// The target examined.
    pub target: TargetName,
    /// The planned instant, in milliseconds since the Unix epoch.
    pub planned_unix_ms: i64,
}

impl fmt::Display for TickId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}@{}", self.check, self.target, self.planned_unix_ms)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_id_is_read_as_it_is_written() {
        let id = RunId::parse("19f-2a").unwrap();
        assert_eq!((id.life, id.number), (0x19f, 42));
        assert_eq!(id.to_string(), "19f-2a");
        for wrong in ["", "19f", "19f-", "19f-once"] {
            assert_eq!(RunId::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_check_id_has_a_team_and_a_key() {
        assert_eq!(CheckId::new("shop/web").unwrap().as_str(), "shop/web");
        assert_eq!(
            CheckId::new("shop web"),
            Err(NameError::Character(
                ' ',
                "letters, digits, `_`, `-`, `.` and `/`"
            ))
        );
        assert_eq!(CheckId::new(""), Err(NameError::Empty));
    }

    #[test]
    fn a_target_name_may_hold_any_printable_text_but_no_control_character() {
        assert!(TargetName::new("https://shop.example/ä").is_ok());
        assert!(matches!(
            TargetName::new("a\nb"),
            Err(NameError::Character('\n', _))
        ));
        assert_eq!(
            TargetName::new(&"x".repeat(201)),
            Err(NameError::TooLong(201))
        );
    }
}
