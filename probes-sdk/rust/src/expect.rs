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

#[cfg(test)]
mod tests {
    use crate::{
        mock::{Mock, Run},
        prelude::*,
    };

    fn run(part: impl Fn() -> Result<()>) -> Run {
        let mock = Mock::new("https://t.example/");
        mock.run(|_: &Target, _: &NoSettings| part().map(|()| Verdict::Pass))
    }

    /// What a run tells that failed: kind, path, what was expected, and what came.
    fn unmet(part: impl Fn() -> Result<()>) -> Vec<[String; 4]> {
        let run = run(part);
        assert_eq!(run.verdict, Verdict::Fail);
        let told = run.assertions.into_iter();
        told.map(|told| [told.kind, told.path, told.expected, told.got])
            .collect()
    }

    #[test]
    fn what_is_not_met_is_told_with_what_was_expected_and_what_came() {
        let told = unmet(|| {
            ensure!(false, Body, "body", "a greeting", "an error page");
            Ok(())
        });
        assert_eq!(told, [["body", "body", "a greeting", "an error page"]]);
        let told = unmet(|| {
            ensure_eq!(503_u16, 200, Status, "status");
            Ok(())
        });
        assert_eq!(told, [["status", "status", "200", "503"]]);
    }

    #[test]
    fn where_nobody_says_what_came_it_was_something_else() {
        let told = unmet(|| {
            ensure!(false, Header, "x-shop", "open");
            Ok(())
        });
        assert_eq!(told, [["header", "x-shop", "open", "something else"]]);
    }

    #[test]
    fn what_is_met_is_not_told_and_the_first_that_is_not_ends_the_probe() {
        let met = run(|| {
            ensure!(true, Body, "body", "a greeting", "an error page");
            ensure_eq!(200_u16, 200, Status, "status");
            Ok(())
        });
        assert_eq!((met.verdict, met.assertions), (Verdict::Pass, Vec::new()));
        let told = unmet(|| {
            ensure_eq!(503_u16, 200, Status, "status");
            ensure!(false, Body, "body", "a greeting", "an error page");
            Ok(())
        });
        assert_eq!(told, [["status", "status", "200", "503"]]);
    }

    #[test]
    fn all_that_is_not_met_of_several_is_told_each_with_its_setting() {
        let part = |mut expected: Expectations| {
            expected
                .at("/status")
                .that(false, Kind::Status, "status", 200, 503)
                .at("/version")
                .that(true, Kind::HttpVersion, "version", "HTTP/2", "HTTP/2")
                .at("/body")
                .that(false, Kind::Body, "body", "a greeting", "an error page");
            expected.done()
        };
        let all = [
            ["status", "status", "200", "503"],
            ["body", "body", "a greeting", "an error page"],
        ];
        assert_eq!(unmet(|| part(Expectations::below("/expect"))), all);
        let told = run(|| part(Expectations::below("/expect"))).about;
        assert_eq!(told, ["/expect/status", "/expect/body"]);
        let silent = run(|| part(Expectations::silent()));
        assert_eq!(
            (silent.verdict, silent.assertions),
            (Verdict::Fail, Vec::new())
        );
    }
}
