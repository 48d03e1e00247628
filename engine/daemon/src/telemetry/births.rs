//! Series that appear when something happens: exposed as 0 once, then counted.
//!
//! Prometheus sees no increase in a series that is born at 1. With two scrapers only the one that
//! comes first sees the 0; the series that alerts rest on are never born this way.

use std::collections::HashSet;

/// The series that a scrape has already seen at 0.
#[derive(Debug, Default)]
pub(super) struct Births(HashSet<(&'static str, usize, &'static str)>);

impl Births {
    /// Whether a family's series of this owner (a slot's, check's or probe's place) is seen for the first time.
    pub(super) fn is_new(&mut self, family: &'static str, owner: usize, key: &'static str) -> bool {
        self.0.insert((family, owner, key))
    }

    /// What to expose of a count.
    pub(super) fn shown(
        &mut self,
        family: &'static str,
        owner: usize,
        key: &'static str,
        count: u64,
    ) -> u64 {
        if self.is_new(family, owner, key) {
            0
        } else {
            count
        }
    }
}
