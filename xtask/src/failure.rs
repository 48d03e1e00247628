//! Why a command ends early, and with which exit code.

use std::{error::Error, fmt, io, path::Path};

/// A sentence for whoever ran the command.
#[derive(Debug)]
pub(crate) struct Failure {
    sentence: String,
    code: u8,
}

impl Failure {
    /// Ends with exit code 1.
    pub(crate) fn new(sentence: impl Into<String>) -> Self {
        Self::coded(sentence, 1)
    }

    /// Ends with the exit code of what failed.
    pub(crate) fn coded(sentence: impl Into<String>, code: u8) -> Self {
        Self {
            sentence: sentence.into(),
            code: code.max(1),
        }
    }

    /// A file that cannot be read or written.
    pub(crate) fn file(path: &Path, error: &io::Error) -> Self {
        Self::new(format!("`{}`: {error}", path.display()))
    }

    /// The exit code.
    pub(crate) const fn code(&self) -> u8 {
        self.code
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.sentence)
    }
}

impl<E: Error> From<E> for Failure {
    fn from(error: E) -> Self {
        Self::new(error.to_string())
    }
}
