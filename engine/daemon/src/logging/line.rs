//! One event as one line: `ts`, `level`, `msg`, then the event's own fields in their order.

use std::fmt::{self, Write};

use jiff::Timestamp;
use tracing::{
    Event, Level, Subscriber,
    field::{Field, Visit},
};
use tracing_subscriber::{
    fmt::{FmtContext, FormatEvent, FormatFields, format::Writer},
    registry::LookupSpan,
};

use crate::args::LogFormat;

/// Writes events in a format.
#[derive(Debug)]
pub(super) struct Lines {
    pub(super) format: LogFormat,
}

/// A field's value: text is quoted, everything else stands as it is.
#[derive(Debug, Clone, PartialEq)]
enum Value {
    Text(String),
    Bare(String),
}

#[derive(Debug, Default)]
struct Fields {
    message: String,
    own: Vec<(&'static str, Value)>,
}

impl<S, N> FormatEvent<S, N> for Lines
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        _context: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let (metadata, at) = (event.metadata(), Timestamp::now());
        let mut fields = Fields::default();
        event.record(&mut fields);
        let ours = metadata.target().starts_with("leadsman");
        let from = (!ours).then(|| ("from", Value::Text(metadata.target().to_owned())));
        fields.own.extend(from);
        let level = *metadata.level();
        let line = match self.format {
            LogFormat::Json => json(&format!("{at:.3}"), level, &fields),
            LogFormat::Logfmt => {
                let colour = writer.has_ansi_escapes().then(|| colour(level));
                logfmt(&format!("{at:.3}"), level, &fields, colour)
            }
        };
        writeln!(writer, "{line}")
    }
}

fn logfmt(at: &str, level: Level, fields: &Fields, colour: Option<&str>) -> String {
    let name = level.as_str().to_ascii_lowercase();
    let level = match colour {
        Some(colour) => format!("\x1b[{colour}m{name}\x1b[0m"),
        None => name,
    };
    let mut line = format!("ts={at} level={level} msg={}", bare(&fields.message));
    for (name, value) in &fields.own {
        let value = match value {
            Value::Text(text) => bare(text),
            Value::Bare(number) => number.clone(),
        };
        push(&mut line, format_args!(" {name}={value}"));
    }
    line
}

fn json(at: &str, level: Level, fields: &Fields) -> String {
    let level = level.as_str().to_ascii_lowercase();
    let message = quoted(&fields.message);
    let mut line = format!("{{\"ts\":\"{at}\",\"level\":\"{level}\",\"msg\":{message}");
    for (name, value) in &fields.own {
        let value = match value {
            Value::Text(text) => quoted(text),
            Value::Bare(number) => number.clone(),
        };
        push(&mut line, format_args!(",\"{name}\":{value}"));
    }
    line.push('}');
    line
}

/// As it is where nobody could read it otherwise, or else in quotes.
fn bare(text: &str) -> String {
    let is_plain = |c: char| c.is_ascii_graphic() && !matches!(c, '"' | '=' | '\\');
    if !text.is_empty() && text.chars().all(is_plain) {
        text.to_owned()
    } else {
        quoted(text)
    }
}

/// A JSON string in which nothing is left that a terminal would obey.
fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\'' => out.push(c),
            c if c.escape_debug().len() == 1 => out.push(c),
            c => {
                for unit in c.encode_utf16(&mut [0; 2]) {
                    push(&mut out, format_args!("\\u{unit:04x}"));
                }
            }
        }
    }
    out.push('"');
    out
}

const fn colour(level: Level) -> &'static str {
    match level {
        Level::ERROR => "31",
        Level::WARN => "33",
        Level::INFO => "32",
        Level::DEBUG => "34",
        Level::TRACE => "35",
    }
}

/// Writing to a string does not fail.
fn push(out: &mut String, text: fmt::Arguments<'_>) {
    let written = out.write_fmt(text);
    debug_assert!(written.is_ok(), "writing to a string does not fail");
}

impl Fields {
    fn take(&mut self, field: &Field, value: Value) {
        match (field.name(), value) {
            ("message", Value::Text(text) | Value::Bare(text)) => self.message = text,
            (name, value) => self.own.push((name, value)),
        }
    }
}

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.take(field, Value::Text(format!("{value:?}")));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.take(field, Value::Text(value.to_owned()));
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.take(field, Value::Bare(value.to_string()));
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.take(field, Value::Bare(value.to_string()));
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.take(field, Value::Bare(value.to_string()));
    }

    /// What is no number in JSON is text.
    fn record_f64(&mut self, field: &Field, value: f64) {
        let text = value.to_string();
        let value = if value.is_finite() {
            Value::Bare(text)
        } else {
            Value::Text(text)
        };
        self.take(field, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields() -> Fields {
        let text = |text: &str| Value::Text(text.to_owned());
        Fields {
            message: "it failed".to_owned(),
            own: vec![
                ("check", text("shop/web")),
                ("sentence", text("a \"b\"\n\u{1b}[31m\u{202e}ö=")),
                ("count", Value::Bare("3".to_owned())),
                ("empty", text("")),
            ],
        }
    }

    #[test]
    fn logfmt_quotes_only_what_needs_it() {
        let line = logfmt("T", Level::WARN, &fields(), None);
        let expected = r#"ts=T level=warn msg="it failed" check=shop/web sentence="a \"b\"\n\u001b[31m\u202eö=" count=3 empty="""#;
        assert_eq!(line, expected);
        let line = logfmt("T", Level::WARN, &fields(), Some("33"));
        assert!(line.starts_with("ts=T level=\u{1b}[33mwarn\u{1b}[0m msg="));
    }

    #[test]
    fn json_is_one_object_and_says_the_same() {
        let line = json("T", Level::INFO, &fields());
        let read: serde_json::Value = serde_json::from_str(&line).unwrap();
        assert_eq!(read["level"], "info");
        assert_eq!(read["sentence"], "a \"b\"\n\u{1b}[31m\u{202e}ö=");
        assert_eq!(read["count"], 3);
        assert!(!line.contains('\n') && !line.contains('\u{1b}'));
    }
}
