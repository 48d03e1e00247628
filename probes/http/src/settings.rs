//! What the `http` probe can be told.

use std::collections::BTreeMap;

use leadsman_probe_actions::http::{
    BasicAuth, BearerAuth, Body, CertificateExpectation, Expected, HeaderExpectation, Statuses,
    Transport, choice, method,
};
use leadsman_sdk::prelude::*;

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
    /// What is expected of the certificate.
    pub expect_certificate: Option<CertificateExpectation>,
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

impl HttpSettings {
    /// How the exchange is made.
    pub(crate) fn transport(&self) -> Transport<'_> {
        Transport {
            redirects: &self.redirects,
            max_redirects: self.max_redirects,
            max_body: self.max_body,
            decompress: self.decompress,
            family: &self.family,
            version: self.version.as_deref(),
            server_name: self.server_name.as_deref(),
            trust: self.trust.as_deref(),
            identity: self.identity.as_deref(),
            insecure: self.insecure,
            tls_min: self.tls_min.as_deref(),
            tls_max: self.tls_max.as_deref(),
            resolve_to: self.resolve_to.as_deref(),
        }
    }

    /// What is expected of the answer.
    pub(crate) fn expected(&self) -> Expected<'_> {
        Expected {
            status: &self.status,
            versions: &self.versions,
            tls: &self.tls,
            headers: (&self.expect_headers, "expect_headers"),
            body: (self.expect_body.as_ref(), "expect_body"),
            certificate: self.expect_certificate.as_ref(),
        }
    }
}

/// What the schema cannot say.
pub(crate) fn validate(settings: &HttpSettings) -> Vec<Complaint> {
    let mut complaints = Vec::new();
    complaints.extend(choice("scheme", &settings.scheme, &["https", "http"]));
    let uses = ["allowed", "required", "forbidden"];
    complaints.extend(choice("tls", &settings.tls, &uses));
    for (index, version) in settings.versions.iter().enumerate() {
        let versions = ["HTTP/1.0", "HTTP/1.1", "HTTP/2"];
        complaints.extend(choice(&format!("versions/{index}"), version, &versions));
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
    complaints.extend(method(&settings.method));
    complaints.extend(settings.transport().complaints());
    complaints
}
