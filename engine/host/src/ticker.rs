//! The epoch ticker: an OS thread that lets a computing guest be interrupted every 2 ms.
//!
//! It is parked while no guest is inside a poll. Always on, it alone costs 2.3 % of a core.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    thread::{self, Thread},
    time::Duration,
};

use wasmtime::{Engine, EngineWeak};

/// How often a computing guest gives way.
const TICK: Duration = Duration::from_millis(2);

/// How long a parked ticker sleeps before it looks whether its engine is gone.
const PARKED: Duration = Duration::from_secs(1);

/// Says when guests are inside a poll.
#[derive(Debug, Clone)]
pub(crate) struct Ticker(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    inside: AtomicUsize,
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
        if self.0.parked.swap(false, Ordering::SeqCst) {
            self.0.thread.unpark();
        }
    }

    /// A guest's poll is over.
    pub(crate) fn leave(&self) {
        self.0.inside.fetch_sub(1, Ordering::SeqCst);
    }
}

fn turn(engine: &EngineWeak, shared: &Shared) {
    while let Some(engine) = engine.upgrade() {
        if shared.inside.load(Ordering::SeqCst) == 0 {
            drop(engine);
            park(shared);
            continue;
        }
        thread::sleep(TICK);
        engine.increment_epoch();
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
