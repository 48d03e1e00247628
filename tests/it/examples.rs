//! Every example is loaded: what people copy must work.

use std::{
    collections::BTreeMap,
    fs,
    os::unix::fs::{MetadataExt, PermissionsExt},
    path::{Path, PathBuf},
    sync::Arc,
    time::SystemTime,
};

use leadsman::{app, catalog::Probes};
use leadsman_host::{Sandbox, SandboxError, SandboxSettings};
use leadsman_tests::{engine::sandbox, guests::component};
use tokio::runtime::Runtime;

fn example(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../examples")
        .join(name)
}

#[test]
fn the_quick_start_is_two_commands() {
    let readme = fs::read_to_string(example("../README.md")).unwrap();
    let (_, quick_start) = readme.split_once("## Quick start").unwrap();
    let (_, block) = quick_start.split_once("```sh\n").unwrap();
    let (commands, _) = block.split_once("```").unwrap();
    assert_eq!(commands, "cargo xtask demo\ncargo xtask test\n");
}

#[test]
fn every_configuration_among_the_examples_is_loaded() {
    let probes = Probes::new(Arc::clone(sandbox()));
    let mut loaded = 0;
    let files = fs::read_dir(example(""))
        .unwrap()
        .chain(fs::read_dir(example("journey")).unwrap());
    for file in files {
        let path = file.unwrap().path();
        if path
            .extension()
            .is_some_and(|extension| extension == "yaml")
        {
            let plan = app::load(&path, &probes)
                .unwrap_or_else(|error| panic!("{}:\n{error}", path.display()));
            assert!(!plan.checks.is_empty(), "{}", path.display());
            loaded += 1;
        }
    }
    assert!(loaded > 0, "there are configurations among the examples");
}

#[test]
fn the_journey_that_opens_its_reference_is_loaded() {
    let text = fs::read_to_string(example("../docs/journeys.md")).unwrap();
    let journey = text.split("```yaml\n").nth(1).unwrap();
    let journey = journey.split("```").next().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("leadsman.yaml");
    let secrets =
        "secrets: {shop-login: {env: SHOP_PASSWORD, hosts: [\"https://shop.example\"]}}\n";
    fs::write(&file, [secrets, journey].concat()).unwrap();
    let plan = app::load(&file, &Probes::new(Arc::clone(sandbox())));
    let plan = plan.unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(
        plan.checks[0].steps,
        ["delete", "sign in", "create", "wait until ready"]
    );
}

#[test]
fn the_check_that_a_module_becomes_is_loaded() {
    let text = fs::read_to_string(example("../docs/blackbox.md")).unwrap();
    let check = text.split("```yaml\n").nth(2).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("leadsman.yaml");
    fs::write(&file, check.split("```").next().unwrap()).unwrap();
    let plan = app::load(&file, &Probes::new(Arc::clone(sandbox())));
    let plan = plan.unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(plan.checks.len(), 1);
}

/// Each word of the second column is a setting of the section's probe.
#[test]
fn every_setting_that_a_modules_key_becomes_is_one() {
    let text = fs::read_to_string(example("../docs/blackbox.md")).unwrap();
    let mut seen = 0;
    for section in text.split("\n## `").skip(1) {
        let (probe, rest) = section.split_once('`').unwrap();
        let schema = described(probe);
        let rows = rest.lines().filter(|line| line.starts_with("| `"));
        for column in rows.filter_map(|row| row.split(" | ").nth(1)) {
            for written in column.split('`').skip(1).step_by(2) {
                let word = written.split(':').next().unwrap();
                assert!(
                    schema["properties"].get(word).is_some(),
                    "`{word}` is no setting of `{probe}`: {column}"
                );
                seen += 1;
            }
        }
    }
    assert!(seen > 50, "{seen}");
}

