//! The dialogue: what is expected, then what is sent.

use leadsman_sdk::{prelude::*, tcp::Stream};

use super::{Exchange, Octets};

/// Longest line, and how many lines are passed over while one is looked for.
const LINE: u32 = 64 * 1024;
const LINES: usize = 1_000;

/// Makes one exchange of a dialogue, which stands at `index`. Each capture is told with its name, its value and whether
/// that is a secret, as soon as it has come: what goes wrong after it must not show it.
pub fn hold(
    stream: &Stream,
    exchange: &Exchange,
    index: usize,
    mut captured: impl FnMut(&str, &str, bool) -> Result<()>,
) -> Result<()> {
    let path = format!("dialogue[{index}]");
    let mut groups = Vec::new();
    if let Some(expect) = &exchange.expect {
        groups = matching_line(stream, expect, &path)?;
    }
    for (name, group) in &exchange.captures {
        let value = filled(group.template(), &groups);
        captured(name, &value, group.is_secret())?;
    }
    if let Some(octets) = &exchange.expect_bytes {
        same_bytes(stream, &bytes(octets)?, &path)?;
    }
    if let Some(send) = &exchange.send {
        stream.write(format!("{}\n", filled(send, &groups)).as_bytes())?;
    }
    if let Some(octets) = &exchange.send_bytes {
        stream.write(&bytes(octets)?)?;
    }
    Ok(())
}

fn bytes(octets: &Octets) -> Result<Vec<u8>> {
    octets.bytes().map_err(Error::undecided)
}

/// Reads lines until one matches; the peer's silence or end is what is reported.
fn matching_line(stream: &Stream, expect: &Regex, path: &str) -> Result<Vec<Option<String>>> {
    let mut last = String::new();
    for _ in 0..LINES {
        let line = stream.read_until(b"\n", LINE)?;
        if line.is_empty() {
            break;
        }
        let text = String::from_utf8_lossy(&line)
            .trim_end_matches(['\r', '\n'])
            .to_owned();
        let groups = expect.find_text(&text)?;
        if !groups.is_empty() {
            return Ok(groups);
        }
        last = text;
    }
    let got = if last.is_empty() {
        "the end of the stream".to_owned()
    } else {
        format!("`{last}`, then the end")
    };
    ensure!(
        false,
        Reply,
        path,
        format!("a line that matches `{expect}`"),
        got
    );
    Ok(Vec::new())
}

/// Reads exactly as many bytes as are expected.
fn same_bytes(stream: &Stream, expected: &[u8], path: &str) -> Result<()> {
    let mut got = Vec::with_capacity(expected.len());
    while got.len() < expected.len() {
        let missing = u32::try_from(expected.len() - got.len()).unwrap_or(LINE);
        let part = stream.read(missing)?;
        if part.is_empty() {
            break;
        }
        got.extend(part);
    }
    let shown = |bytes: &[u8]| format!("`{}`", bytes.escape_ascii());
    ensure!(got == expected, Reply, path, shown(expected), shown(&got));
    Ok(())
}

/// Puts groups into a template, in one go, for a group may look like a template: `${1}` is the first, `${0}` the whole
/// match.
fn filled(template: &str, groups: &[Option<String>]) -> String {
    let mut text = String::with_capacity(template.len());
    let mut rest = template;
    while let Some((before, after)) = rest.split_once("${") {
        text.push_str(before);
        let group = after.split_once('}').and_then(|(index, after)| {
            let index = index
                .parse::<usize>()
                .ok()
                .filter(|read| read.to_string() == index)?;
            let group = groups.get(index)?;
            Some((group.as_deref().unwrap_or_default(), after))
        });
        let (part, after) = group.unwrap_or(("${", after));
        text.push_str(part);
        rest = after;
    }
    text.push_str(rest);
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_fill_a_template() {
        let groups = [Some("SSH-2.0".to_owned()), Some("2.0".to_owned()), None];
        assert_eq!(filled("v${1} of ${0}${2}", &groups), "v2.0 of SSH-2.0");
        assert_eq!(filled("${3} ${x} ${ $", &groups), "${3} ${x} ${ $");
        let sly = [None, Some("${2}".to_owned()), Some("other".to_owned())];
        assert_eq!(filled("<${1}>", &sly), "<${2}>");
    }
}
