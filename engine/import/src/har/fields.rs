//! The header fields of a recording that a request does not repeat, each with why.

use std::collections::{BTreeMap, BTreeSet};

use super::archive::{Entry, Field};
use crate::{
    left::Notes,
    own::{WHY as PROBE, is_own},
};

const BROWSER: &str = "a browser's own field, which a probe does not send; where an answer depends on it, add it to the step's `headers`";
const CACHE: &str = "a journey keeps nothing of former answers";
const TRACE: &str = "it belongs to the recorded visit, not to a later one";
const JAR: &str = "a journey sends the cookies that its own answers set";
const TYPE: &str = "it is the type of a body, and none is carried over";
const ORIGIN: &str = "servers look at it in requests that change something, not in this one";

/// A field's name, and why it is not sent.
const OWN: [(&str, &str); 18] = [
    ("host", PROBE),
    ("user-agent", PROBE),
    ("accept-language", BROWSER),
    ("dnt", BROWSER),
    ("priority", BROWSER),
    ("purpose", BROWSER),
    ("upgrade-insecure-requests", BROWSER),
    ("x-client-data", BROWSER),
    ("cache-control", CACHE),
    ("if-modified-since", CACHE),
    ("if-none-match", CACHE),
    ("pragma", CACHE),
    ("baggage", TRACE),
    ("sentry-trace", TRACE),
    ("traceparent", TRACE),
    ("tracestate", TRACE),
    ("cookie", JAR),
    ("content-type", TYPE),
];

/// The same by how the name begins.
const OWN_BEGINNINGS: [(&str, &str); 5] = [
    ("sec-", BROWSER),
    ("proxy-", PROBE),
    ("x-b3-", TRACE),
    ("x-datadog-", TRACE),
    ("x-newrelic-", TRACE),
];

/// Why a field is not sent; `None` where it is. `name` is in lower case.
pub(super) fn unsent(name: &str, value: &str, checked: bool) -> Option<&'static str> {
    let common = name == "accept" && (value.contains("text/html") || value == "*/*");
    if common {
        return Some(BROWSER);
    }
    if matches!(name, "origin" | "referer") {
        return (!checked).then_some(ORIGIN);
    }
    if is_own(name) {
        return Some(PROBE);
    }
    let exact = OWN.iter().find(|(known, _)| *known == name);
    let begun = || {
        OWN_BEGINNINGS
            .iter()
            .find(|(begin, _)| name.starts_with(begin))
    };
    exact.or_else(begun).map(|(_, why)| *why)
}

/// The fields that were not sent, while they are counted: each is told once, however many requests had it.
#[derive(Debug, Default)]
pub(super) struct Unsent {
    /// By name and reason: the first line, and how many requests.
    counted: BTreeMap<(String, String), (usize, usize)>,
}

impl Unsent {
    /// One more request that had the field.
    pub(super) fn add(&mut self, line: usize, name: &str, why: impl Into<String>) {
        let key = (name.to_owned(), why.into());
        let (first, count) = self.counted.entry(key).or_insert((line, 0));
        *first = line.min(*first);
        *count += 1;
    }

    /// The cookies of a request that no answer of the recording sets: they are older than it, or a script made them.
    pub(super) fn cookies(&mut self, entry: &Entry, set: &BTreeSet<String>) {
        for name in sent(entry).filter(|name| !set.contains(*name)) {
            let why = "no answer of the recording sets this cookie; where the site needs it, add it to the step's `headers`";
            self.add(entry.line, &format!("cookie: {name}="), why);
        }
    }

    /// Tells them, a line for each name and reason.
    pub(super) fn tell(self, notes: &mut Notes) {
        for ((name, why), (line, count)) in self.counted {
            let what = if name.ends_with('=') {
                format!("{name}…")
            } else {
                format!("{name}: …")
            };
            let times = if count == 1 { "request" } else { "requests" };
            notes.leave(line, what, format!("{why} ({count} {times})"));
        }
    }
}

/// The names of the cookies that a request sends.
fn sent(entry: &Entry) -> impl Iterator<Item = &str> {
    let fields = named(&entry.headers, "cookie");
    let pairs = fields.flat_map(|value| value.split(';'));
    pairs.filter_map(|pair| Some(pair.split_once('=')?.0.trim()))
}

/// The names of the cookies that the answers of a recording set.
pub(super) fn set(entries: &[Entry]) -> BTreeSet<String> {
    let fields = entries
        .iter()
        .flat_map(|entry| named(&entry.answer, "set-cookie"));
    // Playwright writes several into one, a line each.
    let lines = fields.flat_map(str::lines);
    let names = lines.filter_map(|line| Some(line.split_once('=')?.0.trim().to_owned()));
    names.collect()
}

fn named<'a>(fields: &'a [Field], name: &'a str) -> impl Iterator<Item = &'a str> {
    let same = fields
        .iter()
        .filter(move |field| field.name.eq_ignore_ascii_case(name));
    same.map(|field| field.value.as_str())
}
