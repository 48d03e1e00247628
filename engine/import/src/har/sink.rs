//! The places of a request in which a value is sent.

use std::collections::BTreeSet;

use percent_encoding::percent_decode_str;

use super::correlate::SHORTEST_WITHIN;
use crate::{
    address::encode,
    journey::{Body, Request},
    text::Text,
    value::Value,
};

/// Header fields that say how, never what.
const NEVER: [&str; 6] = [
    "accept",
    "content-type",
    "origin",
    "referer",
    "x-requested-with",
    "range",
];

/// Where a request sends a value.
#[derive(Clone, Copy)]
pub(super) struct Sink<'a> {
    pub(super) key: &'a str,
    /// The place itself says that it is an identity: a part of the path, a header field.
    pub(super) pointed: bool,
    /// Whether it is a JSON number; `None` where everything is a text.
    pub(super) number: Option<bool>,
}

pub(super) type Lookup<'a> = &'a mut dyn FnMut(&str, Sink<'_>) -> Option<String>;

/// Offers each value that the request sends, and puts the template in its place that comes back.
pub(super) fn visit(request: &mut Request, lookup: Lookup<'_>) {
    in_path(&mut request.path, lookup);
    for param in &mut request.query {
        let sink = Sink {
            key: &param.name,
            pointed: false,
            number: None,
        };
        whole(&mut param.value, sink, lookup);
    }
    for (name, value) in &mut request.headers {
        if !NEVER.contains(&name.as_str()) {
            in_header(name, value, lookup);
        }
    }
    match &mut request.body {
        Some(Body::Form(fields)) => {
            for field in fields {
                let sink = Sink {
                    key: &field.name,
                    pointed: false,
                    number: None,
                };
                whole(&mut field.value, sink, lookup);
            }
        }
        Some(Body::Json(value)) => in_json(value, lookup),
        Some(Body::Text(text)) => in_text(text, lookup),
        None => {}
    }
}

fn whole(text: &mut Text, sink: Sink<'_>, lookup: Lookup<'_>) {
    if let Some(name) = text
        .as_literal()
        .filter(|value| !value.is_empty())
        .and_then(|value| lookup(value, sink))
    {
        *text = Text::template(name);
    }
}

fn in_path(path: &mut Text, lookup: Lookup<'_>) {
    let sink = Sink {
        key: "",
        pointed: true,
        number: None,
    };
    let mut made = Text::default();
    for (index, part) in path.split('/').into_iter().enumerate() {
        if index > 0 {
            made.push("/");
        }
        let value = part
            .as_literal()
            .map(|part| percent_decode_str(part).decode_utf8_lossy().into_owned());
        let value = value.filter(|value| !value.is_empty());
        match value
            .as_deref()
            .and_then(|value| Some((lookup(value, sink)?, encode(value) == value)))
        {
            Some((name, true)) => made.push_template(&name),
            Some((name, false)) => made.push_template(&format!("{name}|percent")),
            None => made.append(part),
        }
    }
    *path = made;
}

fn in_header(name: &str, value: &mut Text, lookup: Lookup<'_>) {
    let sink = Sink {
        key: name,
        pointed: true,
        number: None,
    };
    whole(value, sink, lookup);
    if let Some((scheme, mut rest)) = value.split_once(' ') {
        whole(&mut rest, sink, lookup);
        if rest.as_template().is_some() {
            *value = scheme;
            value.push(" ");
            value.append(rest);
        }
    }
}

fn in_json(value: &mut Value, lookup: Lookup<'_>) {
    for (key, leaf) in value.leaves_mut() {
        let number = matches!(leaf, Value::Number(_));
        let sink = Sink {
            key: &key,
            pointed: false,
            number: Some(number),
        };
        let found = leaf
            .plain()
            .filter(|value| !value.is_empty())
            .and_then(|value| lookup(value, sink));
        match (found, leaf) {
            (Some(name), leaf) => *leaf = Value::Text(Text::template(name)),
            (None, Value::Text(text)) => in_text(text, lookup),
            _ => {}
        }
    }
}

/// Words of a longer text: between quotes, tags and signs.
fn in_text(text: &mut Text, lookup: Lookup<'_>) {
    let Some(literal) = text.as_literal().map(ToOwned::to_owned) else {
        return;
    };
    let sink = Sink {
        key: "",
        pointed: false,
        number: Some(false),
    };
    let word = |c: char| !(c.is_alphanumeric() || matches!(c, '-' | '_' | '.' | '~'));
    let words: BTreeSet<&str> = literal
        .split(word)
        .filter(|part| part.len() >= SHORTEST_WITHIN && *part != literal)
        .collect();
    for part in words {
        if let Some(name) = lookup(part, sink) {
            text.replace(part, &name);
        }
    }
}
