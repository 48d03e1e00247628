//! Who has looked, and whether somebody has looked since the last booking.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering},
    },
    time::SystemTime,
};

use super::{
    exposition::{Family, Label, Labels},
    families,
};

/// Scrapes so far.
#[derive(Debug, Default)]
pub(super) struct Scrapes {
    started: AtomicU64,
    last_unix_ms: AtomicI64,
    /// Scrapes that started after the last booking.
    seen_by: AtomicU64,
    booked: AtomicBool,
}

impl Scrapes {
    /// A scrape starts: it will see all that was booked until now.
    pub(super) fn start(&self, unix_ms: i64) {
        self.seen_by.fetch_add(1, Ordering::SeqCst);
        self.last_unix_ms.store(unix_ms, Ordering::SeqCst);
        self.started.fetch_add(1, Ordering::SeqCst);
    }

    /// Something was booked. Called after the booking, so that a scrape in between is asked again.
    pub(super) fn booked(&self) {
        self.booked.store(true, Ordering::SeqCst);
        self.seen_by.store(0, Ordering::SeqCst);
    }

    pub(super) fn started(&self) -> u64 {
        self.started.load(Ordering::SeqCst)
    }

    pub(super) fn last(&self) -> Option<i64> {
        (self.started() > 0).then(|| self.last_unix_ms.load(Ordering::SeqCst))
    }

    /// Whether fewer scrapes than these have seen what was booked.
    pub(super) fn awaited(&self, scrapes: u64) -> bool {
        self.booked.load(Ordering::SeqCst) && self.seen_by.load(Ordering::SeqCst) < scrapes
    }

    pub(super) fn families(&self, location: &Arc<[Label]>, born: SystemTime) -> [Family; 1] {
        let mut scrapes = Family::of(&families::SCRAPES);
        scrapes.add_since(born, None, Labels::shared(location), self.started());
        [scrapes]
    }
}
