//! What one client may take from the others, at most.

use std::time::Duration;

/// Connections at once, over all listeners.
pub const CONNECTIONS: usize = 64;

/// Connections of one address at once; of IPv6, of one /64.
pub const CONNECTIONS_OF_ONE: usize = 16;

/// How long a TLS handshake may take.
pub const HANDSHAKE: Duration = Duration::from_secs(10);

/// How long a request's head may take, from its first byte; of the first request, from the connection on.
pub const HEAD: Duration = Duration::from_secs(10);

/// How long a connection may rest between two requests.
pub const IDLE: Duration = Duration::from_mins(5);

/// How long an answer may take altogether, until its last byte is written.
pub const ANSWER: Duration = Duration::from_secs(30);

/// How long a client may take nothing of an answer.
pub const STALL: Duration = Duration::from_secs(10);

/// How long a connection is used; then it ends after the answer under way.
pub const AGE: Duration = Duration::from_mins(10);

/// Bytes of a request's head.
pub const HEAD_BYTES: usize = 16 * 1024;

/// The same in HTTP/2, whose list of fields counts a little more for each.
pub const HEAD_LIST_BYTES: u32 = 16 * 1024;

/// Bytes of a request's body.
pub const BODY_BYTES: usize = 64 * 1024;

/// Requests at once over one connection of HTTP/2.
pub const STREAMS: u32 = 8;

/// Bytes that HTTP/2 keeps ready for a stream.
pub const SEND_BYTES: usize = 64 * 1024;

/// Bytes of an answer that are handed over at a time.
pub const PIECE_BYTES: usize = 16 * 1024;

/// How long nothing is accepted after that failed.
pub(super) const ACCEPT_AGAIN: Duration = Duration::from_millis(100);
