//! Time zones from the data that the program carries: the same on every machine, whatever its own data says.

use std::sync::LazyLock;

use jiff::tz::{TimeZone, TimeZoneDatabase};

static ZONES: LazyLock<TimeZoneDatabase> = LazyLock::new(TimeZoneDatabase::bundled);

/// The zone of this IANA name, if there is one.
pub fn named(name: &str) -> Option<TimeZone> {
    ZONES.get(name).ok()
}

/// The IANA names of all zones.
pub fn names() -> impl Iterator<Item = String> {
    ZONES.available().map(|name| name.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zones_are_known_by_their_names_and_nothing_else_is() {
        assert!(named("Europe/Berlin").is_some() && named("UTC").is_some());
        assert!(named("Europe/Berln").is_none() && named("../../etc/passwd").is_none());
        assert!(names().any(|name| name == "Europe/Berlin"));
    }
}
