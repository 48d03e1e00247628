//! `leadsman validate` finds what the start would find.

use std::fs;

use serde_json::Value;

use super::{
    daemon::leadsman_with,
    secured::{NAME, with_authority},
};

const GOOD: &str = "checks:\n  rest: {probe: tcp, interval: 1h, targets: ['127.0.0.1:1']}\n";

/// The exit status and all that is said.
fn validated(
    folder: &tempfile::TempDir,
    text: &str,
    web: &str,
    more: &[&str],
) -> (Option<i32>, String) {
    let (file, configuration) = (
        folder.path().join("leadsman.yaml"),
        folder.path().join("web.yml"),
    );
    fs::write(&file, text).unwrap();
    fs::write(&configuration, web).unwrap();
    let (file, configuration) = (file.to_str().unwrap(), configuration.to_str().unwrap());
    let arguments = [
        "validate",
        "--config",
        file,
        "--web.config.file",
        configuration,
    ];
    let output = leadsman_with(&[&arguments[..], more].concat());
    let all = [output.stdout, output.stderr].concat();
    (output.status.code(), String::from_utf8(all).unwrap())
}

#[test]
fn a_web_configuration_is_judged_as_at_the_start() {
    for (web, said) in [
        (
            "tls_server_config: {cert_file: no.pem, key_file: no.key}\n",
            "web.yml:1:",
        ),
        (
            "rate_limit: {interval: 1s, burst: 1}\nbasic_auth_user: {}\n",
            "web.yml:2:",
        ),
        ("basic_auth_users:\n  alice: wonderland\n", "web.yml:2:"),
        ("\"", "web.yml:1:"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let (status, told) = validated(&folder, GOOD, web, &[]);
        assert_eq!(status, Some(78), "{told}");
        assert!(
            told.contains(said) && !told.contains("wonderland"),
            "{told}"
        );
    }
}

#[test]
fn a_web_configuration_whose_certificates_fit_is_valid() {
    let (folder, _authority, lines) = with_authority();
    let (status, told) = validated(&folder, GOOD, &lines, &[]);
    assert_eq!(status, Some(0), "{told}");
    // The key of somebody else.
    fs::copy(
        folder.path().join("ca.key"),
        folder.path().join(format!("{NAME}.key")),
    )
    .unwrap();
    let (status, told) = validated(&folder, GOOD, &lines, &[]);
    assert_eq!(status, Some(78), "{told}");
}

#[test]
fn the_mistakes_of_both_files_are_told_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let (text, web) = ("chekcs: {}\n", "rate_limits: {}\n");
    let (status, told) = validated(&folder, text, web, &["--format", "json"]);
    assert_eq!(status, Some(78), "{told}");
    let told: Value = serde_json::from_str(&told).unwrap();
    let files: Vec<&str> = told["problems"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|problem| problem["file"].as_str())
        .collect();
    let names = |name: &str| files.iter().any(|file| file.ends_with(name));
    assert!(names("leadsman.yaml") && names("web.yml"), "{files:?}");
    let (_, told) = validated(&folder, text, web, &["--format", "github"]);
    assert!(
        told.lines().all(|line| line.starts_with("::error file=")),
        "{told}"
    );
}

#[test]
fn a_trust_store_or_an_identity_that_nobody_defined_is_told_at_its_line_for_every_probe() {
    let text = "tls: {trust: {corp: [ca.pem]}}
checks:
  page: {probe: http, targets: ['https://127.0.0.1:1'], settings: {trust: crop}}
  mail: {probe: tcp, targets: ['127.0.0.1:1'], settings: {tls: true, identity: me}}
  leaf: {probe: tls, targets: ['127.0.0.1:1'], settings: {trust: crop, identity: me}}
  walk:
    probe: journey
    targets: ['https://127.0.0.1:1']
    settings:
      steps:
      - {name: a, request: {path: /, trust: crop}}
";
    let folder = tempfile::tempdir().unwrap();
    let (status, told) = validated(&folder, text, "", &[]);
    assert_eq!(status, Some(78), "{told}");
    for (what, name, line) in [
        ("trust store", "crop", 3),
        ("client identity", "me", 4),
        ("trust store", "crop", 5),
        ("client identity", "me", 5),
        ("trust store", "crop", 11),
    ] {
        let at = format!("leadsman.yaml:{line}:");
        let is_told =
            |problem: &str| problem.contains(&at) && problem.contains(&format!("`{name}`"));
        let found = told.split("\n\n").any(is_told);
        assert!(
            found && told.contains(what),
            "{what} at line {line}: {told}"
        );
    }
}
