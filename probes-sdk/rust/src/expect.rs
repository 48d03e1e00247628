//! Expectations: each unmet one is reported with what was expected and what came instead.

use std::fmt::Display;

use crate::{Error, Result, report};

/// What an expectation is about; it decides the run's reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// The HTTP status.
    Status,
    /// A header field.
    Header,
    /// The body.
    Body,
    /// The HTTP version.
    HttpVersion,
    /// The TLS version, or whether there is TLS at all.
    TlsVersion,
    /// The certificate.
    Certificate,
    /// Redirects.
    Redirect,
    /// The DNS response code.
    Rcode,
    /// DNS records.
    Answer,
    /// What came over a stream.
    Reply,
    /// How long something took.
    Duration,
    /// Anything else.
    Assertion,
}

impl Kind {
    /// The kind's name in the contract.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Status => "status",
            Self::Header => "header",
            Self::Body => "body",
            Self::HttpVersion => "http-version",
            Self::TlsVersion => "tls-version",
            Self::Certificate => "certificate",
            Self::Redirect => "redirect",
            Self::Rcode => "rcode",
            Self::Answer => "answer",
            Self::Reply => "reply",
            Self::Duration => "duration",
            Self::Assertion => "assertion",
        }
    }
}

/// Collects expectations, so that all unmet ones are told and not the first alone.
#[derive(Debug, Default)]
pub struct Expectations {
    unmet: usize,
    base: String,
    about: Option<String>,
    silent: bool,
}

impl Expectations {
    /// None yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// None yet; they stand in the settings below this JSON pointer.
    pub fn below(pointer: impl Into<String>) -> Self {
        Self {
            base: pointer.into(),
            ..Self::default()
        }
    }

    /// None yet; what is not met is counted, and not reported.
    pub fn silent() -> Self {
        Self {
            silent: true,
            ..Self::default()
        }
    }

    /// The setting that the next expectations are about, as a JSON pointer: the record then names its line.
    pub fn at(&mut self, pointer: impl Into<String>) -> &mut Self {
        if !self.silent {
            self.about = Some(pointer.into());
        }
        self
    }

    /// Expects something; where it is not met, it is reported at once.
    pub fn that(
        &mut self,
        met: bool,
        kind: Kind,
        path: &str,
        expected: impl Display,
        got: impl Display,
    ) -> &mut Self {
        if !met {
            self.unmet += 1;
            self.tell(kind, path, &expected.to_string(), &got.to_string());
        }
        self
    }

    fn tell(&self, kind: Kind, path: &str, expected: &str, got: &str) {
        if self.silent {
            return;
        }
        let about = self.about.as_deref().unwrap_or_default();
        let pointer = format!("{}{about}", self.base);
        if pointer.is_empty() {
            report::assertion(kind, path, expected, got);
            return;
        }
        report::about(&pointer);
        report::assertion(kind, path, expected, got);
        report::about("");
    }

    /// Whether all were met so far.
    pub const fn all_met(&self) -> bool {
        self.unmet == 0
    }

    /// Ends the probe if one was not met.
    pub fn done(&self) -> Result<()> {
        if self.all_met() {
            Ok(())
        } else {
            Err(Error::Unmet)
        }
    }
}

/// Ends the probe unless a condition holds:
/// `ensure!(condition, Kind, "path", "what was expected")`, with what came instead as a fifth part.
#[macro_export]
macro_rules! ensure {
    ($met:expr, $kind:ident, $path:expr, $expected:expr $(,)?) => {
        $crate::ensure!($met, $kind, $path, $expected, "something else")
    };
    ($met:expr, $kind:ident, $path:expr, $expected:expr, $got:expr $(,)?) => {
        $crate::Expectations::new()
            .that($met, $crate::Kind::$kind, $path, $expected, $got)
            .done()?
    };
}

/// Ends the probe unless two values are equal: `ensure_eq!(got, expected, Kind, "path")`.
#[macro_export]
macro_rules! ensure_eq {
    ($got:expr, $expected:expr, $kind:ident, $path:expr $(,)?) => {{
        let (got, expected) = (&$got, &$expected);
        $crate::Expectations::new()
            .that(got == expected, $crate::Kind::$kind, $path, expected, got)
            .done()?
    }};
}
