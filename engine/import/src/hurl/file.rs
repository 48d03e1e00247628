//! A Hurl file in its parts: entries, sections, rows and bodies, each with its line.
//!
//! The grammar is Hurl's own (hurl.dev/docs/grammar.html). Its library is not used, since that needs libxml2.

use super::template::{self, escaped};
use crate::{left::ImportError, text::Text, told};

const METHOD_MEND: &str =
    "an entry begins with a method and an address, for example `GET https://shop.example/`";

/// One request, and what is said of its answer.
#[derive(Debug, Default)]
pub(super) struct Entry {
    pub(super) line: usize,
    pub(super) method: String,
    pub(super) url: Text,
    pub(super) asked: Half,
    pub(super) answer: Option<Answer>,
}

/// The line `HTTP …`, and what is below it.
#[derive(Debug, Default)]
pub(super) struct Answer {
    pub(super) line: usize,
    pub(super) version: String,
    /// `None` is any.
    pub(super) status: Option<u16>,
    pub(super) told: Half,
}

/// What a request and an answer have both.
#[derive(Debug, Default)]
pub(super) struct Half {
    pub(super) headers: Vec<Row>,
    pub(super) sections: Vec<(String, Vec<Row>)>,
    pub(super) body: Option<Body>,
}

/// A line of a section, or a header field.
#[derive(Debug, Clone, Default)]
pub(super) struct Row {
    pub(super) line: usize,
    pub(super) raw: String,
}

/// A body as it is written.
#[derive(Debug)]
pub(super) struct Body {
    pub(super) line: usize,
    pub(super) content: Content,
}

#[derive(Debug)]
pub(super) enum Content {
    Json(Text),
    /// A text, and the language that it is said to be in.
    Text(Text, String),
    /// What a journey cannot send or compare.
    Other(String),
}

impl Half {
    /// The rows of the sections of these names.
    pub(super) fn rows(&self, names: &[&str]) -> Vec<&Row> {
        let fits = |(name, _): &&(String, Vec<Row>)| names.contains(&name.as_str());
        let sections = self.sections.iter().filter(fits);
        sections.flat_map(|(_, rows)| rows).collect()
    }
}

impl Row {
    /// Name and value of a row `name: value`.
    pub(super) fn pair(&self) -> Result<(Text, Text), ImportError> {
        let wrong = || {
            ImportError::new(
                self.line,
                format!("`{}` has no `:`", told::row(&self.raw)),
                "write `name: value`",
            )
        };
        let at = template::colon(&self.raw).ok_or_else(wrong)?;
        let (name, value) = self.raw.split_at_checked(at).ok_or_else(wrong)?;
        let value = value.strip_prefix(':').unwrap_or(value);
        Ok((
            escaped(name.trim(), self.line)?,
            escaped(template::uncommented(value).trim(), self.line)?,
        ))
    }
}

/// Reads the entries of `text`.
pub(super) fn read(text: &str) -> Result<Vec<Entry>, ImportError> {
    let mut reader = Reader {
        lines: text.lines().collect(),
        at: 0,
    };
    let mut entries = Vec::new();
    while let Some(line) = reader.content() {
        entries.push(reader.entry(line)?);
    }
    Ok(entries)
}

struct Reader<'a> {
    lines: Vec<&'a str>,
    at: usize,
}

