//! The two gates: what is written, and where it leads.

use std::net::IpAddr;

use super::{AddressClass, Cidr, Egress, HostPattern, PrivateRule, canonical};
use crate::failure::FailureKind;

/// One place to go to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Destination<'a> {
    /// `http`, `https`, `tls`, `tcp`, `udp` or `dns`.
    pub scheme: &'a str,
    /// A name or an address, without brackets.
    pub host: &'a str,
    /// The port.
    pub port: u16,
}

impl Destination<'_> {
    /// The literal address, where the host is one.
    pub fn literal(&self) -> Option<IpAddr> {
        self.host.parse().ok()
    }
}

impl std::fmt::Display for Destination<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { scheme, host, port } = self;
        if host.contains(':') {
            write!(f, "{scheme}://[{host}]:{port}")
        } else {
            write!(f, "{scheme}://{host}:{port}")
        }
    }
}

/// Who chose the destination.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Via {
    /// The check itself.
    Call,
    /// The target, by a redirect.
    Redirect,
}

/// Why a destination is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The kind of the failure that it becomes.
    pub kind: FailureKind,
    /// The refused address's class, where an address was refused.
    pub class: Option<AddressClass>,
    /// A sentence that names the line which would allow it.
    pub message: String,
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Refusal {}

impl Egress {
    /// Whether the destination may be asked for at all, before anything is looked up.
    pub fn admits(&self, destination: &Destination<'_>, via: Via) -> Result<(), Refusal> {
        let admitted = self.patterns().any(|pattern| pattern.covers(destination))
            || (via == Via::Redirect && matches!(destination.scheme, "http" | "https"));
        let within = self.within.as_deref();
        let message = if within.is_some_and(|all| !all.iter().any(|may| may.covers(destination))) {
            let line = exactly(destination);
            format!(
                "{destination} is beyond what the probe may ask: add \"{line}\" to its `may.hosts`"
            )
        } else if admitted {
            return Ok(());
        } else {
            let line = exactly(destination);
            format!(
                "{destination} is neither the target nor granted: add `grants: {{hosts: [\"{line}\"]}}` to the check"
            )
        };
        Err(Refusal {
            kind: kind_for(via, FailureKind::EgressDenied),
            class: None,
            message,
        })
    }

    /// Whether every address that the destination led to may be dialled; one that may not denies all.
    pub fn judge(
        &self,
        destination: &Destination<'_>,
        via: Via,
        addresses: &[IpAddr],
    ) -> Result<(), Refusal> {
        addresses
            .iter()
            .try_for_each(|address| self.judge_one(destination, via, *address))
    }

    fn judge_one(
        &self,
        destination: &Destination<'_>,
        via: Via,
        address: IpAddr,
    ) -> Result<(), Refusal> {
        if let Some(range) = self.rules.deny.iter().find(|range| range.contains(address)) {
            return Err(Refusal {
                kind: kind_for(via, FailureKind::EgressDenied),
                class: Some(AddressClass::of(address)),
                message: format!(
                    "{} is denied: it lies in `network.deny: [{range}]`",
                    shown(destination, address)
                ),
            });
        }
        let class = AddressClass::of(address);
        let allowed = class == AddressClass::Public
            || self.rules.allow.iter().any(|range| range.contains(address))
            || (self.rules.private == PrivateRule::Targets
                && self.is_written(destination, via, class));
        if allowed {
            Ok(())
        } else {
            Err(self.refuse(destination, via, address, class))
        }
    }

    /// Whether the operator wrote this very destination; special addresses must be written as such.
    fn is_written(&self, destination: &Destination<'_>, via: Via, class: AddressClass) -> bool {
        if class != AddressClass::Private && destination.literal().is_none() {
            return false;
        }
        let exact = self
            .patterns()
            .any(|pattern| !pattern.subdomains && pattern.covers(destination));
        exact
            || (via == Via::Redirect
                && self
                    .target
                    .as_ref()
                    .is_some_and(|target| stays(target, destination)))
    }

    fn patterns(&self) -> impl Iterator<Item = &HostPattern> {
        self.target.iter().chain(&self.grants)
    }

    fn refuse(
        &self,
        destination: &Destination<'_>,
        via: Via,
        address: IpAddr,
        class: AddressClass,
    ) -> Refusal {
        let Some(range) = mend(address, class) else {
            return Refusal {
                kind: kind_for(via, FailureKind::EgressPrivate),
                class: Some(class),
                message: format!("{} is refused", shown(destination, address)),
            };
        };
        let why = match (self.rules.private, via) {
            (PrivateRule::Deny, _) => "`network.private: deny` refuses it",
            (_, Via::Redirect) => "a redirect may not lead there",
            (_, Via::Call) if class == AddressClass::Private => {
                "neither the target nor an exact grant names it"
            }
            (_, Via::Call) => "such an address must be written literally as the target",
        };
        Refusal {
            kind: kind_for(via, FailureKind::EgressPrivate),
            class: Some(class),
            message: format!(
                "{} is a {} address and {why}: add `network.allow: [{range}]`",
                shown(destination, address),
                class.as_str()
            ),
        }
    }
}

/// The pattern that covers this destination alone.
fn exactly(destination: &Destination<'_>) -> HostPattern {
    HostPattern {
        scheme: Some(destination.scheme.to_owned()),
        host: destination.host.to_owned(),
        subdomains: false,
        port: Some(destination.port),
    }
}

fn stays(target: &HostPattern, destination: &Destination<'_>) -> bool {
    !target.subdomains && target.covers_host(destination.host)
}

const fn kind_for(via: Via, kind: FailureKind) -> FailureKind {
    match via {
        Via::Call => kind,
        Via::Redirect => FailureKind::RedirectDenied,
    }
}

fn shown(destination: &Destination<'_>, address: IpAddr) -> String {
    let canonical = canonical(address);
    if destination.literal() == Some(address) && canonical == address {
        return format!("{destination}");
    }
    if canonical == address {
        format!("{destination} ({address})")
    } else {
        format!("{destination} ({address}, that is {canonical})")
    }
}

/// The range that an operator would allow: the usual one for private networks, else this address alone.
fn mend(address: IpAddr, class: AddressClass) -> Option<Cidr> {
    const USUAL: [(&str, u8); 5] = [
        ("10.0.0.0", 8),
        ("172.16.0.0", 12),
        ("192.168.0.0", 16),
        ("100.64.0.0", 10),
        ("fc00::", 7),
    ];
    let address = canonical(address);
    let usual = USUAL
        .iter()
        .filter(|_| class == AddressClass::Private)
        .filter_map(|(base, bits)| {
            Some(Cidr {
                base: base.parse().ok()?,
                bits: *bits,
            })
        })
        .find(|range| range.contains(address));
    (class != AddressClass::Public).then(|| {
        usual.unwrap_or(Cidr {
            base: address,
            bits: if address.is_ipv4() { 32 } else { 128 },
        })
    })
}
