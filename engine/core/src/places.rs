//! Where settings are written, so that what a run says can name the line.

use std::collections::BTreeMap;

/// Where one check's nested settings are written.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Places(BTreeMap<String, String>);

impl Places {
    /// The places (`FILE:LINE`) of settings, by their JSON pointers (RFC 6901).
    pub const fn new(places: BTreeMap<String, String>) -> Self {
        Self(places)
    }

    /// The place of the setting, or of the nearest one around it.
    pub fn of(&self, pointer: &str) -> Option<String> {
        let mut above = pointer;
        loop {
            if let Some(place) = self.0.get(above) {
                return Some(place.clone());
            }
            above = above.rsplit_once('/')?.0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_setting_that_is_not_written_has_the_line_of_what_is_around_it() {
        let written = [("/steps", "shop.yaml:3"), ("/steps/1", "shop.yaml:7")];
        let owned = written.map(|(pointer, place)| (pointer.to_owned(), place.to_owned()));
        let places = Places::new(BTreeMap::from(owned));
        assert_eq!(places.of("/steps/1").as_deref(), Some("shop.yaml:7"));
        let inside = places.of("/steps/1/expect/status");
        assert_eq!(inside.as_deref(), Some("shop.yaml:7"));
        assert_eq!(places.of("/steps/0/name").as_deref(), Some("shop.yaml:3"));
        assert_eq!(places.of("/cleanup"), None);
    }
}
