//! The seam between guests and the network, as data: what a guest may ask and what it is told.
//!
//! Two closed, versioned enums. Recording, replay, fault injection and tests are the same stream of
//! [`Call`]s and [`Answer`]s; nothing in them is a handle of this process. Secrets appear in a
//! [`Call`] as their placeholders: they are swapped in on the far side.

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::{facts::Facts, failure::Failure, phase::Nanos};

/// The version of this stream, written into every record.
pub const SEAM_VERSION: u32 = 1;

/// What a guest asks of the network.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Call {
    /// One HTTP exchange, redirects included.
    Http(Box<HttpCall>),
    /// One DNS question to one server.
    Dns(Box<DnsCall>),
    /// One TLS handshake, to be looked at.
    Tls(Box<TlsCall>),
    /// Opens a stream.
    TcpConnect(Box<TcpConnect>),
    /// Writes all bytes to a stream.
    TcpWrite {
        /// Which stream, as [`Answer::TcpConnect`] numbered it.
        stream: u32,
        /// What to write.
        bytes: Bytes,
        /// How long it may take.
        timeout: Option<Nanos>,
    },
    /// Reads from a stream.
    TcpRead(TcpRead),
    /// Closes a stream; it always succeeds.
    TcpClose {
        /// Which stream.
        stream: u32,
    },
}

/// What the network answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// To [`Call::Http`].
    Http(Result<HttpReply, Failure>),
    /// To [`Call::Dns`].
    Dns(Result<Box<DnsReply>, Failure>),
    /// To [`Call::Tls`]: succeeds on bad certificates too.
    Tls(Result<Box<Facts>, Failure>),
    /// To [`Call::TcpConnect`].
    TcpConnect(Result<TcpStreamReply, Failure>),
    /// To [`Call::TcpWrite`].
    TcpWrite(Result<Box<Facts>, Failure>),
    /// To [`Call::TcpRead`].
    TcpRead(Result<TcpReadReply, Failure>),
    /// To [`Call::TcpClose`].
    TcpClose,
}

impl Answer {
    /// The facts, of success and failure alike.
    pub fn facts(&self) -> Option<&Facts> {
        match self {
            Self::Http(Ok(reply)) => Some(&reply.facts),
            Self::Dns(Ok(reply)) => Some(&reply.facts),
            Self::Tls(Ok(facts)) | Self::TcpWrite(Ok(facts)) => Some(facts),
            Self::TcpConnect(Ok(reply)) => Some(&reply.facts),
            Self::TcpRead(Ok(reply)) => Some(&reply.facts),
            Self::TcpClose => None,
            failed => failed.failure().map(|failure| failure.facts.as_ref()),
        }
    }

    /// The facts, to be cut for keeping.
    pub(crate) fn facts_mut(&mut self) -> Option<&mut Facts> {
        match self {
            Self::Http(Ok(reply)) => Some(&mut reply.facts),
            Self::Dns(Ok(reply)) => Some(&mut reply.facts),
            Self::Tls(Ok(facts)) | Self::TcpWrite(Ok(facts)) => Some(facts),
            Self::TcpConnect(Ok(reply)) => Some(&mut reply.facts),
            Self::TcpRead(Ok(reply)) => Some(&mut reply.facts),
            Self::Http(Err(failure))
            | Self::Dns(Err(failure))
            | Self::Tls(Err(failure))
            | Self::TcpConnect(Err(failure))
            | Self::TcpWrite(Err(failure))
            | Self::TcpRead(Err(failure)) => Some(failure.facts.as_mut()),
            Self::TcpClose => None,
        }
    }

    /// The failure, if it is one.
    pub fn failure(&self) -> Option<&Failure> {
        match self {
            Self::Http(Err(failure))
            | Self::Dns(Err(failure))
            | Self::Tls(Err(failure))
            | Self::TcpConnect(Err(failure))
            | Self::TcpWrite(Err(failure))
            | Self::TcpRead(Err(failure)) => Some(failure),
            _ => None,
        }
    }
}

/// Which address family to use.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Family {
    /// The families for which this location has a route, IPv6 first, the other as fallback.
    #[default]
    Auto,
    /// IPv4 only.
    V4,
    /// IPv6 only.
    V6,
    /// IPv4 first, IPv6 as fallback.
    PreferV4,
    /// IPv6 first, IPv4 as fallback.
    PreferV6,
}

/// How a TLS handshake is made and judged.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(default)]
pub struct TlsOptions {
    /// The name to send and to judge for, instead of the host.
    pub server_name: Option<String>,
    /// A trust store named in the configuration, instead of the location's own.
    pub trust: Option<String>,
    /// A client identity named in the configuration.
    pub identity: Option<String>,
    /// Whether a chain that does not verify is accepted.
    pub insecure: bool,
    /// `TLS 1.2` or `TLS 1.3`: nothing older is spoken.
    pub min_version: Option<String>,
    /// `TLS 1.2` or `TLS 1.3`.
    pub max_version: Option<String>,
}

/// How redirects are treated.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RedirectScope {
    /// A redirect is an answer like any other.
    None,
    /// Followed within the same scheme, host and port.
    SameOrigin,
    /// Followed within the same registrable host: the host itself and its subdomains, http to https included.
    SameSite,
    /// Followed wherever the policy lets it.
    #[default]
    Any,
}

