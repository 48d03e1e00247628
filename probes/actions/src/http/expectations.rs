//! What is expected of the answer; every unmet expectation is told.

use leadsman_sdk::prelude::*;

use super::{Body, CertificateExpectation, Count, HeaderExpectation, Statuses, body};

/// What is expected of an answer, wherever the settings write it.
#[derive(Debug, Clone, Copy)]
pub struct Expected<'a> {
    /// The statuses that are well.
    pub status: &'a Statuses,
    /// The HTTP versions that are well; empty is any.
    pub versions: &'a [String],
    /// Whether the final hop must use TLS: `allowed`, `required` or `forbidden`.
    pub tls: &'a str,
    /// How many redirects are well, and the setting that says it.
    pub redirects: (Option<Count>, &'a str),
    /// Header fields, and the setting that they stand in.
    pub headers: (&'a [HeaderExpectation], &'a str),
    /// The body, and the setting that it stands in.
    pub body: (Option<&'a Body>, &'a str),
    /// The certificate, and the setting that it stands in.
    pub certificate: (Option<&'a CertificateExpectation>, &'a str),
}

impl Expected<'_> {
    /// Checks the whole answer; everything that is not met is told.
    pub fn check(&self, response: &http::Response, expect: &mut Expectations) -> Result<()> {
        let status = response.status();
        expect.at("/status").that(
            self.status.contains(status),
            Kind::Status,
            "status",
            self.status,
            status,
        );
        self.protocol(response, expect);
        self.redirected(response.facts(), expect);
        for (index, field) in self.headers.0.iter().enumerate() {
            expect.at(format!("/{}/{index}", self.headers.1));
            header(field, response, expect)?;
        }
        if let (Some(certificate), setting) = self.certificate {
            expect.at(format!("/{setting}"));
            certified(certificate, response.facts(), expect)?;
        }
        match self.body {
            (Some(expected), setting) => {
                body::check(expected, setting, &response.content(), expect)
            }
            (None, _) => Ok(()),
        }
    }

    fn protocol(&self, response: &http::Response, expect: &mut Expectations) {
        if !self.versions.is_empty() {
            let version = response.facts().text("http-version").unwrap_or_default();
            expect.at("/versions").that(
                self.versions.contains(&version),
                Kind::HttpVersion,
                "versions",
                self.versions.join(" or "),
                version,
            );
        }
        if self.tls != "allowed" {
            let encrypted = response
                .facts()
                .text("final-url")
                .is_some_and(|url| url.starts_with("https://"));
            let got = if encrypted { "TLS" } else { "no TLS" };
            expect.at("/tls").that(
                encrypted == (self.tls == "required"),
                Kind::TlsVersion,
                "tls",
                self.tls,
                got,
            );
        }
    }

    /// Where it led to is told too: that is what one looks for next.
    fn redirected(&self, facts: &Facts, expect: &mut Expectations) {
        let (Some(wanted), setting) = self.redirects else {
            return;
        };
        let followed = facts.number("redirects").unwrap_or_default();
        let url = facts.text("final-url").unwrap_or_default();
        expect.at(format!("/{setting}")).that(
            wanted.contains(followed),
            Kind::Redirect,
            "redirects",
            wanted,
            format!("{followed}, to {url}"),
        );
    }
}

fn certified(
    expected: &CertificateExpectation,
    facts: &Facts,
    expect: &mut Expectations,
) -> Result<()> {
    let chain = facts.certificates();
    let Some(leaf) = chain.first() else {
        let (expected, got) = ("a certificate", "no TLS");
        expect.that(false, Kind::Certificate, "certificate", expected, got);
        return Ok(());
    };
    let texts = [
        ("subject", &expected.subject, leaf.subject()),
        ("issuer", &expected.issuer, leaf.issuer()),
    ];
    for (path, regex, got) in texts {
        if let Some(regex) = regex {
            expect.that(
                regex.is_match_text(&got)?,
                Kind::Certificate,
                path,
                regex,
                got,
            );
        }
    }
    if let (Some(valid_for), Some(ends)) = (expected.valid_for, facts.number("earliest-not-after"))
    {
        let left = ends - i64::try_from(context::wall_clock().as_secs()).unwrap_or(i64::MAX);
        let wanted = i64::try_from(valid_for.as_secs()).unwrap_or(i64::MAX);
        let (expected, got) = (
            format!("at least {valid_for} left"),
            format!("{left}s left"),
        );
        expect.that(
            left >= wanted,
            Kind::Certificate,
            "valid_for",
            expected,
            got,
        );
    }
    Ok(())
}

fn header(
    field: &HeaderExpectation,
    response: &http::Response,
    expect: &mut Expectations,
) -> Result<()> {
    let values: Vec<String> = response.headers_named(&field.name).collect();
    if values.is_empty() {
        expect.that(
            field.may_be_missing,
            Kind::Header,
            &field.name,
            "to be there",
            "no such field",
        );
        return Ok(());
    }
    let got = values.join(", ");
    let mut told = |met, expected: String| {
        expect.that(met, Kind::Header, &field.name, expected, &got);
    };
    texts(field, &values, &mut told);
    if let Some(regex) = &field.matches {
        told(any(regex, &values)?, regex.to_string());
    }
    if let Some(regex) = &field.not_matches {
        told(!any(regex, &values)?, format!("not {regex}"));
    }
    Ok(())
}

fn texts(field: &HeaderExpectation, values: &[String], told: &mut impl FnMut(bool, String)) {
    if let Some(text) = &field.equals {
        told(values.contains(text), format!("`{text}`"));
    }
    let has = |text: &str| values.iter().any(|value| value.contains(text));
    if let Some(text) = &field.contains {
        told(has(text), format!("`{text}` in it"));
    }
    if let Some(text) = &field.not_contains {
        told(!has(text), format!("no `{text}` in it"));
    }
}

fn any(regex: &Regex, values: &[String]) -> Result<bool> {
    for value in values {
        if regex.is_match_text(value)? {
            return Ok(true);
        }
    }
    Ok(false)
}
