//! What the host learnt from an operation.

use std::{fmt, time::Duration};

use crate::{
    matching::Content as Matched,
    raw::{matching::expressions::Blob, net::types as raw},
};

pub use crate::matching::Content;

/// What the host learnt from one operation: measured by the host, absent where it is not known.
pub struct Facts(raw::Facts);

impl Facts {
    pub(crate) fn new(raw: raw::Facts) -> Self {
        Self(raw)
    }

    /// How long a phase took (`resolve`, `connect`, `tls`, `send`, `wait`, `receive`).
    pub fn phase(&self, name: &str) -> Option<Duration> {
        self.0.phase(name).map(Duration::from_nanos)
    }

    /// How long the operation took: the sum of its phases.
    pub fn total(&self) -> Duration {
        Duration::from_nanos(self.0.total())
    }

    /// A fact that is a text; the names are those of the contract.
    pub fn text(&self, name: &str) -> Option<String> {
        self.0.text(name)
    }

    /// A fact that is a number; the names are those of the contract.
    pub fn number(&self, name: &str) -> Option<i64> {
        self.0.number(name)
    }

    /// The certificates as presented, leaf first.
    pub fn certificates(&self) -> Vec<Certificate> {
        self.0.certificates().into_iter().map(Certificate).collect()
    }

    /// What came, as bytes that the host holds.
    pub fn content(&self) -> Content {
        let blob: Blob = self.0.content();
        Matched::new(blob)
    }
}

impl fmt::Debug for Facts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Facts")
            .field("total", &self.total())
            .finish_non_exhaustive()
    }
}

/// One certificate as presented.
pub struct Certificate(raw::Certificate);

impl Certificate {
    /// The subject, as RFC 4514 text.
    pub fn subject(&self) -> String {
        self.0.subject()
    }

    /// The issuer, as RFC 4514 text.
    pub fn issuer(&self) -> String {
        self.0.issuer()
    }

    /// The serial number, in hexadecimal.
    pub fn serial(&self) -> String {
        self.0.serial()
    }

    /// When it begins to be valid, in Unix seconds.
    pub fn not_before(&self) -> i64 {
        self.0.not_before()
    }

    /// When it ends, in Unix seconds.
    pub fn not_after(&self) -> i64 {
        self.0.not_after()
    }

    /// The DNS names and addresses it is for.
    pub fn names(&self) -> Vec<String> {
        self.0.names()
    }

    /// SHA-256 of the certificate, in hexadecimal.
    pub fn sha256(&self) -> String {
        self.0.sha256()
    }

    /// The certificate itself (DER).
    pub fn der(&self) -> Vec<u8> {
        self.0.der()
    }
}

impl fmt::Debug for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Certificate")
            .field("subject", &self.subject())
            .finish_non_exhaustive()
    }
}
