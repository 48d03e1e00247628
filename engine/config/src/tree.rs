//! The file as a tree in which each value knows where it stands.

mod yaml;

use serde_json::{Map, Number, Value};

use crate::notes::{Wrong, wrong};
pub(crate) use yaml::parse;

/// A place in the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) line: usize,
    pub(crate) column: usize,
    pub(crate) offset: usize,
    pub(crate) length: usize,
    /// Which file it is a place in.
    pub(crate) file: FileKind,
}

/// A file is read together with the platform's, whose nodes it refers to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum FileKind {
    /// The platform's, or the only one.
    #[default]
    Platform,
    /// A team's.
    Team,
}

impl Span {
    /// The file's first character.
    pub(crate) const START: Self = Self {
        file: FileKind::Platform,
        line: 1,
        column: 1,
        offset: 0,
        length: 0,
    };
}

/// A value, its place and its path.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Node {
    /// A scalar's own place; that of the key for a list, a mapping or nothing.
    pub(crate) at: Span,
    pub(crate) path: String,
    pub(crate) value: Tree,
    /// The `${…}` that this text came from: what it stands for is never shown.
    pub(crate) written: Option<String>,
}

/// What a value can be.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Tree {
    Null,
    Bool(bool),
    Number(Number),
    Text(String),
    List(Vec<Node>),
    Map(Vec<Entry>),
}

/// A key and its value.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Entry {
    pub(crate) key: String,
    pub(crate) at: Span,
    pub(crate) node: Node,
}

/// Longest text that a message repeats, in characters.
const LONGEST_SHOWN: usize = 80;

impl Node {
    pub(crate) fn is_null(&self) -> bool {
        self.value == Tree::Null
    }

    /// Whether it holds mappings within a list, as steps do, or lists of them.
    pub(crate) fn is_nested(&self) -> bool {
        match &self.value {
            Tree::List(items) => items.iter().any(|item| matches!(item.value, Tree::Map(_))),
            Tree::Map(entries) => entries.iter().any(|entry| entry.node.is_nested()),
            _ => false,
        }
    }

    /// Whether it is a reference that stands for nothing.
    pub(crate) fn is_unresolved(&self) -> bool {
        self.written.is_some() && self.written.as_deref() == self.text()
    }

    pub(crate) fn text(&self) -> Option<&str> {
        match &self.value {
            Tree::Text(text) => Some(text),
            _ => None,
        }
    }

    /// A text that has to be there.
    pub(crate) fn expect_text(&self, what: &str) -> Result<&str, Wrong> {
        match self.text() {
            Some("") => Err(self.empty(what)),
            Some(text) => Ok(text),
            None => Err(self.not_text(what)),
        }
    }

    /// The items; nothing is an empty list.
    pub(crate) fn items(&self, what: &str) -> Result<&[Self], Wrong> {
        match &self.value {
            Tree::List(items) => Ok(items),
            Tree::Null => Ok(&[]),
            _ => Err(wrong(
                format!("expected a list of {what}, got {}", self.shown()),
                "write it as `[…]`",
            )),
        }
    }

    /// The entries; nothing is an empty mapping.
    pub(crate) fn entries(&self) -> Result<&[Entry], Wrong> {
        match &self.value {
            Tree::Map(entries) => Ok(entries),
            Tree::Null => Ok(&[]),
            Tree::List(_) => {
                let mend = "give each item a key: write `name: …` in place of `- …`";
                Err(self.not("a mapping", mend))
            }
            _ => Err(self.not("a mapping", "write it as lines of `key: value`")),
        }
    }

    /// The refusal of a value of the wrong kind.
    pub(crate) fn not(&self, what: &str, mend: &str) -> Wrong {
        wrong(format!("expected {what}, got {}", self.shown()), mend)
    }

    /// The refusal of what is no text.
    pub(crate) fn not_text(&self, what: &str) -> Wrong {
        let mend = match self.value {
            Tree::Number(_) | Tree::Bool(_) => "put it in quotes",
            Tree::List(_) | Tree::Map(_) => "write one text in its place",
            Tree::Null | Tree::Text(_) => "write one, or remove this",
        };
        self.not(what, mend)
    }

    fn empty(&self, what: &str) -> Wrong {
        let mend = self.written.as_ref().map_or_else(
            || "write one between the quotes".to_owned(),
            |written| format!("fill `{written}`: nothing is in it"),
        );
        wrong(format!("expected {what}, got an empty text"), mend)
    }

    /// The value for a message: shortened, and never what a reference stands for.
    pub(crate) fn shown(&self) -> String {
        if let Some(written) = &self.written {
            return format!("the value of `{written}`");
        }
        match &self.value {
            Tree::Null => "nothing".to_owned(),
            Tree::Bool(value) => format!("`{value}`"),
            Tree::Number(value) => format!("`{value}`"),
            Tree::Text(text) => format!("`{}`", shortened(text)),
            Tree::List(_) => "a list".to_owned(),
            Tree::Map(_) => "a mapping".to_owned(),
        }
    }

    /// `what` without the value that a reference stands for.
    pub(crate) fn discreet(&self, what: Wrong) -> Wrong {
        match (&self.written, self.text()) {
            (Some(written), Some(text)) if !text.is_empty() => wrong(
                what.message
                    .replace(text, written)
                    .replace(&shortened(text), written),
                what.mend
                    .replace(text, written)
                    .replace(&shortened(text), written),
            ),
            _ => what,
        }
    }

    /// The value without its places.
    pub(crate) fn to_json(&self) -> Value {
        match &self.value {
            Tree::Null => Value::Null,
            Tree::Bool(value) => Value::Bool(*value),
            Tree::Number(value) => Value::Number(value.clone()),
            Tree::Text(text) => Value::String(text.clone()),
            Tree::List(items) => items.iter().map(Self::to_json).collect(),
            Tree::Map(entries) => Value::Object(
                entries
                    .iter()
                    .map(|entry| (entry.key.clone(), entry.node.to_json()))
                    .collect::<Map<_, _>>(),
            ),
        }
    }

    /// The child of that key or index.
    pub(crate) fn child(&self, name: &str) -> Option<(Span, &Self)> {
        match &self.value {
            Tree::Map(entries) => entries
                .iter()
                .find(|entry| entry.key == name)
                .map(|entry| (entry.at, &entry.node)),
            Tree::List(items) => items
                .get(name.parse::<usize>().ok()?)
                .map(|item| (item.at, item)),
            _ => None,
        }
    }
}

/// The text's beginning, for a message.
pub(crate) fn shortened(text: &str) -> String {
    let mut start: String = text.chars().take(LONGEST_SHOWN).collect();
    if start.len() < text.len() {
        start.push('…');
    }
    start
}
