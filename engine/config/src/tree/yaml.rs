//! YAML 1.2 to the tree, bounded.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::Number;
use serde_saphyr::{
    Error, Location, Options, Spanned,
    options::{DuplicateKeyPolicy, NonFiniteFloatPolicy},
};

use super::{Entry, FileKind, Node, Span, Tree};
use crate::{
    LARGEST_FILE,
    notes::{Notes, wrong},
};

/// The file's root; a mistake of syntax is noted, and so is each repeated key.
pub(crate) fn parse(text: &str, notes: &Notes<'_>) -> Option<Node> {
    if text.len() > LARGEST_FILE {
        let message = format!(
            "the file has {} bytes, expected at most {LARGEST_FILE}",
            text.len()
        );
        notes.say_at(
            notes.start(),
            "",
            wrong(
                message,
                "split it into several files, each for a daemon of its own",
            ),
        );
        return None;
    }
    match serde_saphyr::from_str_with_options::<Spanned<Raw>>(text, options()) {
        Ok(root) => Some(Planter { notes }.node(root, None, String::new())),
        Err(error) => {
            notes.say_at(notes.here(error_place(&error)), "", syntax(&error));
            None
        }
    }
}

fn options() -> Options {
    serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            max_depth: 64,
            flow_nesting_limit: 64,
            max_documents: 2,
            max_nodes: 200_000,
            max_events: 500_000,
            max_aliases: 2_000,
            max_anchors: 500,
            max_total_scalar_bytes: LARGEST_FILE,
        },
        alias_limits: serde_saphyr::alias_limits! { max_total_replayed_events: 200_000, max_replay_stack_depth: 16 },
        // Every repeated key is reported with its line, not only the first.
        duplicate_keys: DuplicateKeyPolicy::PassThrough,
        non_finite_float_policy: NonFiniteFloatPolicy::AsString,
        strict_booleans: true,
        leading_zero_numbers_as_strings: true,
        underscored_numbers_as_strings: true,
        with_snippet: false,
    }
}

fn syntax(error: &Error) -> crate::notes::Wrong {
    let text = error.without_snippet().to_string();
    // The library appends its own "at line …", and we show the place ourselves.
    let text = text
        .split(" at line ")
        .next()
        .unwrap_or_default()
        .trim()
        .to_owned();
    if matches!(error.without_snippet(), Error::MultipleDocuments { .. }) {
        return wrong(
            "the file has several documents, expected one",
            "remove what follows `---`",
        );
    }
    let mend = mend(error.without_snippet(), &text);
    wrong(format!("not valid YAML: {text}"), mend)
}

/// A part of what the parser says, and how to mend it; the first that is said is meant.
const MENDS: &[(&str, &str)] = &[
    ("limit", LESS),
    ("tab", "write spaces in place of tabs"),
    (
        "unclosed quote",
        "end the text with the quote that it begins with",
    ),
    ("trailing content", "write nothing behind the closing quote"),
    (
        "parsing a quoted scalar",
        r"write `\\` for a backslash, or put the text in single quotes",
    ),
    ("must be followed", "write a space behind it"),
    (
        "entries are not allowed",
        "begin the list on a line of its own",
    ),
    ("anchor or alias", QUOTED),
    ("simple key", "end the key with `:`"),
    ("indent", ALIGNED),
    ("expected key", ALIGNED),
    ("block collection", ALIGNED),
    ("flow", CLOSED),
    ("bracket", CLOSED),
    ("tag", "remove the tag, which begins with `!`"),
];
const LESS: &str = "write less: fewer aliases (`*name`), values and levels, or several files";
const QUOTED: &str = "put a text that begins with `*` or `&` in quotes";
const ALIGNED: &str = "begin what belongs together in one column, and what is in it further right";
const CLOSED: &str = "close each `{` and `[`, with `,` between what is in them";
/// For what the parser says otherwise, as for a text with `: ` or `@` in it.
const PLAIN: &str = "write lines of `key: value`; a text with special characters stands in quotes";

fn mend(error: &Error, text: &str) -> &'static str {
    match error {
        Error::Budget { .. }
        | Error::AliasReplayLimitExceeded { .. }
        | Error::AliasExpansionLimitExceeded { .. }
        | Error::AliasReplayStackDepthExceeded { .. } => LESS,
        Error::AliasError { error, .. } => mend(error, text),
        Error::UnknownAnchor { .. } => {
            "put a text that begins with `*` in quotes, or name the value above it with `&`"
        }
        _ => {
            let mut mends = MENDS.iter();
            let mend = mends.find(|(part, _)| text.contains(part));
            mend.map_or(PLAIN, |(_, mend)| *mend)
        }
    }
}

fn error_place(error: &Error) -> Span {
    error.location().map_or(Span::START, place)
}

fn place(location: Location) -> Span {
    let number = |value: u64| usize::try_from(value).unwrap_or(usize::MAX);
    let span = location.span();
    Span {
        file: FileKind::default(),
        line: number(location.line()).max(1),
        column: number(location.column()).max(1),
        offset: number(span.byte_offset().unwrap_or_default()),
        length: number(span.byte_len().unwrap_or_default()),
    }
}

