//! What went wrong with one operation, as the host saw it.

use serde::{Deserialize, Serialize};

use crate::{facts::Facts, outcome::Reason, phase::Phase};

macro_rules! kinds {
    ($($(#[$doc:meta])* $name:ident = $text:literal => $reason:ident, $evidence:literal;)*) => {
        /// The closed list of ways in which an operation fails.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum FailureKind { $($(#[$doc])* $name,)* }

        impl FailureKind {
            /// Every kind.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The kind's name in the contract and in records.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }

            /// The reason that a run gets when this kind is its first cause.
            pub const fn reason(self) -> Reason {
                match self { $(Self::$name => Reason::$reason,)* }
            }

            /// Whether the target itself was heard: a byte, a reset, an alert, an authoritative answer.
            pub const fn is_evidence(self) -> bool {
                match self { $(Self::$name => $evidence,)* }
            }
        }
    };
}

kinds! {
    /// The policy refuses the destination.
    EgressDenied = "egress_denied" => EgressDenied, false;
    /// The policy refuses a private or special address.
    EgressPrivate = "egress_private" => EgressPrivate, false;
    /// The target redirected to where the policy does not let it.
    RedirectDenied = "redirect_denied" => RedirectDenied, true;
    /// More redirects than allowed.
    RedirectLimit = "redirect_limit" => RedirectLoop, true;
    /// A hard limit of the attempt was reached.
    Quota = "quota" => ProbeLimit, false;
    /// The guest asked for what makes no sense.
    BadRequest = "bad_request" => ProbeOutputInvalid, false;
    /// A secret that cannot be had, or not for this host.
    SecretUnavailable = "secret_unavailable" => SecretUnavailable, false;
    /// The name does not exist.
    DnsNxdomain = "dns_nxdomain" => DnsNxdomain, true;
    /// The name exists without records of the type.
    DnsNodata = "dns_nodata" => DnsNodata, true;
    /// The server says that it failed.
    DnsServfail = "dns_servfail" => DnsServfail, true;
    /// The server refuses to answer.
    DnsRefused = "dns_refused" => DnsRefused, true;
    /// No answer in time.
    DnsTimeout = "dns_timeout" => DnsTimeout, false;
    /// An answer that is no answer: malformed, or to another question.
    DnsMalformed = "dns_malformed" => DnsError, true;
    /// Our own resolver refuses connections.
    ResolverDown = "resolver_down" => ResolverDown, false;
    /// The target refuses the connection.
    ConnectRefused = "connect_refused" => ConnectRefused, true;
    /// The transport's handshake did not end in time.
    ConnectTimeout = "connect_timeout" => ConnectTimeout, false;
    /// A router or the target says that the host cannot be reached.
    HostUnreachable = "host_unreachable" => HostUnreachable, true;
    /// The target reset the connection.
    ConnectionReset = "connection_reset" => ConnectionReset, true;
    /// This machine has no route for the address.
    LocalNetwork = "local_network" => LocalNetwork, false;
    /// This process has no descriptor left.
    FdExhausted = "fd_exhausted" => FdExhausted, false;
    /// This machine has no port left.
    PortExhausted = "port_exhausted" => PortExhausted, false;
    /// Another errno on our side.
    LocalResources = "local_resources" => LocalResources, false;
    /// The certificate's time is over.
    TlsExpired = "tls_expired" => TlsExpired, true;
    /// The certificate's time has not begun.
    TlsNotYetValid = "tls_not_yet_valid" => TlsNotYetValid, true;
    /// The certificate is for other names.
    TlsNameMismatch = "tls_name_mismatch" => TlsNameMismatch, true;
    /// No path leads to a trusted root.
    TlsUnknownIssuer = "tls_unknown_issuer" => TlsUnknownIssuer, true;
    /// The chain is bad in another way.
    TlsBadCertificate = "tls_bad_certificate" => TlsBadCertificate, true;
    /// The handshake failed: an alert, no common version, garbage.
    TlsHandshake = "tls_handshake" => TlsHandshake, true;
    /// The handshake did not end in time.
    TlsTimeout = "tls_timeout" => TlsTimeout, true;
    /// The answer breaks the protocol.
    HttpProtocol = "http_protocol" => HttpProtocol, true;
    /// Nothing or no more came in time.
    ResponseTimeout = "response_timeout" => ResponseTimeout, false;
    /// The connection ended before the answer did.
    ResponseTruncated = "response_truncated" => ResponseTruncated, true;
    /// More than the limit, or a compression ratio beyond its cap.
    ResponseTooLarge = "response_too_large" => ResponseTooLarge, true;
    /// The host itself failed.
    Internal = "internal" => Internal, false;
}

/// One operation's failure.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// What went wrong.
    pub kind: FailureKind,
    /// In which phase, where one had begun.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phase: Option<Phase>,
    /// A sentence for people; never a label.
    pub message: String,
    /// What was learnt until then: failed operations yield facts too.
    #[serde(default)]
    pub facts: Box<Facts>,
}

impl Failure {
    /// A failure before any phase began.
    pub fn new(kind: FailureKind, message: impl Into<String>) -> Self {
        Self {
            kind,
            phase: None,
            message: message.into(),
            facts: Box::default(),
        }
    }

    /// The same failure, in a phase.
    #[must_use]
    pub fn during(mut self, phase: Phase) -> Self {
        self.phase = Some(phase);
        self
    }
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Failure {}
