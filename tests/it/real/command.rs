//! The command line: what it prints, and the status that it ends with.

use std::{
    fs,
    net::TcpListener,
    path::{Path, PathBuf},
};

use leadsman_tests::{
    guests::component,
    peer::{Peer, hang, nowhere},
};
use serde_json::Value;

use super::{daemon::leadsman_with, http::at, images, nginx::Nginx, process::free_port};

fn status(arguments: &[&str]) -> Option<i32> {
    leadsman_with(arguments).status.code()
}

fn written(folder: &tempfile::TempDir, name: &str, text: &str) -> PathBuf {
    let file = folder.path().join(name);
    fs::write(&file, text).expect("the folder of the test can be written");
    file
}

#[test]
fn the_exit_status_of_one_run_is_its_outcome() {
    let folder = tempfile::tempdir().unwrap();
    let port = free_port();
    let server = format!(
        "server {{ listen 127.0.0.1:{port}; location / {{ return 200; }} location /down {{ return 500; }} }}"
    );
    let _nginx = Nginx::start(folder.path(), port, &server);
    let target = format!("http://127.0.0.1:{port}");
    assert_eq!(status(&["once", "http", "--target", &target]), Some(0));
    assert_eq!(
        status(&[
            "once",
            "http",
            "--target",
            &target,
            "--set",
            "degraded_above=1us"
        ]),
        Some(1)
    );
    assert_eq!(
        status(&["once", "http", "--target", &format!("{target}/down")]),
        Some(2)
    );
    assert_eq!(
        status(&[
            "once",
            "http",
            "--target",
            &format!("{target}/down"),
            "--set",
            "status=500"
        ]),
        Some(0)
    );
    let elsewhere = format!("resolve_to=127.0.0.2:{port}");
    assert_eq!(
        status(&["once", "http", "--target", &target, "--set", &elsewhere]),
        Some(3)
    );
    let shown = leadsman_with(&["once", "tcp", "--target", &format!("127.0.0.1:{port}")]);
    assert!(
        String::from_utf8_lossy(&shown.stdout).contains("connect"),
        "a waterfall: {shown:?}"
    );
}

#[test]
fn a_command_line_that_is_wrong_ends_with_64() {
    let target = "http://127.0.0.1:1";
    for wrong in [
        &["once"][..],
        &["once", "http"],
        &["once", "nothing-like-this", "--target", target],
        &["once", "http", "--target", target, "--set", "statsu=200"],
        &["once", "http", "--target", target, "--set", "status=many"],
        &["once", "http", "--target", target, "--set", "status"],
        &[
            "once",
            "http",
            "--target",
            target,
            "--set",
            "status=200",
            "--set",
            "status=204",
        ],
        &["once", "http", "--target", target, "--timeout", "soon"],
        &["once", "./no-such-probe.wasm", "--target", target],
        &["run"],
        &["no-such-command"],
        &["validate", "--config", "x", "--format", "xml"],
    ] {
        let output = leadsman_with(wrong);
        assert_eq!(output.status.code(), Some(64), "{wrong:?}: {output:?}");
        assert!(
            !output.stderr.is_empty() && output.stdout.is_empty(),
            "{wrong:?}: {output:?}"
        );
    }
    for fine in [&["--help"][..], &["--version"], &["once", "--help"]] {
        assert_eq!(status(fine), Some(0), "{fine:?}");
    }
}

#[test]
fn an_address_that_is_taken_ends_a_daemon_with_69() {
    let folder = tempfile::tempdir().unwrap();
    let text = "checks:\n  rest: {probe: tcp, interval: 1h, targets: ['127.0.0.1:1']}\n";
    let file = written(&folder, "leadsman.yaml", text);
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let asked = ["run", "--config", file.to_str().unwrap()];
    let output = leadsman_with(&[&asked[..], &["--web.listen-address", &address]].concat());
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(69), "{said}");
    for part in [address.as_str(), "--web.listen-address"] {
        assert!(said.contains(part), "{part}: {said}");
    }
}

