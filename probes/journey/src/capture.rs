//! Values that a step's answer gives to later steps.

use leadsman_probe_actions::dns::registry;
use leadsman_sdk::{Mismatch, prelude::*};
use serde_json::Value;

use crate::{
    request::Client,
    settings::{Capture, Source},
    variables::{Variable, plain},
};

/// What a step's action brought.
#[derive(Debug)]
pub(crate) enum Came {
    /// An HTTP answer.
    Http(http::Response),
    /// A DNS answer.
    Dns(dns::Answer),
    /// Nothing that could be captured.
    Nothing,
}

impl Came {
    const fn facts(&self) -> Option<&Facts> {
        match self {
            Self::Http(response) => Some(response.facts()),
            Self::Dns(answer) => Some(answer.facts()),
            Self::Nothing => None,
        }
    }

    fn content(&self) -> Content {
        match self {
            Self::Http(response) => response.content(),
            Self::Dns(_) | Self::Nothing => Content::of(b""),
        }
    }

    /// The beginning of it, for a sentence.
    fn excerpt(&self) -> String {
        let Self::Dns(answer) = self else {
            return self.content().excerpt();
        };
        let texts = answer.answers.iter().map(|record| record.text.as_bytes());
        Content::of(&texts.collect::<Vec<_>>().join(&b", "[..])).excerpt()
    }
}

/// The value, where it is found; nothing is told.
pub(crate) fn found(capture: &Capture, came: &Came, jar: Option<&Client>) -> Option<Value> {
    let values = find(capture.source()?, came, jar).ok()?;
    let mut values = parts(capture, values).ok()?.into_iter();
    if capture.all {
        return Some(Value::Array(values.collect()))
            .filter(|list| *list != Value::Array(Vec::new()));
    }
    values.next()
}

/// Takes a value. Where nothing is found, that is told and ends the step.
pub(crate) fn take(
    (name, capture): (&str, &Capture),
    came: &Came,
    jar: Option<&Client>,
    pointer: &str,
) -> Result<Variable> {
    let Some(source) = capture.source() else {
        return Err(Error::undecided(format!(
            "the capture `{name}` has no source"
        )));
    };
    let found = find(source, came, jar).and_then(|found| parts(capture, found));
    let mut values = match found {
        Ok(values) => values,
        Err(Mismatch::UnknownExpression(text)) => return Err(Error::undecided(text)),
        Err(Mismatch::Unreadable(why) | Mismatch::Evaluation(why)) => {
            let why = || format!("{why} in `{}`", came.excerpt());
            return fallen_back(capture)
                .ok_or_else(|| nothing((name, source), came, pointer, &why()));
        }
    };
    if values.is_empty() {
        let why = || format!("nothing like it in `{}`", came.excerpt());
        return fallen_back(capture).ok_or_else(|| nothing((name, source), came, pointer, &why()));
    }
    let value = if capture.all {
        Value::Array(values)
    } else {
        values.swap_remove(0)
    };
    Ok(Variable {
        value,
        secret: capture.secret,
    })
}

fn fallen_back(capture: &Capture) -> Option<Variable> {
    let text = capture.default.as_ref()?;
    Some(Variable {
        value: Value::String(text.clone()),
        secret: capture.secret && !text.is_empty(),
    })
}

