//! What check-targets counted that are gone: a sum over targets must not go back when one leaves.

use std::{collections::BTreeMap, sync::Arc};

use leadsman_core::id::ProbeName;

use super::{
    checks::CheckEntry,
    numbers::{Attempted, Numbers},
    slot::Slot,
};

/// The sums of those that left, where something is summed.
#[derive(Debug, Clone, Default)]
pub(super) struct Departed {
    /// Of the location.
    pub(super) place: Numbers,
    /// Of each probe.
    pub(super) probes: BTreeMap<ProbeName, Attempted>,
    checks: BTreeMap<Arc<str>, Numbers>,
}

impl Departed {
    /// With one more that left.
    pub(super) fn take(&mut self, slot: &Slot) {
        let numbers = slot.numbers();
        self.place.absorb(&numbers);
        let assignment = slot.assignment();
        for (probe, attempted) in numbers.attempted(&assignment.probe) {
            let sums = self.probes.entry(probe.clone());
            sums.or_default().add(attempted);
        }
        let check = self.checks.entry(assignment.check.as_str().into());
        check.or_default().absorb(&numbers);
    }

    /// Those of checks that are gone are told by nobody any more.
    pub(super) fn keep_only(&mut self, checks: &[CheckEntry]) {
        self.checks
            .retain(|id, _| checks.iter().any(|check| check.id() == &**id));
    }

    /// What the targets of a check had counted that left it.
    pub(super) fn of_check(&self, check: &CheckEntry) -> Option<&Numbers> {
        self.checks.get(check.id())
    }
}
