//! All that the `http` probe can, a step of a journey can: its settings are there too, by the same name or by another.

use std::collections::BTreeSet;

use leadsman_tests::engine::load;
use serde_json::Value;

/// Settings of the `http` probe that a step has elsewhere, with where.
const ELSEWHERE: [(&str, &str); 14] = [
    // A step's target is the check's.
    ("scheme", "scheme"),
    ("path", "steps[].request.path"),
    ("method", "steps[].request.method"),
    ("headers", "steps[].request.headers"),
    ("body", "steps[].request.body"),
    ("basic", "steps[].request.basic"),
    ("status", "steps[].expect.status"),
    ("versions", "steps[].expect.versions"),
    ("tls", "steps[].expect.tls"),
    ("expect_redirects", "steps[].expect.redirects"),
    ("expect_headers", "steps[].expect.headers"),
    ("expect_body", "steps[].expect.body"),
    ("expect_certificate", "steps[].expect.certificate"),
    ("degraded_above", "steps[].degraded_above"),
];

/// What a step has in other words, with why it has no setting of its own.
const OTHERWISE: [(&str, &str); 3] = [
    (
        "bearer",
        "it takes a template, or a secret by `{secret: NAME}`",
    ),
    ("bearer.secret", "a choice beside the template"),
    (
        "bearer.type",
        "`headers: {authorization: \"Token ${secret:NAME}\"}` says it, since header fields are templates",
    ),
];

fn schema(probe: &str) -> Value {
    let component = leadsman_probes::named(probe).unwrap().component;
    load(component).unwrap().description.settings.clone()
}

/// A schema, or the one that it refers to.
fn resolved<'a>(root: &'a Value, schema: &'a Value) -> &'a Value {
    let target = schema["$ref"]
        .as_str()
        .and_then(|to| root.pointer(to.strip_prefix('#')?));
    let one = |list: &'a str| schema[list].as_array().and_then(|all| all.first());
    match target.or_else(|| one("anyOf")).or_else(|| one("allOf")) {
        Some(inner) => resolved(root, inner),
        None => schema,
    }
}

/// The path of each property, `[]` for what is in a list.
fn paths(root: &Value, schema: &Value, prefix: &str, found: &mut BTreeSet<String>) {
    let schema = resolved(root, schema);
    for (name, inner) in schema["properties"].as_object().into_iter().flatten() {
        let path = if prefix.is_empty() {
            name.clone()
        } else {
            format!("{prefix}.{name}")
        };
        // `fragments` holds steps again; a step holds none within itself.
        if found.insert(path.clone()) && prefix.split('.').count() < 6 {
            paths(root, inner, &path, found);
        }
    }
    if schema["items"].is_object() {
        paths(root, &schema["items"], &format!("{prefix}[]"), found);
    }
}

fn all(probe: &str) -> BTreeSet<String> {
    let schema = schema(probe);
    let mut found = BTreeSet::new();
    paths(&schema, &schema, "", &mut found);
    found
}

/// Where a step has the setting.
fn of_a_step(path: &str) -> String {
    let (first, rest) = path.split_at(path.find(['.', '[']).unwrap_or(path.len()));
    let known = ELSEWHERE.iter().find(|(name, _)| *name == first);
    let place = known.map_or_else(
        || format!("steps[].request.{first}"),
        |(_, place)| (*place).to_owned(),
    );
    place + rest
}

#[test]
fn every_setting_of_the_http_probe_is_one_of_a_step_or_said_in_another_way() {
    let (http, journey) = (all("http"), all("journey"));
    let otherwise = |path: &str| OTHERWISE.iter().any(|(known, _)| *known == path);
    let missing: Vec<&String> = http
        .iter()
        .filter(|path| !otherwise(path) && !journey.contains(&of_a_step(path)))
        .collect();
    assert!(missing.is_empty(), "{missing:?}\nnot in\n{journey:?}");
    for within in [
        "expect_body.json_path",
        "expect_headers[].matches",
        "expect_certificate.subject",
        "basic.secret",
    ] {
        assert!(
            http.contains(within),
            "{within} was not looked at: {http:?}"
        );
    }
    for (known, why) in OTHERWISE {
        assert!(http.contains(known), "{known}: {why}");
    }
}
