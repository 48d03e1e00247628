//! What the `http` probe can be told.

use std::collections::BTreeMap;

use leadsman_probe_actions::http::{
    BasicAuth, BearerAuth, Body, CertificateExpectation, Count, Expected, FieldValues,
    HeaderExpectation, Statuses, choice, framing, is_word, method, written_twice,
};
use leadsman_sdk::prelude::*;

leadsman_probe_actions::with_transport! {
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
    /// Header fields to send: a name, and its text, `{secret: NAME}`, or a list of these.
    #[setting(default)]
    pub headers: BTreeMap<String, FieldValues<String>>,
    /// The body to send.
    pub body: Option<String>,
    /// The statuses that are well: `200`, `2xx`, `200-204`, or a list of these.
    #[setting(default = Statuses::success())]
    pub status: Statuses,
    /// The HTTP versions that are well; empty is any: `HTTP/1.0`, `HTTP/1.1`, `HTTP/2`.
    #[setting(default)]
    pub versions: Vec<String>,
    /// Whether the final hop must use TLS: `allowed`, `required` or `forbidden`.
    #[setting(default = "allowed")]
    pub tls: String,
    /// How many redirects must have been followed: `2`, or `1-3`.
    pub expect_redirects: Option<Count>,
    /// What is expected of header fields.
    #[setting(default)]
    pub expect_headers: Vec<HeaderExpectation>,
    /// What is expected of the body.
    pub expect_body: Option<Body>,
    /// What is expected of the certificate.
    pub expect_certificate: Option<CertificateExpectation>,
    /// Sign in by HTTP basic authentication.
    pub basic: Option<BasicAuth>,
    /// Send a bearer token.
    pub bearer: Option<BearerAuth>,
    /// A passing exchange that took longer is degraded.
    pub degraded_above: Option<Timespan>,
}
}

impl HttpSettings {
    /// What is expected of the answer.
    pub(crate) fn expected(&self) -> Expected<'_> {
        Expected {
            status: &self.status,
            versions: &self.versions,
            tls: &self.tls,
            redirects: (self.expect_redirects, "expect_redirects"),
            headers: (&self.expect_headers, "expect_headers"),
            body: (self.expect_body.as_ref(), "expect_body"),
            certificate: (self.expect_certificate.as_ref(), "expect_certificate"),
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
        if field.is_nothing() {
            let pointer = format!("/expect_headers/{index}");
            complaints.push(Complaint::new(
                pointer,
                "this expects nothing",
                "add `equals`, `contains` or `matches`",
            ));
        }
    }
    complaints.extend(sign_in(settings));
    complaints.extend(method(&settings.method));
    let transport = settings.transport();
    complaints.extend(transport.complaints());
    complaints.extend(framing(settings.headers.keys()));
    complaints.extend(transport.never_reached(settings.expect_redirects, "expect_redirects"));
    complaints
}

fn sign_in(settings: &HttpSettings) -> Vec<Complaint> {
    let mut complaints = Vec::new();
    if settings.basic.is_some() && settings.bearer.is_some() {
        complaints.push(Complaint::new(
            "/bearer",
            "`basic` and `bearer` exclude each other",
            "keep one of them",
        ));
    }
    let scheme = settings.bearer.as_ref().map(|bearer| &bearer.r#type);
    if scheme.is_some_and(|scheme| !is_word(scheme)) {
        complaints.push(Complaint::new(
            "/bearer/type",
            "this is no authentication scheme",
            "write one word, like `Bearer` or `Token`",
        ));
    }
    let basic = settings.basic.as_ref().map(|_| "basic");
    if let Some(setting) = basic.or(scheme.map(|_| "bearer")) {
        let names = settings.headers.keys();
        complaints.extend(written_twice(names, "authorization", setting));
    }
    complaints
}
