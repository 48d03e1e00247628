//! What passes between the daemon and the service manager: readiness, reloads, the watchdog, sockets.
//!
//! Without a service manager everything here does nothing.

mod listeners;

use std::time::Duration;

use sd_notify::NotifyState;

pub use listeners::{ListenersError, listeners};

/// Tells the service manager how the daemon is: `Type=notify` and `WatchdogSec=` of a unit.
#[derive(Debug, Clone, Copy)]
pub struct Notifier {
    watchdog: Option<Duration>,
}

impl Notifier {
    /// As the environment says that the service manager has set.
    pub fn from_env() -> Self {
        let watchdog = sd_notify::watchdog_enabled().filter(|period| !period.is_zero());
        Self { watchdog }
    }

    /// It serves; also what ends a reload.
    pub fn ready(&self, status: &str) {
        tell(&[NotifyState::Ready, NotifyState::Status(&one_line(status))]);
    }

    /// It reads its configuration anew; [`Notifier::ready`] says when it has.
    pub fn reloading(&self) {
        // In one message: from version 253 on, systemd ends a service that leaves the time out.
        match NotifyState::monotonic_usec_now() {
            Ok(now) => tell(&[NotifyState::Reloading, now]),
            Err(error) => tracing::warn!(%error, "the service manager is not told of the reload"),
        }
    }

    /// It drains.
    pub fn stopping(&self, status: &str) {
        tell(&[
            NotifyState::Stopping,
            NotifyState::Status(&one_line(status)),
        ]);
    }

    /// A sentence for `systemctl status`.
    pub fn status(&self, status: &str) {
        tell(&[NotifyState::Status(&one_line(status))]);
    }

    /// It is alive; to be called each [`Notifier::beat`], and only while it really is.
    pub fn alive(&self) {
        if self.watchdog.is_some() {
            tell(&[NotifyState::Watchdog]);
        }
    }

    /// How often to say that it is alive, half of what the service manager waits; none is asked for
    /// where there is no watchdog.
    pub fn beat(&self) -> Option<Duration> {
        self.watchdog.map(|period| period / 2)
    }
}

/// A line end would begin another assignment.
fn one_line(status: &str) -> String {
    status.replace(char::is_control, " ")
}

/// A service manager that does not listen is no reason to end.
fn tell(states: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(states) {
        tracing::warn!(%error, "the service manager cannot be told how the daemon is");
    }
}

#[cfg(test)]
pub(crate) mod tests;
