//! Options that become settings of a request.

use std::{
    net::{IpAddr, SocketAddr},
    time::Duration,
};

use crate::{
    address::origin as origin_of, document::shown, journey::Request, text::Text, yaml::Node,
};

/// Why an option is no setting.
pub(super) fn refused(name: &str) -> &'static str {
    match name {
        "resolve" | "connect-to" => "it is for another host, or has no address",
        "tlsv1" => "TLS 1.0 and 1.1 are not spoken; without it, TLS 1.2 and newer are",
        "http2" | "http2-prior-knowledge" => "HTTP/2 is spoken over https only",
        "max-redirs" => "at most 20 redirects are followed",
        _ => "this value has no counterpart here",
    }
}

/// Sets what the option says; whether it could.
pub(super) fn setting(name: &str, value: &str, request: &mut Request) -> bool {
    let made = match name {
        "insecure" => Some(("insecure", Node::Bool(true))),
        "max-time" => seconds(value).map(|time| ("timeout", Node::text(time))),
        "http1.1" => Some(("version", Node::text("HTTP/1.1"))),
        "http2" => return request.origin.starts_with("https://"),
        "http2-prior-knowledge" if request.origin.starts_with("https://") => {
            Some(("version", Node::text("HTTP/2")))
        }
        "ipv4" => Some(("family", Node::text("v4"))),
        "ipv6" => Some(("family", Node::text("v6"))),
        "tlsv1.2" => Some(("tls_min", Node::text("TLS 1.2"))),
        "tlsv1.3" => Some(("tls_min", Node::text("TLS 1.3"))),
        "tls-max" => tls(value).map(|version| ("tls_max", version)),
        "max-redirs" => value
            .parse::<u8>()
            .ok()
            .filter(|most| *most <= 20)
            .map(|most| ("max_redirects", Node::number(most))),
        "resolve" => {
            resolved(value, &request.origin).map(|place| ("resolve_to", Node::text(place)))
        }
        "connect-to" => {
            connected(value, &request.origin).map(|place| ("resolve_to", Node::text(place)))
        }
        "range" => {
            request.header("range", Text::literal(format!("bytes={value}")));
            return true;
        }
        _ => None,
    };
    match made {
        Some((key, node)) => {
            request.set(key, node);
            true
        }
        None => false,
    }
}

pub(crate) fn tls(value: &str) -> Option<Node> {
    matches!(value, "1.2" | "1.3").then(|| Node::text(format!("TLS {value}")))
}

fn seconds(value: &str) -> Option<String> {
    let seconds: f64 = value.parse().ok()?;
    let time = Duration::try_from_secs_f64(seconds).ok()?;
    (!time.is_zero()).then(|| shown(time))
}

/// Host and port of an origin.
fn ends(origin: &str) -> Option<(String, String)> {
    let url = url::Url::parse(origin).ok()?;
    let port = url.port_or_known_default()?;
    Some((url.host_str()?.to_owned(), port.to_string()))
}

/// `host:port:address[,address…]`: the first address, where it is for this origin.
pub(crate) fn resolved(value: &str, origin: &str) -> Option<String> {
    let (host, port) = ends(origin)?;
    let mut parts = value.trim_start_matches('+').splitn(3, ':');
    let fits = parts
        .next()
        .is_some_and(|name| name == "*" || name.eq_ignore_ascii_case(&host))
        && parts.next()? == port;
    let address = parts.next()?.split(',').next()?.trim();
    if !fits || address.is_empty() {
        return None;
    }
    let bare = address.trim_matches(['[', ']']);
    let address: IpAddr = bare.parse().ok()?;
    port.parse()
        .ok()
        .map(|port| SocketAddr::new(address, port).to_string())
}

/// `host1:port1:host2:port2`, where the first two are this origin's or empty.
pub(crate) fn connected(value: &str, origin: &str) -> Option<String> {
    let (host, port) = ends(origin)?;
    let mut parts = Vec::new();
    let mut rest = value;
    for _ in 0..4 {
        let (part, after) = if let Some((inner, after)) = rest
            .strip_prefix('[')
            .and_then(|inner| inner.split_once(']'))
        {
            (format!("[{inner}]"), after)
        } else {
            let (part, _) = rest.split_once(':').unwrap_or((rest, ""));
            (part.to_owned(), rest.strip_prefix(part).unwrap_or_default())
        };
        parts.push(part);
        rest = after.strip_prefix(':').unwrap_or(after);
    }
    let [name, at, to, to_port] = <[String; 4]>::try_from(parts).ok()?;
    let fits =
        (name.is_empty() || name.eq_ignore_ascii_case(&host)) && (at.is_empty() || at == port);
    let to = if to.is_empty() { host } else { to };
    let to_port = if to_port.is_empty() { port } else { to_port };
    let place = format!("{to}:{to_port}");
    let known = url::Url::parse(&format!("http://{place}"))
        .ok()
        .and_then(|url| origin_of(&url));
    (fits && known.is_some()).then_some(place)
}
