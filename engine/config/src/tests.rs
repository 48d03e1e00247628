//! Files to plans, and wrong files to all of their mistakes.

mod fleet;

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
};

use leadsman_core::{
    id::ProbeName,
    plan::{Catalog, Complaint, Plan, ProbeDescription, ProbeSource, Undescribed},
};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::{Files, Problems, check_settings, load, schema};

/// A catalog whose probes have settings like real ones.
struct Shelf;

impl Catalog for Shelf {
    fn describe(
        &self,
        name: &ProbeName,
        source: &ProbeSource,
    ) -> Result<Arc<ProbeDescription>, Undescribed> {
        match source {
            ProbeSource::File { path, .. } if path.ends_with("missing.wasm") => {
                Err(Undescribed::Wrong(format!(
                    "the probe file `{}` does not exist",
                    path.display()
                )))
            }
            ProbeSource::Image(image) if image.reference.repository == "gone" => {
                Err(Undescribed::Absent("nobody has fetched it".to_owned()))
            }
            _ => Ok(described(name.as_str())),
        }
    }

    fn validate(
        &self,
        _: &ProbeName,
        _: &ProbeSource,
        settings: &str,
    ) -> Result<Vec<Complaint>, String> {
        if settings.contains("too-much-for-the-probe") {
            return Err("it did not answer within 5 s".to_owned());
        }
        let refused = settings.contains("refused-by-the-probe");
        Ok(refused
            .then(|| complaint("/path", "the path has no leading `/`", "write `/…`"))
            .into_iter()
            .collect())
    }
}

fn complaint(pointer: &str, message: &str, hint: &str) -> Complaint {
    Complaint {
        pointer: pointer.to_owned(),
        message: message.to_owned(),
        hint: hint.to_owned(),
    }
}

fn described(name: &str) -> Arc<ProbeDescription> {
    let settings = match name {
        "http" => http(),
        "dns" => {
            json!({"type": "object", "additionalProperties": false, "required": ["query"], "properties": {"query": {"type": "string"}, "type": {"type": "string"}}})
        }
        _ => json!({"type": "object"}),
    };
    Arc::new(ProbeDescription {
        name: name.to_owned(),
        version: "1.0.0".to_owned(),
        settings,
        measures: Vec::new(),
    })
}

fn http() -> Value {
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "additionalProperties": false,
        "properties": {
            "method": {"enum": ["GET", "HEAD", "POST"], "default": "GET"},
            "path": {"type": ["string", "null"]},
            "status": {"anyOf": [
                {"type": "integer", "minimum": 100, "maximum": 599},
                {"type": "string", "pattern": "^[1-5]xx$"},
                {"type": "array", "items": {"type": ["integer", "string"]}}
            ], "default": "2xx"},
            "max_redirects": {"type": "integer", "minimum": 0, "maximum": 20, "default": 10},
            "body": {"anyOf": [{"$ref": "#/$defs/body"}, {"type": "null"}]},
            "auth": {"$ref": "#/$defs/auth"},
            "trust": {"type": "string", "format": "trust"}
        },
        "$defs": {
            "body": {"type": "object", "additionalProperties": false, "properties": {
                "contains": {"type": "array", "items": {"type": "string"}},
                "matches": {"type": "string", "format": "regex"},
                "ignore_case": {"type": "boolean", "default": false}
            }},
            "auth": {"type": "object", "required": ["user", "secret"], "properties": {
                "user": {"type": "string"}, "secret": {"type": "string", "format": "secret"}
            }}
        }
    })
}

/// The files and variables that the examples refer to.
struct Place;

impl Files for Place {
    fn env(&self, name: &str) -> Option<String> {
        env(name)
    }

    fn read(&self, path: &Path) -> io::Result<String> {
        match path.to_str() {
            Some("conf/redirects") => Ok("7\n".to_owned()),
            _ => Err(io::Error::new(io::ErrorKind::NotFound, "no such file")),
        }
    }

    fn matching(&self, _: &Path) -> Result<Vec<PathBuf>, String> {
        Ok(Vec::new())
    }
}

fn env(name: &str) -> Option<String> {
    let known = [
        ("LEADSMAN_LOCATION", "eu-west"),
        ("SHOP_PATH", "/shop"),
        ("SECRET_VALUE", "hunter2"),
    ];
    known
        .into_iter()
        .find(|(key, _)| *key == name)
        .map(|(_, value)| value.to_owned())
}

