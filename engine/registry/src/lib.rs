//! Components from OCI registries: fetched by digest, held against a key.
//!
//! [`Registry::pull`] asks a registry (OCI distribution specification 1.1) for an image that is named by the digest
//! of its manifest, over the same connector, trust and egress rules as every check. What it brings is an
//! [`Artifact`]: bytes as they came. [`Artifact::component`] gives the component only where every digest fits
//! and, where a key is asked for, that key has signed the manifest as `cosign` does. A copy on disk passes the
//! same gate, so that nobody has to trust the disk.

mod artifact;
mod challenge;
mod manifest;
mod pull;
mod signature;

pub use artifact::{Artifact, Refused};
pub use pull::{PullError, Registry};
pub use signature::{KeyError, PublicKey, Signature};

/// The largest component accepted, in bytes.
pub const LARGEST_COMPONENT: u64 = 64 << 20;

/// The largest manifest accepted, in bytes: what every registry has to take (OCI distribution 1.1).
pub const LARGEST_MANIFEST: u64 = 4 << 20;

/// The largest signed statement accepted, in bytes.
pub const LARGEST_PAYLOAD: u64 = 64 << 10;

/// The most signatures of an image that are looked at.
pub const MOST_SIGNATURES: usize = 16;
