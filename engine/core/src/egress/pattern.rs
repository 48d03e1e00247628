//! How a destination is written, and what a written destination covers.

use std::net::IpAddr;

use super::{Destination, HostPattern};

const SCHEMES: [&str; 6] = ["http", "https", "tls", "tcp", "udp", "dns"];

impl HostPattern {
    /// The destination of a target's address, where a path or a query may follow the host.
    pub fn of_address(address: &str) -> Result<Self, String> {
        let after = address.find("://").map_or(0, |at| at + 3);
        let end = address
            .get(after..)
            .and_then(|rest| rest.find(['/', '?', '#']))
            .map_or(address.len(), |at| after + at);
        Self::try_from(address.get(..end).unwrap_or(address).to_owned())
    }

    /// The literal address, where the host is one.
    pub fn literal(&self) -> Option<IpAddr> {
        self.host.parse().ok()
    }

    /// Whether the pattern covers the destination: scheme, host and port.
    pub fn covers(&self, destination: &Destination<'_>) -> bool {
        self.covers_host(destination.host)
            && self
                .scheme
                .as_deref()
                .is_none_or(|scheme| speaks(scheme, destination.scheme))
            && self
                .effective_port()
                .is_none_or(|port| port == destination.port)
    }

    /// Whether the pattern covers the host, whatever the scheme and the port.
    pub fn covers_host(&self, host: &str) -> bool {
        let host = host.strip_suffix('.').unwrap_or(host);
        if self.subdomains {
            return is_below(host, &self.host);
        }
        match (self.literal(), host.parse::<IpAddr>()) {
            (Some(mine), Ok(theirs)) => mine.to_canonical() == theirs.to_canonical(),
            (None, Err(_)) => host.eq_ignore_ascii_case(&self.host),
            _ => false,
        }
    }

    /// Whether all that the other pattern covers is covered by this one.
    pub fn includes(&self, other: &Self) -> bool {
        let host = if other.subdomains {
            self.subdomains && (self.host == other.host || is_below(&other.host, &self.host))
        } else {
            self.covers_host(&other.host)
        };
        let scheme = self.scheme.as_deref().is_none_or(|scheme| {
            other
                .scheme
                .as_deref()
                .is_some_and(|asked| speaks(scheme, asked))
        });
        let port = self.effective_port();
        host && scheme && (port.is_none() || port == other.effective_port())
    }

    fn effective_port(&self) -> Option<u16> {
        self.port.or(match self.scheme.as_deref() {
            Some("http") => Some(80),
            Some("https") => Some(443),
            Some("dns") => Some(53),
            _ => None,
        })
    }
}

/// A handshake is a part of https: who may speak https may look at the certificate.
fn speaks(granted: &str, asked: &str) -> bool {
    granted == asked || (granted == "https" && asked == "tls")
}

fn is_below(host: &str, suffix: &str) -> bool {
    let (Some(split), false) = (
        host.len().checked_sub(suffix.len()),
        host.parse::<IpAddr>().is_ok(),
    ) else {
        return false;
    };
    let end = host
        .get(split..)
        .is_some_and(|end| end.eq_ignore_ascii_case(suffix));
    end && split > 1 && host.get(..split).is_some_and(|front| front.ends_with('.'))
}

impl TryFrom<String> for HostPattern {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let (scheme, rest) = match text.split_once("://") {
            Some((scheme, rest)) => (Some(known_scheme(scheme)?), rest),
            None => (None, text.as_str()),
        };
        refuse_extras(&text, rest)?;
        let (host, port) = split_port(&text, rest)?;
        let (subdomains, host) = host
            .strip_prefix("*.")
            .map_or((false, host), |suffix| (true, suffix));
        let host = strict_host(host)?;
        if subdomains && host.parse::<IpAddr>().is_ok() {
            return Err(format!(
                "`{text}`: an address has no subdomains; remove the `*.`"
            ));
        }
        Ok(Self {
            scheme,
            host,
            subdomains,
            port,
        })
    }
}

fn known_scheme(scheme: &str) -> Result<String, String> {
    let scheme = scheme.to_ascii_lowercase();
    if SCHEMES.contains(&scheme.as_str()) {
        return Ok(scheme);
    }
    Err(format!(
        "`{scheme}://` is not known here; use one of {}, or none for any",
        SCHEMES.join(", ")
    ))
}

fn refuse_extras(text: &str, rest: &str) -> Result<(), String> {
    if rest.contains('@') {
        return Err(format!(
            "`{text}`: no user or password here; name a secret instead"
        ));
    }
    if let Some(at) = rest.find(['/', '?', '#']) {
        let kept = text.get(..text.len() - rest.len() + at).unwrap_or_default();
        return Err(format!(
            "`{text}`: a grant is a host, not a path; write `{kept}`"
        ));
    }
    Ok(())
}

fn split_port<'a>(text: &str, rest: &'a str) -> Result<(&'a str, Option<u16>), String> {
    let bracketed = rest.strip_prefix('[').and_then(|rest| rest.split_once(']'));
    let (host, port) = match bracketed {
        Some((host, "")) => (host, None),
        Some((host, port)) => (host, Some(port.strip_prefix(':').unwrap_or(port))),
        None if rest.matches(':').count() > 1 => (rest, None),
        None => rest
            .split_once(':')
            .map_or((rest, None), |(host, port)| (host, Some(port))),
    };
    let number = |port: &str| match port
        .bytes()
        .all(|byte| byte.is_ascii_digit())
        .then(|| port.parse().ok())
        .flatten()
    {
        Some(0) | None => Err(format!(
            "`{text}`: `{port}` is no port; it goes from 1 to 65535"
        )),
        Some(port) => Ok(port),
    };
    Ok((host, port.map(number).transpose()?))
}

/// The host in its one spelling: lower case, punycode, no final dot, no odd way to write an address.
fn strict_host(host: &str) -> Result<String, String> {
    if let Ok(address) = host.parse::<IpAddr>() {
        return Ok(address.to_string());
    }
    let plain = host.strip_suffix('.').unwrap_or(host);
    if plain.is_empty()
        || plain.contains(['%', '*', '[', ']', ':'])
        || plain.split('.').any(str::is_empty)
    {
        return Err(format!(
            "`{host}` is no host; write a name, an address or `*.suffix`"
        ));
    }
    match url::Host::parse(plain) {
        Ok(url::Host::Domain(name)) => Ok(name),
        Ok(url::Host::Ipv4(address)) => Err(format!(
            "`{host}` is an odd spelling of an address; write `{address}` if that is meant"
        )),
        _ => Err(format!(
            "`{host}` is neither a name nor an address in its usual spelling"
        )),
    }
}

impl From<HostPattern> for String {
    fn from(pattern: HostPattern) -> Self {
        pattern.to_string()
    }
}

impl std::fmt::Display for HostPattern {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if let Some(scheme) = &self.scheme {
            write!(f, "{scheme}://")?;
        }
        match (self.subdomains, self.host.contains(':')) {
            (true, _) => write!(f, "*.{}", self.host)?,
            (false, true) => write!(f, "[{}]", self.host)?,
            (false, false) => f.write_str(&self.host)?,
        }
        self.port.map_or(Ok(()), |port| write!(f, ":{port}"))
    }
}