#[test]
fn every_mistake_of_a_configuration_is_told_at_its_line_with_a_mend() {
    let folder = tempfile::tempdir().unwrap();
    let text = "checks:\n  web:\n    probe: htpp\n    targets: [\"http://127.0.0.1:1\"]\n  api:\n    probe: http\n    interval: 5s\n    \
                targets: [\"http://127.0.0.1:1\"]\n    settings:\n      statsu: 200\n";
    let file = written(&folder, "wrong.yaml", text);
    let path = file.to_str().unwrap();
    let output = leadsman_with(&["validate", "--config", path, "--format", "json"]);
    assert_eq!(output.status.code(), Some(78), "{output:?}");
    let told: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(told["ok"], false);
    let problems = told["problems"].as_array().unwrap();
    let at = |line: u64| problems.iter().find(|problem| problem["line"] == line);
    for (line, excerpt, nearest) in [(3, "probe: htpp", "http"), (10, "statsu: 200", "status")] {
        let problem = at(line).unwrap_or_else(|| panic!("nothing at line {line}: {problems:?}"));
        assert!(
            problem["excerpt"].as_str().unwrap().contains(excerpt),
            "{problem}"
        );
        let words = format!("{} {}", problem["message"], problem["mend"]);
        assert!(words.contains(nearest), "{problem}");
        assert!(problem["file"].as_str().unwrap().ends_with("wrong.yaml"));
    }
    for command in [
        &["validate"][..],
        &["once", "api"],
        &["explain", "api"],
        &["run"],
    ] {
        let output = leadsman_with(&[command, &["--config", path]].concat());
        assert_eq!(output.status.code(), Some(78), "{command:?}");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(
            said.contains("wrong.yaml:3:") && said.contains("wrong.yaml:10:"),
            "{command:?}: {said}"
        );
    }
    assert_eq!(
        status(&["validate", "--config", "/no/such/file.yaml"]),
        Some(78)
    );
    let broken = written(&folder, "broken.yaml", "checks: [\n  a: {\n");
    assert_eq!(
        status(&["validate", "--config", broken.to_str().unwrap()]),
        Some(78)
    );
}

#[test]
fn a_name_of_this_machine_is_refused_with_what_helps_on_the_command_line() {
    let target = format!("http://localhost:{}", nowhere().unwrap().port());
    let asked = [
        "once",
        "http",
        "--target",
        target.as_str(),
        "--grant",
        "localhost",
    ];
    let output = leadsman_with(&[&asked[..], &["--set", "family=v4"]].concat());
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(3), "{output:?}");
    assert!(
        said.contains("write the address itself as the target"),
        "{said}"
    );
}

/// What one run with `--json` was; null where none was made.
fn record(arguments: &[&str]) -> Value {
    let output = leadsman_with(&[&["once", "--json"], arguments].concat());
    serde_json::from_slice(&output.stdout).unwrap_or_default()
}

#[test]
fn a_configured_check_runs_once_within_the_timeout_of_the_command_line() {
    let folder = tempfile::tempdir().unwrap();
    let silent = Peer::start(hang).unwrap();
    let text = format!(
        "checks:\n  web: {{probe: http, interval: 1m, timeout: 20s, targets: ['{}']}}\n",
        silent.url()
    );
    let file = written(&folder, "leadsman.yaml", &text);
    let path = file.to_str().unwrap();
    let run = record(&["web", "--config", path, "--timeout", "100ms"]);
    assert_eq!(run["outcome"], "fail", "{run}");
    let took = at(&run, "/attempts/0/report/took").as_u64().unwrap();
    assert!(took < 10_000_000_000, "{took} ns");
    assert_eq!(
        status(&["once", "web", "--config", path, "--timeout", "soon"]),
        Some(64)
    );
}

#[test]
fn a_configured_check_may_ask_once_what_the_command_line_grants() {
    let folder = tempfile::tempdir().unwrap();
    let elsewhere = nowhere().unwrap().port();
    let site = Peer::answering(format!(
        "HTTP/1.1 302 Found\r\nlocation: http://127.0.0.2:{elsewhere}/\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
    ))
    .unwrap();
    let text = format!(
        "checks:\n  web: {{probe: http, targets: ['{}']}}\n",
        site.url()
    );
    let file = written(&folder, "leadsman.yaml", &text);
    let asked = ["web", "--config", file.to_str().unwrap()];
    let run = record(&asked);
    assert_eq!(run["reason"], "redirect_denied", "{run}");
    let run = record(&[&asked[..], &["--grant", "127.0.0.2"]].concat());
    assert_eq!(run["reason"], "connect_refused", "{run}");
}

