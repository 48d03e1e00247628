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
    definitions.insert("defaults".to_owned(), object(&defaults(), &[]));
    definitions.insert("template".to_owned(), template());
    definitions.insert("target".to_owned(), target());
    json!({
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "Leadsman's configuration",
        "type": "object",
        "additionalProperties": false,
        "anyOf": [{"required": ["checks"]}, {"required": ["include"]}],
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
        "include": {"$ref": "#/$defs/texts", "description": "The teams' files: patterns of paths, each file its own unit of loading; a path that is no pattern has to be there."},
        "teams": {"type": "object", "description": "What each team's files may use.", "additionalProperties": ceilings()},
        "alerts": {"$ref": "#/$defs/alerts"},
        "maintenance": {"$ref": "#/$defs/maintenance"},
        "templates": {"type": "object", "description": "Named defaults.", "additionalProperties": {"$ref": "#/$defs/template"}},
        "targets": {"type": "object", "description": "Named lists of targets.", "additionalProperties": {"$ref": "#/$defs/targets"}},
        "probes": {"type": "object", "description": "Components beside the bundled ones.", "additionalProperties": probe()},
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
        "oneOf": [{"required": ["file"]}, {"required": ["env"]}, {"required": ["credential"]}],
        "properties": {
            "file": {"type": "string"}, "env": {"type": "string"}, "credential": {"type": "string"},
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
            "unknown": {"enum": ["bad", "excluded"]},
            "window": {"$ref": "#/$defs/duration", "description": "What the promise is about; default 30d. Read and shown; nothing in this version acts on it."},
            "over": {"enum": ["target", "check"], "description": "Whether each target keeps it, or all together. Read and shown; nothing in this version acts on it."}}},
        "page": {"type": "object", "additionalProperties": false, "description": "When the owner is to be paged; alerting rules are yours.", "properties": {
            "locations": {"type": "integer", "minimum": 1, "description": "In so many locations the budget has to burn; default 2, at most as many as there are."}, "bad": {"type": "integer", "minimum": 1, "description": "So many bad events there have to be; default 2. Read and shown; nothing in this version acts on it."}}},
        "expiry": {"type": "object", "additionalProperties": false, "description": "How long before a certificate's end it is told. Read and shown; nothing in this version acts on it.", "required": ["ticket", "page"], "properties": {
            "ticket": {"$ref": "#/$defs/duration"}, "page": {"$ref": "#/$defs/duration"}}},
        "alerts": {"$ref": "#/$defs/alerts"},
        "maintenance": {"$ref": "#/$defs/maintenance"},
    }))
}

fn defaults() -> Map<String, Value> {
    common()
}

fn template() -> Value {
    let mut properties = common();
    properties.extend(map(json!({
        "extends": {"type": "string", "description": "Another template."},
        "probe": {"type": "string"},
        "settings": {"type": ["object", "null"]},
        "depends_on": {"$ref": "#/$defs/texts"},
    })));
    object(&properties, &[])
}

fn probe() -> Value {
    let digest = "^[0-9a-fA-F]{64}$";
    let image = "^[^/@]+/[^@]+@sha256:[0-9a-fA-F]{64}$";
    json!({"anyOf": [
        {"type": "object", "additionalProperties": false, "required": ["file"], "properties": {
            "file": {"type": "string", "description": "The component's file."},
            "sha256": {"type": "string", "pattern": digest, "description": "The digest that the file must have."},
            "may": may()}},
        {"type": "object", "additionalProperties": false, "required": ["oci"], "properties": {
            "oci": {"type": "string", "pattern": image, "description": "The image: REGISTRY/REPOSITORY@sha256:DIGEST."},
            "signed_by": {"type": "string", "description": "A PEM file: the public key that has signed the image, as cosign does."},
            "plain_http": {"type": "boolean", "description": "Whether the registry is asked without TLS."},
            "basic": {"type": "object", "additionalProperties": false, "required": ["user", "secret"],
                "properties": {"user": {"type": "string"}, "secret": {"type": "string"}},
                "description": "Who asks the registry, and the secret that is the password."},
            "may": may()}},
    ]})
}

fn may() -> Value {
    json!({"type": "object", "additionalProperties": false, "required": ["hosts"], "description": "What checks can at most let the probe do.",
        "properties": {"hosts": {"$ref": "#/$defs/texts"}, "secrets": {"$ref": "#/$defs/texts"}}})
}

fn ceilings() -> Value {
    json!({"type": ["object", "null"], "additionalProperties": false, "properties": {
        "checks": {"type": "integer", "minimum": 1}, "series": {"type": "integer", "minimum": 1},
        "min_interval": {"$ref": "#/$defs/duration"}, "hosts": {"$ref": "#/$defs/texts"},
        "canaries": {"type": "boolean", "default": false, "description": "Whether the team may have canaries: each excuses the checks of every team."}}})
}

fn check(probes: &[(&str, Arc<ProbeDescription>)]) -> Value {
    let mut properties = common();
    let names: Vec<&str> = probes.iter().map(|(name, _)| *name).collect();
    properties.insert("probe".to_owned(), json!({"type": "string", "description": "Which probe runs.", "anyOf": [{"enum": names}, {"type": "string"}]}));
    properties.extend(map(json!({
        "targets": {"anyOf": [{"type": "string", "description": "A list of `targets`."}, {"$ref": "#/$defs/targets"}]},
        "use": {"type": "string", "description": "A template."},
        "was": {"$ref": "#/$defs/texts", "description": "Earlier ids: counters and history go on."},
        "depends_on": {"$ref": "#/$defs/texts", "description": "Checks whose failure inhibits this one's pages."},
        "canary": {"type": "boolean", "description": "Whether it tells what this location can reach: while it fails, and until it has passed twice in a row, a timeout at addresses of the same class is unknown, not fail."},
    })));
    properties.insert("settings".to_owned(), json!({"type": ["object", "null"], "description": "What the probe is told; its own schema."}));
    let mut check = object(&properties, &["targets"]);
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
    json!({"anyOf": [{"type": "string"}, {"type": "object", "additionalProperties": false, "required": ["file_sd"], "properties": {
        "file_sd": {"type": "string", "description": "Files in Prometheus' own format: a pattern of paths."},
    }}, {"type": "object", "additionalProperties": false, "required": ["address"], "properties": {
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
        "targets": {"type": "array", "minItems": 1, "items": {"$ref": "#/$defs/target"}},
        "alerts": {"type": "object", "additionalProperties": false, "properties": {
            "runbook": {"type": "string", "description": "A page's address; `${check.key}`, `${check.id}` and `${check.team}` stand for the check's."},
            "severity": {"type": "object", "additionalProperties": false, "properties": {
                "page": {"type": "string", "description": "Of what wakes somebody up: the label `severity` of `leadsman_check_info`."},
                "ticket": {"type": "string", "description": "Of what waits for the morning. Read and shown; nothing in this version acts on it."}}}}},
        "maintenance": {"type": "array", "items": {"type": "object", "additionalProperties": false, "required": ["cron", "for"], "properties": {
            "cron": {"type": "string"}, "for": {"$ref": "#/$defs/duration"}, "timezone": {"type": "string"}}}},
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
