//! What goes wrong inside: a kind and a sentence; the trace adds the phase and the facts.

use leadsman_core::{
    egress::Refusal,
    failure::{Failure, FailureKind},
};

/// A failure that has not met its facts yet.
#[derive(Debug)]
pub(crate) struct Fault {
    pub(crate) kind: FailureKind,
    pub(crate) message: String,
}

impl Fault {
    pub(crate) fn new(kind: FailureKind, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
        }
    }

    pub(crate) fn bad_request(message: impl Into<String>) -> Self {
        Self::new(FailureKind::BadRequest, message)
    }
}

impl From<Refusal> for Fault {
    fn from(refusal: Refusal) -> Self {
        Self {
            kind: refusal.kind,
            message: refusal.message,
        }
    }
}

impl From<Fault> for Failure {
    fn from(fault: Fault) -> Self {
        Self::new(fault.kind, fault.message)
    }
}
