//! Values that an answer gave and a later request sends: captured there, templates here.
//!
//! A value counts where it is seen first: what an earlier request sent already was typed, not given. It has to be long enough,
//! or a number, or stand under a key such as `id`; words are constants. Where one answer says it in several ways, JSON is
//! preferred over forms and `meta` of HTML, those over header fields and the address, and these over a regular expression.

use std::collections::BTreeSet;

use percent_encoding::percent_decode_str;

use super::{
    name::name,
    pick::Pick,
    source::{Source, sources, within},
};
use crate::{
    address::encode,
    credential::{Vault, is_credential},
    journey::{Body, Capture, Request, Step},
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

/// Shortest value that is looked for within a longer text.
const SHORTEST_WITHIN: usize = 12;

/// Shortest value that is looked for again once it is captured.
const SHORTEST_REPEATED: usize = 6;

/// Where a request sends a value.
#[derive(Clone, Copy)]
struct Sink<'a> {
    key: &'a str,
    /// The place itself says that it is an identity: a part of the path, a header field.
    pointed: bool,
    /// Whether it is a JSON number; `None` where everything is a text.
    number: Option<bool>,
}

/// A value that is captured, and who uses it.
struct Taken {
    step: usize,
    value: String,
    name: String,
    users: BTreeSet<usize>,
}

struct Finder {
    sources: Vec<Vec<Source>>,
    bodies: Vec<String>,
    /// What each request sends, in every reading.
    sent: Vec<BTreeSet<String>>,
    paths: Vec<String>,
    names: BTreeSet<String>,
    taken: Vec<Taken>,
    captures: Vec<(usize, Capture)>,
}

/// Puts captures and templates into `steps`, which were made from `picks`.
pub(super) fn correlate(
    steps: &mut [Step],
    picks: &[Pick],
    vault: &mut Vault,
) -> Vec<(usize, String, BTreeSet<usize>)> {
    let mut finder = Finder {
        sources: picks.iter().map(sources).collect(),
        bodies: picks.iter().map(body).collect(),
        sent: steps.iter_mut().map(sent).collect(),
        paths: steps.iter().map(path).collect(),
        names: BTreeSet::new(),
        taken: Vec::new(),
        captures: Vec::new(),
    };
    for (at, step) in steps.iter_mut().enumerate() {
        if let Some(request) = step.request_mut() {
            visit(request, &mut |value, sink| finder.find(at, value, sink));
        }
    }
    for (at, capture) in std::mem::take(&mut finder.captures) {
        if let Some(step) = steps.get_mut(at) {
            step.captures.push(capture);
        }
    }
    for taken in &mut finder.taken {
        repeated(steps, taken);
    }
    for taken in finder
        .taken
        .iter()
        .filter(|taken| is_credential(&taken.name))
    {
        vault.hide(&taken.value);
    }
    let users = finder.taken.into_iter();
    users
        .map(|taken| (taken.step, taken.name, taken.users))
        .collect()
}

/// What is captured already is the same value within a longer text.
fn repeated(steps: &mut [Step], taken: &mut Taken) {
    if taken.value.len() < SHORTEST_REPEATED || !telling(&taken.value) {
        return;
    }
    for (at, step) in steps.iter_mut().enumerate().skip(taken.step + 1) {
        for text in step.texts_mut() {
            if text.replace(&taken.value, &taken.name) {
                taken.users.insert(at);
            }
        }
    }
}

/// The text of an answer in which a value may stand without a name.
fn body(pick: &Pick) -> String {
    if Value::read(&pick.answered.body).is_some() {
        return String::new();
    }
    pick.answered.body.clone()
}

fn path(step: &Step) -> String {
    step.request()
        .map(|request| request.path.spoken())
        .unwrap_or_default()
}

fn sent(step: &mut Step) -> BTreeSet<String> {
    let mut sent = BTreeSet::new();
    if let Some(request) = step.request_mut() {
        visit(request, &mut |value, _| {
            sent.insert(value.to_owned());
            None
        });
    }
    sent
}

