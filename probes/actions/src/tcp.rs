//! A dialogue over a stream, with or without TLS.

mod dialogue;
mod group;
mod octets;
mod settings;

pub use dialogue::hold;
pub use group::Group;
pub use octets::Octets;
pub use settings::{Exchange, TcpSettings, validate};
