//! One network action under a policy, and how long each part took.
//!
//! A [`Network`] holds what all checks of a plan share: the resolver, the trust stores, the client
//! identities. A [`Session`] is one attempt's view of it: its egress policy, its deadline, its
//! secrets, its cookies and its open connections. [`Session::perform`] turns a
//! [`Call`](leadsman_core::seam::Call) into an [`Answer`](leadsman_core::seam::Answer); whatever
//! becomes of it, the facts that were learnt are in the answer. Nothing outlives the session.

mod connector;
mod dns;
mod errno;
mod fault;
mod http;
mod names;
mod network;
mod routes;
mod secrets;
mod session;
mod tcp;
mod tls;
mod trace;
mod wire;

pub use errno::{Moment, kind_of};
pub use network::{Network, SetupError};
pub use secrets::{Placeholder, SecretValue, Secrets, json};
pub use session::Session;
