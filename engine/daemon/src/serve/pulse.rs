//! What one connection is doing, since when, and how long it may.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::{sync::Notify, time::Instant};

use super::{
    closed::Why,
    limits::{ANSWER, HANDSHAKE, HEAD, IDLE, STALL},
};

/// One connection's state.
#[derive(Debug)]
pub(super) struct Pulse {
    state: Mutex<State>,
    /// Told whenever the state has changed.
    changed: Notify,
}

#[derive(Debug)]
struct State {
    phase: Phase,
    since: Instant,
    /// When the last byte of an answer was taken.
    progress: Instant,
    /// When the answer under way, or the last one, began.
    began: Instant,
    /// Requests whose answers are not yet handed over.
    answering: usize,
    /// Whether handed over bytes are not yet taken.
    owing: bool,
    /// Frames come in HTTP/2 at any time, and begin no request.
    is_http2: bool,
    evicted: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Opening,
    Head,
    Idle,
    Answering,
}

/// A request that is being answered, until this is dropped.
#[derive(Debug)]
pub(super) struct Asked {
    pulse: Arc<Pulse>,
}

impl Default for Pulse {
    fn default() -> Self {
        let now = Instant::now();
        Self {
            state: Mutex::new(State {
                phase: Phase::Opening,
                since: now,
                progress: now,
                began: now,
                answering: 0,
                owing: false,
                is_http2: false,
                evicted: false,
            }),
            changed: Notify::new(),
        }
    }
}

impl Pulse {
    /// The transport is there; a request is due.
    pub(super) fn opened(&self, is_http2: bool) {
        self.change(|state| {
            state.is_http2 = is_http2;
            state.enter(Phase::Head);
        });
    }

    /// Bytes came.
    pub(super) fn read(&self) {
        self.change(|state| {
            if state.phase == Phase::Idle && !state.is_http2 {
                state.enter(Phase::Head);
            }
        });
    }

    /// A request's head is there.
    pub(super) fn asked(self: &Arc<Self>) -> Asked {
        self.change(|state| {
            state.answering += 1;
            if state.phase != Phase::Answering {
                state.enter(Phase::Answering);
                (state.began, state.progress) = (state.since, state.since);
            }
        });
        Asked {
            pulse: Arc::clone(self),
        }
    }

    /// So many bytes were taken; what is owed is written next.
    pub(super) fn wrote(&self, bytes: usize, owing: bool) {
        self.change(|state| {
            if bytes > 0 {
                state.progress = Instant::now();
            }
            state.owing = owing;
            if owing && state.phase != Phase::Answering {
                // Still the same answer, which somebody has only handed over.
                state.phase = Phase::Answering;
                state.since = state.began;
            }
            state.settle();
        });
    }

    /// Somebody else needs the place more.
    pub(super) fn evict(&self) {
        self.change(|state| state.evicted = true);
    }

    #[cfg(test)]
    pub(super) fn is_evicted(&self) -> bool {
        self.state().evicted
    }

    /// Whether it is being answered, and since when it is in that state.
    pub(super) fn rank(&self) -> (bool, Instant) {
        let state = self.state();
        (state.phase == Phase::Answering, state.since)
    }

    /// Waits until the connection has to end, and says why.
    pub(super) async fn over(&self) -> Why {
        loop {
            let changed = self.changed.notified();
            let (deadline, why) = self.state().deadline();
            if deadline <= Instant::now() {
                return why;
            }
            tokio::select! { () = changed => {}, () = tokio::time::sleep_until(deadline) => {} }
        }
    }

    fn change(&self, change: impl FnOnce(&mut State)) {
        let mut state = self.state();
        let before = state.deadline();
        change(&mut state);
        // A later deadline is found when the earlier one has come.
        if state.deadline() < before {
            self.changed.notify_one();
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn enter(&mut self, phase: Phase) {
        self.phase = phase;
        self.since = Instant::now();
    }

    fn settle(&mut self) {
        if self.phase == Phase::Answering && self.answering == 0 && !self.owing {
            self.enter(Phase::Idle);
        }
    }

    fn deadline(&self) -> (Instant, Why) {
        let stalled = (self.progress + STALL, Why::Stall);
        let answer = (self.since + ANSWER, Why::Answer);
        match self.phase {
            _ if self.evicted => (self.since, Why::Evicted),
            Phase::Opening => (self.since + HANDSHAKE, Why::Handshake),
            Phase::Head => (self.since + HEAD, Why::Head),
            Phase::Idle => (self.since + IDLE, Why::Idle),
            Phase::Answering if self.owing => stalled.min(answer),
            Phase::Answering => answer,
        }
    }
}

impl Drop for Asked {
    fn drop(&mut self) {
        self.pulse.change(|state| {
            state.answering = state.answering.saturating_sub(1);
            state.settle();
        });
    }
}
