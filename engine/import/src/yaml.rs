//! The document that is written, and how a person would lay it out: short things in one line, the rest in blocks.

mod scalar;

use scalar::{block, flow, literal};

/// Widest line that a mapping or a list is kept in.
const WIDEST: usize = 110;

/// A value of the document.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Node {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number as it was written.
    Number(String),
    /// A text; quoted where it has to be.
    Text(String),
    /// A list.
    List(Vec<Node>),
    /// A mapping in this order.
    Map(Vec<(String, Node)>),
    /// A value that is never put into one line.
    Spread(Box<Node>),
    /// A value with a comment above it.
    Commented(Vec<String>, Box<Node>),
}

impl Node {
    pub(crate) fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    pub(crate) fn number(number: impl std::fmt::Display) -> Self {
        Self::Number(number.to_string())
    }

    pub(crate) fn map<K: Into<String>>(entries: impl IntoIterator<Item = (K, Self)>) -> Self {
        let entries = entries.into_iter();
        Self::Map(entries.map(|(key, value)| (key.into(), value)).collect())
    }

    pub(crate) fn texts<T: Into<String>>(texts: impl IntoIterator<Item = T>) -> Self {
        Self::List(texts.into_iter().map(Self::text).collect())
    }

    pub(crate) fn spread(self) -> Self {
        Self::Spread(Box::new(self))
    }

    /// The same with a comment above it; nothing is above where there are no lines.
    pub(crate) fn under(self, comment: Vec<String>) -> Self {
        if comment.is_empty() {
            return self;
        }
        Self::Commented(comment, Box::new(self))
    }

    fn parts(&self) -> (&[String], &Self, bool) {
        match self {
            Self::Commented(lines, inner) => {
                let (_, node, spread) = inner.parts();
                (lines, node, spread)
            }
            Self::Spread(inner) => {
                let (lines, node, _) = inner.parts();
                (lines, node, true)
            }
            _ => (&[], self, false),
        }
    }

    /// The value in one line; `None` where it must not be.
    fn line(&self) -> Option<String> {
        match self {
            Self::Null => Some("null".to_owned()),
            Self::Bool(value) => Some(value.to_string()),
            Self::Number(number) => Some(number.clone()),
            Self::Text(text) => Some(flow(text)),
            Self::List(items) => {
                let items: Option<Vec<_>> = items.iter().map(Self::line).collect();
                Some(format!("[{}]", items?.join(", ")))
            }
            Self::Map(entries) => {
                let entries: Option<Vec<_>> = entries.iter().map(entry).collect();
                Some(format!("{{{}}}", entries?.join(", ")))
            }
            Self::Spread(_) | Self::Commented(..) => None,
        }
    }
}

fn entry((key, value): &(String, Node)) -> Option<String> {
    Some(format!("{}: {}", flow(key), value.line()?))
}

/// Writes the document.
pub(crate) fn write(node: &Node) -> String {
    let mut out = String::new();
    value(node, 0, &mut out);
    out
}

/// Writes the entries of a mapping or the items of a list, each on lines of its own.
fn value(node: &Node, indent: usize, out: &mut String) {
    match node.parts().1 {
        Node::Map(entries) if !entries.is_empty() => {
            for (key, value) in entries {
                let lead = format!("{}{}:", " ".repeat(indent), flow(key));
                after(&lead, value, indent, out);
            }
        }
        Node::List(items) if !items.is_empty() => {
            for item in items {
                listed(item, indent, out);
            }
        }
        other => push(out, &[&other.line().unwrap_or_default()]),
    }
}

fn after(lead: &str, node: &Node, indent: usize, out: &mut String) {
    let (comment, inner, spread) = node.parts();
    comments(comment, indent, out);
    if let Node::Text(text) = inner {
        match literal(text) {
            Some((header, lines)) => {
                push(out, &[lead, " ", header]);
                for line in lines {
                    indented(line, indent + 2, out);
                }
            }
            None => push(out, &[lead, " ", &block(text)]),
        }
        return;
    }
    if let Some(line) = short(inner, lead.chars().count() + 1, spread) {
        push(out, &[lead, " ", &line]);
    } else {
        push(out, &[lead]);
        value(inner, indent + 2, out);
    }
}

fn listed(item: &Node, indent: usize, out: &mut String) {
    let (comment, inner, spread) = item.parts();
    comments(comment, indent, out);
    let lead = format!("{}- ", " ".repeat(indent));
    if let Some(line) = short(inner, indent + 2, spread) {
        return push(out, &[&lead, &line]);
    }
    let mut inside = String::new();
    value(inner, indent + 2, &mut inside);
    // The first line moves up beside the dash.
    push(out, &[&lead, inside.trim_start_matches(' ').trim_end()]);
}

/// The value in one line where it fits there; scalars and empty things always do.
fn short(node: &Node, used: usize, spread: bool) -> Option<String> {
    let empty = match node {
        Node::List(items) => items.is_empty(),
        Node::Map(entries) => entries.is_empty(),
        _ => true,
    };
    let fits = |line: &String| empty || (!spread && used + line.chars().count() <= WIDEST);
    node.line().filter(fits)
}

fn comments(lines: &[String], indent: usize, out: &mut String) {
    for line in lines {
        let line: String = line
            .chars()
            .map(|c| if scalar::printable(c) { c } else { ' ' })
            .collect();
        push(out, &[&" ".repeat(indent), "# ", line.trim_end()]);
    }
}

fn indented(line: &str, indent: usize, out: &mut String) {
    if line.is_empty() {
        return out.push('\n');
    }
    push(out, &[&" ".repeat(indent), line]);
}

fn push(out: &mut String, parts: &[&str]) {
    for part in parts {
        out.push_str(part);
    }
    out.push('\n');
}

#[cfg(test)]
mod tests;
