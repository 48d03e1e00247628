//! Hurl's texts: `{{variable}}`, escapes and comments.

use crate::{journey::variable, left::ImportError, text::Text};

/// The name under which a variable of the environment is known.
pub(super) const ENV: &str = "getEnv";

/// A text without escapes.
pub(super) fn read(raw: &str, line: usize) -> Result<Text, ImportError> {
    with(raw, line, |part, text| text.push(part))
}

/// A text in which `\#`, `\n`, `\u{…}` and the like stand for one character.
pub(super) fn escaped(raw: &str, line: usize) -> Result<Text, ImportError> {
    with(raw, line, |part, text| text.push(&unescaped(part)))
}

fn with(raw: &str, line: usize, push: impl Fn(&str, &mut Text)) -> Result<Text, ImportError> {
    let mut text = Text::default();
    let mut rest = raw;
    while let Some((before, after)) = rest.split_once("{{") {
        push(before, &mut text);
        let Some((inside, behind)) = after.split_once("}}") else {
            return Err(ImportError::new(
                line,
                "a `{{` is not closed",
                "close it with `}}`",
            ));
        };
        text.push_template(&expression(inside.trim(), line)?);
        rest = behind;
    }
    push(rest, &mut text);
    Ok(text)
}

fn expression(inside: &str, line: usize) -> Result<String, ImportError> {
    match inside {
        "newUuid" => return Ok("random.uuid".to_owned()),
        "newDate" => return Ok("time.iso".to_owned()),
        _ => {}
    }
    let name = match inside.strip_prefix(ENV) {
        Some(name) => name.trim().trim_matches('"'),
        None => inside,
    };
    let fits = !name.is_empty()
        && name
            .chars()
            .all(|c| c.is_alphanumeric() || c == '_' || c == '-');
    if fits {
        return Ok(variable(name));
    }
    Err(ImportError::new(
        line,
        format!("`{{{{{inside}}}}}` is no variable"),
        "write a name, `newUuid` or `newDate`",
    ))
}

fn unescaped(raw: &str) -> String {
    let mut out = String::new();
    let mut chars = raw.chars();
    while let Some(c) = chars.next() {
        if c != '\\' {
            out.push(c);
            continue;
        }
        match chars.next() {
            Some('n') => out.push('\n'),
            Some('t') => out.push('\t'),
            Some('r') => out.push('\r'),
            Some('b') => out.push('\u{8}'),
            Some('f') => out.push('\u{c}'),
            Some('u') => {
                let rest = chars.as_str();
                let code = rest.strip_prefix('{').and_then(|rest| rest.split_once('}'));
                let c =
                    code.and_then(|(code, _)| char::from_u32(u32::from_str_radix(code, 16).ok()?));
                out.push(c.unwrap_or('\u{fffd}'));
                chars = code.map_or(rest, |(_, rest)| rest).chars();
            }
            Some(c) => out.push(c),
            None => out.push('\\'),
        }
    }
    out
}

/// `raw` up to a comment; `\#` begins none.
pub(super) fn uncommented(raw: &str) -> &str {
    let mut escape = false;
    let end = raw.char_indices().find(|(_, c)| {
        let comment = *c == '#' && !escape;
        escape = *c == '\\' && !escape;
        comment
    });
    end.and_then(|(at, _)| raw.get(..at)).unwrap_or(raw)
}

/// Where the `:` after a name stands.
pub(super) fn colon(raw: &str) -> Option<usize> {
    let (mut escape, mut inside) = (false, 0_usize);
    raw.char_indices().find_map(|(at, c)| {
        let found = c == ':' && !escape && inside == 0;
        match c {
            '{' => inside += 1,
            '}' => inside = inside.saturating_sub(1),
            _ => {}
        }
        escape = c == '\\' && !escape;
        found.then_some(at)
    })
}

/// Where a word ends; spaces within `{{ }}` belong to it.
pub(super) fn end_of_word(raw: &str) -> usize {
    let mut inside = 0_usize;
    let end = raw.char_indices().find_map(|(at, c)| {
        match c {
            '{' => inside += 1,
            '}' => inside = inside.saturating_sub(1),
            _ => {}
        }
        (c.is_whitespace() && inside == 0).then_some(at)
    });
    end.unwrap_or(raw.len())
}
