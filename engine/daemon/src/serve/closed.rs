//! Why clients' connections were closed on our side, and how often.

use std::sync::atomic::{AtomicU64, Ordering};

/// Why a connection has to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Why {
    /// Another client needs the place.
    Evicted,
    /// The TLS handshake took too long.
    Handshake,
    /// No whole request came.
    Head,
    /// No further request came.
    Idle,
    /// Nothing of the answer was read.
    Stall,
    /// The answer took too long.
    Answer,
}

static COUNTS: [AtomicU64; Why::ALL.len()] = [const { AtomicU64::new(0) }; Why::ALL.len()];

impl Why {
    const ALL: [Self; 6] = [
        Self::Evicted,
        Self::Handshake,
        Self::Head,
        Self::Idle,
        Self::Stall,
        Self::Answer,
    ];

    /// The label's value.
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Evicted => "evicted",
            Self::Handshake => "handshake",
            Self::Head => "head",
            Self::Idle => "idle",
            Self::Stall => "stall",
            Self::Answer => "answer",
        }
    }

    /// One more was closed for this.
    pub(super) fn count(self) {
        let place = Self::ALL.iter().position(|why| *why == self);
        if let Some(count) = place.and_then(|place| COUNTS.get(place)) {
            count.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// How many connections of this process were closed, by why; what never happened is left out.
pub fn closed() -> Vec<(&'static str, u64)> {
    let counts = COUNTS.iter().map(|count| count.load(Ordering::Relaxed));
    let all = Why::ALL.iter().map(|why| why.as_str()).zip(counts);
    all.filter(|(_, count)| *count > 0).collect()
}
