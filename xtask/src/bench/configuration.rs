//! The configurations of the daemon and of the peer, for the same requests.

use super::{contender::Places, plain::Protocol};

/// What is asked, and what is expected of the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Load {
    pub(super) protocol: Protocol,
    /// Whether the body must match a regular expression, a JSONPath and a CEL expression.
    pub(super) expects: bool,
}

impl Load {
    /// Plain requests of a protocol.
    pub(super) const fn of(protocol: Protocol) -> Self {
        Self {
            protocol,
            expects: false,
        }
    }

    /// What the daemon calls its probe and its settings.
    fn ours(self) -> (&'static str, &'static str) {
        match (self.protocol, self.expects) {
            (Protocol::Http, true) => (
                "http",
                r#"{expect_body: {matches: ['"state":\s*"open"'], json_path: ["$.items[?@.stock > 0]"], cel: ["body.version >= 3 && body.items.size() == 2"]}}"#,
            ),
            (Protocol::Http | Protocol::Https, _) => ("http", "{}"),
            (Protocol::Dns, _) => ("dns", "{query: bench.test}"),
            (Protocol::Tcp, _) => ("tcp", r#"{dialogue: [{expect: "^220 "}]}"#),
        }
    }

    /// What the peer calls its module.
    pub(super) const fn module(self) -> &'static str {
        match (self.protocol, self.expects) {
            (Protocol::Http, true) => "expect",
            (Protocol::Http | Protocol::Https, _) => "http",
            (Protocol::Dns, _) => "dns",
            (Protocol::Tcp, _) => "tcp",
        }
    }

    /// The target as both write it.
    pub(super) fn target(self, places: &Places) -> String {
        match self.protocol {
            Protocol::Http => format!("http://{}/", places.http),
            Protocol::Https => format!("https://{}/", places.https),
            Protocol::Dns => places.dns.to_string(),
            Protocol::Tcp => places.tcp.to_string(),
        }
    }

    /// Its name among the target's counts.
    pub(super) const fn count(self) -> &'static str {
        match self.protocol {
            Protocol::Http => "http",
            Protocol::Https => "https",
            Protocol::Dns => "dns",
            Protocol::Tcp => "tcp",
        }
    }
}

/// Whom the daemon trusts, and how often everything is due.
pub(super) fn head(interval: &str, timeout: &str) -> String {
    format!(
        "location: bench\ntls: {{ca: [ca.pem]}}\ndefaults: {{interval: {interval}, timeout: {timeout}}}\nchecks:\n"
    )
}

/// So many checks of the daemon, one target each.
pub(super) fn checks(load: Load, count: usize, places: &Places) -> String {
    let ((probe, settings), target) = (load.ours(), load.target(places));
    let check = format!("{{probe: {probe}, targets: [\"{target}\"], settings: {settings}}}");
    (0..count)
        .flat_map(|number| {
            [
                "  check-".to_owned(),
                number.to_string(),
                format!(
                    ": {check}
"
                ),
            ]
        })
        .collect()
}

/// The peer's modules. It has no JSONPath and no CEL; the regular expression is the same.
pub(super) fn peer(authority: &str) -> String {
    format!(
        r#"modules:
  http:
    prober: http
    http: {{preferred_ip_protocol: ip4, tls_config: {{ca_file: "{authority}"}}}}
  expect:
    prober: http
    http: {{preferred_ip_protocol: ip4, fail_if_body_not_matches_regexp: ['"state":\s*"open"']}}
  dns:
    prober: dns
    dns: {{preferred_ip_protocol: ip4, query_name: bench.test, query_type: A}}
  tcp:
    prober: tcp
    tcp: {{preferred_ip_protocol: ip4, query_response: [{{expect: "^220 "}}]}}
"#
    )
}
