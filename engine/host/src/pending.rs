//! Operations under way, and what a guest waits on.

use std::sync::{Arc, OnceLock};

use leadsman_core::seam::Answer;
use tokio::sync::Notify;

use crate::underway::Cut;

/// Set once, where the operation is driven; waited for, where the guest runs.
#[derive(Debug, Default)]
pub(crate) struct Signal {
    answer: OnceLock<Option<Arc<Answer>>>,
    notify: Notify,
}

impl Signal {
    /// Sets it, with an answer where there is one.
    pub(crate) fn set(&self, answer: Option<Arc<Answer>>) {
        if self.answer.set(answer).is_ok() {
            self.notify.notify_waiters();
        }
    }

    /// Waits until it is set.
    pub(crate) async fn wait(&self) {
        loop {
            let notified = self.notify.notified();
            if self.is_set() {
                return;
            }
            notified.await;
        }
    }

    pub(crate) fn is_set(&self) -> bool {
        self.answer.get().is_some()
    }

    pub(crate) fn answer(&self) -> Option<Arc<Answer>> {
        self.answer.get().cloned().flatten()
    }
}

/// What a guest holds of an operation that it started.
#[derive(Debug)]
pub struct Pending {
    pub(crate) signal: Arc<Signal>,
    /// Ends the operation when the guest drops the handle; `None` where it had ended already.
    _cut: Option<Cut>,
    taken: bool,
    /// Whether the body is copied into the guest.
    pub(crate) deliver: bool,
    /// Index into the record's operations; `None` is a timer.
    pub(crate) operation: Option<usize>,
}

impl Pending {
    /// Of an operation under way.
    pub(crate) fn begun(signal: Arc<Signal>, cut: Cut, operation: Option<usize>) -> Self {
        Self {
            signal,
            _cut: Some(cut),
            taken: false,
            deliver: false,
            operation,
        }
    }

    /// Of an operation whose signal is set.
    pub(crate) fn ended(signal: Arc<Signal>, operation: Option<usize>) -> Self {
        Self {
            signal,
            _cut: None,
            taken: false,
            deliver: false,
            operation,
        }
    }

    /// The answer, once; `None` before it has come, for a timer, and the second time.
    pub(crate) fn take(&mut self) -> Option<Answered> {
        if std::mem::replace(&mut self.taken, true) {
            return None;
        }
        Some(Answered {
            answer: self.signal.answer()?,
            operation: self.operation,
        })
    }
}

/// An answer, and which operation of the record it belongs to.
#[derive(Debug, Clone)]
pub(crate) struct Answered {
    pub(crate) answer: Arc<Answer>,
    pub(crate) operation: Option<usize>,
}

/// What a guest can wait on.
#[derive(Debug, Clone)]
pub struct Pollable(pub(crate) Arc<Signal>);
