//! Streams.

use std::{fmt, time::Duration};

use crate::{Facts, Failure, Result, raw::net::tcp as raw, steps, wait::Options};

/// A stream to open.
#[derive(Debug, Clone)]
pub struct Connect {
    host: String,
    port: u16,
    options: Options,
}

impl Connect {
    /// To a host and a port.
    pub fn to(host: impl Into<String>, port: u16) -> Self {
        Self {
            host: host.into(),
            port,
            options: Options::default(),
        }
    }

    /// How long opening may take.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.options.duration("timeout", timeout);
        self
    }

    /// Sets an option of the contract that is a flag, by name.
    #[must_use]
    pub fn flag(mut self, name: &str, value: bool) -> Self {
        self.options.flag(name, value);
        self
    }

    /// Sets an option of the contract that is a text, by name.
    #[must_use]
    pub fn text(mut self, name: &str, value: &str) -> Self {
        self.options.text(name, value);
        self
    }

    /// Opens it.
    pub fn open(self) -> Result<Stream, Failure> {
        steps::settle();
        raw::connect(&self.host, self.port, &self.options.0)
            .map(|connection| Stream {
                connection,
                options: Options::default(),
            })
            .map_err(Failure)
    }
}

/// An open stream; dropping it closes it.
pub struct Stream {
    connection: raw::Connection,
    options: Options,
}

impl Stream {
    /// The same, where each read may take so long at most.
    #[must_use]
    pub fn limited(mut self, timeout: Option<Duration>) -> Self {
        if let Some(timeout) = timeout {
            self.options.duration("timeout", timeout);
        }
        self
    }

    /// What opening it taught.
    pub fn facts(&self) -> Facts {
        Facts::new(self.connection.facts())
    }

    /// Writes all bytes.
    pub fn write(&self, bytes: &[u8]) -> Result<(), Failure> {
        steps::settle();
        self.connection.write(bytes).map_err(Failure)
    }

    /// Reads what comes first, at most `max` bytes; empty is the end.
    pub fn read(&self, max: u32) -> Result<Vec<u8>, Failure> {
        steps::settle();
        self.connection.read(max, &self.options.0).map_err(Failure)
    }

    /// Reads until the delimiter, which is part of what is returned, or the end.
    pub fn read_until(&self, delimiter: &[u8], max: u32) -> Result<Vec<u8>, Failure> {
        steps::settle();
        self.connection
            .read_until(delimiter, max, &self.options.0)
            .map_err(Failure)
    }
}

impl fmt::Debug for Stream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stream").finish_non_exhaustive()
    }
}
