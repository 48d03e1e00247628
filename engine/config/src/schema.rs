//! The JSON Schema of the file, for editors.

use std::sync::Arc;

use leadsman_core::{limits::Limits, plan::ProbeDescription};
use serde_json::{Map, Value, json};

/// The schema of a configuration that uses these probes.
///
/// The settings' schema of each probe applies where a check names that probe. What a schema cannot say
/// (sums, names defined elsewhere) is left to `leadsman validate`.
pub fn schema(probes: &[(&str, Arc<ProbeDescription>)]) -> Value {
    let mut definitions = values();
    for (name, described) in probes {
        let key = format!("probe-{name}");
        let mut settings = moved(&described.settings, &format!("#/$defs/{key}"));
        if let Some(settings) = settings.as_object_mut() {
            // What is required may come from the targets' `set`; a schema cannot see that.
            settings.remove("required");
        }
        definitions.insert(key, settings);
    }
    definitions.insert("check".to_owned(), check(probes));
    definitions.insert("defaults".to_owned(), object(&common(), &[]));
    definitions.insert("target".to_owned(), target());
    json!({
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "Leadsman's configuration",
        "type": "object",
        "additionalProperties": false,
        "required": ["checks"],
        "properties": root(),
        "$defs": definitions,
    })
}

fn root() -> Value {
    json!({
        "location": {"type": "string", "description": "Where this daemon stands; usually ${env:LEADSMAN_LOCATION}."},
        "locations": {"description": "Every location of the fleet.", "anyOf": [
            {"type": "object", "additionalProperties": {"type": ["object", "null"], "maxProperties": 0}}, {"$ref": "#/$defs/texts"}]},
        "team": {"type": "string", "description": "The owner; ids become team/key."},
        "labels": {"$ref": "#/$defs/labels"},
        "network": network(),
        "tls": tls(),
        "secrets": {"type": "object", "additionalProperties": secret()},
        "probes": {"type": "object", "additionalProperties": {
            "type": "object", "additionalProperties": false, "required": ["file"],
            "properties": {"file": {"type": "string"}, "sha256": {"type": "string", "pattern": "^[0-9a-fA-F]{64}$"}}}},
        "defaults": {"$ref": "#/$defs/defaults"},
        "checks": {"type": "object", "minProperties": 1, "additionalProperties": {"$ref": "#/$defs/check"}},
    })
}

fn network() -> Value {
    json!({"type": "object", "additionalProperties": false, "properties": {
        "private": {"enum": ["targets", "deny"], "description": "Whether names listed as targets may be private addresses."},
        "allow": {"$ref": "#/$defs/texts"},
        "deny": {"$ref": "#/$defs/texts"},
        "resolver": {"anyOf": [{"const": "system"}, {"$ref": "#/$defs/texts"}]},
        "family": {"enum": ["auto", "v4", "v6", "prefer-v4", "prefer-v6"]},
        "dns": {"type": "object", "additionalProperties": false, "properties": {"cache": {"$ref": "#/$defs/duration"}}},
    }})
}

fn tls() -> Value {
    json!({"type": "object", "additionalProperties": false, "properties": {
        "ca": {"$ref": "#/$defs/texts"},
        "trust": {"type": "object", "additionalProperties": {"$ref": "#/$defs/texts"}},
        "identities": {"type": "object", "additionalProperties": {
            "type": "object", "additionalProperties": false, "required": ["certificate", "key"],
            "properties": {"certificate": {"type": "string"}, "key": {"type": "string"}}}},
    }})
}

fn secret() -> Value {
    json!({"type": "object", "additionalProperties": false, "required": ["hosts"],
        "oneOf": [{"required": ["file"]}, {"required": ["env"]}],
        "properties": {
            "file": {"type": "string"}, "env": {"type": "string"},
            "hosts": {"$ref": "#/$defs/texts"}, "teams": {"$ref": "#/$defs/texts"}}})
}

/// What a check and the defaults have in common.
fn common() -> Map<String, Value> {
    map(json!({
        "interval": {"$ref": "#/$defs/duration", "description": "Every so often; default 60s."},
        "cron": {"type": "string", "description": "By the calendar, instead of an interval: five fields, or six with seconds first."},
        "timezone": {"type": "string", "description": "The IANA zone of `cron`; default UTC."},
        "timeout": {"$ref": "#/$defs/duration", "description": "Of one attempt; default 10s, at most 120s."},
        "retries": {"anyOf": [{"$ref": "#/$defs/retries"}, {"type": "object", "additionalProperties": false, "required": ["attempts"],
            "properties": {"attempts": {"$ref": "#/$defs/retries"}, "delay": {"$ref": "#/$defs/duration"}}}]},
        "labels": {"$ref": "#/$defs/labels"},
        "locations": {"anyOf": [{"const": "all"}, {"$ref": "#/$defs/texts"}]},
        "grants": {"type": "object", "additionalProperties": false,
            "properties": {"hosts": {"$ref": "#/$defs/texts"}, "secrets": {"$ref": "#/$defs/texts"}}},
        "limits": {"$ref": "#/$defs/limits"},
        "objectives": {"type": "object", "additionalProperties": false, "properties": {
            "availability": {"$ref": "#/$defs/percent"},
            "latency": {"type": "object", "additionalProperties": false, "required": ["under", "at_least"],
                "properties": {"under": {"$ref": "#/$defs/duration"}, "at_least": {"$ref": "#/$defs/percent"}}},
            "unknown": {"enum": ["bad", "excluded"]}}},
    }))
}

