//! Values that an answer gave and a later request sends: captured there, templates here.
//!
//! A value counts where it is seen first: what an earlier request sent already was typed, not given. It has to be long enough,
//! or a number, or stand under a key such as `id`; words are constants. Where one answer says it in several ways, JSON is
//! preferred over forms and `meta` of HTML, those over header fields and the address, and these over a regular expression.

use std::collections::BTreeSet;

use super::{
    name::name,
    pick::Pick,
    sink::{Sink, visit},
    source::{Source, sources, within},
};
use crate::{
    credential::{Vault, is_credential},
    journey::{Capture, Step},
    value::Value,
};

/// Shortest value that is looked for within a longer text.
pub(super) const SHORTEST_WITHIN: usize = 12;

/// Shortest value that is looked for again once it is captured.
const SHORTEST_REPEATED: usize = 6;

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
