//! What a schema refuses, in words: what was expected, what was got, what was probably meant.

use jsonschema::{
    ValidationError,
    error::{TypeKind, ValidationErrorKind as Kind},
};
use leadsman_core::plan::Complaint;
use serde_json::Value;

use super::shape;
use crate::{nearest, tree::shortened};

/// A complaint that knows whether it is about a key or its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Finding {
    pub(crate) pointer: String,
    pub(crate) message: String,
    pub(crate) hint: String,
    pub(crate) of_key: bool,
}

impl From<Complaint> for Finding {
    fn from(complaint: Complaint) -> Self {
        Self {
            pointer: complaint.pointer,
            message: complaint.message,
            hint: complaint.hint,
            of_key: false,
        }
    }
}

impl From<Finding> for Complaint {
    fn from(finding: Finding) -> Self {
        Self {
            pointer: finding.pointer,
            message: finding.message,
            hint: finding.hint,
        }
    }
}

/// The findings of one error of the validator.
pub(crate) fn of_error(schema: &Value, error: &ValidationError<'_>) -> Vec<Finding> {
    match error.kind() {
        Kind::AdditionalProperties { unexpected } | Kind::UnevaluatedProperties { unexpected } => {
            unexpected
                .iter()
                .map(|name| stranger(schema, error, name))
                .collect()
        }
        Kind::AnyOf { context } | Kind::OneOfNotValid { context } => {
            alternatives(schema, error, context)
        }
        Kind::PropertyNames { error: inner } => vec![finding(
            error,
            format!("a key is not allowed: {}", message(inner)),
            String::new(),
        )],
        kind => vec![finding(error, message(error), hint(kind, error.instance()))],
    }
}

fn finding(error: &ValidationError<'_>, message: String, hint: String) -> Finding {
    Finding {
        pointer: error.instance_path().as_str().to_owned(),
        message,
        hint,
        of_key: false,
    }
}

fn stranger(schema: &Value, error: &ValidationError<'_>, name: &str) -> Finding {
    let escaped = super::resources::escaped(name);
    let owner = error
        .schema_path()
        .as_str()
        .rsplit_once('/')
        .and_then(|(parent, _)| schema.pointer(parent));
    let known: Vec<&str> = owner
        .map(|owner| shape::resolved(schema, owner))
        .and_then(shape::properties)
        .into_iter()
        .flatten()
        .map(|(key, _)| key.as_str())
        .collect();
    Finding {
        pointer: format!("{}/{escaped}", error.instance_path().as_str()),
        message: format!("unknown setting `{}`", shortened(name)),
        hint: if known.is_empty() {
            String::new()
        } else {
            nearest::suggestion(name, known.iter().copied())
        },
        of_key: true,
    }
}

/// Of several forms, the one that was meant: it has the value's type, and something else is wrong.
fn alternatives(
    schema: &Value,
    error: &ValidationError<'_>,
    context: &[Vec<ValidationError<'static>>],
) -> Vec<Finding> {
    let root = error.instance_path().as_str();
    let other_type = |errors: &&Vec<ValidationError<'static>>| {
        !errors.iter().any(|error| {
            matches!(error.kind(), Kind::Type { .. }) && error.instance_path().as_str() == root
        })
    };
    let alike: Vec<_> = context.iter().filter(other_type).collect();
    if let [only] = alike.as_slice() {
        return only
            .iter()
            .flat_map(|error| of_error(schema, error))
            .collect();
    }
    let considered: Vec<&ValidationError<'static>> = if alike.is_empty() {
        context.iter().flatten().collect()
    } else {
        alike.into_iter().flatten().collect()
    };
    let mut expected: Vec<String> = considered
        .iter()
        .flat_map(|error| expectations(error))
        .collect();
    expected.dedup();
    if expected.is_empty() {
        let forms: Vec<String> = considered.iter().map(|error| message(error)).collect();
        return vec![finding(
            error,
            format!("matches no accepted form: {}", forms.join("; or ")),
            String::new(),
        )];
    }
    let words = considered
        .iter()
        .flat_map(|error| words(error.kind()))
        .collect::<Vec<_>>();
    let hint = near(error.instance(), &words);
    vec![finding(
        error,
        format!(
            "expected {}, got {}",
            expected.join(" or "),
            shown(error.instance())
        ),
        hint,
    )]
}

