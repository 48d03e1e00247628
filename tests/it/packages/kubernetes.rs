//! The manifests as a cluster would read them, and the chart as far as that goes without Helm.

use std::{collections::BTreeSet, fs, sync::Arc};

use leadsman::{app, catalog::Probes};
use leadsman_tests::engine::sandbox;
use serde_json::{Value, json};

use super::{packaging, text};

/// The only document of a manifest.
fn manifest(name: &str) -> Value {
    let path = format!("kubernetes/{name}.yaml");
    serde_saphyr::from_str(&text(&path)).expect(&path)
}

fn at<'a>(value: &'a Value, pointer: &str) -> &'a Value {
    value.pointer(pointer).expect(pointer)
}

const POD: &str = "/spec/template/spec";

const CONTAINER: &str = "/spec/template/spec/containers/0";

#[test]
fn the_pod_has_no_right_that_it_does_not_need() {
    let deployment = manifest("deployment");
    let pod = at(&deployment, &format!("{POD}/securityContext"));
    assert_eq!(pod["runAsNonRoot"], true);
    assert_eq!(pod["runAsUser"], 65_532);
    assert_eq!(pod["seccompProfile"], json!({"type": "RuntimeDefault"}));
    assert_eq!(at(&deployment, POD)["automountServiceAccountToken"], false);
    let container = at(&deployment, &format!("{CONTAINER}/securityContext"));
    assert_eq!(container["readOnlyRootFilesystem"], true);
    assert_eq!(container["allowPrivilegeEscalation"], false);
    assert_eq!(container["capabilities"], json!({"drop": ["ALL"]}));
}

#[test]
fn the_pod_is_asked_where_the_daemon_answers_and_has_time_to_drain() {
    let deployment = manifest("deployment");
    let container = at(&deployment, CONTAINER);
    for (probe, path) in [
        ("startupProbe", "/-/healthy"),
        ("livenessProbe", "/-/healthy"),
        ("readinessProbe", "/-/ready"),
    ] {
        let asked = json!({"path": path, "port": "metrics"});
        assert_eq!(container[probe]["httpGet"], asked, "{probe}");
    }
    assert_eq!(
        container["ports"],
        json!([{"name": "metrics", "containerPort": 9617}])
    );
    let grace = at(&deployment, POD)["terminationGracePeriodSeconds"].as_u64();
    assert!(grace.unwrap() > 15 + 30, "runs under way, and one scrape");
    let limits = &container["resources"]["limits"];
    assert!(limits.get("cpu").is_none(), "throttling would be measured");
}

#[test]
fn everything_selects_the_pods_of_the_deployment_and_names_no_namespace() {
    let deployment = manifest("deployment");
    let labels = at(&deployment, "/spec/template/metadata/labels")
        .as_object()
        .unwrap();
    for (name, selector) in [
        ("deployment", "/spec/selector/matchLabels"),
        ("service", "/spec/selector"),
        ("podmonitor", "/spec/selector/matchLabels"),
        ("networkpolicy", "/spec/podSelector/matchLabels"),
        ("poddisruptionbudget", "/spec/selector/matchLabels"),
        ("configmap", "/metadata/labels"),
    ] {
        let manifest = manifest(name);
        let selected = at(&manifest, selector).as_object().unwrap();
        assert!(!selected.is_empty(), "{name}");
        for (label, value) in selected {
            assert_eq!(labels.get(label), Some(value), "{name}: {label}");
        }
        assert_eq!(manifest.pointer("/metadata/namespace"), None, "{name}");
    }
}

#[test]
fn what_is_mounted_and_what_is_applied_is_there() {
    let deployment = manifest("deployment");
    let names = |pointer: &str| -> BTreeSet<String> {
        let all = at(&deployment, pointer).as_array().unwrap();
        all.iter()
            .map(|each| each["name"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(
        names(&format!("{POD}/volumes")),
        names(&format!("{CONTAINER}/volumeMounts"))
    );
    for resource in manifest("kustomization")["resources"].as_array().unwrap() {
        let file = packaging("kubernetes").join(resource.as_str().unwrap());
        assert!(file.exists(), "{}", file.display());
    }
}

/// The only variable that manifests and chart set.
fn loads(configuration: &str) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("leadsman.yaml");
    fs::write(
        &file,
        configuration.replace("${env:LEADSMAN_LOCATION}", "eu-west"),
    )
    .unwrap();
    let loaded = app::load(&file, &Probes::new(Arc::clone(sandbox())));
    let problem = loaded.map(|_| ()).map_err(|error| error.to_string());
    assert_eq!(problem, Ok(()), "{configuration}");
}

#[test]
fn the_configurations_of_manifests_and_chart_run() {
    let map = manifest("configmap");
    loads(at(&map, "/data/leadsman.yaml").as_str().unwrap());
    let values: Value = serde_saphyr::from_str(&text("helm/leadsman/values.yaml")).unwrap();
    // JSON is YAML.
    loads(&values["config"].to_string());
}

#[test]
fn the_charts_values_fit_its_schema_and_mistakes_do_not() {
    let schema = serde_json::from_str(&text("helm/leadsman/values.schema.json")).unwrap();
    let schema = jsonschema::validator_for(&schema).unwrap();
    let mut values: Value = serde_saphyr::from_str(&text("helm/leadsman/values.yaml")).unwrap();
    schema
        .validate(&values)
        .unwrap_or_else(|error| panic!("{error}"));
    let wrong = [
        ("/locations", json!([])),
        ("/locations", json!(["EU West"])),
        ("/replicas", json!("1")),
        ("/config/checks", json!({})),
        ("/terminationGracePeriodSeconds", json!(5)),
    ];
    for (pointer, mistake) in wrong {
        let place = values.pointer_mut(pointer).unwrap();
        let right = std::mem::replace(place, mistake);
        assert!(!schema.is_valid(&values), "{pointer}");
        *values.pointer_mut(pointer).unwrap() = right;
    }
    values["replcas"] = json!(2);
    assert!(!schema.is_valid(&values), "a value that nothing reads");
}

#[test]
fn the_charts_templates_ask_only_for_values_that_there_are() {
    let values: Value = serde_saphyr::from_str(&text("helm/leadsman/values.yaml")).unwrap();
    let mut asked = 0;
    for template in fs::read_dir(packaging("helm/leadsman/templates")).unwrap() {
        let template = template.unwrap().path();
        let text = fs::read_to_string(&template).unwrap();
        assert_eq!(
            text.matches("{{").count(),
            text.matches("}}").count(),
            "{}",
            template.display()
        );
        for rest in text.split(".Values.").skip(1) {
            let path = rest.split(|c: char| !c.is_ascii_alphanumeric() && c != '.');
            let pointer = format!("/{}", path.take(1).collect::<String>().replace('.', "/"));
            assert!(
                values.pointer(&pointer).is_some(),
                "{}: {pointer}",
                template.display()
            );
            asked += 1;
        }
    }
    assert!(asked > 15, "the templates are read");
}

#[test]
fn chart_image_and_manifest_are_of_this_version() {
    let chart: Value = serde_saphyr::from_str(&text("helm/leadsman/Chart.yaml")).unwrap();
    let version = env!("CARGO_PKG_VERSION");
    assert_eq!(
        (chart["version"].as_str(), chart["appVersion"].as_str()),
        (Some(version), Some(version))
    );
    let image = format!("leadsman:{version}");
    assert_eq!(
        at(&manifest("deployment"), CONTAINER)["image"],
        image.as_str()
    );
}
