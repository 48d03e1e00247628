//! What a row of `[Captures]` or `[Asserts]` says: a query, filters, and a predicate.

use super::template::escaped;
use crate::{left::ImportError, text::Text};

const PREDICATES: [&str; 28] = [
    "==",
    "!=",
    ">",
    ">=",
    "<",
    "<=",
    "startsWith",
    "endsWith",
    "contains",
    "includes",
    "matches",
    "exists",
    "isBoolean",
    "isCollection",
    "isDate",
    "isEmpty",
    "isFloat",
    "isInteger",
    "isIpv4",
    "isIpv6",
    "isIsoDate",
    "isList",
    "isNumber",
    "isObject",
    "isString",
    "isUuid",
    "equals",
    "notEquals",
];

/// Queries that ask for something by name.
const NAMED: [&str; 7] = [
    "header",
    "cookie",
    "jsonpath",
    "xpath",
    "regex",
    "variable",
    "certificate",
];

/// A word, a quoted text or a regular expression.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Token {
    Word(String),
    Text(Text),
    Regex(String),
}

/// What is asked of the answer.
#[derive(Debug)]
pub(super) struct Query {
    pub(super) of: String,
    /// What it asks for by name.
    pub(super) argument: Option<Token>,
    /// The filters: each with its arguments.
    pub(super) filters: Vec<(String, Vec<Token>)>,
}

/// What must be true of it.
#[derive(Debug)]
pub(super) struct Predicate {
    pub(super) not: bool,
    pub(super) name: String,
    pub(super) value: Option<Token>,
}

impl Query {
    pub(super) fn argument(&self) -> Option<&str> {
        match self.argument.as_ref()? {
            Token::Text(text) => text.as_literal(),
            Token::Regex(regex) | Token::Word(regex) => Some(regex),
        }
    }
}

/// Reads a query; where it is asserted, also the predicate.
pub(super) fn read(
    raw: &str,
    line: usize,
) -> Result<(Query, Option<Predicate>, bool), ImportError> {
    let mut tokens = tokens(raw, line)?.into_iter().peekable();
    let wrong = |why: &str| {
        ImportError::new(
            line,
            format!("`{}`: {why}", crate::left::excerpt(raw)),
            "see hurl.dev/docs/asserting-response.html",
        )
    };
    let Some(Token::Word(of)) = tokens.next() else {
        return Err(wrong("this begins with no query"));
    };
    let argument = NAMED
        .contains(&of.as_str())
        .then(|| tokens.next())
        .flatten();
    let mut filters: Vec<(String, Vec<Token>)> = Vec::new();
    let mut redacted = false;
    while let Some(token) = tokens.next() {
        match token {
            Token::Word(word) if word == "redact" => redacted = true,
            Token::Word(word) if word == "not" || PREDICATES.contains(&word.as_str()) => {
                let not = word == "not";
                let name = if not {
                    tokens.next()
                } else {
                    Some(Token::Word(word))
                };
                let Some(Token::Word(name)) = name else {
                    return Err(wrong("there is no predicate"));
                };
                let value = tokens.next();
                let name = match name.as_str() {
                    "equals" => "==".to_owned(),
                    "notEquals" => "!=".to_owned(),
                    _ => name,
                };
                let query = Query {
                    of,
                    argument,
                    filters,
                };
                return Ok((query, Some(Predicate { not, name, value }), redacted));
            }
            Token::Word(word)
                if !word.starts_with(|c: char| c.is_ascii_digit() || c == '{' || c == '-') =>
            {
                filters.push((word, Vec::new()));
            }
            other => match filters.last_mut() {
                Some((_, arguments)) => arguments.push(other),
                None => return Err(wrong("a filter or a predicate is missing")),
            },
        }
    }
    Ok((
        Query {
            of,
            argument,
            filters,
        },
        None,
        redacted,
    ))
}

fn tokens(raw: &str, line: usize) -> Result<Vec<Token>, ImportError> {
    let mut found = Vec::new();
    let mut rest = raw.trim_start();
    while !rest.is_empty() && !rest.starts_with('#') {
        let (token, after) = token(rest, line)?;
        found.push(token);
        rest = after.trim_start();
    }
    Ok(found)
}

fn token(rest: &str, line: usize) -> Result<(Token, &str), ImportError> {
    if let Some(inside) = rest.strip_prefix("```") {
        let (text, after) = inside.split_once("```").unwrap_or((inside, ""));
        let text = text.split_once('\n').map_or(text, |(_, text)| text);
        return Ok((Token::Text(super::template::read(text, line)?), after));
    }
    for quote in ['"', '`'] {
        if let Some(inside) = rest.strip_prefix(quote) {
            let (text, after) = quoted(inside, quote, line)?;
            return Ok((Token::Text(escaped(text, line)?), after));
        }
    }
    if let Some(inside) = rest.strip_prefix('/') {
        let (regex, after) = quoted(inside, '/', line)?;
        return Ok((Token::Regex(regex.replace("\\/", "/")), after));
    }
    let end = super::template::end_of_word(rest);
    let (word, after) = rest.split_at_checked(end).unwrap_or((rest, ""));
    if word.starts_with("{{") {
        return Ok((Token::Text(super::template::read(word, line)?), after));
    }
    Ok((Token::Word(word.to_owned()), after))
}

fn quoted(inside: &str, quote: char, line: usize) -> Result<(&str, &str), ImportError> {
    let mut escape = false;
    for (at, c) in inside.char_indices() {
        if c == quote && !escape {
            let (text, after) = inside.split_at_checked(at).unwrap_or((inside, ""));
            return Ok((text, after.strip_prefix(quote).unwrap_or(after)));
        }
        escape = c == '\\' && !escape;
    }
    Err(ImportError::new(
        line,
        format!("`{quote}` is not closed"),
        format!("close it with `{quote}`"),
    ))
}
