//! How many log lines a check may have: a check that fails everywhere must not drown the others.

use std::sync::atomic::{AtomicU64, Ordering};

/// Lines a check may have in one second.
const LINES_PER_SECOND: u64 = 10;

/// The lines of the present second, and how many were dropped so far. Nobody waits for anybody.
#[derive(Debug, Default)]
pub(super) struct LogBudget {
    /// The second, and in the lowest byte the lines that it has had.
    second: AtomicU64,
    dropped: AtomicU64,
}

impl LogBudget {
    /// Whether one more line may be written at this moment; one that may not is counted.
    pub(super) fn admits(&self, unix_ms: i64) -> bool {
        let now = u64::try_from(unix_ms / 1_000).unwrap_or(0) << 8;
        let spend = |state: u64| {
            let had = if state & !0xff == now {
                state & 0xff
            } else {
                0
            };
            (had < LINES_PER_SECOND).then_some(now + had + 1)
        };
        let admitted = self
            .second
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, spend)
            .is_ok();
        if !admitted {
            self.dropped.fetch_add(1, Ordering::Relaxed);
        }
        admitted
    }

    /// How many lines were dropped.
    pub(super) fn dropped(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ten_lines_a_second_are_admitted_and_the_rest_is_counted() {
        let budget = LogBudget::default();
        let admitted = |unix_ms| (0..15).filter(|_| budget.admits(unix_ms)).count();
        assert_eq!((admitted(1_000), budget.dropped()), (10, 5));
        assert_eq!((admitted(1_999), budget.dropped()), (0, 20));
        assert_eq!((admitted(2_000), budget.dropped()), (10, 25));
    }
}
