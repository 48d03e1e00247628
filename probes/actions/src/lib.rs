//! What the bundled probes do, for all of them: an HTTP exchange, a DNS question, a dialogue over a stream,
//! and what is expected of each.
//!
//! A probe adds where its settings stand and what it measures; a journey puts several together.

pub mod dns;
pub mod http;
pub mod tcp;
