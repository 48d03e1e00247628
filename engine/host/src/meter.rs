//! How much CPU a guest has used, and the wrapper that counts it.

use std::{
    future::Future,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    task::{Context, Poll},
    time::{Duration, Instant},
};

use rustix::time::{ClockId, clock_gettime};

use crate::ticker::Ticker;

/// What takes less by the clock on the wall is counted by it: it is wrong by no more than this, and only where a
/// thread loses its core for less. Most polls of most guests are shorter, and asking the kernel takes longer than
/// some of them.
const SHORT: Duration = Duration::from_micros(100);

/// The CPU time of one guest: of its finished polls, and since the running one began.
#[derive(Debug, Default)]
pub(crate) struct Meter {
    used: AtomicU64,
    poll_began: AtomicU64,
}

impl Meter {
    /// CPU time of the poll that runs, asked from inside it.
    pub(crate) fn stretch(&self) -> Duration {
        let began = self.poll_began.load(Ordering::Relaxed);
        Duration::from_nanos(thread_cpu().saturating_sub(began))
    }

    /// CPU time of the polls before.
    pub(crate) fn before(&self) -> Duration {
        Duration::from_nanos(self.used())
    }

    /// CPU time of all polls that are over.
    pub(crate) fn used(&self) -> u64 {
        self.used.load(Ordering::Relaxed)
    }

    fn begin(&self) {
        self.poll_began.store(thread_cpu(), Ordering::Relaxed);
    }

    fn end(&self, wall: Duration) {
        let took = if wall < SHORT { wall } else { self.stretch() };
        let nanos = u64::try_from(took.as_nanos()).unwrap_or(u64::MAX);
        self.used.fetch_add(nanos, Ordering::Relaxed);
    }
}

/// CPU time of this thread: preemption by others does not count.
fn thread_cpu() -> u64 {
    let now = clock_gettime(ClockId::ThreadCPUTime);
    let seconds = u64::try_from(now.tv_sec).unwrap_or(0);
    seconds
        .saturating_mul(1_000_000_000)
        .saturating_add(u64::try_from(now.tv_nsec).unwrap_or(0))
}

/// A guest's future whose polls are counted, and during which the epoch ticks.
pub(crate) struct Metered<F> {
    future: Pin<Box<F>>,
    meter: Arc<Meter>,
    ticker: Ticker,
}

impl<F> Metered<F> {
    /// Wraps a guest's future.
    pub(crate) fn new(future: F, meter: Arc<Meter>, ticker: Ticker) -> Self {
        Self {
            future: Box::pin(future),
            meter,
            ticker,
        }
    }
}

impl<F: Future> Future for Metered<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        let inside = Inside::enter(&self.meter, &self.ticker);
        let polled = self.future.as_mut().poll(context);
        drop(inside);
        polled
    }
}

/// Ends the poll's account also where the poll panics.
struct Inside {
    meter: Arc<Meter>,
    ticker: Ticker,
    began: Instant,
}

impl Inside {
    fn enter(meter: &Arc<Meter>, ticker: &Ticker) -> Self {
        ticker.enter();
        meter.begin();
        Self {
            meter: Arc::clone(meter),
            ticker: ticker.clone(),
            began: Instant::now(),
        }
    }
}

impl Drop for Inside {
    fn drop(&mut self) {
        self.meter.end(self.began.elapsed());
        self.ticker.leave();
    }
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;

    /// Uses this thread's CPU for a while.
    fn burn(nanos: u64) {
        let began = thread_cpu();
        while thread_cpu().saturating_sub(began) < nanos {
            std::hint::spin_loop();
        }
    }

    /// What is counted of one poll.
    fn counted(poll: impl FnOnce()) -> u64 {
        let meter = Meter::default();
        meter.begin();
        let began = Instant::now();
        poll();
        meter.end(began.elapsed());
        meter.used()
    }

    #[test]
    fn a_poll_that_loses_its_core_counts_what_it_computed() {
        let used = counted(|| thread::spawn(|| burn(20_000_000)).join().unwrap());
        assert!(used < 10_000_000, "{used}");
    }

    #[test]
    fn a_long_poll_counts_its_cpu_time() {
        let used = counted(|| burn(3_000_000));
        assert!(used >= 3_000_000, "{used}");
    }

    #[test]
    fn polls_too_short_to_ask_the_kernel_about_add_up() {
        let meter = Meter::default();
        for _ in 0..1000 {
            meter.end(Duration::from_micros(99));
        }
        assert_eq!(meter.used(), 99_000_000);
    }
}
