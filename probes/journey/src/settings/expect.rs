//! What is expected of an answer.

use leadsman_probe_actions::http::{
    Body, CertificateExpectation, Count, Expected, HeaderExpectation, Statuses,
};
use leadsman_sdk::prelude::*;

/// What is expected of an answer; everything that is not met is reported.
#[derive(Debug, Clone, Settings)]
pub struct Expect {
    /// The statuses that are well: `200`, `2xx`, `200-204`, or a list of these.
    #[setting(default = Statuses::success())]
    pub status: Statuses,
    /// Header fields. Their texts are templates.
    #[setting(default)]
    pub headers: Vec<HeaderExpectation>,
    /// The body. Its texts, and the values of `json`, are templates.
    pub body: Option<Body>,
    /// The HTTP versions that are well; empty is any.
    #[setting(default)]
    pub versions: Vec<String>,
    /// Whether the final hop must use TLS: `allowed`, `required` or `forbidden`.
    #[setting(default = "allowed")]
    pub tls: String,
    /// How many redirects must have been followed: `2`, or `1-3`.
    pub redirects: Option<Count>,
    /// The certificate.
    pub certificate: Option<CertificateExpectation>,
}

impl Default for Expect {
    fn default() -> Self {
        Self {
            status: Statuses::success(),
            headers: Vec::new(),
            body: None,
            versions: Vec::new(),
            tls: "allowed".to_owned(),
            redirects: None,
            certificate: None,
        }
    }
}

impl Expect {
    /// The same with header fields and a body whose templates are filled.
    pub(crate) fn expected<'a>(
        &'a self,
        headers: &'a [HeaderExpectation],
        body: Option<&'a Body>,
    ) -> Expected<'a> {
        Expected {
            status: &self.status,
            versions: &self.versions,
            tls: &self.tls,
            redirects: (self.redirects, "redirects"),
            headers: (headers, "headers"),
            body: (body, "body"),
            certificate: (self.certificate.as_ref(), "certificate"),
        }
    }
}