fn loaded(text: &str) -> Result<Plan, Problems> {
    load(Path::new("conf/leadsman.yaml"), text, &Place, &Shelf)
}

fn file(path: &str) -> String {
    fs::read_to_string(
        Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("testdata")
            .join(path),
    )
    .unwrap()
}

fn invalid() -> BTreeMap<String, String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/invalid");
    let files = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    files
        .map(|path| {
            (
                path.file_stem().unwrap().to_str().unwrap().to_owned(),
                fs::read_to_string(&path).unwrap(),
            )
        })
        .collect()
}

#[test]
fn every_mistake_has_its_line_its_words_and_its_mend() {
    let files = invalid();
    assert!(files.len() >= 25, "{}", files.len());
    for (name, text) in files {
        let problems = loaded(&text).expect_err(&name);
        insta::assert_snapshot!(name, problems.render(false));
    }
}

/// Nobody is told of a mistake without being told how to mend it.
pub(crate) fn mended(name: &str, problems: &Problems) {
    for problem in problems {
        assert!(!problem.mend.trim().is_empty(), "{name}: {problem}");
    }
}

#[test]
fn no_mistake_is_told_without_its_mend() {
    for (name, text) in invalid() {
        mended(&name, &loaded(&text).expect_err(&name));
    }
}

#[test]
fn a_file_with_ten_mistakes_gets_ten_errors_at_once() {
    let problems = loaded(&file("invalid/ten-mistakes.yaml")).unwrap_err();
    assert_eq!(problems.len(), 10, "{problems}");
}

#[test]
fn a_valid_file_becomes_a_plan() {
    let plan =
        loaded(&file("valid/everything.yaml")).unwrap_or_else(|problems| panic!("{problems}"));
    insta::assert_json_snapshot!("everything", plan);
}

#[test]
fn the_smallest_file_runs_at_a_place_called_local() {
    let plan = loaded(&file("valid/smallest.yaml")).unwrap_or_else(|problems| panic!("{problems}"));
    assert_eq!(plan.location.as_str(), "local");
    insta::assert_json_snapshot!("smallest", plan);
}

#[test]
fn problems_serialise_with_their_places() {
    let problems = loaded("checks:\n  web: {probe: htpp, targets: [a.example]}\n").unwrap_err();
    let json = serde_json::to_value(&problems).unwrap();
    assert_eq!(json.pointer("/0/line"), Some(&json!(2)));
    assert_eq!(json.pointer("/0/path"), Some(&json!("checks.web.probe")));
    assert_eq!(
        json.pointer("/0/mend"),
        Some(&json!("did you mean `http`?"))
    );
}

#[test]
fn a_colour_is_only_there_where_it_is_asked_for() {
    let problems = loaded("checks: {}").unwrap_err();
    assert!(problems.render(true).contains("\u{1b}[1;31m"));
    assert!(!problems.render(false).contains('\u{1b}'));
}

#[test]
fn bombs_of_aliases_depth_and_size_are_refused() {
    let mut aliases = "a: &a [x, x, x, x, x, x, x, x, x]\n".to_owned();
    for (one, other) in ["ab", "bc", "cd", "de", "ef", "fg", "gh"].map(|pair| pair.split_at(1)) {
        writeln!(
            aliases,
            "{other}: &{other} [{}]",
            [format!("*{one}").as_str(); 9].join(", ")
        )
        .unwrap();
    }
    let deep = format!("checks: {}{}", "[".repeat(100), "]".repeat(100));
    let large = format!("checks: {{}} # {}", "x".repeat(1 << 20));
    for text in [aliases, deep, large] {
        let problems = loaded(&text).unwrap_err();
        assert_eq!(problems.len(), 1);
        mended("a bomb", &problems);
    }
}

#[test]
fn settings_are_judged_and_completed_for_the_command_line_too() {
    let http = described("http");
    let complete = check_settings(&http, &json!({"body": {"matches": "a+"}})).unwrap();
    assert_eq!(
        complete,
        json!({"method": "GET", "status": "2xx", "max_redirects": 10, "body": {"matches": "a+", "ignore_case": false}})
    );
    let complaints = check_settings(&http, &json!({"max_redirects": -1, "pth": 1})).unwrap_err();
    assert_eq!(
        complaints
            .iter()
            .map(|complaint| complaint.pointer.as_str())
            .collect::<Vec<_>>(),
        ["/max_redirects", "/pth"]
    );
}

