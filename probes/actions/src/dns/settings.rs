//! What a question can be told.

use leadsman_sdk::prelude::*;

use super::registry;

/// The class `IN` (RFC 1035 §3.2.4).
const INTERNET: u16 = 1;

/// Asks a DNS server a question. The target is the server: `system`, or `host[:port]`.
#[derive(Debug, Clone, Settings)]
pub struct DnsSettings {
    /// The name to ask for.
    pub query: String,
    /// The server to ask, `system` or `host[:port]`, instead of the target.
    pub server: Option<String>,
    /// The record type, by name or as `TYPE65534`.
    #[setting(default = "A")]
    pub r#type: String,
    /// The class.
    #[setting(default = "IN")]
    pub class: String,
    /// `udp` (TCP when the answer is truncated), `udp-only` or `tcp`.
    #[setting(default = "udp")]
    pub transport: String,
    /// Whether recursion is desired.
    #[setting(default = true)]
    pub recursion: bool,
    /// Whether DNSSEC records are asked for.
    #[setting(default = false)]
    pub dnssec: bool,
    /// The response codes that are well.
    #[setting(default = vec!["NOERROR".to_owned()])]
    pub rcodes: Vec<String>,
    /// Whether the answer must be authoritative.
    #[setting(default = false)]
    pub authoritative: bool,
    /// What is expected of the answer section.
    pub answers: Option<Sections>,
    /// What is expected of the authority section.
    pub authority: Option<Sections>,
    /// What is expected of the additional section.
    pub additional: Option<Sections>,
    /// How to reach the server: `auto`, `v4`, `v6`, `prefer-v4`, `prefer-v6`. Over UDP its first address is asked, over
    /// TCP the other family's too where that does not answer.
    #[setting(default = "auto")]
    pub family: String,
}

/// What is expected of a section. Values are compared with a record's data (`192.0.2.1`,
/// `10 mx.example`); expressions with the whole record, its parts parted by a tab
/// (`name TTL class type data`).
#[derive(Debug, Clone, Settings)]
pub struct Sections {
    /// Only records of this type are looked at.
    pub r#type: Option<String>,
    /// At least one of these values must be there.
    #[setting(default)]
    pub any: Vec<String>,
    /// All of these values must be there.
    #[setting(default)]
    pub all: Vec<String>,
    /// None of these values may be there.
    #[setting(default)]
    pub none: Vec<String>,
    /// No other values than these may be there.
    #[setting(default)]
    pub only: Vec<String>,
    /// Every record must match every one of these.
    #[setting(default)]
    pub every_matches: Vec<Regex>,
    /// For every one of these, some record must match.
    #[setting(default)]
    pub some_matches: Vec<Regex>,
    /// No record may match any of these.
    #[setting(default)]
    pub none_matches: Vec<Regex>,
    /// Not all records may match any one of these.
    #[setting(default)]
    pub not_all_match: Vec<Regex>,
    /// The fewest records.
    pub at_least: Option<u32>,
    /// The most records.
    pub at_most: Option<u32>,
}

impl DnsSettings {
    /// The question to a server: `system`, or `host[:port]`.
    pub fn question(&self, server: &str) -> Result<dns::Question> {
        let unknown = |what: &str, name: &str| Error::undecided(format!("`{name}` is no {what}"));
        let kind = registry::record_type(&self.r#type)
            .ok_or_else(|| unknown("record type", &self.r#type))?;
        let class = registry::class(&self.class).ok_or_else(|| unknown("class", &self.class))?;
        let mut question =
            dns::Question::new(&self.query, kind).server(self.server.as_deref().unwrap_or(server));
        // What the host does of itself is not carried over.
        if class != INTERNET {
            question = question.number("class", class.into());
        }
        for (name, value, default) in [
            ("transport", &self.transport, "udp"),
            ("family", &self.family, "auto"),
        ] {
            if value != default {
                question = question.text(name, value);
            }
        }
        for (name, value, default) in [
            ("recursion", self.recursion, true),
            ("dnssec", self.dnssec, false),
        ] {
            if value != default {
                question = question.flag(name, value);
            }
        }
        Ok(question)
    }
}

/// What the schema cannot say.
pub fn validate(settings: &DnsSettings) -> Vec<Complaint> {
    let mut complaints = Vec::new();
    let mut unknown = |pointer: &str, what: &str, name: &str, hint: &str| {
        complaints.push(Complaint::new(
            pointer,
            format!("`{name}` is no {what}"),
            hint,
        ));
    };
    if registry::record_type(&settings.r#type).is_none() {
        unknown(
            "/type",
            "record type",
            &settings.r#type,
            "write a name such as `AAAA`, or a number as `TYPE65534`",
        );
    }
    if registry::class(&settings.class).is_none() {
        unknown(
            "/class",
            "class",
            &settings.class,
            "write `IN`, `CH` or `HS`",
        );
    }
    if !["udp", "udp-only", "tcp"].contains(&settings.transport.as_str()) {
        unknown(
            "/transport",
            "transport",
            &settings.transport,
            "write `udp`, `udp-only` or `tcp`; DNS over TLS is not spoken yet",
        );
    }
    for (index, name) in settings
        .rcodes
        .iter()
        .enumerate()
        .filter(|(_, name)| registry::rcode(name).is_none())
    {
        unknown(
            &format!("/rcodes/{index}"),
            "response code",
            name,
            "write a name such as `NXDOMAIN`",
        );
    }
    let sections = [
        ("answers", &settings.answers),
        ("authority", &settings.authority),
        ("additional", &settings.additional),
    ];
    for (section, expected) in sections
        .into_iter()
        .filter_map(|(name, expected)| Some((name, expected.as_ref()?)))
    {
        if let Some(name) = expected
            .r#type
            .as_ref()
            .filter(|name| registry::record_type(name).is_none())
        {
            unknown(
                &format!("/{section}/type"),
                "record type",
                name,
                "write a name such as `AAAA`",
            );
        }
    }
    complaints.extend(leadsman_sdk::settings::family("family", &settings.family));
    complaints
}
