//! Addresses: of targets, of resolvers, and patterns of what is granted.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use leadsman_core::egress::{Cidr, HostPattern};

use crate::{
    notes::{Wrong, wrong},
    tree::{Node, shortened},
};

const TARGET_MEND: &str = "write a URL, `host`, `host:port`, or `[2001:db8::1]:port`";

/// The pattern that grants a target's own address.
pub(crate) fn target(address: &str) -> Result<HostPattern, Wrong> {
    let refused = |why: &str| {
        wrong(
            format!("`{}` is not an address: {why}", shortened(address)),
            TARGET_MEND,
        )
    };
    if address.is_empty() || address.contains(char::is_whitespace) || address.contains('*') {
        return Err(refused("it is empty, or has a space or `*` in it"));
    }
    let pattern = if address.contains("://") {
        from_url(address)
    } else {
        from_host(address)
    };
    pattern
        .and_then(HostPattern::try_from)
        .map_err(|why| refused(&why))
}

fn from_url(address: &str) -> Result<String, String> {
    let url = url::Url::parse(address).map_err(|error| error.to_string())?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err("credentials do not belong into an address; use `secrets`".to_owned());
    }
    let host = url
        .host_str()
        .filter(|host| !host.is_empty())
        .ok_or("it has no host")?;
    let port = url
        .port()
        .map(|port| format!(":{port}"))
        .unwrap_or_default();
    Ok(format!("{}://{host}{port}", url.scheme()))
}

fn from_host(address: &str) -> Result<String, String> {
    if address.parse::<Ipv6Addr>().is_ok() {
        return Ok(format!("[{address}]"));
    }
    if address.contains(['/', '?', '#', '@']) {
        return Err("a path or a user needs a URL with its scheme".to_owned());
    }
    Ok(address.to_owned())
}

/// The resolver at `node`; 53 where no port is written.
pub(crate) fn resolver(node: &Node) -> Result<SocketAddr, Wrong> {
    let text = node.expect_text("an IP address")?;
    let bare = text
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'))
        .unwrap_or(text);
    let found = text.parse::<SocketAddr>().ok().or_else(|| {
        bare.parse::<IpAddr>()
            .ok()
            .map(|ip| SocketAddr::new(ip, 53))
    });
    found.ok_or_else(|| {
        wrong(
            format!(
                "expected an IP address with or without a port, got {}",
                node.shown()
            ),
            "for example `192.0.2.53` or `[2001:db8::53]:53`",
        )
    })
}

/// The range of addresses at `node`.
pub(crate) fn cidr(node: &Node) -> Result<Cidr, Wrong> {
    let text = node.expect_text("a range of addresses")?;
    Cidr::try_from(text.to_owned()).map_err(|why| {
        wrong(
            format!("{} is not a range of addresses: {why}", node.shown()),
            "for example `10.66.0.0/16` or `fd00::/8`",
        )
    })
}

/// The pattern of hosts at `node`.
pub(crate) fn pattern(node: &Node) -> Result<HostPattern, Wrong> {
    let text = node.expect_text("a host")?;
    HostPattern::try_from(text.to_owned()).map_err(|why| {
        wrong(
            format!("{} is not a host: {why}", node.shown()),
            "for example `https://pay.example`, `pay.example:8443` or `*.shop.example`",
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_way_to_write_a_target_has_a_pattern() {
        for address in [
            "https://shop.example/a?b",
            "shop.example",
            "shop.example:25",
            "[2001:db8::1]:443",
            "2001:db8::1",
            "192.0.2.1",
        ] {
            assert!(target(address).is_ok(), "{address}: {:?}", target(address));
        }
    }

    #[test]
    fn what_is_not_a_target_is_refused() {
        for address in [
            "",
            "a b",
            "*.shop.example",
            "shop.example/path",
            "https://",
            "https://user:pw@shop.example",
            "http://a:99999",
        ] {
            assert!(target(address).is_err(), "{address}");
        }
    }
}
