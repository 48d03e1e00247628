//! A bucket of tokens: one for every request.

use std::sync::{Mutex, PoisonError};

use leadsman_config::RateLimit;
use tokio::time::Instant;

/// A bucket that is full at first.
#[derive(Debug)]
pub(crate) struct Rate {
    limit: RateLimit,
    /// When the bucket will be full again, if nobody takes anything out.
    full: Mutex<Instant>,
}

impl Rate {
    pub(super) fn new(limit: RateLimit) -> Self {
        Self {
            limit,
            full: Mutex::new(Instant::now()),
        }
    }

    /// Takes a token, or says in how many seconds there will be one.
    pub(crate) fn take(&self) -> Result<(), u64> {
        let now = Instant::now();
        let mut full = self.full.lock().unwrap_or_else(PoisonError::into_inner);
        let capacity = self.limit.interval.saturating_mul(self.limit.burst);
        let next = (*full).max(now).checked_add(self.limit.interval);
        let missing = next.map(|next| next.duration_since(now).saturating_sub(capacity));
        match (next, missing) {
            (Some(next), Some(missing)) if missing.is_zero() => {
                *full = next;
                Ok(())
            }
            (_, missing) => Err(missing.map_or(u64::MAX, |missing| {
                missing.as_secs() + u64::from(missing.subsec_nanos() > 0)
            })),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_burst_is_let_through_and_then_one_each_interval() {
        let interval = Duration::from_millis(1_500);
        let rate = Rate::new(RateLimit { interval, burst: 3 });
        for _ in 0..3 {
            assert_eq!(rate.take(), Ok(()));
        }
        assert_eq!(rate.take(), Err(2));
        tokio::time::advance(interval).await;
        assert_eq!((rate.take(), rate.take()), (Ok(()), Err(2)));
        tokio::time::advance(Duration::from_hours(1)).await;
        assert_eq!(
            [(); 4].map(|()| rate.take().is_ok()),
            [true, true, true, false]
        );
    }

    #[tokio::test(start_paused = true)]
    async fn an_interval_beyond_all_time_is_only_slow() {
        let rate = Rate::new(RateLimit {
            interval: Duration::MAX,
            burst: u32::MAX,
        });
        assert_eq!(rate.take(), Err(u64::MAX));
    }
}
