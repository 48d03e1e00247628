//! What is due: one check on one target, and what its runs tell.

use std::{sync::Arc, time::Duration};

use leadsman_core::{
    attempt::Assignment,
    plan::{OpenWindow, Retry},
    schedule::Timetable,
};

/// One check on one target.
#[derive(Debug, Clone)]
pub struct Entry {
    /// What every run of it shares.
    pub assignment: Arc<Assignment>,
    /// When it is due.
    pub timetable: Timetable,
    /// How failing attempts are repeated.
    pub retry: Retry,
    /// Whether it tells what this location can reach.
    pub canary: bool,
    /// When it may fail without telling anything.
    pub maintenance: Arc<[OpenWindow]>,
}

impl Entry {
    /// Whether its run then tells what this location can reach.
    pub(crate) fn tells_at(&self, unix_ms: i64) -> bool {
        let mut windows = self.maintenance.iter();
        self.canary && !windows.any(|window| window.contains(unix_ms))
    }

    /// How long after its tick a run of it may end: late, and with every attempt at its timeout.
    pub(crate) fn longest_ms(&self) -> i64 {
        let millis = |span: Duration| i64::try_from(span.as_millis()).unwrap_or(i64::MAX);
        let timeout = millis(Duration::from_nanos(self.assignment.timeout));
        let again = timeout.saturating_add(millis(self.retry.delay));
        let attempts = i64::from(self.retry.attempts);
        (self.timetable.lateness_ms())
            .saturating_add(timeout)
            .saturating_add(again.saturating_mul(attempts))
    }

    /// Whether both ask the same of the same.
    pub(crate) fn asks_as(&self, other: &Self) -> bool {
        let asked = |entry: &Self| {
            let Assignment {
                address,
                probe,
                settings,
                ..
            } = entry.assignment.as_ref();
            (address.clone(), probe.clone(), Arc::clone(settings))
        };
        self.canary && other.canary && asked(self) == asked(other)
    }
}