#[test]
fn each_target_of_a_check_runs_once_and_the_worst_outcome_is_the_exit_status() {
    let folder = tempfile::tempdir().unwrap();
    let answer = "HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
    let well = Peer::answering(answer).unwrap();
    let text = format!(
        "checks:\n  web:\n    probe: http\n    targets:\n      - {{name: fine, address: '{}'}}\n      \
         - {{name: down, address: 'http://{}'}}\n      \
         - {{name: lost, address: '{}', set: {{resolve_to: '127.0.0.2:9'}}}}\n",
        well.url(),
        nowhere().unwrap(),
        well.url()
    );
    let file = written(&folder, "leadsman.yaml", &text);
    let once = ["once", "web", "--config", file.to_str().unwrap()];
    let asked = |more: &[&str]| leadsman_with(&[&once[..], more].concat());
    let outcomes = |more: &[&str]| {
        let output = asked(more);
        let text = String::from_utf8(output.stdout).unwrap();
        let runs = text.lines().map(|line| {
            let run: Value = serde_json::from_str(line).unwrap();
            format!("{} {}", run["target"], run["outcome"]).replace('"', "")
        });
        (output.status.code(), runs.collect::<Vec<_>>())
    };
    let all = ["fine pass", "down fail", "lost unknown"].map(str::to_owned);
    assert_eq!(outcomes(&["--json"]), (Some(2), all.to_vec()));
    // At one address there are two targets.
    let (status, there) = outcomes(&["--json", "--target", &well.url()]);
    assert_eq!(status, Some(3), "{there:?}");
    assert_eq!(there, [all[0].clone(), all[2].clone()]);
    for (target, status) in [("fine", 0), ("down", 2), ("lost", 3)] {
        let output = asked(&["--json", "--target", target]);
        assert_eq!(output.status.code(), Some(status), "{target}");
        let run: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(run["target"], target);
    }
    let shown = String::from_utf8(asked(&[]).stdout).unwrap();
    let heads = shown
        .lines()
        .filter(|line| ["fine", "down", "lost"].contains(line));
    assert_eq!(heads.count(), 3, "{shown}");
    let none = asked(&["--target", "gone"]);
    assert_eq!(none.status.code(), Some(64), "{none:?}");
}

#[test]
fn a_component_file_runs_once_without_a_configuration() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("own.wasm");
    fs::write(&file, component("asks_in_parallel").unwrap()).unwrap();
    let peer =
        Peer::answering("HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok")
            .unwrap();
    let (file, target) = (file.to_str().unwrap(), peer.url());
    let output = leadsman_with(&["once", file, "--target", &target]);
    let said = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    for phase in ["connect", "wait"] {
        assert_eq!(said.matches(phase).count(), 3, "{phase}: {said}");
    }
    assert_eq!(peer.served(), 3);
}

#[test]
fn a_component_file_takes_its_settings_from_the_command_line_and_its_run_is_told_as_json() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("own.wasm");
    fs::write(&file, images::component()).unwrap();
    let (_nginx, port) = images::bucket(folder.path());
    let (file, target) = (file.to_str().unwrap(), format!("http://127.0.0.1:{port}"));
    let with = |settings: [&str; 2]| {
        let [bucket, size] = settings.map(|setting| ["--set", setting]);
        let asked = ["once", file, "--target", target.as_str(), "--json"];
        leadsman_with(&[&asked[..], &bucket, &size].concat())
    };
    for (size, bytes) in [("size=16", 16), ("size=2KiB", 2048)] {
        let output = with(["bucket=invoices", size]);
        assert_eq!(output.status.code(), Some(0), "{output:?}");
        let run: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(run["outcome"], "pass", "{run}");
        assert_eq!(run["reason"], "ok", "{run}");
        let read = at(&run, "/attempts/0/report/operations/1");
        let url = at(read, "/call/http/url").as_str().unwrap();
        let place = format!("{target}/invoices/leadsman-");
        assert!(url.starts_with(&place), "{url}");
        let came = at(read, "/answer/http/Ok/facts/http/body_bytes");
        assert_eq!(came.as_u64(), Some(bytes), "{size}: {run}");
    }
    let output = with(["bucket=nowhere", "size=16"]);
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    let run: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(run["outcome"], "fail", "{run}");
    assert_eq!(run["reason"], "http_status", "{run}");
    for (settings, word) in [
        (["bucket=invoices", "size=4 GB"], "`4 GB` is not a size"),
        (["buckets=invoices", "size=16"], "`bucket`"),
    ] {
        let output = with(settings);
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(64), "{said}");
        assert!(said.contains(word), "{word}: {said}");
    }
}

