//! How much room the kept records of a whole daemon have together.
//!
//! While there is room, each check-target keeps what its own limits allow. Once all is taken, each
//! keeps what fits into an equal share: a target that sends large answers pushes out its own records
//! and those of nobody else.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::SystemTime,
};

use super::{
    exposition::{Family, Label, Labels},
    families,
};

/// Shared by all check-targets; nobody waits for anybody.
#[derive(Debug)]
pub(super) struct Room {
    /// Bytes.
    most: usize,
    used: AtomicUsize,
    targets: AtomicUsize,
    dropped: AtomicUsize,
    tidying: AtomicBool,
}

impl Room {
    pub(super) fn new(most: usize) -> Self {
        Self {
            most,
            used: AtomicUsize::new(0),
            targets: AtomicUsize::new(1),
            dropped: AtomicUsize::new(0),
            tidying: AtomicBool::new(false),
        }
    }

    /// So many check-targets share it from now on.
    pub(super) fn divide(&self, targets: usize) {
        self.targets.store(targets.max(1), Ordering::Relaxed);
    }

    /// What each of them may keep when all is taken.
    pub(super) fn share(&self) -> usize {
        self.most / self.targets.load(Ordering::Relaxed).max(1)
    }

    pub(super) fn enter(&self, weight: usize) {
        self.used.fetch_add(weight, Ordering::Relaxed);
    }

    pub(super) fn leave(&self, weight: usize) {
        self.used.fetch_sub(weight, Ordering::Relaxed);
    }

    /// A record leaves before its time.
    pub(super) fn push_out(&self, weight: usize) {
        self.leave(weight);
        if self.dropped.fetch_add(1, Ordering::Relaxed) == 0 {
            tracing::warn!(
                bytes = self.most,
                "all room for kept runs is taken: each check-target keeps what fits into its share"
            );
        }
    }

    pub(super) fn used(&self) -> usize {
        self.used.load(Ordering::Relaxed)
    }

    pub(super) fn dropped(&self) -> usize {
        self.dropped.load(Ordering::Relaxed)
    }

    pub(super) fn is_full(&self) -> bool {
        self.used() > self.most
    }

    /// Has everybody keep to the share, where somebody else's records take the room; one does it at a time.
    pub(super) fn tidy(&self, everybody: impl FnOnce()) {
        if self.is_full() && !self.tidying.swap(true, Ordering::Acquire) {
            everybody();
            self.tidying.store(false, Ordering::Release);
        }
    }

    pub(super) fn families(&self, place: &Arc<[Label]>, born: SystemTime) -> [Family; 2] {
        let count = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
        let mut used = Family::of(&families::EVIDENCE_BYTES);
        used.add(None, Labels::shared(place), count(self.used()));
        let mut dropped = Family::of(&families::EVIDENCE_DROPPED);
        dropped.add_since(born, None, Labels::shared(place), count(self.dropped()));
        [used, dropped]
    }
}
