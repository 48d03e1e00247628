//! What the host learnt from one operation, whether or not the guest asks.

use std::{
    net::{IpAddr, SocketAddr},
    sync::Arc,
};

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::{failure::FailureKind, phase::Phases};

/// Everything that one network operation taught.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Facts {
    /// How long each part took, over all hops.
    pub phases: Phases,
    /// The address that was dialled last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remote: Option<SocketAddr>,
    /// The address that the policy refused; nothing was sent there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refused: Option<IpAddr>,
    /// Whether the other address family had to be tried.
    pub family_fallback: bool,
    /// Whether a session's connection was used again.
    pub reused: bool,
    /// The last TLS handshake, also where it was refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tls: Option<Arc<TlsFacts>>,
    /// The HTTP exchange, where there was one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub http: Option<Box<HttpFacts>>,
}

/// What an HTTP exchange taught.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct HttpFacts {
    /// `HTTP/1.0`, `HTTP/1.1` or `HTTP/2`.
    pub version: String,
    /// The final hop's status.
    pub status: u16,
    /// The final hop's URL, without credentials.
    pub final_url: String,
    /// Each hop, the final one included.
    pub hops: Vec<Hop>,
    /// `Content-Length` as the target stated it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content_length: Option<u64>,
    /// Bytes of the body as they came over the wire.
    pub wire_bytes: u64,
    /// Bytes of the body after decompression.
    pub body_bytes: u64,
}

/// One hop of an exchange that followed redirects.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hop {
    /// The hop's URL, without credentials.
    pub url: String,
    /// Its status.
    pub status: u16,
    /// The address dialled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remote: Option<SocketAddr>,
    /// How long its parts took.
    pub phases: Phases,
}

/// What a handshake showed, whether or not its chain verifies.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct TlsFacts {
    /// `TLS 1.2` or `TLS 1.3`; empty where the handshake did not get that far.
    pub version: String,
    /// The cipher suite's IANA name; empty where none was agreed.
    pub cipher: String,
    /// The protocol agreed by ALPN.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub alpn: Option<String>,
    /// The name that the chain was judged for.
    pub server_name: String,
    /// The certificates as presented, leaf first.
    pub chain: Vec<Certificate>,
    /// What the judgement of the chain was: `None` is a chain that verifies now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub distrust: Option<Distrust>,
    /// The first instant (Unix seconds) at which no chain verifies any more; absent where none verifies now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub chain_valid_until: Option<i64>,
}

impl TlsFacts {
    /// When the leaf ends, in Unix seconds.
    pub fn leaf_not_after(&self) -> Option<i64> {
        self.chain.first().map(|leaf| leaf.not_after)
    }

    /// When the first of the presented certificates ends, in Unix seconds.
    pub fn earliest_not_after(&self) -> Option<i64> {
        self.chain
            .iter()
            .map(|certificate| certificate.not_after)
            .min()
    }
}

/// Why a chain does not verify.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Distrust {
    /// One of the `tls_*` kinds.
    pub kind: FailureKind,
    /// A sentence for people.
    pub message: String,
}

/// One certificate as presented.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Certificate {
    /// The subject, as RFC 4514 text.
    pub subject: String,
    /// The issuer, as RFC 4514 text.
    pub issuer: String,
    /// The serial number in hexadecimal.
    pub serial: String,
    /// Unix seconds.
    pub not_before: i64,
    /// Unix seconds.
    pub not_after: i64,
    /// The DNS names and addresses it is for.
    pub names: Vec<String>,
    /// The signature algorithm's name or object identifier.
    pub signature_algorithm: String,
    /// SHA-256 of the certificate, in hexadecimal.
    pub sha256: String,
    /// The certificate itself (DER); left out of records.
    #[serde(skip)]
    pub der: Bytes,
}
