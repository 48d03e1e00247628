//! Why a probe stops early.

use std::fmt;

use crate::{facts::Facts, raw::net::types as raw};

/// The result of everything that asks the network.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why a probe stops early.
#[derive(Debug)]
pub enum Error {
    /// An operation failed; the host's record of it decides the run's reason.
    Failure(Failure),
    /// Expectations were not met; they have been reported.
    Unmet,
    /// The probe cannot judge: the run is `unknown`, and this sentence says why.
    Undecided(String),
}

impl Error {
    /// The probe cannot judge.
    pub fn undecided(why: impl Into<String>) -> Self {
        Self::Undecided(why.into())
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Failure(failure) => failure.fmt(f),
            Self::Unmet => f.write_str("an expectation was not met"),
            Self::Undecided(why) => f.write_str(why),
        }
    }
}

impl std::error::Error for Error {}

impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        Self::Failure(failure)
    }
}

/// An operation that failed.
pub struct Failure(pub(crate) raw::Failure);

impl Failure {
    /// A stable code such as `connect_refused` or `tls_expired`.
    pub fn kind(&self) -> String {
        self.0.kind()
    }

    /// A sentence for people.
    pub fn message(&self) -> String {
        self.0.message()
    }

    /// The phase in which it happened, where one had begun.
    pub fn at(&self) -> Option<String> {
        self.0.at()
    }

    /// What was learnt until then.
    pub fn facts(&self) -> Facts {
        Facts::new(self.0.facts())
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message())
    }
}

impl fmt::Debug for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Failure")
            .field("kind", &self.kind())
            .field("message", &self.message())
            .finish()
    }
}

impl std::error::Error for Failure {}