/// One HTTP exchange.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HttpCall {
    /// The method, as it is written on the wire.
    pub method: String,
    /// An absolute `http` or `https` URL.
    pub url: String,
    /// Header fields in order.
    pub headers: Vec<(String, Bytes)>,
    /// The body; empty is none.
    pub body: Bytes,
    /// The session whose cookies and connections are used; `None` is a fresh connection.
    pub session: Option<u32>,
    /// Whether redirects are followed, and where to.
    pub redirects: RedirectScope,
    /// How many redirects at most.
    pub max_redirects: u8,
    /// `HTTP/1.1` or `HTTP/2`; `None` lets ALPN decide.
    pub version: Option<String>,
    /// Which address family.
    pub family: Family,
    /// Dial this address (`host` or `host:port`) instead of resolving the URL's host. It counts for the URL's own
    /// scheme, host and port, also where redirects come back to them.
    pub resolve_to: Option<String>,
    /// The handshake, for https.
    pub tls: TlsOptions,
    /// How long the whole exchange may take; the attempt's deadline stands above it.
    pub timeout: Option<Nanos>,
    /// How many bytes of body are read, after decompression; one more is a failure.
    pub max_body: u64,
    /// Whether `gzip`, `deflate` and `br` are offered and undone.
    pub decompress: bool,
}

impl HttpCall {
    /// A GET of the URL, everything else at its default.
    pub fn get(url: impl Into<String>) -> Self {
        Self {
            method: "GET".to_owned(),
            url: url.into(),
            headers: Vec::new(),
            body: Bytes::new(),
            session: None,
            redirects: RedirectScope::default(),
            max_redirects: 10,
            version: None,
            family: Family::default(),
            resolve_to: None,
            tls: TlsOptions::default(),
            timeout: None,
            max_body: 1 << 20,
            decompress: true,
        }
    }
}

/// The answer's parts that never grow, and the facts that do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HttpReply {
    /// The final hop's status.
    pub status: u16,
    /// The final hop's header fields in order.
    pub headers: Vec<(String, Bytes)>,
    /// The final hop's body, decompressed.
    #[serde(skip)]
    pub body: Bytes,
    /// Everything else.
    pub facts: Box<Facts>,
}

/// One DNS question.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DnsCall {
    /// The name asked for.
    pub name: String,
    /// The record type's registry number (IANA).
    pub record_type: u16,
    /// The class's registry number; 1 is IN.
    pub class: u16,
    /// `system`, or the server as `host` or `host:port` (53 where no port is written).
    pub server: String,
    /// `udp` (TCP when truncated), `udp-only` or `tcp`.
    pub transport: String,
    /// The RD bit.
    pub recursion: bool,
    /// The DO bit.
    pub dnssec: bool,
    /// Which address family to reach the server by. The fallback to the other one is TCP's: over UDP the first address
    /// is asked.
    pub family: Family,
    /// How long it may take.
    pub timeout: Option<Nanos>,
}

/// One DNS answer.
#[expect(clippy::struct_excessive_bools, reason = "they are the header's bits")]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DnsReply {
    /// The response code's registry number (IANA), extended bits included.
    pub rcode: u16,
    /// The AA bit.
    pub authoritative: bool,
    /// The TC bit of the answer that was used.
    pub truncated: bool,
    /// The RA bit.
    pub recursion_available: bool,
    /// The AD bit.
    pub authentic_data: bool,
    /// The answer section.
    pub answers: Vec<DnsRecord>,
    /// The authority section.
    pub authority: Vec<DnsRecord>,
    /// The additional section, without OPT.
    pub additional: Vec<DnsRecord>,
    /// The server that answered.
    pub server: String,
    /// `udp` or `tcp`.
    pub transport: String,
    /// Everything else.
    pub facts: Box<Facts>,
}

/// One resource record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DnsRecord {
    /// The owner's name, without the final dot.
    pub name: String,
    /// The type's registry number.
    pub record_type: u16,
    /// The class's registry number.
    pub class: u16,
    /// Seconds.
    pub ttl: u32,
    /// The data in presentation form (RFC 1035 §5.1), for example `192.0.2.1` or `10 mx.example`; of a type that is
    /// not known here, its octets (RFC 3597 §5): `\# 3 000AFF`.
    pub text: String,
}

/// One handshake to be looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TlsCall {
    /// The host.
    pub host: String,
    /// The port.
    pub port: u16,
    /// Protocols to offer by ALPN, in order.
    pub alpn: Vec<String>,
    /// Which address family.
    pub family: Family,
    /// How the handshake is made; `insecure` is implied, the judgement is reported.
    pub tls: TlsOptions,
    /// How long it may take.
    pub timeout: Option<Nanos>,
}

/// A stream to open.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TcpConnect {
    /// The host.
    pub host: String,
    /// The port.
    pub port: u16,
    /// Which address family.
    pub family: Family,
    /// TLS at once, where it is asked for.
    pub tls: Option<TlsOptions>,
    /// How long it may take.
    pub timeout: Option<Nanos>,
}

/// An open stream.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TcpStreamReply {
    /// The stream's number in this attempt.
    pub stream: u32,
    /// What opening it taught.
    pub facts: Box<Facts>,
}

/// What to read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TcpRead {
    /// Which stream.
    pub stream: u32,
    /// At most this many bytes.
    pub max: u32,
    /// Read until these bytes have come (they are part of the answer); empty takes what comes first.
    pub until: Bytes,
    /// How long it may take.
    pub timeout: Option<Nanos>,
}

/// What was read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TcpReadReply {
    /// The bytes; empty is the stream's end.
    #[serde(skip)]
    pub bytes: Bytes,
    /// Whether the delimiter was found.
    pub found: bool,
    /// What reading taught.
    pub facts: Box<Facts>,
}
