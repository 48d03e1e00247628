//! What is written is what `docs/journeys.md` and the configuration's own reader take.

use std::{
    collections::BTreeSet,
    io,
    path::{Path, PathBuf},
    sync::Arc,
};

use leadsman_config::{Files, load};
use leadsman_core::{
    id::ProbeName,
    plan::{Catalog, Complaint, ProbeDescription, ProbeSource, Undescribed},
};
use serde_json::{Value, json};

/// A catalog with one probe that takes any settings: those are looked at here.
struct Journeys;

impl Catalog for Journeys {
    fn describe(
        &self,
        name: &ProbeName,
        _: &ProbeSource,
    ) -> Result<Arc<ProbeDescription>, Undescribed> {
        Ok(Arc::new(ProbeDescription {
            name: name.as_str().to_owned(),
            version: "1.0.0".to_owned(),
            settings: json!({"type": "object"}),
            measures: Vec::new(),
        }))
    }

    fn validate(&self, _: &ProbeName, _: &ProbeSource, _: &str) -> Result<Vec<Complaint>, String> {
        Ok(Vec::new())
    }
}

/// An environment in which every variable is set, without files.
struct Set;

impl Files for Set {
    fn env(&self, _: &str) -> Option<String> {
        Some("set".to_owned())
    }

    fn read(&self, _: &Path) -> io::Result<String> {
        Err(io::ErrorKind::NotFound.into())
    }

    fn matching(&self, _: &Path) -> Result<Vec<PathBuf>, String> {
        Ok(Vec::new())
    }
}

/// The settings of each part, as the language has them.
const STEP: &str = "name request pause with until expect under capture";
const REQUEST: &str = "method path url query headers body json form basic bearer timeout redirects max_redirects version insecure tls_min tls_max family resolve_to";
const EXPECT: &str = "status headers body versions redirects certificate";
const BODY: &str = "contains not_contains json html matches not_matches json_path not_json_path cel not_cel css not_css";
const CAPTURE: &str = "json regex css header cookie from all secret";
const BUILT_IN: &str = "secret target check location run unique random time";

/// Fails where the configuration is not one that a daemon would load.
pub(super) fn holds(yaml: &str) {
    // The probe is not among the bundled ones of this reader; its settings are looked at below.
    let known = yaml.replacen("probe: journey", "probe: http", 1);
    if let Err(problems) = load(Path::new("imported.yaml"), &known, &Set, &Journeys) {
        panic!("{problems}\n{yaml}");
    }
    let document: Value = serde_saphyr::from_str(yaml).unwrap();
    let checks = document["checks"].as_object().unwrap();
    let settings = &checks.values().next().unwrap()["settings"];
    only(settings, "steps cleanup variables connections", yaml);
    let mut set: BTreeSet<String> = keys(&settings["variables"]).into_iter().collect();
    let mut names = BTreeSet::new();
    for step in list(&settings["steps"]).chain(list(&settings["cleanup"])) {
        assert!(
            names.insert(step["name"].as_str().unwrap()),
            "twice: {}\n{yaml}",
            step["name"]
        );
        is_step(step, &mut set, yaml);
    }
    assert!(!names.is_empty(), "{yaml}");
}

fn is_step(step: &Value, set: &mut BTreeSet<String>, yaml: &str) {
    only(step, STEP, yaml);
    only(&step["request"], REQUEST, yaml);
    assert_eq!(
        step["request"].is_null(),
        !step["pause"].is_null(),
        "{yaml}"
    );
    for expect in [&step["expect"], &step["until"]["expect"]] {
        only(expect, EXPECT, yaml);
        only(&expect["body"], BODY, yaml);
    }
    let mut known = set.clone();
    known.extend(keys(&step["with"]));
    uses(step, &known, yaml);
    for capture in keys(&step["capture"]) {
        only(&step["capture"][&capture], CAPTURE, yaml);
        set.insert(capture);
    }
}

/// Each template is of a variable that is set.
fn uses(value: &Value, set: &BTreeSet<String>, yaml: &str) {
    match value {
        Value::String(text) => {
            let literal = text.replace("$${", "");
            for template in literal.split("${").skip(1) {
                let name = template.split(['}', '|', ':', '.', '+']).next().unwrap();
                let known = set.contains(name) || BUILT_IN.split(' ').any(|known| known == name);
                assert!(known, "{text}: nothing sets `{name}`\n{yaml}");
            }
        }
        Value::Array(items) => items.iter().for_each(|item| uses(item, set, yaml)),
        Value::Object(entries) => entries.values().for_each(|value| uses(value, set, yaml)),
        _ => {}
    }
}

fn only(value: &Value, known: &str, yaml: &str) {
    for key in keys(value) {
        assert!(
            known.split(' ').any(|known| known == key),
            "`{key}` is not in the language\n{yaml}"
        );
    }
}

fn keys(value: &Value) -> Vec<String> {
    value
        .as_object()
        .into_iter()
        .flatten()
        .map(|(key, _)| key.clone())
        .collect()
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}
