//! What is examined.

use std::fmt;

use crate::{Error, Result};

/// The target's address, as the configuration writes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target(String);

impl Target {
    /// A target of that address.
    pub fn new(address: impl Into<String>) -> Self {
        Self(address.into())
    }

    /// The address as it was written.
    pub fn address(&self) -> &str {
        &self.0
    }

    /// The address as a URL: a bare host gets `scheme`.
    pub fn url(&self, scheme: &str) -> String {
        if parts(&self.0).is_some() {
            self.0.clone()
        } else {
            format!("{scheme}://{}", self.0)
        }
    }

    /// The target's URL with another path; `https` where the target is a bare host. A path that is
    /// empty keeps the target's own.
    pub fn join(&self, path: &str) -> Result<String> {
        let (scheme, rest) = parts(&self.0).unwrap_or(("https", &self.0));
        if rest.is_empty() {
            let url = self.url("https");
            return Err(Error::Undecided(format!("the target `{url}` is no URL")));
        }
        if path.is_empty() {
            return Ok(self.url("https"));
        }
        let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
        let slash = if path.starts_with('/') { "" } else { "/" };
        Ok([scheme, "://", authority, slash, path].concat())
    }

    /// The host and the port; `default` where no port is written. A scheme and a path are passed over.
    pub fn host_and_port(&self, default: u16) -> Result<(String, u16)> {
        let rest = parts(&self.0).map_or(self.0.as_str(), |(_, rest)| rest);
        let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
        let (host, port) = split(authority);
        let port = match port {
            None => default,
            Some(port) => port
                .parse()
                .map_err(|_| Error::Undecided(format!("`{port}` is no port")))?,
        };
        if host.is_empty() {
            return Err(Error::Undecided(format!(
                "the target `{}` names no host",
                self.0
            )));
        }
        Ok((host.to_owned(), port))
    }
}

/// The scheme, and what stands behind its `://`.
fn parts(address: &str) -> Option<(&str, &str)> {
    let (scheme, rest) = address.split_once(':')?;
    Some((scheme, rest.strip_prefix("//")?))
}

/// Splits `host:port`, `[v6]:port`, and a bare IPv6 address.
fn split(authority: &str) -> (&str, Option<&str>) {
    if let Some((host, rest)) = authority
        .strip_prefix('[')
        .and_then(|rest| rest.split_once(']'))
    {
        return (host, rest.strip_prefix(':'));
    }
    match authority.rsplit_once(':') {
        Some((host, port)) if !host.contains(':') => (host, Some(port)),
        _ => (authority, None),
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_and_a_port_are_found_in_every_spelling() {
        let cases = [
            ("shop.example", "shop.example", 443),
            ("shop.example:8443", "shop.example", 8443),
            ("https://shop.example:8443/path?q", "shop.example", 8443),
            ("[2001:db8::1]:53", "2001:db8::1", 53),
            ("2001:db8::1", "2001:db8::1", 443),
            ("[2001:db8::1]", "2001:db8::1", 443),
        ];
        for (address, host, port) in cases {
            assert_eq!(
                Target::new(address).host_and_port(443).unwrap(),
                (host.to_owned(), port),
                "{address}"
            );
        }
        assert!(Target::new("shop.example:http").host_and_port(443).is_err());
        assert!(Target::new("").host_and_port(443).is_err());
    }

    #[test]
    fn a_path_replaces_the_targets_own() {
        let target = Target::new("https://shop.example:8443/old?q=1");
        assert_eq!(
            target.join("/new").unwrap(),
            "https://shop.example:8443/new"
        );
        assert_eq!(target.join("new").unwrap(), "https://shop.example:8443/new");
        assert_eq!(
            target.join("").unwrap(),
            "https://shop.example:8443/old?q=1"
        );
        assert_eq!(
            Target::new("shop.example").join("/").unwrap(),
            "https://shop.example/"
        );
    }
}
