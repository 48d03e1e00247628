//! The epoch ticker: an OS thread that lets a computing guest be interrupted every 2 ms.
//!
//! Waking a thread costs more than most guests do. So it does not follow each guest: while guests come and
//! go it only looks now and then whether one stays, and it is parked while none comes at all. Always on, it
//! alone costs 2.3 % of a core.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering},
    },
    thread::{self, Thread},
    time::Duration,
};

use wasmtime::{Engine, EngineWeak};

/// How often a computing guest gives way.
const TICK: Duration = Duration::from_millis(2);

/// How often the ticker looks whether a guest computes.
const LOOK: Duration = Duration::from_millis(5);

/// Looks without any guest before it parks.
const QUIET: u32 = 3;

/// How long a parked ticker sleeps before it looks whether its engine is gone.
const PARKED: Duration = Duration::from_secs(1);

/// Says when guests are inside a poll.
#[derive(Debug, Clone)]
pub(crate) struct Ticker(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    inside: AtomicUsize,
    entries: AtomicU64,
    parked: AtomicBool,
    thread: Thread,
}

impl Ticker {
    /// Starts the thread; it ends with the engine.
    pub(crate) fn start(engine: &Engine) -> std::io::Result<Self> {
        let (tell, told) = std::sync::mpsc::sync_channel::<Arc<Shared>>(1);
        let engine = engine.weak();
        let handle = thread::Builder::new()
            .name("leadsman-epoch".to_owned())
            .spawn(move || {
                if let Ok(shared) = told.recv() {
                    turn(&engine, &shared);
                }
            })?;
        let shared = Arc::new(Shared {
            inside: AtomicUsize::new(0),
            entries: AtomicU64::new(0),
            parked: AtomicBool::new(false),
            thread: handle.thread().clone(),
        });
        tell.send(Arc::clone(&shared))
            .map_err(std::io::Error::other)?;
        Ok(Self(shared))
    }

    /// A guest is about to be polled.
    pub(crate) fn enter(&self) {
        self.0.inside.fetch_add(1, Ordering::SeqCst);
        self.0.entries.fetch_add(1, Ordering::Relaxed);
        if self.0.parked.load(Ordering::SeqCst) && self.0.parked.swap(false, Ordering::SeqCst) {
            self.0.thread.unpark();
        }
    }

    /// A guest's poll is over.
    pub(crate) fn leave(&self) {
        self.0.inside.fetch_sub(1, Ordering::SeqCst);
    }
}

fn turn(engine: &EngineWeak, shared: &Shared) {
    let (mut seen, mut quiet) = (0, 0);
    while let Some(engine) = engine.upgrade() {
        if shared.inside.load(Ordering::SeqCst) > 0 {
            thread::sleep(TICK);
            engine.increment_epoch();
            quiet = 0;
            continue;
        }
        drop(engine);
        let entries = shared.entries.load(Ordering::Relaxed);
        quiet = if entries == seen { quiet + 1 } else { 0 };
        seen = entries;
        if quiet > QUIET {
            park(shared);
        } else {
            thread::sleep(LOOK);
        }
    }
}

/// Parks unless a guest entered between the look and the flag.
fn park(shared: &Shared) {
    shared.parked.store(true, Ordering::SeqCst);
    if shared.inside.load(Ordering::SeqCst) == 0 {
        thread::park_timeout(PARKED);
    }
    shared.parked.store(false, Ordering::SeqCst);
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;

    const PATIENCE: Duration = Duration::from_secs(30);

    fn until(mut condition: impl FnMut() -> bool) {
        let since = Instant::now();
        while !condition() {
            assert!(since.elapsed() < PATIENCE);
            thread::yield_now();
        }
    }

    #[test]
    fn the_ticker_parks_while_no_guest_comes_and_the_next_one_wakes_it() {
        let engine = Engine::default();
        let ticker = Ticker::start(&engine).unwrap();
        let is_parked = || ticker.0.parked.load(Ordering::SeqCst);
        until(is_parked);
        ticker.enter();
        until(|| !is_parked());
        ticker.leave();
        until(is_parked);
    }
}
