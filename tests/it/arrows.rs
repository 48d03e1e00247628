//! Which way things point, held by reading manifests and sources.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

mod paths;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The dependencies that a manifest names before its dev-dependencies.
fn dependencies(crate_path: &str) -> BTreeSet<String> {
    let text = fs::read_to_string(root().join(crate_path).join("Cargo.toml")).unwrap();
    let mut section = String::new();
    let mut found = BTreeSet::new();
    for line in text.lines() {
        if line.starts_with('[') {
            line.clone_into(&mut section);
        } else if section.ends_with("dependencies]")
            && !section.contains("dev-")
            && line.contains('=')
        {
            let name = line.split(['=', '.']).next().unwrap().trim();
            found.insert(name.to_owned());
        }
    }
    found
}

fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() && !path.ends_with("target") {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    found
}

#[test]
fn crates_point_only_where_the_design_lets_them() {
    let ours = |name: &String| name.starts_with("leadsman");
    let allowed = [
        ("engine/core", vec![]),
        ("engine/config", vec!["leadsman-core"]),
        ("engine/import", vec![]),
        ("engine/net", vec!["leadsman-core"]),
        ("engine/runner", vec!["leadsman-core"]),
        ("engine/host", vec!["leadsman-core", "leadsman-net"]),
        ("engine/registry", vec!["leadsman-core", "leadsman-net"]),
        (
            "engine/daemon",
            vec![
                "leadsman-config",
                "leadsman-core",
                "leadsman-host",
                "leadsman-import",
                "leadsman-net",
                "leadsman-probes",
                "leadsman-registry",
                "leadsman-runner",
            ],
        ),
        ("probes-sdk/rust", vec!["leadsman-sdk-macros"]),
        ("probes-sdk/rust-macros", vec![]),
        ("probes/actions", vec!["leadsman-sdk"]),
        (
            "probes/http",
            vec!["leadsman-probe-actions", "leadsman-sdk"],
        ),
        ("probes/dns", vec!["leadsman-probe-actions", "leadsman-sdk"]),
        ("probes/tls", vec!["leadsman-sdk"]),
        ("probes/tcp", vec!["leadsman-probe-actions", "leadsman-sdk"]),
        (
            "probes/journey",
            vec!["leadsman-probe-actions", "leadsman-sdk"],
        ),
        ("examples/journey/rust", vec!["leadsman-sdk"]),
        ("examples/journey/shop", vec![]),
        ("examples/s3", vec!["leadsman-sdk"]),
        ("probes/bundle", vec![]),
        ("xtask", vec![]),
    ];
    for (path, allowed) in allowed {
        let pointed: BTreeSet<String> = dependencies(path).into_iter().filter(ours).collect();
        let allowed: BTreeSet<String> = allowed.into_iter().map(str::to_owned).collect();
        assert!(
            pointed.is_subset(&allowed),
            "{path} points to {pointed:?}, it may to {allowed:?}"
        );
    }
}

/// Every manifest of the workspace but its own.
fn manifests(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if path.is_dir() && name != "target" && !name.starts_with('.') {
            found.extend(manifests(&path));
        } else if name == "Cargo.toml" && folder != root() {
            found.push(path);
        }
    }
    found
}

#[test]
fn versions_of_dependencies_stand_in_one_table() {
    let manifests = manifests(&root());
    assert!(manifests.len() > 15, "the manifests are found");
    for manifest in manifests {
        let text = fs::read_to_string(&manifest).unwrap();
        let mut section = "";
        for line in text.lines() {
            if line.starts_with('[') {
                section = line;
            } else if section.ends_with("dependencies]") && line.contains('=') {
                let is_of_the_table = ["workspace = true", "path = "]
                    .iter()
                    .any(|from| line.contains(from));
                assert!(is_of_the_table, "{}: {line}", manifest.display());
            }
        }
    }
}

/// Whether a path leads out of what is repeatable: to the environment, files, sockets, threads, or a clock.
fn is_banned(path: &str) -> bool {
    const MODULES: [&str; 6] = [
        "std::env",
        "std::fs",
        "std::io",
        "std::os",
        "std::process",
        "std::thread",
    ];
    const TYPES: [&str; 7] = [
        "Instant",
        "SystemTime",
        "TcpListener",
        "TcpStream",
        "UdpSocket",
        "UnixListener",
        "UnixStream",
    ];
    let is_in = |module: &str| {
        path.strip_prefix(module)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
    };
    MODULES.iter().any(|module| is_in(module))
        || path.split("::").any(|part| TYPES.contains(&part))
        || ["std::net::*", "std::time::*", "std::*"].contains(&path)
        || path.ends_with("Timestamp::now")
        || path.ends_with("Zoned::now")
        // Which look at this machine's files.
        || ["TimeZone::get", "TimeZone::system", "tz::db"]
            .iter()
            .any(|call| path.ends_with(call))
}

