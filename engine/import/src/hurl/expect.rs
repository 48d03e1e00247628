//! What Hurl asserts, as what a step expects: exactly, or not at all.

mod json;

use std::time::Duration;

use regex::escape;

use super::{
    file::{Answer, Content, Row},
    path,
    query::{Predicate, Query, Token, read},
};
use crate::{
    journey::{Expect, Step},
    left::{ImportError, Notes},
    text::Text,
    yaml::Node,
};

const NOTHING: &str = "a journey has no expectation that says exactly this";
const VARIABLE: &str = "this expectation takes no variable";

const LONG: &str = "it is too long for an expression; expect what matters in it";
const SECRET: &str = "it repeats a credential, which an expectation does not hold";

/// Longest expression that a check may have.
const LONGEST: usize = 4000;

type Told = Result<(), &'static str>;

/// The statuses that are still well.
struct Statuses {
    least: u16,
    most: u16,
}

/// Fills in what the answer's part says.
pub(super) fn expect(
    answer: Option<&Answer>,
    step: &mut Step,
    reveals: &dyn Fn(&str) -> bool,
    notes: &mut Notes,
) -> Result<(), ImportError> {
    let mut statuses = Statuses {
        least: 100,
        most: 599,
    };
    let Some(answer) = answer else {
        step.expect.comment =
            vec!["the file says nothing of the answer: any status is well".to_owned()];
        step.expect.status = Some(Node::text("100-599"));
        return Ok(());
    };
    if let Some(status) = answer.status {
        statuses = Statuses {
            least: status,
            most: status,
        };
    }
    version(answer, &mut step.expect, notes);
    for row in &answer.told.headers {
        let (name, value) = row.pair()?;
        let told = if reveals(&row.raw) {
            Err(SECRET)
        } else {
            field(&name, &value, &mut step.expect)
        };
        left(told, row, notes);
    }
    for row in answer.told.rows(&["Asserts"]) {
        let (query, predicate, _) = read(&row.raw, row.line)?;
        let told = match predicate {
            _ if reveals(&row.raw) => Err(SECRET),
            Some(predicate) => assert(&query, &predicate, step, &mut statuses),
            None => Err("it has no predicate"),
        };
        left(told, row, notes);
    }
    if let Some(body) = &answer.told.body {
        let row = Row {
            line: body.line,
            raw: "the whole body".to_owned(),
        };
        let told = match &body.content {
            Content::Json(text) | Content::Text(text, _) if reveals(&text.spoken()) => Err(SECRET),
            content => json::whole(content, &mut step.expect),
        };
        left(told, &row, notes);
    }
    step.expect.status = Some(statuses.node());
    Ok(())
}

fn left(told: Told, row: &Row, notes: &mut Notes) {
    if let Err(why) = told {
        notes.leave(row.line, &row.raw, why);
    }
}

impl Statuses {
    fn node(&self) -> Node {
        if self.least == self.most {
            return Node::number(self.least);
        }
        Node::text(format!("{}-{}", self.least, self.most))
    }

    fn narrow(&mut self, predicate: &Predicate) -> Told {
        let number = match &predicate.value {
            Some(Token::Word(word)) => word.parse::<u16>().map_err(|_| NOTHING)?,
            _ => return Err(VARIABLE),
        };
        let (mut least, mut most) = (self.least, self.most);
        match predicate.name.as_str() {
            "==" => (least, most) = (least.max(number), most.min(number)),
            ">" => least = least.max(number.saturating_add(1)),
            ">=" => least = least.max(number),
            "<" => most = most.min(number.saturating_sub(1)),
            "<=" => most = most.min(number),
            _ => return Err(NOTHING),
        }
        if predicate.not || least > most {
            return Err(NOTHING);
        }
        (self.least, self.most) = (least, most);
        Ok(())
    }
}

fn version(answer: &Answer, expect: &mut Expect, notes: &mut Notes) {
    match answer.version.as_str() {
        "HTTP" | "HTTP/*" => {}
        known @ ("HTTP/1.0" | "HTTP/1.1" | "HTTP/2") => expect.versions.push(known.to_owned()),
        other => notes.leave(answer.line, other, "a probe speaks HTTP/1.1 and HTTP/2"),
    }
}

fn field(name: &Text, value: &Text, expect: &mut Expect) -> Told {
    let (name, value) = (
        name.as_literal()
            .filter(|name| !name.contains("${"))
            .ok_or(VARIABLE)?,
        value.as_literal().ok_or(VARIABLE)?,
    );
    header(
        name,
        Some(("equals", Text::literal(value).written())),
        expect,
    );
    Ok(())
}

fn header(name: &str, pattern: Option<(&str, String)>, expect: &mut Expect) {
    let mut entries = vec![("name".to_owned(), Node::text(name))];
    entries.extend(pattern.map(|(key, pattern)| (key.to_owned(), Node::text(pattern))));
    expect.headers.push(Node::Map(entries));
}

