//! Bodies: JSON and forms as what they are, everything else as a text.

use crate::{
    address::{joined, params, query},
    journey::{Body, Request},
    text::Text,
    value::Value,
};

const FORM: &str = "application/x-www-form-urlencoded";

/// Sets the body, and the header `content-type` where the body does not say it.
pub(crate) fn set(request: &mut Request, text: &Text, kind: Option<&str>) {
    put(request, read(text, kind), kind);
}

/// The same of a body whose bytes are known: it is a form where the probe writes the same bytes, and JSON, which is written
/// anew, where no header field is made from its bytes.
pub(crate) fn set_exact(request: &mut Request, text: &Text, kind: &str) {
    let signed = request.headers.iter().any(|(name, _)| is_signature(name));
    let body = match read(text, Some(kind)) {
        Body::Form(_) if !is_written_again(text) => Body::Text(text.clone()),
        Body::Json(_) if signed => Body::Text(text.clone()),
        body => body,
    };
    put(request, body, Some(kind));
}

fn put(request: &mut Request, body: Body, kind: Option<&str>) {
    let implied = match &body {
        Body::Json(_) => kind.is_some_and(|kind| kind.eq_ignore_ascii_case("application/json")),
        Body::Form(_) => kind.is_some_and(|kind| kind.eq_ignore_ascii_case(FORM)),
        Body::Text(_) => false,
    };
    request.without_header("content-type");
    if let (false, Some(kind)) = (implied, kind) {
        request.header("content-type", Text::literal(kind));
    }
    request.body = Some(body);
}

fn read(text: &Text, kind: Option<&str>) -> Body {
    let kind = kind.unwrap_or_default().to_ascii_lowercase();
    let media = kind.split(';').next().unwrap_or_default().trim().to_owned();
    let found = if media == FORM {
        form(text)
    } else if media.ends_with("/json") || media.ends_with("+json") {
        json(text)
    } else {
        None
    };
    found.unwrap_or_else(|| Body::Text(text.clone()))
}

fn json(text: &Text) -> Option<Body> {
    let (raw, words) = text.words();
    let mut value = Value::read(&raw)?;
    let named = |key: &str| words.iter().any(|(word, _)| key.contains(word.as_str()));
    if !value.keeps_numbers(&raw) || value.keys().into_iter().any(named) {
        return None;
    }
    for leaf in value.texts_mut() {
        leaf.fill(&words);
    }
    Some(Body::Json(value))
}

/// Anything can be sent as a form; only what looks like one is read as one.
fn form(text: &Text) -> Option<Body> {
    let (raw, words) = text.words();
    let odd = |c: char| c.is_control() || matches!(c, '<' | '>' | '{' | '}' | '"' | ' ');
    if raw.contains(odd) {
        return None;
    }
    query(&raw, &words).map(Body::Form)
}

/// Whether a probe that is given the fields of the form `text` writes these bytes: by name, each once, escaped in its own way.
/// A template stands in `text` as it is, and would be escaped in a field.
fn is_written_again(text: &Text) -> bool {
    let Some(raw) = text.as_literal() else {
        return false;
    };
    params(raw).is_some_and(|params| {
        let sorted = params.is_sorted_by(|one, next| one.name < next.name);
        sorted && joined(&params) == raw
    })
}

/// Whether a header field of this name, which is in small letters, is made from the bytes of the body.
fn is_signature(name: &str) -> bool {
    let telling = ["signature", "digest", "hmac", "sha256", "content-md5"];
    telling.iter().any(|part| name.contains(part))
}
