//! The signals that end a daemon, and the one that reloads it.

use std::time::Duration;

use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::app::AppError;

/// Signals this close to the first one mean the same.
const SAME_SIGNAL: Duration = Duration::from_millis(50);

/// The signals that end a daemon.
#[derive(Debug)]
pub(crate) struct Stop {
    terminate: Signal,
    interrupt: Signal,
    /// Until somebody takes it: before that, a hangup would end the process.
    hangup: Option<Signal>,
}

impl Stop {
    pub(crate) fn new() -> Result<Self, AppError> {
        let unheard = |error| AppError::Start(format!("signals cannot be heard: {error}"));
        let terminate = signal(SignalKind::terminate()).map_err(unheard)?;
        Ok(Self {
            terminate,
            interrupt: signal(SignalKind::interrupt()).map_err(unheard)?,
            hangup: Some(signal(SignalKind::hangup()).map_err(unheard)?),
        })
    }

    /// The signal that asks for a reload.
    pub(crate) fn take_hangups(&mut self) -> Result<Signal, AppError> {
        let gone = || AppError::Start("hangups are heard by somebody else".to_owned());
        self.hangup.take().ok_or_else(gone)
    }

    /// Until somebody asks.
    pub(crate) async fn asked(&mut self) {
        tokio::select! { _ = self.terminate.recv() => {}, _ = self.interrupt.recv() => {} }
    }

    /// One request to stop may arrive twice: to the process, and to its group.
    pub(crate) async fn same_signal(&mut self) {
        while tokio::time::timeout(SAME_SIGNAL, self.asked())
            .await
            .is_ok()
        {}
    }
}
