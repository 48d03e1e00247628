//! A dialogue over a stream, with or without TLS.

mod dialogue;
mod settings;

pub use dialogue::hold;
pub use settings::{Exchange, TcpSettings, validate};
