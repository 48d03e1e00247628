//! `leadsman inspect`: what a probe is, before anything of it runs.

use std::{fs, path::Path, process::Command};

use leadsman_tests::guests::component;
use serde_json::Value;

use super::daemon::leadsman_with;

fn inspected(arguments: &[&str]) -> Value {
    let output = leadsman_with(&[&["inspect", "--json"], arguments].concat());
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    serde_json::from_slice(&output.stdout).unwrap()
}

fn sum(file: &Path) -> String {
    let output = Command::new("sha256sum").arg(file).output().unwrap();
    let line = String::from_utf8(output.stdout).unwrap();
    line.split(' ').next().unwrap().to_owned()
}

/// The names of what is imported, and does something or does nothing.
fn imports(told: &Value, inert: bool) -> Vec<&str> {
    let all = told["imports"].as_array().unwrap().iter();
    let found = all.filter(|import| import["inert"] == inert);
    found
        .map(|import| import["name"].as_str().unwrap())
        .collect()
}

#[test]
fn a_component_file_is_told_with_its_digest_and_which_of_its_imports_are_inert() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("own.wasm");
    fs::write(&file, component("reaches_out").unwrap()).unwrap();
    let path = file.to_str().unwrap();
    let told = inspected(&[path]);
    assert_eq!(told["sha256"], sum(&file));
    assert_eq!(told["bytes"], fs::metadata(&file).unwrap().len());
    assert_eq!(told["source"], path);
    let inert = imports(&told, true);
    for package in ["wasi:filesystem/", "wasi:sockets/"] {
        assert!(
            inert.iter().any(|name| name.starts_with(package)),
            "{inert:?}"
        );
    }
    let granted = imports(&told, false);
    assert!(!granted.is_empty(), "{told}");
    assert!(
        granted.iter().all(|name| name.starts_with("leadsman:")),
        "{granted:?}"
    );

    let output = leadsman_with(&["inspect", path]);
    let said = String::from_utf8(output.stdout).unwrap();
    let line = |part: &str| {
        said.lines()
            .find(|line| line.contains(part))
            .unwrap_or_default()
    };
    assert!(
        line("wasi:sockets/tcp@").ends_with("  inert: denied or empty"),
        "{said}"
    );
    assert!(
        line("leadsman:http/").ends_with(
            granted
                .iter()
                .find(|name| name.starts_with("leadsman:http/"))
                .unwrap()
        ),
        "{said}"
    );
}

#[test]
fn a_bundled_probe_and_one_of_the_configuration_are_told_by_name() {
    let told = inspected(&["http"]);
    assert_eq!(told["source"], "bundled");
    assert!(
        told["settings"]["properties"]["status"].is_object(),
        "{told}"
    );
    let measures = told["measures"].as_array().unwrap();
    assert!(measures.iter().all(|measure| measure["help"].is_string()));
    let folder = tempfile::tempdir().unwrap();
    fs::write(
        folder.path().join("own.wasm"),
        component("does_nothing").unwrap(),
    )
    .unwrap();
    let text = "probes:\n  own: {file: own.wasm}\nchecks:\n  web: {probe: own, targets: ['http://127.0.0.1:1']}\n";
    let file = folder.path().join("leadsman.yaml");
    fs::write(&file, text).unwrap();
    let own = inspected(&["own", "--config", file.to_str().unwrap()]);
    assert!(
        own["source"].as_str().unwrap().ends_with("own.wasm"),
        "{own}"
    );
    assert_eq!(own["sha256"], sum(&folder.path().join("own.wasm")));
}

#[test]
fn what_a_setting_is_ends_with_its_sentence() {
    let output = leadsman_with(&["inspect", "journey"]);
    let said = String::from_utf8(output.stdout).unwrap();
    let line = said.lines().find(|line| line.contains("    repeatable "));
    let line = line.unwrap_or_default();
    assert!(line.ends_with("is not retried."), "{said}");
}

#[test]
fn what_is_no_probe_is_told_and_ends_with_64() {
    let folder = tempfile::tempdir().unwrap();
    let wasi_http = r#"(component (import "wasi:http/types@0.2.0" (instance)))"#;
    let file = folder.path().join("own.wasm");
    fs::write(&file, wat::parse_str(wasi_http).unwrap()).unwrap();
    for (probe, said) in [
        (
            file.to_str().unwrap(),
            "imports `wasi:http/types@0.2.0`, which is never granted",
        ),
        ("./no-such.wasm", "cannot be read"),
        ("htpp", "no probe `htpp` is bundled; there are `http`"),
        ("no probe", "` ` is not allowed in this name"),
    ] {
        let output = leadsman_with(&["inspect", probe]);
        let told = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(64), "{told}");
        assert!(told.contains(said), "{told}");
    }
}
