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

fn manifest(crate_path: &str) -> String {
    fs::read_to_string(root().join(crate_path).join("Cargo.toml")).unwrap()
}

/// Where the workspace's members are, as its own manifest lists them.
fn members() -> Vec<String> {
    let text = manifest(".");
    let (_, list) = text.split_once("\nmembers = [").unwrap();
    let (list, _) = list.split_once(']').unwrap();
    let quoted = list.split('"').skip(1).step_by(2);
    let members: Vec<String> = quoted.map(str::to_owned).collect();
    assert!(members.len() > 15, "the members are found: {members:?}");
    members
}

/// The dependencies that a manifest names before its dev-dependencies.
fn dependencies(crate_path: &str) -> BTreeSet<String> {
    let text = manifest(crate_path);
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

/// What each member may point to, but the proving ground, which may point anywhere.
const ARROWS: [(&str, &[&str]); 21] = [
    ("engine/core", &[]),
    ("engine/config", &["leadsman-core"]),
    ("engine/import", &[]),
    ("engine/net", &["leadsman-core"]),
    ("engine/runner", &["leadsman-core"]),
    ("engine/host", &["leadsman-core", "leadsman-net"]),
    ("engine/registry", &["leadsman-core", "leadsman-net"]),
    (
        "engine/daemon",
        &[
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
    ("probes-sdk/rust", &["leadsman-sdk-macros"]),
    ("probes-sdk/rust-macros", &[]),
    ("probes/actions", &["leadsman-sdk"]),
    ("probes/http", &["leadsman-probe-actions", "leadsman-sdk"]),
    ("probes/dns", &["leadsman-probe-actions", "leadsman-sdk"]),
    ("probes/tls", &["leadsman-sdk"]),
    ("probes/tcp", &["leadsman-probe-actions", "leadsman-sdk"]),
    (
        "probes/journey",
        &["leadsman-probe-actions", "leadsman-sdk"],
    ),
    ("examples/journey/rust", &["leadsman-sdk"]),
    ("examples/journey/shop", &[]),
    ("examples/s3", &["leadsman-sdk"]),
    ("probes/bundle", &[]),
    ("xtask", &[]),
];

#[test]
fn crates_point_only_where_the_design_lets_them() {
    let members = members();
    for (path, allowed) in ARROWS {
        assert!(members.iter().any(|member| member == path), "{path}");
        for pointed in dependencies(path) {
            assert!(
                !pointed.starts_with("leadsman") || allowed.contains(&pointed.as_str()),
                "{path} points to {pointed}, of ours it may to {allowed:?}"
            );
        }
    }
    for member in members.iter().filter(|member| *member != "tests") {
        assert!(
            ARROWS.iter().any(|(path, _)| path == member),
            "nobody has said where {member} may point to"
        );
    }
}

#[test]
fn every_member_keeps_the_lints_of_the_workspace() {
    for member in members() {
        let keeps = manifest(&member).contains("\n[lints]\nworkspace = true\n");
        assert!(keeps, "{member}");
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
    for member in members() {
        for file in sources(&root().join(member)) {
            let text = fs::read_to_string(&file).unwrap();
            let lines = text.lines().count();
            assert!(lines <= 500, "{} has {lines} lines", file.display());
            assert!(
                text.starts_with("//!"),
                "{} does not say what it is for",
                file.display()
            );
        }
    }
}

#[test]
fn the_map_names_every_crate_and_files_that_exist() {
    let text = fs::read_to_string(root().join("ARCHITECTURE.md")).unwrap();
    let (_, map) = text.split_once("\n## Code map\n").unwrap();
    let (map, _) = map.split_once("\n## ").unwrap();
    for member in members() {
        let manifest = manifest(&member);
        let mut lines = manifest.lines();
        let name = lines.find_map(|line| line.strip_prefix("name = "));
        let name = name.unwrap().trim_matches('"');
        assert!(
            map.contains(&format!("`{name}`")),
            "ARCHITECTURE.md does not name the crate {name}"
        );
    }
    for named in ["engine/daemon/src/telemetry", "engine/host/src/bindings.rs"] {
        assert!(
            text.contains(named) && root().join(named).exists(),
            "{named}"
        );
    }
}