/// A value as the parser gives it.
enum Raw {
    Null,
    Bool(bool),
    Number(Number),
    Text(String),
    List(Vec<Spanned<Self>>),
    Map(Vec<(Spanned<String>, Spanned<Self>)>),
}

impl<'de> Deserialize<'de> for Raw {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Reader)
    }
}

struct Reader;

impl<'de> Visitor<'de> for Reader {
    type Value = Raw;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a YAML value")
    }

    fn visit_unit<E>(self) -> Result<Raw, E> {
        Ok(Raw::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Raw, E> {
        Ok(Raw::Bool(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Raw, E> {
        Ok(Raw::Number(value.into()))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Raw, E> {
        Ok(Raw::Number(value.into()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Raw, E> {
        Ok(Number::from_f64(value).map_or_else(|| Raw::Text(value.to_string()), Raw::Number))
    }

    fn visit_str<E>(self, value: &str) -> Result<Raw, E> {
        Ok(Raw::Text(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Raw, E> {
        Ok(Raw::Text(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Raw, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = access.next_element()? {
            items.push(item);
        }
        Ok(Raw::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Raw, A::Error> {
        let mut entries = Vec::new();
        while let Some(entry) = access.next_entry()? {
            entries.push(entry);
        }
        Ok(Raw::Map(entries))
    }
}

/// Gives each value its path and finds repeated keys.
struct Planter<'a> {
    notes: &'a Notes<'a>,
}

impl Planter<'_> {
    fn node(&self, raw: Spanned<Raw>, key: Option<Span>, path: String) -> Node {
        let own = self.notes.here(place(raw.defined));
        let value = match raw.value {
            Raw::Null => Tree::Null,
            Raw::Bool(value) => Tree::Bool(value),
            Raw::Number(value) => Tree::Number(value),
            Raw::Text(value) => Tree::Text(value),
            Raw::List(items) => Tree::List(self.items(items, &path)),
            Raw::Map(entries) => Tree::Map(self.entries(entries, &path)),
        };
        let at = match value {
            Tree::Null | Tree::List(_) | Tree::Map(_) => key.unwrap_or(Span { length: 1, ..own }),
            _ => own,
        };
        Node {
            at,
            path,
            value,
            written: None,
        }
    }

    fn items(&self, items: Vec<Spanned<Raw>>, path: &str) -> Vec<Node> {
        items
            .into_iter()
            .enumerate()
            .map(|(index, item)| self.node(item, None, format!("{path}[{index}]")))
            .collect()
    }

    fn entries(&self, entries: Vec<(Spanned<String>, Spanned<Raw>)>, path: &str) -> Vec<Entry> {
        let mut kept: Vec<Entry> = Vec::with_capacity(entries.len());
        let mut first = std::collections::BTreeMap::new();
        for (key, value) in entries {
            let at = self.notes.here(place(key.defined));
            let inner = if path.is_empty() {
                key.value.clone()
            } else {
                format!("{path}.{}", key.value)
            };
            if let Some(line) = first.get(&key.value) {
                self.repeated(&key.value, at, &inner, *line);
                continue;
            }
            first.insert(key.value.clone(), at.line);
            kept.push(Entry {
                node: self.node(value, Some(at), inner),
                key: key.value,
                at,
            });
        }
        kept
    }

    fn repeated(&self, key: &str, at: Span, path: &str, first: usize) {
        let message = format!("the key `{key}` is written twice, first in line {first}");
        self.notes
            .say_at(at, path, wrong(message, "remove one, or rename it"));
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn told(text: &str) -> String {
        let notes = Notes::new(Path::new("a.yaml"), text);
        assert!(parse(text, &notes).is_none(), "{text}");
        let problems = notes.conclude::<()>(None).unwrap_err();
        let problem = problems.iter().next().unwrap();
        assert!(!problem.mend.is_empty(), "{text}: {problem}");
        problem.mend.clone()
    }

    #[test]
    fn what_is_no_yaml_is_told_how_it_becomes_some() {
        for (text, mend) in [
            ("a: \"b\n", "end the text with the quote"),
            ("a:\n  b: {c: d\n  e: [\n", CLOSED),
            ("a: *.example\n", "quotes"),
            ("a:\n  b: c\n\td: e\n", "spaces"),
            ("a: \"\\q\"\n", "backslash"),
        ] {
            let told = told(text);
            assert!(told.contains(mend), "{text}: {told}");
        }
        for text in ["a: b: c\n", "a:\n  b: c\n d: e\n", "@\n", "- a\nb\n"] {
            told(text);
        }
    }

    #[test]
    fn what_is_too_much_is_told_to_become_less() {
        let deep = format!("a: {}{}", "[".repeat(100), "]".repeat(100));
        assert_eq!(told(&deep), LESS);
        let large = "#".repeat(LARGEST_FILE + 1);
        assert!(told(&large).contains("several files"));
    }
}
