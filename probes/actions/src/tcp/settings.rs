//! What a dialogue can be told.

use std::collections::BTreeMap;

use leadsman_sdk::{
    prelude::*,
    settings::{IdentityName, TrustName},
};

use super::{Group, Octets};

/// Connects to a host and a port, with or without TLS, and holds a dialogue.
#[derive(Debug, Clone, Settings)]
pub struct TcpSettings {
    /// Connect to this `host:port`, instead of the target.
    pub address: Option<String>,
    /// Speak TLS from the first byte. The certificate is judged unless `insecure` is set.
    #[setting(default = false)]
    pub tls: bool,
    /// The name to send and to judge the certificate for, instead of the target's host.
    pub server_name: Option<String>,
    /// A trust store named under `tls.trust`.
    pub trust: Option<TrustName>,
    /// A client identity named under `tls.identities`.
    pub identity: Option<IdentityName>,
    /// Accept a certificate that does not verify.
    #[setting(default = false)]
    pub insecure: bool,
    /// The oldest TLS version: `TLS 1.2` or `TLS 1.3`.
    pub tls_min: Option<String>,
    /// The newest TLS version: `TLS 1.2` or `TLS 1.3`.
    pub tls_max: Option<String>,
    /// The address family: `auto`, `v4`, `v6`, `prefer-v4`, `prefer-v6`.
    #[setting(default = "auto")]
    pub family: String,
    /// What is said and expected, in order; empty only connects.
    #[setting(default)]
    pub dialogue: Vec<Exchange>,
}

/// One exchange of a dialogue: first what is expected, then what is sent.
#[derive(Debug, Clone, Settings)]
pub struct Exchange {
    /// Lines are read until one matches this; other lines are passed over.
    pub expect: Option<Regex>,
    /// Exactly these bytes must come: a text, `{hex: "00 ff"}` or `{base64: AP8=}`.
    pub expect_bytes: Option<Octets>,
    /// What is sent, followed by a line feed. `${1}` is the first group of this exchange's `expect`.
    pub send: Option<String>,
    /// Exactly these bytes are sent, with nothing behind them: a text, `{hex: "00 ff"}` or `{base64: AP8=}`.
    pub send_bytes: Option<Octets>,
    /// Groups to export: a name, and what it is made of: `"${1}"`, or `{group: "${1}", secret: true}` in a journey, where
    /// the value is hidden everywhere.
    #[setting(default)]
    pub captures: BTreeMap<String, Group>,
}

impl Exchange {
    /// Whether nothing is sent.
    pub const fn is_silent(&self) -> bool {
        self.send.is_none() && self.send_bytes.is_none()
    }

    const fn is_nothing(&self) -> bool {
        self.is_silent() && self.expect.is_none() && self.expect_bytes.is_none()
    }

    fn unreadable(&self, pointer: &str) -> Vec<Complaint> {
        let bytes = [
            ("expect_bytes", &self.expect_bytes),
            ("send_bytes", &self.send_bytes),
        ];
        let wrong = bytes.into_iter().filter_map(|(name, octets)| {
            let why = octets.as_ref()?.bytes().err()?;
            Some(Complaint::new(format!("{pointer}/{name}"), why, ""))
        });
        wrong.collect()
    }
}

impl TcpSettings {
    /// The stream to open.
    pub fn connect(&self, target: &Target) -> Result<tcp::Connect> {
        let own = self.address.as_ref().map(Target::new);
        let (host, port) = address(own.as_ref().unwrap_or(target))?;
        // Whoever writes `retries` beside a dialogue has seen both; a journey says itself what must not be done twice.
        let mut connect = tcp::Connect::to(host, port)
            .repeatable(true)
            .text("family", &self.family)
            .flag("tls", self.tls);
        if self.tls {
            connect = connect.flag("insecure", self.insecure);
            let named = [
                ("server-name", self.server_name.as_deref()),
                ("trust", self.trust.as_deref()),
                ("identity", self.identity.as_deref()),
                ("tls-min", self.tls_min.as_deref()),
                ("tls-max", self.tls_max.as_deref()),
            ];
            for (name, value) in named {
                if let Some(value) = value {
                    connect = connect.text(name, value);
                }
            }
        }
        Ok(connect)
    }
}

/// The target's host and port; a port must be written.
fn address(target: &Target) -> Result<(String, u16)> {
    match target.host_and_port(0)? {
        (_, 0) => Err(Error::undecided(format!(
            "the target `{target}` names no port: write it like `mail.example:25`"
        ))),
        found => Ok(found),
    }
}

/// What the schema cannot say.
pub fn validate(settings: &TcpSettings) -> Vec<Complaint> {
    let mut complaints = transport(settings);
    for (index, exchange) in settings.dialogue.iter().enumerate() {
        let pointer = format!("/dialogue/{index}");
        if exchange.is_nothing() {
            complaints.push(Complaint::new(
                &pointer,
                "this exchange neither expects nor sends",
                "add `expect`, `expect_bytes`, `send` or `send_bytes`",
            ));
        }
        if exchange.expect.is_some() && exchange.expect_bytes.is_some() {
            complaints.push(Complaint::new(
                &pointer,
                "`expect` and `expect_bytes` exclude each other",
                "split the exchange in two",
            ));
        }
        if exchange.send.is_some() && exchange.send_bytes.is_some() {
            complaints.push(Complaint::new(
                &pointer,
                "`send` and `send_bytes` exclude each other",
                "split the exchange in two",
            ));
        }
        complaints.extend(exchange.unreadable(&pointer));
        if exchange.expect.is_none() && !exchange.captures.is_empty() {
            complaints.push(Complaint::new(
                format!("{pointer}/captures"),
                "`captures` needs an `expect` with groups",
                "",
            ));
        }
    }
    complaints
}

fn transport(settings: &TcpSettings) -> Vec<Complaint> {
    let options = [
        ("server_name", settings.server_name.is_some()),
        ("trust", settings.trust.is_some()),
        ("identity", settings.identity.is_some()),
        ("insecure", settings.insecure),
        ("tls_min", settings.tls_min.is_some()),
        ("tls_max", settings.tls_max.is_some()),
    ];
    let unused = options
        .into_iter()
        .filter(|(_, is_set)| *is_set && !settings.tls);
    let mut complaints: Vec<_> = unused
        .map(|(name, _)| {
            Complaint::new(
                format!("/{name}"),
                format!("`{name}` has no effect without TLS"),
                "set `tls: true`, or remove it",
            )
        })
        .collect();
    for (name, version) in [
        ("tls_min", &settings.tls_min),
        ("tls_max", &settings.tls_max),
    ] {
        complaints.extend(leadsman_sdk::settings::tls_version(
            name,
            version.as_deref(),
        ));
    }
    complaints.extend(leadsman_sdk::settings::tls_range(
        settings.tls_min.as_deref(),
        settings.tls_max.as_deref(),
    ));
    complaints.extend(leadsman_sdk::settings::identity(
        settings.identity.as_deref(),
        settings.tls && settings.insecure,
    ));
    complaints.extend(leadsman_sdk::settings::family("family", &settings.family));
    complaints
}
