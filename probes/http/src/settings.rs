//! What the `http` probe can be told.

use std::collections::BTreeMap;

use leadsman_sdk::{
    prelude::*,
    settings::{family, tls_version},
};

use crate::Statuses;

/// One HTTP exchange, and what is expected of it.
#[derive(Debug, Settings)]
pub struct HttpSettings {
    /// The scheme of a target that is a bare host: `https` or `http`.
    #[setting(default = "https")]
    pub scheme: String,
    /// The path and query to ask for, instead of the target's own.
    pub path: Option<String>,
    /// The method.
    #[setting(default = "GET")]
    pub method: String,
    /// Header fields to send.
    #[setting(default)]
    pub headers: BTreeMap<String, String>,
    /// The body to send.
    pub body: Option<String>,
    /// The statuses that are well: `200`, `2xx`, `200-204`, or a list of these.
    #[setting(default = Statuses::success())]
    pub status: Statuses,
    /// The HTTP versions that are well; empty is any: `HTTP/1.0`, `HTTP/1.1`, `HTTP/2`.
    #[setting(default)]
    pub versions: Vec<String>,
    /// Speak only this version: `HTTP/1.1` or `HTTP/2`; without it ALPN decides.
    pub version: Option<String>,
    /// Whether the final hop must use TLS: `allowed`, `required` or `forbidden`.
    #[setting(default = "allowed")]
    pub tls: String,
    /// Which redirects are followed: `any`, `same-site`, `same-origin` or `none`.
    #[setting(default = "any")]
    pub redirects: String,
    /// How many redirects are followed.
    #[setting(default = 10)]
    pub max_redirects: u8,
    /// What is expected of header fields.
    #[setting(default)]
    pub expect_headers: Vec<HeaderExpectation>,
    /// What is expected of the body.
    pub expect_body: Option<Body>,
    /// How many bytes of body are read, after decompression; one more is a failure.
    #[setting(default = 1_048_576)]
    pub max_body: u64,
    /// Offer gzip and undo it.
    #[setting(default = true)]
    pub decompress: bool,
    /// Sign in by HTTP basic authentication.
    pub basic: Option<BasicAuth>,
    /// Send a bearer token.
    pub bearer: Option<BearerAuth>,
    /// The name to send and to judge the certificate for, instead of the URL's host.
    pub server_name: Option<String>,
    /// A trust store named under `tls.trust`, instead of the location's own.
    pub trust: Option<String>,
    /// A client identity named under `tls.identities`.
    pub identity: Option<String>,
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
    /// Dial this host or host:port instead of the URL's.
    pub resolve_to: Option<String>,
    /// A passing exchange that took longer is degraded.
    pub degraded_above: Option<Timespan>,
}

/// What is expected of one header field.
#[derive(Debug, Settings)]
pub struct HeaderExpectation {
    /// The field's name.
    pub name: String,
    /// A value must match this.
    pub matches: Option<Regex>,
    /// No value may match this.
    pub not_matches: Option<Regex>,
    /// The field may be missing.
    #[setting(default = false)]
    pub may_be_missing: bool,
}

/// What is expected of the body.
#[derive(Debug, Settings)]
pub struct Body {
    /// The body must match each of these.
    #[setting(default)]
    pub matches: Vec<Regex>,
    /// The body may match none of these.
    #[setting(default)]
    pub not_matches: Vec<Regex>,
    /// Each of these must select something in the JSON body.
    #[setting(default)]
    pub json_path: Vec<JsonPath>,
    /// None of these may select anything in the JSON body.
    #[setting(default)]
    pub not_json_path: Vec<JsonPath>,
    /// Each of these must be true of the JSON body, which is `body`.
    #[setting(default)]
    pub cel: Vec<Cel>,
    /// None of these may be true of the JSON body, which is `body`.
    #[setting(default)]
    pub not_cel: Vec<Cel>,
}

/// Who signs in.
#[derive(Debug, Settings)]
pub struct BasicAuth {
    /// The user.
    pub user: String,
    /// The secret that holds the password.
    pub secret: String,
}

/// Which token is sent.
#[derive(Debug, Settings)]
pub struct BearerAuth {
    /// The secret that holds the token.
    pub secret: String,
}

/// What the schema cannot say.
pub(crate) fn validate(settings: &HttpSettings) -> Vec<Complaint> {
    let mut complaints = Vec::new();
    let choices: [(&str, &str, &[&str]); 3] = [
        ("scheme", &settings.scheme, &["https", "http"]),
        ("tls", &settings.tls, &["allowed", "required", "forbidden"]),
        (
            "redirects",
            &settings.redirects,
            &["any", "same-site", "same-origin", "none"],
        ),
    ];
    for (name, value, choices) in choices {
        complaints.extend(choice(name, value, choices));
    }
    if let Some(version) = &settings.version {
        complaints.extend(choice("version", version, &["HTTP/1.1", "HTTP/2"]));
    }
    for (index, version) in settings.versions.iter().enumerate() {
        complaints.extend(choice(
            &format!("versions/{index}"),
            version,
            &["HTTP/1.0", "HTTP/1.1", "HTTP/2"],
        ));
    }
    for (index, field) in settings.expect_headers.iter().enumerate() {
        if field.matches.is_none() && field.not_matches.is_none() && field.may_be_missing {
            let pointer = format!("/expect_headers/{index}");
            complaints.push(Complaint::new(
                pointer,
                "this expects nothing",
                "add `matches` or `not_matches`",
            ));
        }
    }
    if settings.basic.is_some() && settings.bearer.is_some() {
        complaints.push(Complaint::new(
            "/bearer",
            "`basic` and `bearer` exclude each other",
            "keep one of them",
        ));
    }
    if !settings
        .method
        .bytes()
        .all(|byte| byte.is_ascii_alphabetic() || byte == b'-')
        || settings.method.is_empty()
    {
        complaints.push(Complaint::new(
            "/method",
            format!("`{}` is no method", settings.method),
            "write one like `GET`",
        ));
    }
    complaints.extend(tls_version("tls_min", settings.tls_min.as_deref()));
    complaints.extend(tls_version("tls_max", settings.tls_max.as_deref()));
    complaints.extend(family("family", &settings.family));
    complaints
}

fn choice(name: &str, value: &str, choices: &[&str]) -> Option<Complaint> {
    (!choices.contains(&value)).then(|| {
        let hint = format!("write one of `{}`", choices.join("`, `"));
        Complaint::new(
            format!("/{name}"),
            format!("`{value}` is not one of the choices"),
            hint,
        )
    })
}
