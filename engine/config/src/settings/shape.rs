//! Walking a schema beside a value: which part of the schema is about which part of the value.

use serde_json::{Map, Value};

/// How many references and alternatives are followed; a schema may refer to itself.
const DEEPEST: usize = 64;

/// The schema that `schema` refers to, in the document `root`.
pub(crate) fn resolved<'s>(root: &'s Value, schema: &'s Value) -> &'s Value {
    let mut schema = schema;
    for _ in 0..DEEPEST {
        let target = schema
            .get("$ref")
            .and_then(Value::as_str)
            .and_then(|reference| reference.strip_prefix('#'));
        match target.and_then(|pointer| root.pointer(pointer)) {
            Some(found) => schema = found,
            None => break,
        }
    }
    schema
}

/// The parts of `schema` that apply to `value`: itself, its `allOf`, and the one alternative of its kind.
pub(crate) fn parts<'s>(root: &'s Value, schema: &'s Value, value: &Value) -> Vec<&'s Value> {
    let mut found = Vec::new();
    gather(root, schema, value, DEEPEST, &mut found);
    found
}

fn gather<'s>(
    root: &'s Value,
    schema: &'s Value,
    value: &Value,
    depth: usize,
    found: &mut Vec<&'s Value>,
) {
    // A reference may have neighbours, which apply as well.
    found.push(schema);
    let Some(depth) = depth.checked_sub(1) else {
        return;
    };
    let own = resolved(root, schema);
    if !std::ptr::eq(own, schema) {
        gather(root, own, value, depth, found);
        return;
    }
    for part in listed(schema, "allOf") {
        gather(root, part, value, depth, found);
    }
    for key in ["anyOf", "oneOf"] {
        let mut alike = listed(schema, key).filter(|branch| admits(resolved(root, branch), value));
        if let (Some(only), None) = (alike.next(), alike.next()) {
            gather(root, only, value, depth, found);
        }
    }
}

fn listed<'s>(schema: &'s Value, key: &str) -> impl Iterator<Item = &'s Value> {
    schema
        .get(key)
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
}

fn admits(schema: &Value, value: &Value) -> bool {
    types(schema).is_none_or(|types| types.iter().any(|name| is(name, value)))
}

/// The types that `schema` names.
pub(crate) fn types(schema: &Value) -> Option<Vec<&str>> {
    match schema.get("type")? {
        Value::String(one) => Some(vec![one]),
        Value::Array(several) => Some(several.iter().filter_map(Value::as_str).collect()),
        _ => None,
    }
}

fn is(name: &str, value: &Value) -> bool {
    match value {
        Value::Null => name == "null",
        Value::Bool(_) => name == "boolean",
        Value::Number(number) => name == "number" || (name == "integer" && !number.is_f64()),
        Value::String(_) => name == "string",
        Value::Array(_) => name == "array",
        Value::Object(_) => name == "object",
    }
}

/// The properties that `schema` names itself.
pub(crate) fn properties(schema: &Value) -> Option<&Map<String, Value>> {
    schema.get("properties").and_then(Value::as_object)
}