#[test]
fn a_probe_that_knows_its_defaults_is_told_what_is_written() {
    let plan = loaded(
        "checks:
  web:
    probe: http
    targets: [a.example, {address: b.example, set: {path: /b}}]
    settings: {method: HEAD}
",
    );
    let plan = plan.unwrap_or_else(|problems| panic!("{problems}"));
    let [one, other] = plan.checks[0].assignments.as_slice() else {
        panic!("two targets: {:?}", plan.checks);
    };
    let written =
        |of: &leadsman_core::attempt::Assignment| of.written.as_deref().map(str::to_owned);
    assert_eq!(written(one).as_deref(), Some(r#"{"method":"HEAD"}"#));
    assert_eq!(
        written(other).as_deref(),
        Some(r#"{"method":"HEAD","path":"/b"}"#)
    );
    assert!(
        one.settings.contains(r#""max_redirects":10"#),
        "{}",
        one.settings
    );
}

#[test]
fn checks_that_set_the_same_share_their_settings() {
    let check = |name: &str, status: &str| {
        format!(
            "  {name}: {{probe: http, targets: [\"https://{name}.example\"], settings: {{status: {status}}}}}\n"
        )
    };
    let (one, two, other) = (
        check("one", "2xx"),
        check("two", "2xx"),
        check("three", "404"),
    );
    let plan = loaded(&format!("location: here\nchecks:\n{one}{two}{other}")).unwrap();
    let settings = |id: &str| {
        let check = plan.checks.iter().find(|check| check.id.as_str() == id);
        check.unwrap().assignments[0].settings.clone()
    };
    assert!(Arc::ptr_eq(&settings("one"), &settings("two")));
    assert_ne!(settings("one"), settings("three"));
}

#[test]
fn the_schema_for_editors_accepts_the_valid_and_refuses_what_it_can_see() {
    let probes = [
        ("http", described("http")),
        ("dns", described("dns")),
        ("tcp", described("tcp")),
    ];
    let schema = schema(&probes);
    let validator = jsonschema::validator_for(&schema).unwrap();
    for name in ["valid/everything.yaml", "valid/smallest.yaml"] {
        let value: Value = serde_saphyr::from_str(&file(name)).unwrap();
        let errors: Vec<String> = validator
            .iter_errors(&value)
            .map(|error| format!("{error} at {}", error.instance_path()))
            .collect();
        // A reference's text has no type yet.
        let errors: Vec<_> = errors
            .into_iter()
            .filter(|error| !error.contains("${"))
            .collect();
        assert!(errors.is_empty(), "{name}: {errors:?}");
    }
    for name in [
        "unknown-key-of-a-check",
        "unknown-setting",
        "settings-of-the-wrong-type",
        "duration-without-a-unit",
        "sections-that-are-not-there",
    ] {
        let value: Value = serde_saphyr::from_str(&file(&format!("invalid/{name}.yaml"))).unwrap();
        assert!(!validator.is_valid(&value), "{name}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let text = String::from_utf8_lossy(&bytes);
        if let Err(problems) = loaded(&text) {
            prop_assert!(!problems.render(false).is_empty());
            mended(&text, &problems);
        }
    }

    #[test]
    fn no_mutation_of_a_valid_file_makes_it_panic(
        changes in proptest::collection::vec((any::<prop::sample::Index>(), prop_oneof![
            Just(""), Just(":"), Just("{"), Just("["), Just("- "), Just("\n"), Just("~"), Just("ä"), Just("&a "), Just("*web"), Just("0"),
            Just("-1"), Just("\""), Just("${env:X}"), Just("\t"), Just("null"), Just("1e999"), Just("!!binary "), Just("<<: ")
        ], 0_usize..8), 1..6),
    ) {
        let mut text: Vec<char> = file("valid/everything.yaml").chars().collect();
        for (at, insert, removed) in changes {
            let start = at.index(text.len());
            let end = (start + removed).min(text.len());
            text.splice(start..end, insert.chars());
        }
        let text: String = text.into_iter().collect();
        if let Err(problems) = loaded(&text) {
            prop_assert!(!problems.render(true).is_empty());
            mended(&text, &problems);
        }
    }
}