fn nothing((name, source): (&str, Source<'_>), came: &Came, pointer: &str, got: &str) -> Error {
    let kind = match (source, came) {
        (_, Came::Dns(_)) => Kind::Answer,
        (Source::Header(_) | Source::Cookie(_), _) => Kind::Header,
        (Source::From(fact), _) if fact.starts_with("certificate_") => Kind::Certificate,
        (Source::From("tls_version"), _) => Kind::TlsVersion,
        _ => Kind::Body,
    };
    let expected = format!("{source} to find something");
    let path = format!("capture.{name}");
    Expectations::below(pointer).that(false, kind, &path, expected, got);
    Error::Unmet
}

type Found = std::result::Result<Vec<Value>, Mismatch>;

fn find(source: Source<'_>, came: &Came, jar: Option<&Client>) -> Found {
    let texts = |found: Vec<String>| found.into_iter().map(Value::String).collect();
    match source {
        Source::Json(path) => Ok(values(path.find(&came.content())?)),
        Source::Cel(cel) => Ok(values(cel.find(&came.content())?)),
        Source::Regex(regex) => Ok(group(regex.find(&came.content())?)),
        Source::Css(css) => Ok(texts(
            css.find(&came.content())?.into_iter().flatten().collect(),
        )),
        Source::Header(name) => Ok(texts(match came {
            Came::Http(response) => response.headers_named(name).collect(),
            _ => Vec::new(),
        })),
        Source::Cookie(name) => Ok(texts(cookie(name, came, jar).into_iter().collect())),
        Source::From(name) => Ok(learnt(name, came)),
    }
}

/// What JSONPath and CEL find is JSON; a null is nothing.
fn values(found: Vec<Option<String>>) -> Vec<Value> {
    let read = |text: String| serde_json::from_str(&text).ok();
    let read = found.into_iter().flatten().filter_map(read);
    read.filter(|value: &Value| !value.is_null()).collect()
}

/// The first group, or the whole match where there is none.
fn group(found: Vec<Option<String>>) -> Vec<Value> {
    let at = usize::from(found.len() > 1);
    let text = found.into_iter().nth(at).flatten();
    text.map(Value::String).into_iter().collect()
}

fn parts(capture: &Capture, found: Vec<Value>) -> Found {
    let Some(part) = capture.part() else {
        return Ok(found);
    };
    let mut parts = Vec::new();
    for value in found {
        parts.extend(group(part.find_text(&plain(&value))?));
    }
    Ok(parts)
}

/// The jar's cookie, or, where none was used, the one that the answer sets.
fn cookie(name: &str, came: &Came, jar: Option<&Client>) -> Option<String> {
    let Came::Http(response) = came else {
        return None;
    };
    let Some(jar) = jar else {
        return set_by(response, name);
    };
    jar.cookie(&response.facts().text("final-url")?, name)
}

/// The last one counts, as it does in a jar.
fn set_by(response: &http::Response, name: &str) -> Option<String> {
    let named = |field: &String| {
        let pair = field
            .split(';')
            .next()
            .and_then(|pair| pair.split_once('='));
        pair.is_some_and(|(key, _)| key.trim() == name)
    };
    let field = response.headers_named("set-cookie").filter(named).last()?;
    let mut parts = field.split(';');
    let (_, value) = parts.next()?.split_once('=')?;
    let is_over = |part: &str| {
        let (key, age) = part.split_once('=')?;
        let age = age.trim().parse::<i64>().ok();
        let is_age = key.trim().eq_ignore_ascii_case("max-age");
        age.filter(|age| is_age && *age <= 0)
    };
    // Whoever takes a cookie back by `Expires` leaves it without a value.
    let value = value.trim();
    let is_taken_back = value.is_empty() || parts.any(|part| is_over(part).is_some());
    (!is_taken_back).then(|| value.to_owned())
}

/// What else the step taught; a fact that there is not is nothing.
fn learnt(name: &str, came: &Came) -> Vec<Value> {
    let one = match (name, came) {
        ("duration", _) => came
            .facts()
            .map(|facts| Value::from(facts.total().as_secs_f64())),
        ("status", Came::Http(response)) => Some(Value::from(response.status())),
        ("body", Came::Http(response)) => Some(Value::String(whole(&response.content()))),
        ("rcode", Came::Dns(answer)) => Some(Value::String(registry::rcode_name(answer.rcode))),
        ("answer", Came::Dns(answer)) => {
            let texts = answer.answers.iter();
            return texts
                .map(|record| Value::String(record.text.clone()))
                .collect();
        }
        _ => came.facts().and_then(|facts| fact(name, facts)),
    };
    one.into_iter().collect()
}

fn whole(content: &Content) -> String {
    let size = u32::try_from(content.size()).unwrap_or(u32::MAX);
    String::from_utf8_lossy(&content.read(0, size)).into_owned()
}

fn fact(name: &str, facts: &Facts) -> Option<Value> {
    let text = |fact: &str| facts.text(fact).map(Value::String);
    match name {
        "url" => text("final-url"),
        "http_version" => text("http-version"),
        "tls_version" => text("tls-version"),
        "remote_address" => text("remote-address"),
        "certificate_not_after" => facts.number("leaf-not-after").map(Value::from),
        _ => {
            let chain = facts.certificates();
            let leaf = chain.first()?;
            Some(Value::String(match name {
                "certificate_subject" => leaf.subject(),
                "certificate_issuer" => leaf.issuer(),
                "certificate_sha256" => leaf.sha256(),
                _ => return None,
            }))
        }
    }
}