#[test]
fn what_leads_out_of_what_is_repeatable_is_banned() {
    for path in [
        "std::env",
        "std::fs::read",
        "std::time::Instant",
        "Instant::now",
        "std::net::*",
        "jiff::Timestamp::now",
        "jiff::tz::TimeZone::get",
        "jiff::tz::db",
    ] {
        assert!(is_banned(path), "{path}");
    }
    for path in [
        "std::time::Duration",
        "std::net::IpAddr",
        "jiff::Timestamp",
        "std::envelope",
    ] {
        assert!(!is_banned(path), "{path}");
    }
}

#[test]
fn judgement_has_no_runtime_no_clock_and_no_io() {
    let core = dependencies("engine/core");
    for banned in [
        "tokio",
        "hyper",
        "rustls",
        "wasmtime",
        "prometheus-client",
        "rustix",
    ] {
        assert!(!core.contains(banned), "core must not depend on {banned}");
    }
    for file in sources(&root().join("engine/core/src")) {
        let text = fs::read_to_string(&file).unwrap();
        for path in paths::paths(&text) {
            assert!(!is_banned(&path), "{} uses {path}", file.display());
        }
    }
    for (path, banned) in [
        ("engine/net", "wasmtime"),
        ("engine/config", "tokio"),
        ("engine/runner", "hyper"),
        ("engine/config", "wasmtime"),
        ("engine/host", "prometheus-client"),
        ("engine/net", "prometheus-client"),
        ("engine/registry", "prometheus-client"),
        ("engine/runner", "prometheus-client"),
    ] {
        assert!(
            !dependencies(path).contains(banned),
            "{path} must not depend on {banned}"
        );
    }
}

#[test]
fn metric_names_and_generated_bindings_have_one_home() {
    let here = root();
    let engine = sources(&here.join("engine"));
    assert!(engine.len() > 50, "the engine's sources are found");
    for file in engine {
        let text = fs::read_to_string(&file).unwrap();
        let shown = file.display().to_string();
        if text.contains("bindgen!({") {
            assert!(
                shown.ends_with("host/src/bindings.rs"),
                "bindgen! in {shown}"
            );
        }
        if text.contains("\"leadsman_") && !shown.ends_with("tests.rs") {
            assert!(
                shown.contains("daemon/src/telemetry"),
                "a metric's name in {shown}"
            );
        }
    }
}

#[test]
fn files_stay_within_their_size_and_open_with_what_they_are_for() {
    for folder in ["engine", "probes", "probes-sdk", "xtask", "tests"] {
        for file in sources(&root().join(folder)) {
            let text = fs::read_to_string(&file).unwrap();
            let lines = text.lines().count();
            assert!(lines <= 600, "{} has {lines} lines", file.display());
            assert!(
                text.starts_with("//!"),
                "{} does not say what it is for",
                file.display()
            );
        }
    }
}

#[test]
fn every_crate_and_file_that_the_map_names_exists() {
    let map = fs::read_to_string(root().join("ARCHITECTURE.md")).unwrap();
    let manifests = [
        "engine/core",
        "engine/config",
        "engine/net",
        "engine/host",
        "engine/runner",
        "engine/daemon",
        "probes-sdk/rust",
        "probes-sdk/rust-macros",
        "probes/http",
        "probes/dns",
        "probes/tls",
        "probes/tcp",
        "probes/bundle",
        "tests",
        "xtask",
    ];
    for path in manifests {
        let text = fs::read_to_string(root().join(path).join("Cargo.toml")).unwrap();
        let name = text
            .lines()
            .find_map(|line| line.strip_prefix("name = "))
            .unwrap()
            .trim_matches('"')
            .to_owned();
        assert!(
            map.contains(&format!("`{name}`")),
            "ARCHITECTURE.md does not name the crate {name}"
        );
    }
    for named in ["engine/daemon/src/telemetry", "engine/host/src/bindings.rs"] {
        assert!(
            map.contains(named) && root().join(named).exists(),
            "{named}"
        );
    }
}
