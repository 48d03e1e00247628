//! Settings: a struct that is read from the check's configuration.
//!
//! `#[derive(Settings)]` writes the reading, the defaults and the JSON Schema from one struct. A
//! field without a default is required, an `Option` is not. Doc comments become descriptions.
//!
//! ```
//! use leadsman_sdk::{prelude::*, settings::Settings as _};
//!
//! /// A queue that must not grow.
//! #[derive(Debug, Settings)]
//! struct Queue {
//!     /// The queue's name.
//!     name: String,
//!     /// How many messages are too many.
//!     #[setting(default = 1000)]
//!     at_most: u32,
//!     /// How old a message may be.
//!     #[setting(default = Timespan::from_secs(60))]
//!     max_age: Timespan,
//! }
//!
//! let schema = Queue::schema();
//! assert_eq!(schema["required"], serde_json::json!(["name"]));
//! assert_eq!(schema["properties"]["at_most"]["default"], 1000);
//! let queue: Queue = serde_json::from_str(r#"{"name": "mail", "max_age": "5m"}"#)?;
//! assert_eq!((queue.at_most, queue.max_age.as_secs()), (1000, 300));
//! # Ok::<(), serde_json::Error>(())
//! ```

use std::{borrow::Cow, fmt, ops::Deref, time::Duration};

use crate::probe::Complaint;
use schemars::{JsonSchema, Schema, SchemaGenerator, generate::SchemaSettings, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::DeserializeOwned};

/// A struct that is read from the check's configuration; `#[derive(Settings)]` implements it.
pub trait Settings: DeserializeOwned + JsonSchema {
    /// The JSON Schema (draft 2020-12) of the settings.
    fn schema() -> serde_json::Value {
        SchemaSettings::draft2020_12()
            .into_generator()
            .into_root_schema_for::<Self>()
            .to_value()
    }
}

/// No settings at all, for a probe that needs none.
#[derive(Debug, Clone, Copy, Default, leadsman_sdk_macros::Settings)]
pub struct NoSettings {}

/// A duration as people write it: `250ms`, `1.5s`, `10m`, `1h30m`, `7d`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Timespan(Duration);

impl Timespan {
    /// Whole seconds.
    pub const fn from_secs(seconds: u64) -> Self {
        Self(Duration::from_secs(seconds))
    }

    /// Whole milliseconds.
    pub const fn from_millis(millis: u64) -> Self {
        Self(Duration::from_millis(millis))
    }

    /// The duration.
    pub const fn get(self) -> Duration {
        self.0
    }

    /// Reads a duration.
    pub fn parse(text: &str) -> Result<Self, String> {
        let unreadable =
            || format!("`{text}` is no duration; write it like `250ms`, `10s` or `1h30m`");
        let mut rest = text.trim();
        let mut total = 0.0;
        while !rest.is_empty() {
            let digits = rest
                .find(|c: char| !c.is_ascii_digit() && c != '.')
                .ok_or_else(unreadable)?;
            let (number, tail) = rest.split_at(digits);
            let letters = tail
                .find(|c: char| !c.is_ascii_alphabetic())
                .unwrap_or(tail.len());
            let (unit, tail) = tail.split_at(letters);
            total += number.parse::<f64>().map_err(|_| unreadable())?
                * seconds(unit).ok_or_else(unreadable)?;
            rest = tail;
        }
        Duration::try_from_secs_f64(total)
            .ok()
            .filter(|_| !text.trim().is_empty())
            .map(Self)
            .ok_or_else(unreadable)
    }
}

fn seconds(unit: &str) -> Option<f64> {
    Some(match unit {
        "us" => 1e-6,
        "ms" => 1e-3,
        "s" => 1.0,
        "m" => 60.0,
        "h" => 3_600.0,
        "d" => 86_400.0,
        _ => return None,
    })
}

impl Deref for Timespan {
    type Target = Duration;

    fn deref(&self) -> &Duration {
        &self.0
    }
}

impl fmt::Display for Timespan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.subsec_micros() {
            0 => write!(f, "{}s", self.0.as_secs()),
            _ => write!(f, "{}us", self.0.as_micros()),
        }
    }
}

impl Serialize for Timespan {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timespan {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<'de, str>::deserialize(deserializer)?;
        Self::parse(&text).map_err(serde::de::Error::custom)
    }
}

