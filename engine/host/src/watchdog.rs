//! An OS thread outside every runtime that notices when one stops turning.

use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread,
    time::Duration,
};

use tokio::runtime::Handle;

/// How often each runtime is asked.
const ROUND: Duration = Duration::from_secs(1);

static STALLS: AtomicU64 = AtomicU64::new(0);

/// How many rounds found a runtime that did not answer, since the process began.
pub fn stalls() -> u64 {
    STALLS.load(Ordering::Relaxed)
}

/// Watches runtimes until it is dropped.
#[derive(Debug)]
pub struct Watchdog {
    alive: Arc<()>,
    pulse: Pulse,
}

/// Whether every runtime turns, as the watchdog saw it last.
#[derive(Debug, Clone, Default)]
pub struct Pulse(Arc<AtomicBool>);

impl Pulse {
    /// Whether no runtime stands still.
    pub fn is_beating(&self) -> bool {
        !self.0.load(Ordering::Relaxed)
    }
}

impl Watchdog {
    /// Starts watching.
    pub fn start(runtimes: Vec<(&'static str, Handle)>) -> io::Result<Self> {
        let alive = Arc::new(());
        let watched = Arc::downgrade(&alive);
        let pulse = Pulse::default();
        let stopped = Arc::clone(&pulse.0);
        thread::Builder::new()
            .name("leadsman-watchdog".to_owned())
            .spawn(move || {
                let mut rounds: Vec<Round> = runtimes.into_iter().map(Round::new).collect();
                while watched.strong_count() > 0 {
                    rounds.iter_mut().for_each(Round::ask);
                    thread::sleep(ROUND);
                    rounds.iter_mut().for_each(Round::check);
                    let stalled = rounds.iter().any(|round| round.stalled);
                    stopped.store(stalled, Ordering::Relaxed);
                }
            })?;
        Ok(Self { alive, pulse })
    }

    /// Whether what it watches turns; it may be asked from anywhere.
    pub fn pulse(&self) -> Pulse {
        self.pulse.clone()
    }

    /// Whether anybody still watches; for tests and health.
    pub fn is_watching(&self) -> bool {
        Arc::weak_count(&self.alive) > 0
    }
}

/// One runtime: what it was asked and what it answered last.
struct Round {
    name: &'static str,
    runtime: Handle,
    asked: u64,
    answered: Arc<AtomicU64>,
    stalled: bool,
}

impl Round {
    fn new((name, runtime): (&'static str, Handle)) -> Self {
        Self {
            name,
            runtime,
            asked: 0,
            answered: Arc::default(),
            stalled: false,
        }
    }

    /// Sends a beat, unless the last one is still out: a stalled runtime must not collect them.
    fn ask(&mut self) {
        if self.answered.load(Ordering::Relaxed) == self.asked {
            self.asked += 1;
            let (answered, beat) = (Arc::clone(&self.answered), self.asked);
            drop(
                self.runtime
                    .spawn(async move { answered.store(beat, Ordering::Relaxed) }),
            );
        }
    }

    /// Speaks on the edge only.
    fn check(&mut self) {
        let stalled = self.answered.load(Ordering::Relaxed) != self.asked;
        if stalled {
            STALLS.fetch_add(1, Ordering::Relaxed);
        }
        if stalled && !self.stalled {
            tracing::error!(runtime = self.name, "a runtime has not turned for a second");
        } else if self.stalled && !stalled {
            tracing::warn!(runtime = self.name, "the runtime turns again");
        }
        self.stalled = stalled;
    }
}