impl<'a> Reader<'a> {
    /// The next line that says something; it is not taken.
    fn content(&mut self) -> Option<&'a str> {
        loop {
            let line = self.lines.get(self.at)?;
            let trimmed = line.trim();
            if !trimmed.is_empty() && !trimmed.starts_with('#') {
                return Some(trimmed);
            }
            self.at += 1;
        }
    }

    /// The number of the line at hand.
    fn number(&self) -> usize {
        self.at + 1
    }

    fn entry(&mut self, line: &str) -> Result<Entry, ImportError> {
        let number = self.number();
        let Some((method, url)) = request_line(line) else {
            let message = format!("`{}` is no request", told::row(line));
            return Err(ImportError::new(number, message, METHOD_MEND));
        };
        self.at += 1;
        let mut entry = Entry {
            line: number,
            method: method.to_owned(),
            url: template::read(url, number)?,
            asked: self.half()?,
            answer: None,
        };
        if let Some(line) = self.content().filter(|line| response_line(line)) {
            entry.answer = Some(self.answer(line)?);
        }
        Ok(entry)
    }

    fn answer(&mut self, line: &str) -> Result<Answer, ImportError> {
        let number = self.number();
        self.at += 1;
        let mut words = template::uncommented(line).split_whitespace();
        let version = words.next().unwrap_or_default().to_owned();
        let status = match words.next() {
            None | Some("*") => None,
            Some(word) => Some(
                word.parse()
                    .ok()
                    .filter(|status| (100..600).contains(status))
                    .ok_or_else(|| {
                        let message = format!("`{word}` is no status");
                        ImportError::new(number, message, "write a number from 100 to 599, or `*`")
                    })?,
            ),
        };
        Ok(Answer {
            line: number,
            version,
            status,
            told: self.half()?,
        })
    }

    /// Header fields, sections and a body, up to the answer or the next entry.
    fn half(&mut self) -> Result<Half, ImportError> {
        let mut half = Half::default();
        while let Some(line) = self.content() {
            if response_line(line) || request_line(line).is_some() {
                break;
            }
            if let Some(name) = section(line) {
                self.at += 1;
                half.sections.push((name.to_owned(), Vec::new()));
            } else if half.body.is_none() && begins_body(line) {
                half.body = Some(self.body(line)?);
            } else {
                let row = self.row()?;
                match half.sections.last_mut() {
                    Some((_, rows)) => rows.push(row),
                    None => half.headers.push(row),
                }
            }
        }
        Ok(half)
    }

    /// A line, with the text of several lines that may begin in it.
    fn row(&mut self) -> Result<Row, ImportError> {
        let line = self.number();
        let mut raw = self
            .lines
            .get(self.at)
            .map_or("", |line| line.trim())
            .to_owned();
        self.at += 1;
        while raw.matches("```").count() == 1 {
            let Some(next) = self.lines.get(self.at) else {
                return Err(ImportError::new(
                    line,
                    "the text that begins with ``` does not end",
                    "close it with ```",
                ));
            };
            raw.push('\n');
            raw.push_str(next);
            self.at += 1;
        }
        Ok(Row { line, raw })
    }

    fn body(&mut self, line: &str) -> Result<Body, ImportError> {
        let number = self.number();
        let content = if line.starts_with("```") {
            let row = self.row()?;
            block(&row)?
        } else if line.starts_with('`') {
            let row = self.row()?;
            let inside = row.raw.trim().trim_matches('`');
            Content::Text(escaped(inside, number)?, String::new())
        } else if line.starts_with('<') {
            self.xml()
        } else if ["base64,", "hex,", "file,"]
            .iter()
            .any(|begin| line.starts_with(begin))
        {
            self.at += 1;
            let kind = line.split(',').next().unwrap_or_default();
            Content::Other(format!("{kind},…"))
        } else {
            let raw = self.json(number)?;
            Content::Json(template::read(&raw, number)?)
        };
        Ok(Body {
            line: number,
            content,
        })
    }

    fn xml(&mut self) -> Content {
        let mut lines = Vec::new();
        while let Some(line) = self.lines.get(self.at) {
            let trimmed = line.trim();
            if response_line(trimmed)
                || request_line(trimmed).is_some()
                || section(trimmed).is_some()
            {
                break;
            }
            lines.push(*line);
            self.at += 1;
        }
        let empty = |line: &str| line.trim().is_empty() || line.trim().starts_with('#');
        while lines.pop_if(|line| empty(line)).is_some() {}
        // Hurl fills in nothing there.
        Content::Text(Text::literal(lines.join("\n").trim_end()), "xml".to_owned())
    }

    /// The lines of a JSON value: up to where all that was opened is closed.
    fn json(&mut self, number: usize) -> Result<String, ImportError> {
        let mut text = String::new();
        let (mut depth, mut quoted, mut escape) = (0_usize, false, false);
        while let Some(line) = self.lines.get(self.at) {
            self.at += 1;
            for c in line.chars() {
                match c {
                    _ if escape => escape = false,
                    '\\' if quoted => escape = true,
                    '"' => quoted = !quoted,
                    '{' | '[' if !quoted => depth += 1,
                    '}' | ']' if !quoted => depth = depth.saturating_sub(1),
                    _ => {}
                }
            }
            text.push_str(line);
            text.push('\n');
            if depth == 0 && !quoted {
                return Ok(text.trim().to_owned());
            }
        }
        Err(ImportError::new(
            number,
            "this JSON does not end",
            "close each `{`, `[` and `\"`",
        ))
    }
}

/// The text of ```…```, and its language.
fn block(row: &Row) -> Result<Content, ImportError> {
    let inside = row.raw.trim().trim_start_matches("```");
    let (inside, rest) = inside.split_once("```").unwrap_or((inside, ""));
    let Some((header, text)) = inside.split_once('\n').filter(|_| rest.trim().is_empty()) else {
        return Ok(Content::Text(
            template::read(inside, row.line)?,
            String::new(),
        ));
    };
    let language = header
        .split(',')
        .next()
        .unwrap_or_default()
        .trim()
        .to_owned();
    if matches!(language.as_str(), "base64" | "hex") {
        return Ok(Content::Other(format!("```{language}")));
    }
    let literal = language == "raw" || header.contains("novariable");
    let text = if literal {
        Text::literal(text)
    } else {
        template::read(text, row.line)?
    };
    Ok(Content::Text(text, language))
}

fn request_line(line: &str) -> Option<(&str, &str)> {
    let (method, rest) = line.split_once([' ', '\t'])?;
    let fits =
        !method.is_empty() && method.chars().all(|c| c.is_ascii_uppercase()) && method != "HTTP";
    let rest = rest.trim_start();
    let end = template::end_of_word(rest);
    let url = rest.get(..end).filter(|url| !url.is_empty())?;
    fits.then_some((method, url))
}

fn response_line(line: &str) -> bool {
    let first = line.split_whitespace().next().unwrap_or_default();
    first == "HTTP" || first.starts_with("HTTP/")
}

fn section(line: &str) -> Option<&str> {
    let (name, rest) = line.strip_prefix('[')?.split_once(']')?;
    let rest = rest.trim();
    let fits = !name.is_empty()
        && name.chars().all(|c| c.is_ascii_alphabetic())
        && (rest.is_empty() || rest.starts_with('#'));
    // `[true]` is JSON.
    (fits && name.starts_with(|c: char| c.is_ascii_uppercase())).then_some(name)
}

fn begins_body(line: &str) -> bool {
    let scalar = || serde_json::from_str::<serde_json::Value>(line).is_ok();
    let begins = ["[", "`", "<", "base64,", "hex,", "file,"]
        .iter()
        .any(|begin| line.starts_with(begin));
    begins || (line.starts_with('{') && !line.starts_with("{{")) || scalar()
}
