//! How a text is written: plainly where every reader takes it for that text, otherwise in quotes.

use std::borrow::Cow;

/// What some reader takes for something else than a text.
const TAKEN: [&str; 11] = [
    "y", "n", "yes", "no", "on", "off", "true", "false", "null", "nan", "inf",
];

const UNITS: [&str; 6] = ["ms", "s", "m", "h", "d", "xx"];

/// Longest text that is written without quotes.
const LONGEST_PLAIN: usize = 200;

/// A text within `[…]` or `{…}`, and a key.
pub(super) fn flow(text: &str) -> String {
    quoted(text, text.contains(':')).into_owned()
}

/// A text on a line of its own.
pub(super) fn block(text: &str) -> String {
    quoted(text, text.ends_with(':') || text.contains(": ")).into_owned()
}

/// The header and the lines of a block scalar, for texts of several lines that it says exactly.
pub(super) fn literal(text: &str) -> Option<(&'static str, Vec<&str>)> {
    let (header, body) = match text.strip_suffix('\n') {
        Some(body) => ("|", body),
        None => ("|-", text),
    };
    let plain = |c: char| c == '\n' || (printable(c) && c != '\u{feff}');
    let begins_well = body.chars().next().is_some_and(|c| !c.is_whitespace());
    let ends_well = body.chars().last().is_some_and(|c| !c.is_whitespace());
    let exact = body.contains('\n') && begins_well && ends_well && body.chars().all(plain);
    exact.then(|| (header, body.split('\n').collect()))
}

/// Characters that stand for themselves in a document, and in a terminal.
pub(super) fn printable(c: char) -> bool {
    let noncharacter = (u32::from(c) & 0xfffe) == 0xfffe;
    !(c.is_control() || noncharacter || matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}'))
}

fn quoted(text: &str, refused: bool) -> Cow<'_, str> {
    if plain(text) && !refused {
        return text.into();
    }
    let single = !text.contains('\'') && text.contains(['"', '\\']) && text.chars().all(printable);
    if single {
        return format!("'{text}'").into();
    }
    let mut out = String::from("\"");
    for c in text.chars() {
        escaped(c, &mut out);
    }
    out.push('"');
    out.into()
}

fn escaped(c: char, out: &mut String) {
    match c {
        '"' => out.push_str("\\\""),
        '\\' => out.push_str("\\\\"),
        '\n' => out.push_str("\\n"),
        '\r' => out.push_str("\\r"),
        '\t' => out.push_str("\\t"),
        c if printable(c) => out.push(c),
        c => match u32::from(c) {
            code @ 0..=0xff => out.extend([format!("\\x{code:02x}")]),
            code @ 0x100..=0xffff => out.extend([format!("\\u{code:04x}")]),
            code => out.extend([format!("\\U{code:08x}")]),
        },
    }
}

fn plain(text: &str) -> bool {
    let mut letters = text.chars();
    let begins = match letters.next() {
        Some('$') => letters.next() == Some('.'),
        Some(c) if c.is_ascii_digit() => return span(text) || range(text),
        Some(c) => c.is_ascii_alphabetic() || c == '/',
        None => false,
    };
    let safe = |c: char| {
        c.is_ascii_alphanumeric()
            || matches!(
                c,
                ' ' | '_'
                    | '-'
                    | ':'
                    | '.'
                    | '/'
                    | '$'
                    | '@'
                    | '='
                    | '*'
                    | '('
                    | ')'
                    | '?'
                    | '+'
                    | '<'
                    | '>'
                    | '&'
            )
    };
    begins
        && text.len() <= LONGEST_PLAIN
        && text.chars().all(safe)
        && !text.ends_with(' ')
        && !TAKEN.contains(&text.to_ascii_lowercase().as_str())
}

/// `500ms`, `5m`, `2xx`.
fn span(text: &str) -> bool {
    let unit = text.trim_start_matches(|c: char| c.is_ascii_digit());
    UNITS.contains(&unit) && text.len() < 12
}

/// `200-204`.
fn range(text: &str) -> bool {
    let digits = |part: &str| part.len() == 3 && part.bytes().all(|byte| byte.is_ascii_digit());
    text.split_once('-')
        .is_some_and(|(first, last)| digits(first) && digits(last))
}
