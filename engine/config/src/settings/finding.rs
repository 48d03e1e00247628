//! What a schema refuses, in words: what was expected, what was got, what was probably meant.

use jsonschema::{
    ValidationError,
    error::{TypeKind, ValidationErrorKind as Kind},
};
use leadsman_core::plan::Complaint;
use serde_json::Value;

use super::shape;
use crate::{element::boolean, nearest, tree::shortened};

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
        let hint = if complaint.hint.is_empty() {
            // A probe need not say more than what is wrong.
            "change it: the probe itself refuses it".to_owned()
        } else {
            complaint.hint
        };
        Self {
            pointer: complaint.pointer,
            message: complaint.message,
            hint,
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
            hint(inner),
        )],
        _ => vec![finding(error, message(error), hint(error))],
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
            "rename it, or remove it".to_owned()
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
            "write it in one of these forms".to_owned(),
        )];
    }
    vec![finding(
        error,
        format!(
            "expected {}, got {}",
            expected.join(" or "),
            shown(error.instance())
        ),
        chosen(error.instance(), &considered),
    )]
}

/// How to mend what fits none of several forms.
fn chosen(got: &Value, considered: &[&ValidationError<'static>]) -> String {
    let mut telling = considered
        .iter()
        .filter(|error| !expectations(error).is_empty());
    if let (Some(only), None) = (telling.next(), telling.next()) {
        return hint(only);
    }
    let words: Vec<String> = considered
        .iter()
        .flat_map(|error| words(error.kind()))
        .collect();
    near(got, &words).unwrap_or_else(|| "write one of these instead".to_owned())
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

/// How to mend it.
fn hint(error: &ValidationError<'_>) -> String {
    let got = error.instance();
    match error.kind() {
        Kind::Type { kind } => retyped(kind, got).to_owned(),
        Kind::Constant { expected_value } => format!("write {}", shown(expected_value)),
        kind @ Kind::Enum { .. } => {
            near(got, &words(kind)).unwrap_or_else(|| "write one of these".to_owned())
        }
        Kind::Minimum { limit } => format!("write `{limit}` or more"),
        Kind::Maximum { limit } => format!("write `{limit}` or less"),
        Kind::ExclusiveMinimum { limit } => format!("write more than `{limit}`"),
        Kind::ExclusiveMaximum { limit } => format!("write less than `{limit}`"),
        Kind::MinLength { .. } => "lengthen it".to_owned(),
        Kind::MaxLength { .. } => "shorten it".to_owned(),
        Kind::MinItems { .. } => "add items".to_owned(),
        Kind::MaxItems { .. } => "remove items".to_owned(),
        Kind::MinProperties { .. } => "add keys".to_owned(),
        Kind::MaxProperties { .. } => "remove keys".to_owned(),
        Kind::Required { property } => {
            format!("add `{}: …`", property.as_str().unwrap_or_default())
        }
        Kind::Pattern { .. } => "change it so that it matches".to_owned(),
        Kind::Format { .. } => "change it so that it has this format".to_owned(),
        Kind::FalseSchema => "remove what is set here".to_owned(),
        Kind::OneOfMultipleValid { .. } => "remove what belongs to the other forms".to_owned(),
        Kind::UniqueItems => "remove the item that is there twice".to_owned(),
        _ => "write something else: the probe's schema does not allow this".to_owned(),
    }
}

/// How to write a value of the type that is wanted.
fn retyped(kind: &TypeKind, got: &Value) -> &'static str {
    let wanted: Vec<&str> = names(kind)
        .into_iter()
        .filter(|name| *name != "null")
        .collect();
    if wanted.contains(&"string") && (got.is_number() || got.is_boolean()) {
        return "put it in quotes";
    }
    match wanted.as_slice() {
        [] => "remove it",
        ["string"] => "write one text in its place",
        ["boolean"] => boolean::meant(got.as_str()),
        ["integer"] if got.is_number() => "write it without a fraction",
        ["integer" | "number"] => match got.as_str().map(str::parse::<f64>) {
            Some(Ok(_)) => "remove the quotes",
            _ => "write it in digits",
        },
        ["array"] => "write it as `[…]`",
        ["object"] => "write it as lines of `key: value`",
        _ => "write one of these instead",
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

fn near(got: &Value, words: &[String]) -> Option<String> {
    let near = got
        .as_str()
        .and_then(|got| nearest::nearest(got, words.iter().map(String::as_str)));
    near.map(|near| format!("did you mean `{near}`?"))
}

fn types(kind: &TypeKind) -> Vec<String> {
    names(kind)
        .into_iter()
        .map(|name| word(name).to_owned())
        .collect()
}

fn names(kind: &TypeKind) -> Vec<&'static str> {
    match kind {
        TypeKind::Single(one) => vec![one.as_str()],
        TypeKind::Multiple(several) => several.iter().map(jsonschema::JsonType::as_str).collect(),
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    /// A schema, what it refuses, and the mend.
    const REFUSED: &str = r#"
{"type": "string"}; 7; put it in quotes
{"type": "string"}; true; put it in quotes
{"type": "string"}; []; write one text in its place
{"type": "boolean"}; "true"; remove the quotes
{"type": "boolean"}; "no"; write `false`
{"type": "integer"}; 1.5; write it without a fraction
{"type": "integer"}; "7"; remove the quotes
{"type": ["number", "null"]}; "many"; write it in digits
{"type": "array"}; "a"; write it as `[…]`
{"type": "object"}; []; write it as lines of `key: value`
{"type": ["array", "object"]}; 1; write one of these instead
{"type": "null"}; 1; remove it
{"const": "GET"}; "X"; write `GET`
{"enum": ["GET", "HEAD"]}; "GTE"; did you mean `GET`?
{"enum": ["GET", "HEAD"]}; "xyzzy"; write one of these
{"minimum": 3}; 1; write `3` or more
{"maximum": 3}; 5; write `3` or less
{"exclusiveMinimum": 3}; 3; write more than `3`
{"exclusiveMaximum": 3}; 3; write less than `3`
{"multipleOf": 2}; 3; write something else: the probe's schema does not allow this
{"minLength": 2}; "a"; lengthen it
{"maxLength": 2}; "abc"; shorten it
{"pattern": "^a$"}; "b"; change it so that it matches
{"minItems": 1}; []; add items
{"maxItems": 1}; [1, 2]; remove items
{"uniqueItems": true}; [1, 1]; remove the item that is there twice
{"minProperties": 1}; {}; add keys
{"maxProperties": 1}; {"a": 1, "b": 2}; remove keys
{"required": ["query"]}; {}; add `query: …`
{"properties": {"a": false}}; {"a": 1}; remove what is set here
{"additionalProperties": false}; {"a": 1}; remove what is set here
{"patternProperties": {"^b": true}, "additionalProperties": false}; {"a": 1}; rename it, or remove it
{"propertyNames": {"maxLength": 1}}; {"ab": 1}; shorten it
{"not": {"type": "integer"}}; 1; write something else: the probe's schema does not allow this
{"anyOf": [{"type": "object"}, {"type": "null"}]}; "x"; write it as lines of `key: value`
{"anyOf": [{"type": "integer"}, {"type": "array"}]}; "x"; write one of these instead
{"anyOf": [{"minItems": 2}, {"contains": {"type": "null"}}]}; [1]; write it in one of these forms
{"oneOf": [{"minimum": 1}, {"maximum": 9}]}; 5; remove what belongs to the other forms
"#;

    #[test]
    fn whatever_a_schema_refuses_is_told_with_its_mend() {
        let json = |text: &str| serde_json::from_str::<Value>(text).unwrap();
        for line in REFUSED.trim().lines() {
            let mut parts = line.splitn(3, "; ");
            let mut part = || parts.next().unwrap();
            let (schema, settings, mend) = (json(part()), json(part()), part());
            let validator = jsonschema::validator_for(&schema).unwrap();
            let errors = validator.iter_errors(&settings);
            let found: Vec<Finding> = errors.flat_map(|error| of_error(&schema, &error)).collect();
            let hints: Vec<&str> = found.iter().map(|finding| &*finding.hint).collect();
            assert_eq!(hints, [mend], "{line}");
        }
    }

    #[test]
    fn a_complaint_without_a_hint_has_a_mend_all_the_same() {
        let complaint = |hint: &str| Complaint {
            pointer: "/send_bytes".to_owned(),
            message: "`zz` is not hexadecimal".to_owned(),
            hint: hint.to_owned(),
        };
        assert!(!Finding::from(complaint("")).hint.is_empty());
        assert_eq!(Finding::from(complaint("write hex")).hint, "write hex");
    }
}
