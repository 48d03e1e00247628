//! When the loop wakes: at the next tick, with the one after it known to the runtime beforehand.

use std::{mem, pin::Pin, time::Duration};

use tokio::time::{Instant, Sleep};

/// How long the loop sleeps at most: a clock that was set is noticed within this.
const LONGEST_SLEEP: Duration = Duration::from_secs(1);

/// Rings at the next wake.
///
/// A timer that is earlier than all others makes the runtime wake itself, by a system call. With the wake
/// after the next one set already, a new timer seldom is: where two fall into one millisecond, or a
/// nearer one has come since.
#[derive(Debug)]
pub(crate) struct Alarm {
    next: Timer,
    after: Timer,
}

/// A timer, and the instant that it is set for, in Unix milliseconds.
#[derive(Debug)]
struct Timer {
    at: Option<i64>,
    sleep: Pin<Box<Sleep>>,
}

impl Alarm {
    /// An alarm that rings at once.
    pub(crate) fn new() -> Self {
        Self {
            next: Timer::new(),
            after: Timer::new(),
        }
    }

    /// Rings at the first of two instants from now on, in Unix milliseconds, or after
    /// [`LONGEST_SLEEP`]; `now` is asked where a timer has to be set.
    pub(crate) fn set(&mut self, [next, after]: [Option<i64>; 2], now: impl Fn() -> i64) {
        if next.is_some() && self.next.at != next && self.after.at == next {
            mem::swap(&mut self.next, &mut self.after);
        }
        self.next.set(next, &now);
        self.after.set(after, &now);
    }

    /// Ends when it rings; one that is not awaited to its end rings the next time.
    pub(crate) fn rings(&mut self) -> Pin<&mut Sleep> {
        self.next.sleep.as_mut()
    }
}

impl Timer {
    fn new() -> Self {
        Self {
            at: None,
            sleep: Box::pin(tokio::time::sleep(Duration::ZERO)),
        }
    }

    /// One that is set for the instant already stays as it is, unless it rang too early for it.
    fn set(&mut self, at: Option<i64>, now: &impl Fn() -> i64) {
        if self.at == at && !self.sleep.is_elapsed() {
            return;
        }
        self.at = at;
        let wait = at.map_or(LONGEST_SLEEP, |at| {
            let ms = u64::try_from(at.saturating_sub(now())).unwrap_or(0);
            Duration::from_millis(ms).min(LONGEST_SLEEP)
        });
        self.sleep.as_mut().reset(Instant::now() + wait);
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    /// A wall clock that begins at 0 with the runtime's paused one.
    async fn rings_after(alarm: &mut Alarm, wakes: [Option<i64>; 2], began: Instant) -> Duration {
        let now = || i64::try_from(began.elapsed().as_millis()).unwrap_or(i64::MAX);
        alarm.set(wakes, now);
        alarm.rings().await;
        began.elapsed()
    }

    #[tokio::test(start_paused = true)]
    async fn it_rings_at_each_instant_whether_or_not_that_was_known_before() {
        let (mut alarm, began) = (Alarm::new(), Instant::now());
        let told = [
            ([Some(5), Some(9)], 5),
            ([Some(9), Some(20)], 9),
            ([Some(12), Some(20)], 12),
            ([Some(20), Some(20)], 20),
            ([Some(20), None], 20),
            ([Some(50), None], 50),
        ];
        for (wakes, at) in told {
            let rang = rings_after(&mut alarm, wakes, began).await;
            assert_eq!(rang, Duration::from_millis(at), "{wakes:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn the_wake_after_the_next_one_is_set_once() {
        let (mut alarm, clock_reads) = (Alarm::new(), Cell::new(0));
        let now_at = |ms: i64| {
            let reads = &clock_reads;
            move || {
                reads.set(reads.get() + 1);
                ms
            }
        };
        alarm.set([Some(5), Some(9)], now_at(0));
        assert_eq!(clock_reads.get(), 2, "both are new");
        alarm.set([Some(5), Some(9)], now_at(0));
        assert_eq!(clock_reads.get(), 2, "both are set");
        alarm.rings().await;
        alarm.set([Some(9), Some(20)], now_at(5));
        assert_eq!(clock_reads.get(), 3, "the next one was set before");
    }

    #[tokio::test(start_paused = true)]
    async fn an_instant_that_is_far_is_asked_for_again_each_second() {
        let (mut alarm, began) = (Alarm::new(), Instant::now());
        for seconds in 1..4 {
            let rang = rings_after(&mut alarm, [Some(60_000), None], began).await;
            assert_eq!(rang.as_secs(), seconds, "{rang:?}");
        }
        let rang = rings_after(&mut alarm, [None, None], began).await;
        assert_eq!(rang.as_secs(), 4, "{rang:?}");
    }
}