fn check(probes: &[(&str, Arc<ProbeDescription>)]) -> Value {
    let mut properties = common();
    let names: Vec<&str> = probes.iter().map(|(name, _)| *name).collect();
    properties.insert("probe".to_owned(), json!({"type": "string", "description": "Which probe runs.", "anyOf": [{"enum": names}, {"type": "string"}]}));
    properties.insert(
        "targets".to_owned(),
        json!({"type": "array", "minItems": 1, "items": {"$ref": "#/$defs/target"}}),
    );
    properties.insert("settings".to_owned(), json!({"type": ["object", "null"], "description": "What the probe is told; its own schema."}));
    let mut check = object(&properties, &["probe", "targets"]);
    let rules: Vec<Value> = names.iter().map(|name| applies(name)).collect();
    if let (Some(check), false) = (check.as_object_mut(), rules.is_empty()) {
        check.insert("allOf".to_owned(), Value::Array(rules));
    }
    check
}

fn applies(name: &str) -> Value {
    json!({
        "if": {"required": ["probe"], "properties": {"probe": {"const": name}}},
        "then": {"properties": {"settings": {"$ref": format!("#/$defs/probe-{name}")}}},
    })
}

fn target() -> Value {
    json!({"anyOf": [{"type": "string"}, {"type": "object", "additionalProperties": false, "required": ["address"], "properties": {
        "name": {"type": "string", "description": "The series' label; default is the address."},
        "address": {"type": "string", "description": "A URL, host or host:port."},
        "labels": {"$ref": "#/$defs/labels"},
        "set": {"type": "object", "description": "Merged over the check's settings (RFC 7396)."},
    }}]})
}

fn values() -> Map<String, Value> {
    let top = Limits::CEILING;
    let count = |most: u32| json!({"type": "integer", "minimum": 1, "maximum": most});
    map(json!({
        "duration": {"type": "string", "pattern": r"^(\$\{.*\}|(\d+(\.\d+)?(w|d|h|m|s|ms|us|ns))+)$", "examples": ["500ms", "30s", "5m", "1h30m"]},
        "size": {"type": "string", "pattern": r"^(\$\{.*\}|\d+(\.\d+)?\s*(B|KiB|MiB|GiB|kB|MB|GB))$", "examples": ["64MiB"]},
        "percent": {"type": "string", "pattern": r"^(\$\{.*\}|\s*\d+(\.\d+)?\s*%)$", "examples": ["99.9%"]},
        "retries": {"type": "integer", "minimum": 0, "maximum": 10},
        "texts": {"type": "array", "items": {"type": "string"}},
        "labels": {"type": "object", "propertyNames": {"pattern": "^[A-Za-z_][A-Za-z0-9_]*$"}, "additionalProperties": {"type": "string"}},
        "limits": {"type": "object", "additionalProperties": false, "properties": {
            "cpu": {"$ref": "#/$defs/duration"}, "memory": {"$ref": "#/$defs/size"},
            "call_bytes": {"$ref": "#/$defs/size"}, "log_bytes": {"$ref": "#/$defs/size"},
            "handles": count(top.handles), "requests": count(top.requests), "in_flight": count(top.in_flight),
            "log_lines": count(top.log_lines), "measures": count(top.measures), "steps": count(top.steps), "causes": count(top.causes),
        }},
    }))
}

fn object(properties: &Map<String, Value>, required: &[&str]) -> Value {
    json!({"type": "object", "additionalProperties": false, "properties": properties, "required": required})
}

fn map(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}

/// A probe's schema whose references hold at its new place.
fn moved(schema: &Value, place: &str) -> Value {
    match schema {
        Value::Object(object) => {
            let kept = object
                .iter()
                .filter(|(key, _)| !matches!(key.as_str(), "$schema" | "$id"));
            Value::Object(
                kept.map(|(key, value)| (key.clone(), moved_entry(key, value, place)))
                    .collect(),
            )
        }
        Value::Array(items) => items.iter().map(|item| moved(item, place)).collect(),
        other => other.clone(),
    }
}

fn moved_entry(key: &str, value: &Value, place: &str) -> Value {
    match value
        .as_str()
        .and_then(|reference| reference.strip_prefix('#'))
        .filter(|_| key == "$ref")
    {
        Some(pointer) => Value::String(format!("{place}{pointer}")),
        None => moved(value, place),
    }
}
