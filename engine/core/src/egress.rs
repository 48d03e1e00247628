//! Where a check may go: names first, then every address that they lead to.
//!
//! One destination passes two gates. [`Egress::admits`] looks at what is written (scheme, host,
//! port) before anything is looked up; [`Egress::judge`] looks at every address that the name led
//! to, in its canonical form. Both are pure, and a refusal says which line would allow it.

use std::{net::IpAddr, sync::Arc};

use serde::{Deserialize, Serialize};

mod address;
mod judge;
mod pattern;
#[cfg(test)]
mod tests;

pub use address::{AddressClass, canonical};
pub use judge::{Destination, Refusal, Via};

/// What the configuration says of private addresses.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PrivateRule {
    /// A literal, or a name that the operator's file lists, may be private.
    #[default]
    Targets,
    /// Only what `network.allow` lists may be private.
    Deny,
}

/// A range of addresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Cidr {
    /// The first address.
    pub base: IpAddr,
    /// How many leading bits count.
    pub bits: u8,
}

/// What every check of a plan shares.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct EgressRules {
    /// What is said of private addresses.
    pub private: PrivateRule,
    /// Ranges that may be dialled although they are private or special.
    pub allow: Vec<Cidr>,
    /// Ranges that may never be dialled.
    pub deny: Vec<Cidr>,
}

/// A destination that is granted: `scheme://host[:port]`, `host[:port]`, `*.suffix[:port]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct HostPattern {
    /// The scheme, or any.
    pub scheme: Option<String>,
    /// The host in lower case, without a leading `*.`, without brackets.
    pub host: String,
    /// Whether subdomains of `host` are meant.
    pub subdomains: bool,
    /// The port, or the scheme's default, or any where there is no scheme.
    pub port: Option<u16>,
}

/// Where one check on one target may go.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Egress {
    /// The plan's rules.
    pub rules: Arc<EgressRules>,
    /// What the check's `grants.hosts` lists.
    pub grants: Vec<HostPattern>,
    /// The target itself, which is granted by being written.
    pub target: Option<HostPattern>,
    /// What the probe may ask at all, whatever the check grants (`may.hosts` of the probe); `None` bounds
    /// nothing. Redirects stay within it too.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub within: Option<Arc<[HostPattern]>>,
}
