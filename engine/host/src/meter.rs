//! How much CPU a guest has used, and the wrapper that counts it.

use std::{
    cell::Cell,
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

/// How long a thread's CPU time is not asked for again. What else the thread has computed since then counts as the
/// guest's only where its poll takes long and loses its core.
const FRESH: Duration = Duration::from_millis(1);

thread_local! {
    /// This thread's CPU time when it was last asked for, and when that was.
    static ASKED: Cell<Option<(u64, Instant)>> = const { Cell::new(None) };
}

/// The CPU time of one guest: of its finished polls, and since the running one began.
#[derive(Debug)]
pub(crate) struct Meter {
    base: Instant,
    used: AtomicU64,
    /// When the poll began, since the base, and the thread's CPU time then.
    poll_began: AtomicU64,
    poll_began_cpu: AtomicU64,
}

impl Default for Meter {
    fn default() -> Self {
        Self {
            base: Instant::now(),
            used: AtomicU64::default(),
            poll_began: AtomicU64::default(),
            poll_began_cpu: AtomicU64::default(),
        }
    }
}

impl Meter {
    /// CPU time of the poll that runs, asked from inside it.
    pub(crate) fn stretch(&self) -> Duration {
        let cpu = thread_cpu().saturating_sub(self.poll_began_cpu.load(Ordering::Relaxed));
        let wall = self.at(Instant::now());
        let wall = wall.saturating_sub(self.poll_began.load(Ordering::Relaxed));
        Duration::from_nanos(cpu.min(wall))
    }

    /// CPU time of the polls before.
    pub(crate) fn before(&self) -> Duration {
        Duration::from_nanos(self.used())
    }

    /// CPU time of all polls that are over.
    pub(crate) fn used(&self) -> u64 {
        self.used.load(Ordering::Relaxed)
    }

    fn begin(&self, now: Instant) {
        self.poll_began.store(self.at(now), Ordering::Relaxed);
        self.poll_began_cpu
            .store(recent_cpu(now), Ordering::Relaxed);
    }

    fn at(&self, now: Instant) -> u64 {
        let since = now.saturating_duration_since(self.base).as_nanos();
        u64::try_from(since).unwrap_or(u64::MAX)
    }

    fn end(&self, wall: Duration) {
        let took = if wall < SHORT { wall } else { self.stretch() };
        let nanos = u64::try_from(took.as_nanos()).unwrap_or(u64::MAX);
        self.used.fetch_add(nanos, Ordering::Relaxed);
    }
}

/// CPU time of this thread, or a little less: the kernel is asked once for all polls that come close together.
fn recent_cpu(now: Instant) -> u64 {
    match ASKED.get() {
        Some((cpu, asked)) if now.saturating_duration_since(asked) < FRESH => cpu,
        _ => {
            let cpu = thread_cpu();
            ASKED.set(Some((cpu, now)));
            cpu
        }
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
        let began = Instant::now();
        meter.begin(began);
        Self {
            meter: Arc::clone(meter),
            ticker: ticker.clone(),
            began,
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
        let began = Instant::now();
        meter.begin(began);
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
    fn a_poll_is_not_charged_for_more_than_it_took() {
        ASKED.set(None);
        recent_cpu(Instant::now());
        // Long, and soon after the reading: what is burnt here is none of the poll's.
        burn(500_000);
        let meter = Meter::default();
        let began = Instant::now();
        meter.begin(began);
        burn(200_000);
        let used = meter.stretch();
        assert!(used <= began.elapsed(), "{used:?}");
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