#[test]
fn a_component_that_is_no_probe_is_told_at_its_line_and_nothing_runs() {
    let whole = component("does_nothing").unwrap();
    let wat = |text: &str| wat::parse_str(text).unwrap();
    let wasi_http = r#"(component (import "wasi:http/types@0.2.0" (instance)))"#;
    for (bytes, said) in [
        (None, "cannot be read"),
        (
            Some(whole[..whole.len() / 2].to_vec()),
            "cannot be compiled",
        ),
        (Some(wat("(module)")), "is a core WebAssembly module"),
        (Some(wat("(component)")), "does not fit the contract"),
        (
            Some(wat(wasi_http)),
            "imports `wasi:http/types@0.2.0`, which is never granted",
        ),
        (
            Some(b"#!/bin/sh".to_vec()),
            "does not begin like a WebAssembly component",
        ),
    ] {
        let folder = tempfile::tempdir().unwrap();
        if let Some(bytes) = bytes {
            fs::write(folder.path().join("own.wasm"), bytes).unwrap();
        }
        let text = "probes:\n  own: {file: own.wasm}\nchecks:\n  web: {probe: own, targets: ['http://127.0.0.1:1']}\n";
        let file = written(&folder, "leadsman.yaml", text);
        for command in ["validate", "run"] {
            let output = leadsman_with(&[command, "--config", file.to_str().unwrap()]);
            let told = String::from_utf8_lossy(&output.stderr).into_owned();
            assert_eq!(output.status.code(), Some(78), "{said}: {told}");
            assert!(
                told.contains("leadsman.yaml:2:") && told.contains(said),
                "{said}: {told}"
            );
        }
    }
}

#[test]
fn the_schema_knows_every_bundled_probe_and_names_what_it_says() {
    let output = leadsman_with(&["schema"]);
    assert_eq!(output.status.code(), Some(0));
    let schema: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert!(
        schema["$schema"]
            .as_str()
            .is_some_and(|dialect| dialect.contains("json-schema.org"))
    );
    for key in [
        "location",
        "locations",
        "network",
        "tls",
        "secrets",
        "probes",
        "defaults",
        "checks",
    ] {
        assert!(schema["properties"][key].is_object(), "{key}");
    }
    let text = schema.to_string();
    for setting in [
        "expect_body",
        "degraded_above",
        "authoritative",
        "fingerprints",
        "dialogue",
    ] {
        assert!(text.contains(&format!("\"{setting}\"")), "{setting}");
    }
}

#[test]
fn shells_get_completions() {
    for shell in ["bash", "zsh", "fish"] {
        let output = leadsman_with(&["completions", shell]);
        assert_eq!(output.status.code(), Some(0));
        assert!(
            String::from_utf8_lossy(&output.stdout).contains("leadsman"),
            "{shell}"
        );
    }
}

#[test]
fn an_explanation_says_where_a_value_comes_from_and_sends_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let text = "defaults: {timeout: 2s}\nchecks:\n  web: {probe: http, interval: 7s, targets: ['http://127.0.0.1:1']}\n";
    let file = written(&folder, "fine.yaml", text);
    let path = file.to_str().unwrap();
    let output = leadsman_with(&["explain", "web", "--config", path]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(
        said.contains("fine.yaml:1") && said.contains("fine.yaml:3"),
        "{said}"
    );
    for part in [
        "next ticks 20",
        "may reach  http://127.0.0.1:1",
        "secrets    nothing",
        "cpu_ms ",
    ] {
        assert!(said.contains(part), "{part}: {said}");
    }
    assert_eq!(status(&["explain", "wbe", "--config", path]), Some(64));
    let fine = leadsman_with(&["validate", "--config", path, "--format", "json"]);
    let told: Value = serde_json::from_slice(&fine.stdout).unwrap();
    assert_eq!(
        (fine.status.code(), &told["ok"]),
        (Some(0), &Value::Bool(true))
    );
}

#[test]
fn the_configurations_of_the_readme_and_of_the_examples_are_right() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let quickstart = root.join("examples/quickstart.yaml");
    let output = leadsman_with(&["validate", "--config", quickstart.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let readme = fs::read_to_string(root.join("README.md")).unwrap();
    let block = readme
        .split("```yaml\n")
        .find(|block| block.starts_with("# leadsman.yaml"));
    let block = block.and_then(|block| block.split("```").next()).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let file = written(&folder, "leadsman.yaml", block);
    let path = file.to_str().unwrap();
    for command in [&["validate"][..], &["explain", "web"]] {
        let output = leadsman_with(&[command, &["--config", path]].concat());
        assert_eq!(output.status.code(), Some(0), "{command:?}: {output:?}");
    }
}
