//! The units, judged by systemd's own tools.

use std::{
    fs,
    process::{Command, Output},
    sync::Arc,
};

use leadsman::{app, catalog::Probes};
use leadsman_tests::engine::sandbox;

use super::{packaging, text};

const SERVICE: &str = "systemd/leadsman.service";

/// The most exposure, in tenths, that the service may have: less than a seventh of the scale.
const EXPOSURE: &str = "--threshold=15";

fn systemd_analyze(arguments: &[&str]) -> Output {
    let analyze = Command::new("systemd-analyze").args(arguments).output();
    analyze.expect("systemd-analyze can be run: `cargo xtask test` installs it as root")
}

fn told(output: &Output) -> String {
    let all = [output.stdout.as_slice(), output.stderr.as_slice()].concat();
    String::from_utf8_lossy(&all).into_owned()
}

#[test]
fn the_service_is_hardly_exposed() {
    let unit = packaging(SERVICE);
    let arguments = [
        "security",
        "--offline=yes",
        EXPOSURE,
        unit.to_str().unwrap(),
    ];
    let judged = systemd_analyze(&arguments);
    assert!(judged.status.success(), "{}", told(&judged));
}

/// Two things are not there when units are read outside of an installation, and a stand-in is taken for
/// each: the program, and the manual page.
#[test]
fn systemd_finds_nothing_wrong_with_the_units() {
    let folder = tempfile::tempdir().unwrap();
    let mut arguments = vec!["verify".to_owned(), "--man=no".to_owned()];
    for name in ["leadsman.service", "leadsman.socket"] {
        let unit = text(&format!("systemd/{name}")).replace("/usr/bin/leadsman", "/bin/true");
        let file = folder.path().join(name);
        fs::write(&file, unit).unwrap();
        arguments.push(file.to_str().unwrap().to_owned());
    }
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let verified = systemd_analyze(&arguments);
    assert!(verified.status.success(), "{}", told(&verified));
    assert_eq!(
        told(&verified),
        "",
        "an unknown directive is only warned of"
    );
}

#[test]
fn the_service_runs_what_compiles_and_reloads_without_a_newer_systemd() {
    let unit = text(SERVICE);
    let has = |line: &str| unit.lines().any(|found| found == line);
    assert!(has("Type=notify") && has("ExecReload=kill -HUP $MAINPID"));
    assert!(
        !unit
            .lines()
            .any(|line| line.starts_with("MemoryDenyWriteExecute="))
    );
    for needed in [
        "StateDirectory=leadsman",
        "CacheDirectory=leadsman",
        "CacheDirectoryMode=0700",
    ] {
        assert!(has(needed), "{needed}");
    }
}

#[test]
fn the_configuration_that_is_installed_is_one_that_runs() {
    let probes = Probes::new(Arc::clone(sandbox()));
    let plan = app::load(&packaging("config/leadsman.yaml"), &probes)
        .unwrap_or_else(|error| panic!("{error}"));
    assert!(!plan.checks.is_empty());
}
