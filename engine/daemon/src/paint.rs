//! Colours, where a person looks.

use std::io::{self, IsTerminal};

use leadsman_core::outcome::Outcome;

/// Whether and how text is coloured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Paint(bool);

impl Paint {
    /// Colours only at a terminal, and never where `NO_COLOR` is set.
    pub fn for_stdout() -> Self {
        Self(io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none())
    }

    /// Colours only where errors go to a terminal, and never where `NO_COLOR` is set.
    pub fn for_stderr() -> Self {
        Self(io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none())
    }

    /// No colours.
    pub const fn plain() -> Self {
        Self(false)
    }

    /// Whether there are colours.
    pub const fn is_on(self) -> bool {
        self.0
    }

    fn coded(self, code: &str, text: &str) -> String {
        if self.0 {
            format!("\x1b[{code}m{text}\x1b[0m")
        } else {
            text.to_owned()
        }
    }

    /// What matters.
    pub fn bold(self, text: &str) -> String {
        self.coded("1", text)
    }

    /// What matters less.
    pub fn dim(self, text: &str) -> String {
        self.coded("2", text)
    }

    /// An outcome in its colour.
    pub fn outcome(self, outcome: Outcome, text: &str) -> String {
        match outcome {
            Outcome::Pass => self.coded("32;1", text),
            Outcome::Fail => self.coded("31;1", text),
            Outcome::Unknown => self.coded("33;1", text),
        }
    }
}
