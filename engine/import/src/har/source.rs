//! Where a later value may come from: what an answer says, and how to take it from there.

use regex::Regex;
use url::Url;

use super::pick::Pick;
use crate::value::Value;

/// Header fields of an answer that say something that is asked for again.
const FIELDS: [&str; 3] = ["location", "etag", "link"];

/// Longest text before a value that a regular expression looks for.
const CONTEXT: usize = 24;

/// A value of an answer.
#[derive(Debug, Clone)]
pub(super) struct Source {
    pub(super) value: String,
    /// JSON numbers stay numbers.
    pub(super) number: bool,
    /// What it is called there.
    pub(super) key: String,
    /// What that stands in.
    pub(super) parents: Vec<String>,
    pub(super) take: (&'static str, String),
    pub(super) regex: Option<String>,
}

/// All that an answer says by name: JSON first, then fields of HTML, then header fields and the address it came from.
pub(super) fn sources(pick: &Pick) -> Vec<Source> {
    let entry = &pick.answered;
    let mut found = Vec::new();
    match Value::read(&entry.body) {
        Some(value) => json(&value, &mut found),
        None if entry.kind.contains("html") => html(&entry.body, &mut found),
        None => {}
    }
    for field in &entry.answer {
        let name = field.name.to_ascii_lowercase();
        if FIELDS.contains(&name.as_str()) || (name.starts_with("x-") && name != "x-powered-by") {
            header(&name, &field.value, &entry.url, &mut found);
        }
    }
    for field in pick.asked.answer.iter().chain(&entry.answer) {
        if field.name.eq_ignore_ascii_case("set-cookie") {
            // Playwright writes several into one, a line each.
            found.extend(field.value.lines().filter_map(cookie));
        }
    }
    if pick.redirected() {
        address(("from", "url"), entry.url.as_str(), &entry.url, &mut found);
    }
    found
}

fn json(value: &Value, found: &mut Vec<Source>) {
    for leaf in value.leaves() {
        let Some(text) = leaf.value.plain() else {
            continue;
        };
        let mut keys: Vec<String> = leaf.keys.iter().map(ToString::to_string).collect();
        found.push(Source {
            value: text.to_owned(),
            number: matches!(leaf.value, Value::Number(_)),
            key: keys.pop().unwrap_or_default(),
            parents: keys,
            take: ("json", leaf.path),
            regex: None,
        });
    }
}

/// Fields of forms and what pages say of themselves in `meta`.
fn html(text: &str, found: &mut Vec<Source>) {
    let Ok(tags) = Regex::new(r"(?is)<(input|meta)\b([^>]*)>") else {
        return;
    };
    for tag in tags.captures_iter(text) {
        let [kind, inside] = [1, 2].map(|group| tag.get(group).map_or("", |found| found.as_str()));
        let kind = kind.to_ascii_lowercase();
        let attribute = if kind == "meta" { "content" } else { "value" };
        let (Some(name), Some(value)) = (attr(inside, "name"), attr(inside, attribute)) else {
            continue;
        };
        let selector = if plain(&name) {
            format!("{kind}[name={name}]@{attribute}")
        } else {
            format!(
                "{kind}[name={}]@{attribute}",
                serde_json::Value::from(name.as_str())
            )
        };
        if selector.contains("${") {
            continue;
        }
        found.push(Source {
            value,
            number: false,
            key: name,
            parents: Vec::new(),
            take: ("css", selector),
            regex: None,
        });
    }
}

fn plain(name: &str) -> bool {
    let begins = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    begins
        && name
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-')
}

fn attr(inside: &str, name: &str) -> Option<String> {
    let pattern = format!(r#"(?is)(?:^|\s){name}\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))"#);
    let found = Regex::new(&pattern).ok()?.captures(inside)?;
    let value = (1..4).find_map(|group| found.get(group))?.as_str();
    let unescaped = value
        .replace("&quot;", "\"")
        .replace("&#39;", "'")
        .replace("&lt;", "<")
        .replace("&gt;", ">");
    Some(unescaped.replace("&amp;", "&"))
}

fn header(name: &str, value: &str, base: &Url, found: &mut Vec<Source>) {
    if name == "location"
        && let Ok(url) = base.join(value)
    {
        return address(("header", "location"), value, &url, found);
    }
    found.push(Source {
        value: value.to_owned(),
        number: false,
        key: name.to_owned(),
        parents: Vec::new(),
        take: ("header", name.to_owned()),
        regex: None,
    });
}

/// A cookie that a script reads and sends in another place.
fn cookie(line: &str) -> Option<Source> {
    let (name, value) = line.split(';').next()?.split_once('=')?;
    Some(Source {
        value: value.trim().to_owned(),
        number: false,
        key: name.trim().to_owned(),
        parents: Vec::new(),
        take: ("cookie", name.trim().to_owned()),
        regex: None,
    })
}

/// The parts of an address: what stands after its last words, and its parameters.
fn address(take: (&'static str, &str), written: &str, url: &Url, found: &mut Vec<Source>) {
    let take = (take.0, take.1.to_owned());
    let segments: Vec<&str> = url.path_segments().into_iter().flatten().collect();
    let mut add = |value: String, key: &str, pattern: String| {
        let fits = Regex::new(&pattern).ok().and_then(|regex| {
            let found = regex.captures(written)?;
            Some(found.get(1)?.as_str() == value)
        });
        if fits == Some(true) {
            found.push(Source {
                value,
                number: false,
                key: key.to_owned(),
                parents: Vec::new(),
                take: take.clone(),
                regex: Some(pattern),
            });
        }
    };
    for pair in segments.windows(2) {
        if let [before, value] = pair {
            let key = format!("{}_id", super::name::singular(before));
            add(
                (*value).to_owned(),
                &key,
                format!("/{}/([^/?#]+)", regex::escape(before)),
            );
        }
    }
    for (name, value) in url.query_pairs() {
        add(
            value.into_owned(),
            &name,
            format!("[?&]{}=([^&#]+)", regex::escape(&name)),
        );
    }
}

/// A regular expression that finds `value` in a body that says it without a name of its own.
pub(super) fn within(body: &str, value: &str) -> Option<Source> {
    let (before, after) = body.split_once(value)?;
    let line = before.rsplit('\n').next().unwrap_or(before);
    let context: String = line.chars().rev().take(CONTEXT).collect();
    let context: String = context.chars().rev().collect();
    // From the beginning of a word, so that the expression reads well.
    let start = context
        .find(|c: char| c.is_ascii_alphabetic() || c == '<')
        .unwrap_or_default();
    let context = context.get(start..).filter(|context| context.len() >= 3)?;
    let end = after
        .chars()
        .next()
        .filter(|c| !c.is_alphanumeric() && !c.is_control())?;
    let pattern = format!(
        "{}([^{}]+)",
        regex::escape(context),
        regex::escape(&end.to_string())
    );
    let found = Regex::new(&pattern).ok()?;
    if found.captures(body)?.get(1)?.as_str() != value {
        return None;
    }
    let key: String = context
        .split(|c: char| !(c.is_ascii_alphanumeric() || c == '_' || c == '-'))
        .rfind(|word| word.len() > 1)
        .unwrap_or("value")
        .to_owned();
    Some(Source {
        value: value.to_owned(),
        number: false,
        key,
        parents: Vec::new(),
        take: ("regex", pattern),
        regex: None,
    })
}