fn assert(query: &Query, predicate: &Predicate, step: &mut Step, statuses: &mut Statuses) -> Told {
    if expressions(query, predicate).any(|text| text.contains("${")) {
        return Err("an expression with `${` would be read as a template");
    }
    if query.of == "redirects" {
        step.expect.redirects = Some(redirects(query, predicate, step)?);
        return Ok(());
    }
    let expect = &mut step.expect;
    let plain = query.filters.is_empty();
    match query.of.as_str() {
        "status" if plain => statuses.narrow(predicate),
        "version" if plain => versions(predicate, expect),
        "duration" if plain => {
            step.under = Some(faster(predicate, step.under)?);
            Ok(())
        }
        "header" if plain => headers(query, predicate, expect),
        "body" if plain => body(predicate, expect),
        "regex" if plain => regex(query, predicate, expect),
        "xpath" if plain => xpath(query, predicate, expect),
        "certificate" => certificate(query, predicate, expect),
        "jsonpath" => json::json(query, predicate, expect),
        "url" => Err("an answer's address is not expected; a capture `from: url` takes it"),
        "cookie" => {
            Err("a cookie is not expected; a capture `cookie: NAME` fails where there is none")
        }
        _ => Err(NOTHING),
    }
}

/// How many redirects are followed where nothing else is said.
const FOLLOWED: u8 = 10;

/// `redirects count == N`; more than are followed would never be met.
fn redirects(query: &Query, predicate: &Predicate, step: &Step) -> Result<u8, &'static str> {
    let counted = matches!(query.filters.as_slice(), [(name, _)] if name == "count");
    let count = match &predicate.value {
        Some(Token::Word(word)) if counted && predicate.name == "==" && !predicate.not => {
            word.parse::<u8>().map_err(|_| NOTHING)?
        }
        _ => return Err(NOTHING),
    };
    let settings = step.request().map(|request| request.settings.as_slice());
    let set = |key: &str| {
        let known = settings?.iter().find(|(known, _)| *known == key);
        known.map(|(_, node)| node)
    };
    let followed = match (set("redirects"), set("max_redirects")) {
        (Some(_), _) => 0,
        (None, Some(Node::Number(most))) => most.parse().unwrap_or(FOLLOWED),
        _ => FOLLOWED,
    };
    if count > followed || step.expect.redirects.is_some_and(|known| known != count) {
        return Err(NOTHING);
    }
    Ok(count)
}

/// What a row says in another language, where templates are not filled in.
fn expressions<'a>(query: &'a Query, predicate: &'a Predicate) -> impl Iterator<Item = &'a str> {
    let matched = match &predicate.value {
        Some(Token::Regex(regex)) => Some(regex.as_str()),
        Some(Token::Text(text)) if predicate.name == "matches" => text.as_literal(),
        _ => None,
    };
    query.argument().into_iter().chain(matched)
}

fn literal(predicate: &Predicate) -> Result<&str, &'static str> {
    match &predicate.value {
        Some(Token::Text(text)) => text.as_literal().ok_or(VARIABLE),
        _ => Err(NOTHING),
    }
}

fn versions(predicate: &Predicate, expect: &mut Expect) -> Told {
    let version = match literal(predicate)? {
        "1.0" => "HTTP/1.0",
        "1.1" => "HTTP/1.1",
        "2" => "HTTP/2",
        _ => return Err(NOTHING),
    };
    if predicate.not || predicate.name != "==" {
        return Err(NOTHING);
    }
    expect.versions.push(version.to_owned());
    Ok(())
}

fn faster(predicate: &Predicate, known: Option<Duration>) -> Result<Duration, &'static str> {
    let millis = match &predicate.value {
        Some(Token::Word(word)) => word.parse::<u64>().map_err(|_| NOTHING)?,
        _ => return Err(VARIABLE),
    };
    if predicate.not || !matches!(predicate.name.as_str(), "<" | "<=") || millis == 0 {
        return Err(NOTHING);
    }
    let limit = Duration::from_millis(millis);
    Ok(known.map_or(limit, |known| known.min(limit)))
}

/// The regular expression that says the same of a text.
fn pattern(predicate: &Predicate) -> Result<String, &'static str> {
    if let ("matches", Some(Token::Regex(regex))) = (predicate.name.as_str(), &predicate.value) {
        return compiled(regex.clone());
    }
    let value = literal(predicate)?;
    compiled(match predicate.name.as_str() {
        "==" | "!=" => format!("\\A{}\\z", escape(value)),
        "contains" | "includes" => escape(value),
        "startsWith" => format!("\\A{}", escape(value)),
        "endsWith" => format!("{}\\z", escape(value)),
        "matches" => value.to_owned(),
        _ => return Err(NOTHING),
    })
}

