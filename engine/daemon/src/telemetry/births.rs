//! Series that appear when something happens: exposed as 0 once, then counted.
//!
//! Prometheus sees no increase in a series that is born at 1. With two scrapers only the one that
//! comes first sees the 0; the series that alerts rest on are never born this way.

use std::collections::{HashMap, HashSet};

/// The series that a scrape has already seen at 0.
#[derive(Debug, Default)]
pub(super) struct Births {
    /// The owners of each family's series, by the family and the series' key: these are few.
    seen: HashMap<(&'static str, &'static str), HashSet<u64>>,
    owners: HashMap<String, u64>,
}

/// Serials of check-targets are below it, numbers of named owners are not.
const NAMED: u64 = 1 << 48;

impl Births {
    /// The number of an owner that has a name: a check, a probe.
    pub(super) fn owner(&mut self, name: &str) -> u64 {
        if let Some(owner) = self.owners.get(name) {
            return *owner;
        }
        let owner = NAMED + u64::try_from(self.owners.len()).unwrap_or(0);
        self.owners.insert(name.to_owned(), owner);
        owner
    }

    /// Whether a family's series of this owner (a check-target's serial, or a named one) is seen for the
    /// first time.
    pub(super) fn is_new(&mut self, family: &'static str, owner: u64, key: &'static str) -> bool {
        self.seen.entry((family, key)).or_default().insert(owner)
    }

    /// What to expose of a count.
    pub(super) fn shown(
        &mut self,
        family: &'static str,
        owner: u64,
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
