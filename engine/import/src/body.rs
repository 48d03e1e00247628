//! Bodies: JSON and forms as what they are, everything else as a text.

use crate::{
    address::query,
    journey::{Body, Request},
    text::Text,
    value::Value,
};

const FORM: &str = "application/x-www-form-urlencoded";

/// Sets the body, and the header `content-type` where the body does not say it.
pub(crate) fn set(request: &mut Request, text: &Text, kind: Option<&str>) {
    let body = read(text, kind);
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