impl Finder {
    /// The template for `value`, which the request at `at` sends; `None` where no answer gave it.
    fn find(&mut self, at: usize, value: &str, sink: Sink<'_>) -> Option<String> {
        for step in 0..at {
            if self.sent.get(step).is_some_and(|sent| sent.contains(value)) {
                return None;
            }
            let known = self.sources.get(step)?;
            let found = known
                .iter()
                .find(|source| source.value == value && worthy(source, sink))
                .cloned();
            let found = found.or_else(|| {
                let strong = value.len() >= SHORTEST_WITHIN
                    && telling(value)
                    && sink.number.is_none_or(|number| !number);
                strong
                    .then(|| within(self.bodies.get(step)?, value))
                    .flatten()
            });
            if let Some(source) = found {
                return Some(self.take(step, at, source));
            }
        }
        None
    }

    fn take(&mut self, step: usize, user: usize, source: Source) -> String {
        let same = |taken: &&mut Taken| taken.step == step && taken.value == source.value;
        if let Some(taken) = self.taken.iter_mut().find(same) {
            taken.users.insert(user);
            return taken.name.clone();
        }
        let path = self.paths.get(step).map_or("", String::as_str);
        let plain = name(&source.key, &source.parents, path);
        let numbered = (2..).map(|number| format!("{plain}_{number}"));
        let free = std::iter::once(plain.clone())
            .chain(numbered)
            .find(|name| !self.names.contains(name));
        let name = free.unwrap_or(plain);
        self.names.insert(name.clone());
        let capture = Capture {
            name: name.clone(),
            source: source.take,
            regex: source.regex,
            secret: is_credential(&source.key) || is_credential(&name),
            ..Capture::default()
        };
        self.captures.push((step, capture));
        self.taken.push(Taken {
            step,
            value: source.value,
            name: name.clone(),
            users: BTreeSet::from([user]),
        });
        name
    }
}

/// Whether it is no coincidence that the value is the same.
fn worthy(source: &Source, sink: Sink<'_>) -> bool {
    let value = source.value.as_str();
    if sink.number.is_some_and(|number| number != source.number) {
        return false;
    }
    let same = identity(&source.key) && (sink.pointed || identity(sink.key));
    if value.chars().all(|c| c.is_ascii_digit()) {
        return !value.is_empty() && (same || (value.len() >= 4 && !year(value)));
    }
    let secret = is_credential(&source.key) && value.len() >= 6;
    let digits = value.chars().any(|c| c.is_ascii_digit());
    secret || (same && digits && value.len() >= 2) || (value.len() >= 6 && telling(value))
}

/// Not a word, a sentence, a date or an address of somebody.
fn telling(value: &str) -> bool {
    let odd = value.contains(|c: char| c.is_whitespace() || c == '@') || value.starts_with("http");
    let digits = value.chars().any(|c| c.is_ascii_digit());
    !odd && !date(value) && (digits || (value.len() >= 20 && !value.contains('/')))
}

fn year(value: &str) -> bool {
    value
        .parse::<u16>()
        .is_ok_and(|year| (1900..2100).contains(&year))
}

fn date(value: &str) -> bool {
    let begin: Vec<char> = value.chars().take(10).collect();
    let fits = |(at, c): (usize, &char)| {
        if at == 4 || at == 7 {
            *c == '-'
        } else {
            c.is_ascii_digit()
        }
    };
    begin.len() == 10 && begin.iter().enumerate().all(fits)
}

/// Keys whose values mean one thing among many.
fn identity(key: &str) -> bool {
    let key = key.to_ascii_lowercase();
    let exact = [
        "id",
        "uuid",
        "guid",
        "key",
        "token",
        "code",
        "ref",
        "reference",
        "number",
        "nonce",
        "cursor",
        "etag",
    ];
    let ends = [
        "_id", "-id", "uuid", "guid", "token", "_ref", "_key", "number", "code",
    ];
    exact.contains(&key.as_str())
        || ends.iter().any(|end| key.ends_with(end))
        || key.ends_with("id") && key.len() > 4
}

type Lookup<'a> = &'a mut dyn FnMut(&str, Sink<'_>) -> Option<String>;

/// Offers each value that the request sends, and puts the template in its place that comes back.
fn visit(request: &mut Request, lookup: Lookup<'_>) {
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