/// The expression, where a check takes it.
pub(super) fn compiled(regex: String) -> Result<String, &'static str> {
    if regex.len() > LONGEST {
        return Err(LONG);
    }
    match regex::Regex::new(&regex) {
        Ok(_) => Ok(regex),
        Err(_) => Err("it is no regular expression"),
    }
}

fn headers(query: &Query, predicate: &Predicate, expect: &mut Expect) -> Told {
    let name = query.argument().ok_or(VARIABLE)?;
    match (predicate.name.as_str(), predicate.not) {
        ("exists", false) => header(name, None, expect),
        ("exists", true) => {
            // No value at all may be there, for each would match.
            let mut entries = vec![("name".to_owned(), Node::text(name))];
            entries.push(("not_matches".to_owned(), Node::text("^")));
            entries.push(("may_be_missing".to_owned(), Node::Bool(true)));
            expect.headers.push(Node::Map(entries));
        }
        ("==", false) => header(name, Some(("equals", text(predicate)?)), expect),
        ("contains", false) => header(name, Some(("contains", text(predicate)?)), expect),
        ("contains", true) => header(name, Some(("not_contains", text(predicate)?)), expect),
        (_, _) => {
            let key = if unwanted(predicate) {
                "not_matches"
            } else {
                "matches"
            };
            header(name, Some((key, pattern(predicate)?)), expect);
        }
    }
    Ok(())
}

/// The predicate's text, as a template that is nothing but it.
fn text(predicate: &Predicate) -> Result<String, &'static str> {
    Ok(Text::literal(literal(predicate)?).written())
}

fn body(predicate: &Predicate, expect: &mut Expect) -> Told {
    match (predicate.name.as_str(), &predicate.value) {
        ("contains" | "includes", Some(Token::Text(text))) => {
            let list = if predicate.not {
                &mut expect.not_contains
            } else {
                &mut expect.contains
            };
            list.push(text.clone());
        }
        ("exists", _) => return Err("every answer has a body, if an empty one"),
        ("isEmpty", _) => expect
            .expressions
            .push((matches_key(predicate.not), "\\A\\z".to_owned())),
        _ => expect
            .expressions
            .push((matches_key(unwanted(predicate)), pattern(predicate)?)),
    }
    Ok(())
}

/// `!=` is `not ==`: where there is nothing, both fail.
fn unwanted(predicate: &Predicate) -> bool {
    predicate.not != (predicate.name == "!=")
}

fn matches_key(not: bool) -> &'static str {
    if not { "not_matches" } else { "matches" }
}

fn regex(query: &Query, predicate: &Predicate, expect: &mut Expect) -> Told {
    let regex = query.argument().ok_or(VARIABLE)?;
    if predicate.name != "exists" {
        return Err("write the wanted text into the expression, and it says the same");
    }
    expect
        .expressions
        .push((matches_key(predicate.not), compiled(regex.to_owned())?));
    Ok(())
}

fn xpath(query: &Query, predicate: &Predicate, expect: &mut Expect) -> Told {
    let xpath = query.argument().ok_or(VARIABLE)?;
    let selector = path::css(xpath).ok_or("a journey has no XPath; write `css`")?;
    match (predicate.name.as_str(), &predicate.value, predicate.not) {
        ("exists", _, not) if !selector.contains('@') => {
            let key = if not { "not_css" } else { "css" };
            expect.expressions.push((key, selector));
        }
        // Without `string()` it is a list of nodes there, which no text equals.
        ("==", Some(Token::Text(text)), false) if xpath.trim_start().starts_with("string(") => {
            if expect.html.iter().any(|(known, _)| *known == selector) {
                return Err("something else is expected of the same element");
            }
            expect.html.push((selector, text.clone()));
        }
        _ => {
            return Err(
                "a journey has no XPath; `html` compares an element's text, `css` expects that it is there",
            );
        }
    }
    Ok(())
}

fn certificate(query: &Query, predicate: &Predicate, expect: &mut Expect) -> Told {
    let filters: Vec<&str> = query
        .filters
        .iter()
        .map(|(name, _)| name.as_str())
        .collect();
    let key = match (query.argument().ok_or(VARIABLE)?, filters.as_slice()) {
        ("Subject", []) => "subject",
        ("Issuer", []) => "issuer",
        ("Expire-Date", ["daysAfterNow"]) => {
            let days = match (&predicate.value, predicate.name.as_str()) {
                (Some(Token::Word(days)), ">" | ">=") if !predicate.not => {
                    days.parse::<u16>().map_err(|_| NOTHING)?
                }
                _ => return Err(NOTHING),
            };
            expect.certificate.push(("valid_for", format!("{days}d")));
            return Ok(());
        }
        _ => return Err(NOTHING),
    };
    if unwanted(predicate) || expect.certificate.iter().any(|(known, _)| *known == key) {
        return Err(NOTHING);
    }
    expect.certificate.push((key, pattern(predicate)?));
    Ok(())
}
