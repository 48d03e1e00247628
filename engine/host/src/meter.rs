//! How much CPU a guest has used, and the wrapper that counts it.

use std::{
    future::Future,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};

use rustix::time::{ClockId, clock_gettime};

use crate::ticker::Ticker;

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

    fn end(&self) {
        let took = thread_cpu().saturating_sub(self.poll_began.load(Ordering::Relaxed));
        self.used.fetch_add(took, Ordering::Relaxed);
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
}

impl Inside {
    fn enter(meter: &Arc<Meter>, ticker: &Ticker) -> Self {
        ticker.enter();
        meter.begin();
        Self {
            meter: Arc::clone(meter),
            ticker: ticker.clone(),
        }
    }
}

impl Drop for Inside {
    fn drop(&mut self) {
        self.meter.end();
        self.ticker.leave();
    }
}
