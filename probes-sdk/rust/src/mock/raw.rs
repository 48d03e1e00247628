//! The same shape as the generated side of the contract, answered by the mock.
#![expect(
    missing_docs,
    missing_debug_implementations,
    reason = "the shape of the contract, which is documented in the WIT"
)]
#![expect(
    clippy::pedantic,
    reason = "the shape of the contract, which is generated elsewhere"
)]

pub mod aio;
pub mod dns;
pub mod http;
pub mod matching;
pub mod net;
pub mod probe;
pub mod tls;
