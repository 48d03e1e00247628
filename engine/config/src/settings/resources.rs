//! Settings that a schema marks by `format`: names of things defined elsewhere, and expressions.
//!
//! `secret`, `trust` and `identity` name what `secrets`, `tls.trust` and `tls.identities` define;
//! `regex` is compiled here, so that a mistake has a line.

use leadsman_core::{id::ResourceName, plan::Tls};
use serde_json::Value;

use super::{finding::Finding, shape};
use crate::nearest;

/// What a check's settings may name.
pub(crate) struct Resources<'a> {
    pub(crate) secrets: &'a [ResourceName],
    pub(crate) granted: &'a [ResourceName],
    pub(crate) tls: &'a Tls,
}

/// The names in `settings` that are not defined or not granted.
pub(crate) fn findings(
    schema: &Value,
    settings: &Value,
    resources: &Resources<'_>,
) -> Vec<Finding> {
    let mut found = Vec::new();
    visit(
        schema,
        schema,
        settings,
        "",
        &mut |format, text, pointer| {
            let what = resources.refusal(format, text);
            found.extend(what.map(|(message, hint)| Finding {
                pointer: pointer.to_owned(),
                message,
                hint,
                of_key: false,
            }));
        },
    );
    found
}

/// What the settings name as steps.
pub(crate) fn steps(schema: &Value, settings: &Value) -> Vec<String> {
    let mut found = Vec::new();
    visit(schema, schema, settings, "", &mut |format, text, _| {
        if format == "step" {
            found.push(text.to_owned());
        }
    });
    found
}

/// The expressions in `settings` that do not compile.
pub(crate) fn expressions(schema: &Value, settings: &Value) -> Vec<Finding> {
    let mut found = Vec::new();
    visit(
        schema,
        schema,
        settings,
        "",
        &mut |format, text, pointer| {
            if let (true, Err(error)) = (format == "regex", regex::Regex::new(text)) {
                let message = format!(
                    "the regular expression does not compile: {}",
                    reason(&error)
                );
                let hint =
                    "the syntax is that of Rust's `regex`: no look-around, no back-references"
                        .to_owned();
                found.push(Finding {
                    pointer: pointer.to_owned(),
                    message,
                    hint,
                    of_key: false,
                });
            }
        },
    );
    found
}

fn reason(error: &regex::Error) -> String {
    let text = error.to_string();
    // The library draws the expression over several lines; the last says what is wrong.
    text.lines()
        .last()
        .unwrap_or_default()
        .trim_start_matches("error: ")
        .to_owned()
}

impl Resources<'_> {
    fn refusal(&self, format: &str, text: &str) -> Option<(String, String)> {
        match format {
            "secret" => self.secret(text),
            "template" => secrets_in(text).find_map(|name| self.secret(name)),
            "trust" => unknown("trust store", text, self.tls.trust.keys()),
            "identity" => unknown("client identity", text, self.tls.identities.keys()),
            _ => None,
        }
    }

    fn secret(&self, text: &str) -> Option<(String, String)> {
        unknown("secret", text, self.secrets.iter()).or_else(|| {
            let granted = self.granted.iter().any(|name| name.as_str() == text);
            (!granted).then(|| {
                (
                    format!("the secret `{text}` is not granted to this check"),
                    format!("add `grants: {{secrets: [{text}]}}` to the check"),
                )
            })
        })
    }
}

fn unknown<'n, I: Iterator<Item = &'n ResourceName> + Clone>(
    what: &str,
    text: &str,
    names: I,
) -> Option<(String, String)> {
    let names = names.map(ResourceName::as_str);
    let defined = names.clone().any(|name| name == text);
    (!defined).then(|| {
        (
            format!("unknown {what} `{}`", crate::tree::shortened(text)),
            nearest::suggestion(text, names),
        )
    })
}

/// The names of the secrets that a template refers to: `${secret:NAME}`, with or without encoders.
fn secrets_in(template: &str) -> impl Iterator<Item = &str> {
    template.split("${secret:").skip(1).filter_map(|rest| {
        let end = rest.find(['}', '|'])?;
        rest.get(..end)
    })
}

/// A name within a JSON pointer (RFC 6901).
pub(crate) fn escaped(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

/// Calls `see` with each text whose schema has a `format`.
fn visit(
    root: &Value,
    schema: &Value,
    value: &Value,
    pointer: &str,
    see: &mut impl FnMut(&str, &str, &str),
) {
    for part in shape::parts(root, schema, value) {
        match value {
            Value::String(text) => {
                if let Some(format) = part.get("format").and_then(Value::as_str) {
                    see(format, text, pointer);
                }
            }
            Value::Object(object) => {
                for (key, inner) in object {
                    let names = part
                        .get("propertyNames")
                        .and_then(|names| names.get("format"));
                    if let Some(format) = names.and_then(Value::as_str) {
                        see(format, key, &format!("{pointer}/{}", escaped(key)));
                    }
                    let own = shape::properties(part).and_then(|properties| properties.get(key));
                    if let Some(schema) = own.or_else(|| part.get("additionalProperties")) {
                        let pointer = format!("{pointer}/{}", escaped(key));
                        visit(root, schema, inner, &pointer, see);
                    }
                }
            }
            Value::Array(items) => {
                for (index, item) in items.iter().enumerate() {
                    if let Some(schema) = part.get("items") {
                        visit(root, schema, item, &format!("{pointer}/{index}"), see);
                    }
                }
            }
            _ => {}
        }
    }
}
