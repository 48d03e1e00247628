//! What is expected of the answer; every unmet expectation is told.

use leadsman_sdk::{Mismatch, prelude::*};

use crate::{Body, HeaderExpectation, HttpSettings};

/// Checks the whole answer.
pub(crate) fn check(
    settings: &HttpSettings,
    response: &http::Response,
    expect: &mut Expectations,
) -> Result<()> {
    let status = response.status();
    expect.that(
        settings.status.contains(status),
        Kind::Status,
        "status",
        &settings.status,
        status,
    );
    protocol(settings, response, expect);
    for field in &settings.expect_headers {
        header(field, response, expect)?;
    }
    match &settings.expect_body {
        Some(expected) => body(expected, &response.content(), expect),
        None => Ok(()),
    }
}

fn protocol(settings: &HttpSettings, response: &http::Response, expect: &mut Expectations) {
    if !settings.versions.is_empty() {
        let version = response.facts().text("http-version").unwrap_or_default();
        let known = settings.versions.contains(&version);
        expect.that(
            known,
            Kind::HttpVersion,
            "versions",
            settings.versions.join(" or "),
            version,
        );
    }
    if settings.tls != "allowed" {
        let encrypted = response
            .facts()
            .text("final-url")
            .is_some_and(|url| url.starts_with("https://"));
        let got = if encrypted { "TLS" } else { "no TLS" };
        expect.that(
            encrypted == (settings.tls == "required"),
            Kind::TlsVersion,
            "tls",
            &settings.tls,
            got,
        );
    }
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
    if let Some(regex) = &field.matches {
        expect.that(any(regex, &values)?, Kind::Header, &field.name, regex, &got);
    }
    if let Some(regex) = &field.not_matches {
        expect.that(
            !any(regex, &values)?,
            Kind::Header,
            &field.name,
            format!("not {regex}"),
            &got,
        );
    }
    Ok(())
}

fn any(regex: &Regex, values: &[String]) -> Result<bool> {
    for value in values {
        if regex.is_match_text(value)? {
            return Ok(true);
        }
    }
    Ok(false)
}

fn body(expected: &Body, content: &Content, expect: &mut Expectations) -> Result<()> {
    for regex in &expected.matches {
        told(
            regex.is_match(content),
            true,
            "matches",
            regex.as_str(),
            content,
            expect,
        )?;
    }
    for regex in &expected.not_matches {
        told(
            regex.is_match(content),
            false,
            "not_matches",
            regex.as_str(),
            content,
            expect,
        )?;
    }
    for path in &expected.json_path {
        told(
            path.is_match(content),
            true,
            "json_path",
            path.as_str(),
            content,
            expect,
        )?;
    }
    for path in &expected.not_json_path {
        told(
            path.is_match(content),
            false,
            "not_json_path",
            path.as_str(),
            content,
            expect,
        )?;
    }
    for cel in &expected.cel {
        told(
            cel.is_match(content),
            true,
            "cel",
            cel.as_str(),
            content,
            expect,
        )?;
    }
    for cel in &expected.not_cel {
        told(
            cel.is_match(content),
            false,
            "not_cel",
            cel.as_str(),
            content,
            expect,
        )?;
    }
    Ok(())
}

/// An expression that the bytes do not fit is an unmet expectation like any other.
fn told(
    holds: Result<bool, Mismatch>,
    wanted: bool,
    setting: &str,
    expression: &str,
    content: &Content,
    expect: &mut Expectations,
) -> Result<()> {
    let path = format!("expect_body.{setting}");
    let expected = if wanted {
        expression.to_owned()
    } else {
        format!("not {expression}")
    };
    match holds {
        Ok(holds) if holds == wanted => {}
        Ok(_) => drop(expect.that(false, Kind::Body, &path, expected, content.excerpt())),
        Err(Mismatch::UnknownExpression(text)) => return Err(Error::undecided(text)),
        Err(Mismatch::Unreadable(text) | Mismatch::Evaluation(text)) => {
            expect.that(false, Kind::Body, &path, expected, text);
        }
    }
    Ok(())
}