/// Every key that a module of blackbox_exporter may have: the section of the page, what stands before, and the keys.
const KEYS: [(&str, &str, &[&str]); 11] = [
    (
        "http",
        "",
        &[
            "valid_status_codes",
            "valid_http_versions",
            "preferred_ip_protocol",
            "ip_protocol_fallback",
            "skip_resolve_phase_with_proxy",
            "no_follow_redirects",
            "follow_redirects",
            "fail_if_ssl",
            "fail_if_not_ssl",
            "method",
            "headers",
            "body",
            "body_file",
            "compression",
            "body_size_limit",
            "fail_if_body_matches_regexp",
            "fail_if_body_not_matches_regexp",
            "fail_if_body_json_matches_cel",
            "fail_if_body_json_not_matches_cel",
            "fail_if_header_matches",
            "fail_if_header_not_matches",
            "enable_http2",
            "enable_http3",
            "bearer_token",
            "bearer_token_file",
            "proxy_url",
            "no_proxy",
            "proxy_from_environment",
            "proxy_connect_header",
        ],
    ),
    ("http", "….", &["header", "regexp", "allow_missing"]),
    (
        "http",
        "http_headers.<name>.",
        &["values", "secrets", "files"],
    ),
    (
        "http",
        "basic_auth.",
        &[
            "username",
            "username_file",
            "username_ref",
            "password",
            "password_file",
            "password_ref",
        ],
    ),
    (
        "http",
        "authorization.",
        &["type", "credentials", "credentials_file", "credentials_ref"],
    ),
    (
        "http",
        "oauth2.",
        &[
            "client_id",
            "client_secret",
            "client_secret_file",
            "client_secret_ref",
            "token_url",
            "scopes",
            "endpoint_params",
            "grant_type",
            "client_certificate_key",
            "client_certificate_key_file",
            "client_certificate_key_ref",
            "client_certificate_key_id",
            "signature_algorithm",
            "iss",
            "audience",
            "claims",
            "tls_config",
            "proxy_url",
            "no_proxy",
            "proxy_from_environment",
            "proxy_connect_header",
        ],
    ),
    (
        "http",
        "tls_config.",
        &[
            "ca",
            "ca_file",
            "ca_ref",
            "cert",
            "cert_file",
            "cert_ref",
            "key",
            "key_file",
            "key_ref",
            "server_name",
            "insecure_skip_verify",
            "min_version",
            "max_version",
        ],
    ),
    (
        "tcp",
        "",
        &[
            "preferred_ip_protocol",
            "ip_protocol_fallback",
            "source_ip_address",
            "tls",
            "tls_config",
            "query_response",
        ],
    ),
    (
        "tcp",
        "….",
        &[
            "expect",
            "expect_bytes",
            "send",
            "starttls",
            "labels.name",
            "labels.value",
        ],
    ),
    (
        "dns",
        "",
        &[
            "preferred_ip_protocol",
            "ip_protocol_fallback",
            "source_ip_address",
            "transport_protocol",
            "dns_over_tls",
            "tls_config",
            "query_name",
            "query_type",
            "query_class",
            "recursion_desired",
            "valid_rcodes",
            "validate_answer_rrs",
            "validate_authority_rrs",
            "validate_additional_rrs",
        ],
    ),
    (
        "dns",
        "….",
        &[
            "fail_if_matches_regexp",
            "fail_if_all_match_regexp",
            "fail_if_not_matches_regexp",
            "fail_if_none_matches_regexp",
        ],
    ),
];

#[test]
fn every_key_of_a_module_is_in_a_first_column() {
    let text = fs::read_to_string(example("../docs/blackbox.md")).unwrap();
    for (section, before, keys) in KEYS {
        let (_, rest) = text.split_once(&format!("\n## `{section}`\n")).unwrap();
        let (table, _) = rest.split_once("\n## ").unwrap();
        let rows = table.lines().filter(|line| line.starts_with("| `"));
        let told: Vec<String> = rows.flat_map(first_column).collect();
        for key in keys {
            let key = format!("{before}{key}");
            assert!(told.contains(&key), "no row of `{section}` has `{key}`");
        }
    }
}

/// The keys of a row; one that stands alone is of the same block as the one before it.
fn first_column(row: &str) -> Vec<String> {
    let column = row.split(" | ").next().unwrap();
    let (mut block, mut keys) = ("", Vec::new());
    for written in column.split('`').skip(1).step_by(2) {
        let key = written.split(':').next().unwrap();
        if let Some((own, _)) = key.rsplit_once('.') {
            block = own;
            keys.push(key.to_owned());
        } else if block.is_empty() {
            keys.push(key.to_owned());
        } else {
            keys.push(format!("{block}.{key}"));
        }
    }
    keys
}

fn described(probe: &str) -> serde_json::Value {
    let bundled = leadsman_probes::named(probe).unwrap();
    let probe = sandbox().load(bundled.component).unwrap();
    probe.description.settings.clone()
}

#[test]
fn a_settings_mistake_is_told_at_its_own_line_by_the_probes_own_schema() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("wrong.yaml");
    let text = "checks:\n  web:\n    probe: http\n    targets: [\"http://127.0.0.1:1\"]\n    settings:\n      statuss: 200\n      expect_body:\n        matches: [\"(\"]\n      tls_min: TLS 1.0\n";
    fs::write(&file, text).unwrap();
    let told = app::load(&file, &Probes::new(Arc::clone(sandbox())))
        .unwrap_err()
        .to_string();
    assert!(told.contains(":6:") && told.contains("`status`"), "{told}");
}