fn expectations(error: &ValidationError<'_>) -> Vec<String> {
    match error.kind() {
        Kind::Type { kind } => types(kind)
            .into_iter()
            .filter(|name| name != "nothing")
            .collect(),
        Kind::Constant { expected_value } => vec![shown(expected_value)],
        Kind::Enum { options } => options
            .as_array()
            .into_iter()
            .flatten()
            .map(shown)
            .collect(),
        Kind::Pattern { pattern } => vec![format!("a text that matches `{pattern}`")],
        Kind::Minimum { limit } => vec![format!("at least {limit}")],
        Kind::Maximum { limit } => vec![format!("at most {limit}")],
        _ => Vec::new(),
    }
}

/// The error in our words.
fn message(error: &ValidationError<'_>) -> String {
    let got = shown(error.instance());
    match error.kind() {
        Kind::Type { .. }
        | Kind::Constant { .. }
        | Kind::Minimum { .. }
        | Kind::Maximum { .. }
        | Kind::Pattern { .. } => {
            format!("expected {}, got {got}", expectations(error).join(" or "))
        }
        Kind::Enum { .. } => format!(
            "expected one of {}, got {got}",
            expectations(error).join(", ")
        ),
        Kind::ExclusiveMinimum { limit } => format!("expected more than {limit}, got {got}"),
        Kind::ExclusiveMaximum { limit } => format!("expected less than {limit}, got {got}"),
        Kind::MinLength { limit } => format!("expected at least {limit} characters, got {got}"),
        Kind::MaxLength { limit } => format!("expected at most {limit} characters, got {got}"),
        Kind::MinItems { limit } => format!(
            "expected at least {limit} items, got {}",
            size(error.instance())
        ),
        Kind::MaxItems { limit } => format!(
            "expected at most {limit} items, got {}",
            size(error.instance())
        ),
        Kind::MinProperties { limit } => format!(
            "expected at least {limit} keys, got {}",
            size(error.instance())
        ),
        Kind::MaxProperties { limit } => format!(
            "expected at most {limit} keys, got {}",
            size(error.instance())
        ),
        Kind::Required { property } => format!("the setting {} is missing", shown(property)),
        Kind::Format { format } => format!("expected a text in the format `{format}`, got {got}"),
        Kind::FalseSchema => "nothing may be set here".to_owned(),
        Kind::Not { .. } => format!("{got} is excluded here"),
        Kind::OneOfMultipleValid { .. } => {
            format!("{got} fits several forms that exclude each other")
        }
        Kind::UniqueItems => "the items are not all different".to_owned(),
        _ => error.to_string(),
    }
}

fn hint(kind: &Kind, got: &Value) -> String {
    match kind {
        Kind::Type { kind }
            if got.is_number() && types(kind).iter().any(|name| name == "a text") =>
        {
            "put it in quotes".to_owned()
        }
        kind => near(got, &words(kind)),
    }
}

fn words(kind: &Kind) -> Vec<String> {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    match kind {
        Kind::Enum { options } => options
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(text)
            .collect(),
        Kind::Constant { expected_value } => text(expected_value).into_iter().collect(),
        _ => Vec::new(),
    }
}

fn near(got: &Value, words: &[String]) -> String {
    let near = got
        .as_str()
        .and_then(|got| nearest::nearest(got, words.iter().map(String::as_str)));
    near.map(|near| format!("did you mean `{near}`?"))
        .unwrap_or_default()
}

fn types(kind: &TypeKind) -> Vec<String> {
    let names: Vec<&str> = match kind {
        TypeKind::Single(one) => vec![one.as_str()],
        TypeKind::Multiple(several) => several.iter().map(jsonschema::JsonType::as_str).collect(),
    };
    names
        .into_iter()
        .map(|name| word(name).to_owned())
        .collect()
}

/// What the file's author calls a JSON type.
pub(crate) fn word(name: &str) -> &str {
    match name {
        "string" => "a text",
        "integer" => "a whole number",
        "number" => "a number",
        "boolean" => "`true` or `false`",
        "array" => "a list",
        "object" => "a mapping",
        "null" => "nothing",
        other => other,
    }
}

fn shown(value: &Value) -> String {
    match value {
        Value::Null => "nothing".to_owned(),
        Value::Array(_) => "a list".to_owned(),
        Value::Object(_) => "a mapping".to_owned(),
        Value::String(text) => format!("`{}`", shortened(text)),
        other => format!("`{other}`"),
    }
}

fn size(value: &Value) -> usize {
    value
        .as_array()
        .map(Vec::len)
        .or_else(|| value.as_object().map(serde_json::Map::len))
        .unwrap_or_default()
}
