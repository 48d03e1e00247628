//! What cannot be carried over, and what cannot be read at all.

use std::fmt;

/// Something of the input that the journey does not do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Left {
    /// The line of the input, from 1.
    pub line: usize,
    /// What it is, as it is written there; what is secret in it is not shown.
    pub what: String,
    /// Why it is not carried over, and what can be done instead.
    pub why: String,
}

impl fmt::Display for Left {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: `{}`: {}", self.line, self.what, self.why)
    }
}

/// Why a text is no HAR, no curl command line, no Hurl file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportError {
    /// The line of the input, from 1.
    pub line: usize,
    /// What is wrong.
    pub message: String,
    /// How to mend it.
    pub mend: String,
}

impl ImportError {
    pub(crate) fn new(line: usize, message: impl Into<String>, mend: impl Into<String>) -> Self {
        Self {
            line,
            message: message.into(),
            mend: mend.into(),
        }
    }
}

impl fmt::Display for ImportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}; {}", self.line, self.message, self.mend)
    }
}

impl std::error::Error for ImportError {}

/// Longest part of the input that is shown, in characters.
const LONGEST: usize = 100;

/// The list while it grows.
#[derive(Debug, Default)]
pub(crate) struct Notes {
    list: Vec<Left>,
}

impl Notes {
    pub(crate) fn leave(&mut self, line: usize, what: impl AsRef<str>, why: impl Into<String>) {
        self.list.push(Left {
            line,
            what: what.as_ref().to_owned(),
            why: why.into(),
        });
    }

    pub(crate) fn last(&self) -> Option<&Left> {
        self.list.last()
    }

    /// All of them in the order of lines, with what `hide` does to each.
    pub(crate) fn finish(mut self, hide: impl Fn(&str) -> String) -> Vec<Left> {
        for left in &mut self.list {
            left.what = excerpt(&hide(&left.what));
            left.why = hide(&left.why);
        }
        self.list.sort_by_key(|left| left.line);
        self.list.dedup();
        self.list
    }
}

/// The beginning of `text` in one line; what is secret has to be hidden before it is cut.
pub(crate) fn excerpt(text: &str) -> String {
    let flat: String = text
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    let flat = flat.trim();
    if flat.chars().count() <= LONGEST {
        return flat.to_owned();
    }
    let mut cut: String = flat.chars().take(LONGEST).collect();
    cut.push('…');
    cut
}
