//! How an exchange is made: what every probe that speaks HTTP can be told.

use leadsman_sdk::{
    prelude::*,
    settings::{family, tls_version},
};

/// The settings of an exchange beside what is asked.
#[derive(Debug, Clone, Copy)]
pub struct Transport<'a> {
    /// `any`, `same-site`, `same-origin` or `none`.
    pub redirects: &'a str,
    /// How many redirects are followed.
    pub max_redirects: u8,
    /// How many bytes of body are read.
    pub max_body: u64,
    /// Offer gzip and undo it.
    pub decompress: bool,
    /// The address family.
    pub family: &'a str,
    /// Speak only this version.
    pub version: Option<&'a str>,
    /// The name to send and to judge the certificate for.
    pub server_name: Option<&'a str>,
    /// A trust store.
    pub trust: Option<&'a str>,
    /// A client identity.
    pub identity: Option<&'a str>,
    /// Accept a certificate that does not verify.
    pub insecure: bool,
    /// The oldest TLS version.
    pub tls_min: Option<&'a str>,
    /// The newest TLS version.
    pub tls_max: Option<&'a str>,
    /// Dial this host or host:port instead.
    pub resolve_to: Option<&'a str>,
}

impl Transport<'_> {
    /// The request, made like this. Flags are sent only where they differ from the host's default.
    pub fn apply(&self, request: http::Request) -> http::Request {
        let mut request = request
            .text("redirects", self.redirects)
            .number("max-redirects", self.max_redirects.into())
            .number("max-body", self.max_body)
            .text("family", self.family);
        if self.insecure {
            request = request.flag("insecure", true);
        }
        if !self.decompress {
            request = request.flag("decompress", false);
        }
        self.named(request)
    }

    fn named(&self, request: http::Request) -> http::Request {
        let options = [
            ("version", self.version),
            ("server-name", self.server_name),
            ("trust", self.trust),
            ("identity", self.identity),
            ("tls-min", self.tls_min),
            ("tls-max", self.tls_max),
            ("resolve-to", self.resolve_to),
        ];
        let set = options
            .into_iter()
            .filter_map(|(name, value)| Some((name, value?)));
        set.fold(request, |request, (name, value)| request.text(name, value))
    }

    /// What the schema cannot say.
    pub fn complaints(&self) -> Vec<Complaint> {
        let scopes = ["any", "same-site", "same-origin", "none"];
        let mut found: Vec<Complaint> = choice("redirects", self.redirects, &scopes)
            .into_iter()
            .collect();
        let version = self
            .version
            .map(|version| choice("version", version, &["HTTP/1.1", "HTTP/2"]));
        found.extend(version.flatten());
        found.extend(tls_version("tls_min", self.tls_min));
        found.extend(tls_version("tls_max", self.tls_max));
        found.extend(family("family", self.family));
        found
    }
}

/// A complaint about a setting that is none of its choices.
pub fn choice(name: &str, value: &str, choices: &[&str]) -> Option<Complaint> {
    (!choices.contains(&value)).then(|| {
        let hint = format!("write one of `{}`", choices.join("`, `"));
        Complaint::new(
            format!("/{name}"),
            format!("`{value}` is not one of the choices"),
            hint,
        )
    })
}

/// A complaint about a method that is none (RFC 9110 §9.1, without the rarer characters).
pub fn method(method: &str) -> Option<Complaint> {
    let is_method = |byte: u8| byte.is_ascii_alphabetic() || byte == b'-';
    let well = !method.is_empty() && method.bytes().all(is_method);
    (!well).then(|| {
        Complaint::new(
            "/method",
            format!("`{method}` is no method"),
            "write one like `GET`",
        )
    })
}
