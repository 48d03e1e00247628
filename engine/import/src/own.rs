//! Header fields that are the client's own: the connection, the framing of the message, what is undone on arrival.

use crate::text::Text;

/// Why such a field is left out.
pub(crate) const WHY: &str = "the probe writes this field itself";

/// Some of them end a run as a bad request where a probe sets them (RFC 9110 §7.6.1).
const OWN: [&str; 10] = [
    "accept-encoding",
    "connection",
    "content-length",
    "expect",
    "keep-alive",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// Whether the probe writes a field of this name, which is in small letters.
pub(crate) fn is_own(name: &str) -> bool {
    OWN.contains(&name)
}

/// The same of a field with this value: a `host` that is not the address's own asks for something else, and is sent.
pub(crate) fn repeats(name: &str, value: &Text, origin: &str) -> bool {
    let authority = origin.split_once("://").map_or(origin, |(_, rest)| rest);
    let same = |value: &str| value.trim().eq_ignore_ascii_case(authority);
    is_own(name) || (name == "host" && value.as_literal().is_some_and(same))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_the_clients_own_where_it_is_the_addresss() {
        let origin = "https://a.example:8443";
        for (name, value, own) in [
            ("connection", "close", true),
            ("trailer", "x", true),
            ("host", "A.example:8443", true),
            ("host", "b.example", false),
            ("x-host", "a.example:8443", false),
        ] {
            let value = Text::literal(value);
            assert_eq!(repeats(name, &value, origin), own, "{name}");
        }
    }
}
