//! Streams.

use std::{cell::Cell, fmt, time::Duration};

use crate::{Facts, Failure, Result, raw::net::tcp as raw, report, steps, wait::Options};

/// A stream to open.
#[derive(Debug, Clone)]
pub struct Connect {
    host: String,
    port: u16,
    options: Options,
    is_repeatable: bool,
}

impl Connect {
    /// To a host and a port.
    pub fn to(host: impl Into<String>, port: u16) -> Self {
        Self {
            host: host.into(),
            port,
            options: Options::default(),
            is_repeatable: false,
        }
    }

    /// The author's word that writing to it again does no harm. Without it, a run that has written anything makes
    /// no further attempt, whatever the check's `retries` says.
    ///
    /// ```
    /// use leadsman_sdk::prelude::*;
    ///
    /// fn ping(cache: &Target) -> Result<Vec<u8>> {
    ///     let (host, port) = cache.host_and_port(6379)?;
    ///     // A command that only asks.
    ///     let stream = tcp::Connect::to(host, port).repeatable(true).open()?;
    ///     stream.write(b"PING\r\n")?;
    ///     Ok(stream.read_until(b"\n", 64)?)
    /// }
    /// ```
    #[must_use]
    pub const fn repeatable(mut self, is_repeatable: bool) -> Self {
        self.is_repeatable = is_repeatable;
        self
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
                is_settled: Cell::new(self.is_repeatable),
            })
            .map_err(Failure)
    }
}

/// An open stream; dropping it closes it.
pub struct Stream {
    connection: raw::Connection,
    options: Options,
    /// Whether a write has nothing to say any more: it is repeatable, or one before has said that it is not.
    is_settled: Cell<bool>,
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
        // On the point of being written: what fails may have changed something too.
        if !self.is_settled.replace(true) {
            report::unrepeatable();
        }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        mock::{Mock, Run},
        prelude::{NoSettings, Target, Verdict},
    };

    /// A run that opens a stream to somebody who greets, and does something with it.
    fn run(is_repeatable: bool, part: impl Fn(&Stream) -> Result<(), Failure>) -> Run {
        Mock::new("mail.example:25")
            .on_connect("220 ready\r\n")
            .run(|_: &Target, _: &NoSettings| {
                let connect = Connect::to("mail.example", 25).repeatable(is_repeatable);
                part(&connect.open()?)?;
                Ok(Verdict::Pass)
            })
    }

    #[test]
    fn a_run_that_has_written_to_a_stream_makes_no_further_attempt_unless_its_author_allows_it() {
        let twice = |stream: &Stream| {
            stream.write(b"EHLO a\r\n")?;
            stream.write(b"QUIT\r\n")
        };
        for is_repeatable in [false, true] {
            let run = run(is_repeatable, twice);
            assert_eq!(run.verdict, Verdict::Pass, "{run:?}");
            assert_eq!(run.written, b"EHLO a\r\nQUIT\r\n");
            assert_eq!(run.unrepeatable, !is_repeatable);
        }
    }

    #[test]
    fn a_run_that_only_reads_a_stream_may_be_repeated() {
        let run = run(false, |stream| stream.read_until(b"\n", 64).map(drop));
        assert_eq!(
            (run.verdict, run.unrepeatable),
            (Verdict::Pass, false),
            "{run:?}"
        );
    }
}