#[test]
fn expressions_and_versions_that_cannot_be_are_told_at_their_lines() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("wrong.yaml");
    let text = "checks:\n  web:\n    probe: http\n    targets: [\"http://127.0.0.1:1\"]\n    settings:\n      expect_body:\n        json_path: [\"items[\"]\n        cel: [\"1 +\"]\n      tls_min: TLS 1.0\n  tls:\n    probe: tls\n    targets: [\"127.0.0.1:1\"]\n    settings:\n      tls_max: TLS 1.1\n      versions: [TLS 1.0]\n  tcp:\n    probe: tcp\n    targets: [\"127.0.0.1:1\"]\n    settings:\n      tls: true\n      tls_min: TLS 1.1\n";
    fs::write(&file, text).unwrap();
    let told = app::load(&file, &Probes::new(Arc::clone(sandbox())))
        .unwrap_err()
        .to_string();
    for (line, word) in [
        (":7:", "JSONPath"),
        (":8:", "CEL"),
        (
            ":9:",
            "TLS 1.0 is not spoken: rustls has nothing below TLS 1.2",
        ),
        (
            ":14:",
            "TLS 1.1 is not spoken: rustls has nothing below TLS 1.2",
        ),
        (
            ":15:",
            "TLS 1.0 is not spoken: rustls has nothing below TLS 1.2",
        ),
        (
            ":21:",
            "TLS 1.1 is not spoken: rustls has nothing below TLS 1.2",
        ),
    ] {
        let mut problems = told.split("\n\n");
        assert!(
            problems.any(|problem| problem.contains(line) && problem.contains(word)),
            "{line} {word}:\n{told}"
        );
    }
}

#[test]
fn compiled_code_is_not_loaded_from_where_others_may_write() {
    let folder = tempfile::tempdir().unwrap();
    let cache = folder.path().join("open");
    fs::create_dir(&cache).unwrap();
    fs::set_permissions(&cache, fs::Permissions::from_mode(0o777)).unwrap();
    let io = Runtime::new().unwrap();
    let settings = SandboxSettings {
        cache: Some(cache),
        instances: 4,
        guest_threads: Some(1),
    };
    let refused = Sandbox::new(&settings, io.handle().clone()).unwrap_err();
    assert!(
        matches!(&refused, SandboxError::Cache { source, .. } if source.to_string().contains("chmod 700")),
        "{refused:?}"
    );
}

#[test]
fn what_a_probe_says_of_itself_is_kept_and_it_is_asked_again_where_that_is_broken() {
    let (cache, io) = (tempfile::tempdir().unwrap(), Runtime::new().unwrap());
    let settings = SandboxSettings {
        cache: Some(cache.path().join("probes")),
        ..SandboxSettings::default()
    };
    let sandbox = Sandbox::new(&settings, io.handle().clone()).unwrap();
    let probe = component("does_nothing").unwrap();
    let description = || sandbox.load(&probe).unwrap().description;
    let said = description();
    // Whoever keeps the code tidies up, and takes what else lies there for waste.
    let there = fs::read_dir(cache.path().join("probes")).unwrap();
    let mut there: Vec<_> = there.map(|entry| entry.unwrap().file_name()).collect();
    there.sort();
    assert_eq!(there, ["code", "descriptions"]);
    let folder = cache.path().join("probes/descriptions");
    let kept = fs::read_dir(folder)
        .unwrap()
        .next()
        .unwrap()
        .unwrap()
        .path();
    let whole = fs::read_to_string(&kept).unwrap();
    fs::write(&kept, whole.replace(&said.version, "9.9.9")).unwrap();
    assert_eq!(description().version, "9.9.9");
    fs::write(&kept, "{\"name\":").unwrap();
    assert_eq!(description(), said);
    assert_eq!(fs::read_to_string(&kept).unwrap(), whole);
}

/// The files of compiled code below a folder: which they are, and when each was written. Whoever keeps them counts their uses
/// in files beside them, with endings, and in its own time.
fn compiled(folder: &Path) -> BTreeMap<PathBuf, (u64, SystemTime)> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(compiled(&path));
        } else if path.extension().is_none() {
            let about = fs::metadata(&path).unwrap();
            found.insert(path, (about.ino(), about.modified().unwrap()));
        }
    }
    found
}

#[test]
fn what_one_engine_has_compiled_the_next_one_takes_from_where_it_is_kept() {
    let (cache, io) = (tempfile::tempdir().unwrap(), Runtime::new().unwrap());
    let settings = SandboxSettings {
        cache: Some(cache.path().join("probes")),
        instances: 4,
        guest_threads: Some(1),
    };
    let probe = component("does_nothing").unwrap();
    let kept = || {
        let sandbox = Sandbox::new(&settings, io.handle().clone()).unwrap();
        sandbox.load(&probe).unwrap();
        compiled(&cache.path().join("probes/code"))
    };
    let first = kept();
    assert!(!first.is_empty());
    assert_eq!(kept(), first);
}
