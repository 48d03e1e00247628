//! What a URL names: scheme, host and port, each in its one spelling.

use leadsman_core::egress::{Destination, HostPattern};
use url::{Host, Url};

use crate::fault::Fault;

/// The place that a URL names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) scheme: &'static str,
    pub(crate) host: String,
    pub(crate) port: u16,
}

impl Place {
    pub(crate) fn of(url: &Url) -> Result<Self, Fault> {
        let (scheme, default) = match url.scheme() {
            "http" => ("http", 80),
            "https" => ("https", 443),
            other => {
                return Err(Fault::bad_request(format!(
                    "`{other}` is no scheme for HTTP"
                )));
            }
        };
        let host = match url.host() {
            Some(Host::Domain(name)) => name.strip_suffix('.').unwrap_or(name).to_owned(),
            Some(Host::Ipv4(address)) => address.to_string(),
            Some(Host::Ipv6(address)) => address.to_string(),
            None => return Err(Fault::bad_request(format!("`{url}` names no host"))),
        };
        Ok(Self {
            scheme,
            host,
            port: url.port().unwrap_or(default),
        })
    }

    /// Where to dial for the sake of `place`: another host, and its port where none is written.
    pub(crate) fn instead(text: &str, place: &Self) -> Result<Self, Fault> {
        let pattern = HostPattern::try_from(text.to_owned()).map_err(Fault::bad_request)?;
        if pattern.subdomains || pattern.scheme.is_some() {
            return Err(Fault::bad_request(format!(
                "`{text}` is no `host` or `host:port` to dial"
            )));
        }
        Ok(Self {
            scheme: place.scheme,
            host: pattern.host,
            port: pattern.port.unwrap_or(place.port),
        })
    }

    pub(crate) fn destination(&self) -> Destination<'_> {
        Destination {
            scheme: self.scheme,
            host: &self.host,
            port: self.port,
        }
    }
}

/// A URL that a guest asks for: absolute, http or https, no user, no odd spelling of an address.
pub(crate) fn strict_url(text: &str) -> Result<Url, Fault> {
    let url = Url::parse(text)
        .map_err(|error| Fault::bad_request(format!("`{text}` is no absolute URL: {error}")))?;
    Place::of(&url)?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err(Fault::bad_request(format!(
            "`{}` carries a user or password: use a header and a secret",
            without_user(url)
        )));
    }
    if let Some(Host::Ipv4(address)) = url.host()
        && !text
            .to_ascii_lowercase()
            .split("://")
            .nth(1)
            .is_some_and(|rest| is_host(rest, &address.to_string()))
    {
        return Err(Fault::bad_request(format!(
            "`{text}` spells {address} in an odd way"
        )));
    }
    Ok(url)
}

fn is_host(rest: &str, host: &str) -> bool {
    rest.strip_prefix(host)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with([':', '/', '?', '#']))
}

/// The URL without credentials.
pub(crate) fn without_user(mut url: Url) -> Url {
    // Both fail only where a URL cannot have a user; then there is none to remove.
    if url.set_username("").is_ok() && url.set_password(None).is_ok() {
        return url;
    }
    url
}

/// The host of a call that writes one by itself, in its one spelling.
pub(crate) fn plain_host(host: &str) -> Result<String, Fault> {
    let bare = host
        .strip_prefix('[')
        .and_then(|host| host.strip_suffix(']'))
        .unwrap_or(host);
    let pattern = HostPattern::try_from(bare.to_owned()).map_err(Fault::bad_request)?;
    if pattern.subdomains || pattern.scheme.is_some() || pattern.port.is_some() {
        return Err(Fault::bad_request(format!(
            "`{host}` is no host: write a name or an address alone"
        )));
    }
    Ok(pattern.host)
}
