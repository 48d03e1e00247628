//! TLS handshakes, to be looked at.

use std::time::Duration;

use crate::{Facts, Failure, Result, raw::tls::handshake as raw, steps, wait::Options};

/// A handshake to make.
#[derive(Debug, Clone)]
pub struct Handshake {
    host: String,
    port: u16,
    options: Options,
}

impl Handshake {
    /// With a host and a port.
    pub fn with(host: impl Into<String>, port: u16) -> Self {
        Self {
            host: host.into(),
            port,
            options: Options::default(),
        }
    }

    /// How long it may take.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.options.duration("timeout", timeout);
        self
    }

    /// Sets an option of the contract that is a text, by name.
    #[must_use]
    pub fn text(mut self, name: &str, value: &str) -> Self {
        self.options.text(name, value);
        self
    }

    /// Makes it. Succeeds on a bad certificate too: the fact `distrust` says what is wrong.
    pub fn inspect(self) -> Result<Facts, Failure> {
        steps::settle();
        raw::inspect(&self.host, self.port, &self.options.0)
            .map(Facts::new)
            .map_err(Failure)
    }
}