impl JsonSchema for Timespan {
    fn schema_name() -> Cow<'static, str> {
        "Timespan".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "string", "pattern": r"^([0-9]+(\.[0-9]+)?(us|ms|s|m|h|d))+$", "examples": ["500ms", "10s"]})
    }
}

/// Names that the host looks at when the configuration is loaded: their `format` says what they name.
macro_rules! names {
    ($($(#[$about:meta])* $name:ident = $schema:tt;)*) => {$(
        $(#[$about])*
        #[derive(Debug, Clone, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// That name.
            pub fn new(name: impl Into<String>) -> Self {
                Self(name.into())
            }
        }

        impl Deref for $name {
            type Target = str;

            fn deref(&self) -> &str {
                &self.0
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
                json_schema!($schema)
            }
        }
    )*};
}

names! {
    /// The name of a step that the probe will report: its series are there before its first run.
    StepName = {"type": "string", "format": "step", "minLength": 1, "maxLength": 128};
    /// The name of a secret: the configuration must define it, and grant it to the check.
    SecretName = {"type": "string", "format": "secret", "minLength": 1};
    /// The name of a trust store, which the configuration must define under `tls.trust`.
    TrustName = {"type": "string", "format": "trust", "minLength": 1};
    /// The name of a client identity, which the configuration must define under `tls.identities`.
    IdentityName = {"type": "string", "format": "identity", "minLength": 1};
}

/// Complains about a TLS version that is not spoken; for a probe's `validate`.
pub fn tls_version(name: &str, version: Option<&str>) -> Option<Complaint> {
    let hint = "write `TLS 1.2` or `TLS 1.3`";
    match version {
        None | Some("TLS 1.2" | "TLS 1.3") => None,
        Some(old @ ("TLS 1.0" | "TLS 1.1" | "TLS10" | "TLS11" | "SSLv3")) => Some(Complaint::new(
            format!("/{name}"),
            format!("{old} is not spoken: rustls has nothing below TLS 1.2"),
            hint,
        )),
        Some(other) => Some(Complaint::new(
            format!("/{name}"),
            format!("`{other}` is no TLS version"),
            hint,
        )),
    }
}

/// Complains about an oldest TLS version (`tls_min`) above the newest (`tls_max`); for a probe's `validate`.
pub fn tls_range(min: Option<&str>, max: Option<&str>) -> Option<Complaint> {
    (min == Some("TLS 1.3") && max == Some("TLS 1.2")).then(|| {
        Complaint::new(
            "/tls_min",
            "no TLS version is left: `tls_min` is above `tls_max`",
            "drop one of them",
        )
    })
}

/// Complains about a client identity beside `insecure: true`; for a probe's `validate`. It would be shown to a server whose
/// chain verifies, and to no other, whatever `insecure` says.
pub fn identity(identity: Option<&str>, insecure: bool) -> Option<Complaint> {
    (insecure && identity.is_some()).then(|| {
        Complaint::new(
            "/identity",
            "a client identity is never sent to a server whose chain need not verify",
            "drop `insecure`, and name what the server's chain leads to under `trust`; or drop `identity`",
        )
    })
}

/// Complains about an address family that there is not; for a probe's `validate`.
pub fn family(name: &str, family: &str) -> Option<Complaint> {
    let known = ["auto", "v4", "v6", "prefer-v4", "prefer-v6"];
    (!known.contains(&family)).then(|| {
        Complaint::new(
            format!("/{name}"),
            format!("`{family}` is no address family"),
            format!("write one of `{}`", known.join("`, `")),
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_timespan_is_read_as_people_write_it_and_written_so_that_it_reads_the_same() {
        for (text, millis) in [
            ("250ms", 250),
            ("1.5s", 1_500),
            ("1h30m", 5_400_000),
            ("7d", 604_800_000),
        ] {
            let read = Timespan::parse(text).unwrap();
            assert_eq!(read.as_millis(), millis, "{text}");
            assert_eq!(Timespan::parse(&read.to_string()).unwrap(), read);
        }
        for wrong in ["", "10", "s", "10 parsecs", "-1s", "1..5s"] {
            assert!(Timespan::parse(wrong).is_err(), "{wrong}");
        }
    }
}
