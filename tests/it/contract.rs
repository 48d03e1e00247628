//! The contract grows without breaking probes that are already built.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use leadsman_core::{
    outcome::{Blame, Outcome, Reason},
    record::RunRecord,
    seam::{Call, HttpCall},
};
use leadsman_tests::{
    engine::{Trial, concluded},
    peer::Peer,
};
use serde_json::json;

/// Every file below a folder.
fn files(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            found.extend(files(&path)?);
        } else {
            found.push(path);
        }
    }
    Ok(found)
}

#[test]
fn every_item_of_the_contract_is_documented_and_says_since_when() {
    let wit = Path::new(env!("CARGO_MANIFEST_DIR")).join("../wit");
    for file in files(&wit).unwrap() {
        let text = fs::read_to_string(&file).unwrap();
        let lines: Vec<&str> = text.lines().map(str::trim).collect();
        for (index, line) in lines.iter().enumerate() {
            let starts = [
                "interface ",
                "resource ",
                "record ",
                "variant ",
                "enum ",
                "world ",
                "type ",
                "constructor(",
            ];
            let item = starts.iter().any(|start| line.starts_with(start))
                || line.contains(": func(")
                || line.contains(": static func(");
            if item {
                let place = format!("{}:{}: {line}", file.display(), index + 1);
                assert!(
                    lines[index - 1].starts_with("@since("),
                    "no @since: {place}"
                );
                let is_documented = lines[index - 2].starts_with("///");
                assert!(is_documented, "not documented: {place}");
            }
        }
    }
}

#[test]
fn every_field_and_every_case_of_the_contract_is_documented() {
    let wit = Path::new(env!("CARGO_MANIFEST_DIR")).join("../wit");
    let mut seen = 0;
    for file in files(&wit).unwrap() {
        let text = fs::read_to_string(&file).unwrap();
        let lines: Vec<&str> = text.lines().map(str::trim).collect();
        let mut is_within = false;
        for (index, line) in lines.iter().enumerate() {
            let place = format!("{}:{}: {line}", file.display(), index + 1);
            let starts = ["record ", "variant ", "enum ", "flags "];
            if starts.iter().any(|start| line.starts_with(start)) {
                assert!(line.ends_with('{'), "not a line for each: {place}");
                is_within = true;
            } else if *line == "}" {
                is_within = false;
            } else if is_within && !line.is_empty() && !line.starts_with("//") {
                let is_documented = lines[index - 1].starts_with("///");
                assert!(is_documented, "not documented: {place}");
                seen += 1;
            }
        }
    }
    assert!(seen > 20, "{seen}");
}

#[test]
fn a_record_that_is_read_back_from_its_json_is_written_the_same() {
    let site = Peer::answering(
        b"HTTP/1.1 302 Found\r\nlocation: /next\r\ncontent-length: 2\r\nx-odd: \xe9\r\n\r\nok",
    )
    .unwrap();
    let (web, host) = (site.url(), site.address().to_string());
    let told = json!({"redirects": "none", "status": 302});
    for (probe, target, settings) in [
        ("http", web.as_str(), told),
        ("http", web.as_str(), json!({})),
        (
            "dns",
            host.as_str(),
            json!({"query": "a.example", "transport": "tcp"}),
        ),
        ("tls", host.as_str(), json!({})),
        (
            "tcp",
            host.as_str(),
            json!({"dialogue": [{"send": "a\r\n\r\n", "expect": "^HTTP"}]}),
        ),
    ] {
        let record = Trial::bundled(probe, target, settings).run();
        // A body is not in it: what is compared is what is told.
        let told = serde_json::to_value(&record).unwrap();
        let read: RunRecord = serde_json::from_value(told.clone()).unwrap();
        assert_eq!(serde_json::to_value(&read).unwrap(), told);
    }
}

/// What a run asked of the network, its sentence, and its steps by name.
type Done = (Vec<Call>, String, Vec<(String, Option<bool>)>);

fn done(record: &RunRecord) -> Done {
    let report = &record.last().unwrap().report;
    let calls = report.operations.iter().map(|made| match &*made.call {
        // What is left of the time is never the same.
        Call::Http(call) => Call::Http(Box::new(HttpCall {
            timeout: None,
            ..(**call).clone()
        })),
        call => call.clone(),
    });
    let steps = report.steps.iter().map(|step| (step.name.clone(), step.ok));
    (
        calls.collect(),
        record.sentence.to_string(),
        steps.collect(),
    )
}

#[test]
fn settings_as_they_are_written_mean_the_same_to_a_bundled_probe_as_with_all_defaults() {
    let (web, host) = ("http://127.0.0.1:1", "127.0.0.1:1");
    let posting =
        json!({"method": "POST", "body": "b", "headers": {"x": "1"}, "status": ["2xx", 301]});
    let walking = json!({
        "steps": [{"name": "ask", "request": {"path": "/a", "headers": {"x": "1"}}, "expect": {"status": 204}}],
        "cleanup": [
            {"name": "look", "request": {"path": "/b", "method": "HEAD"}},
            {"name": "talk", "tcp": {"dialogue": [{"expect": "^220 "}]}},
        ],
    });
    for (probe, target, settings, calls) in [
        ("http", web, json!({}), 1),
        ("http", web, posting, 1),
        ("dns", host, json!({"query": "a.example", "type": "TXT"}), 1),
        ("tls", host, json!({}), 1),
        ("tcp", host, json!({"dialogue": [{"expect": "^220 "}]}), 1),
        ("journey", web, walking, 3),
    ] {
        let trial = Trial::bundled(probe, target, settings);
        let written = done(&trial.clone().run());
        assert_eq!(written.0.len(), calls, "{probe}: {written:?}");
        assert_eq!(written, done(&trial.told_all().run()), "{probe}");
    }
}

#[test]
fn the_bundled_probes_import_what_they_use_and_nothing_else() {
    let own = [
        ("http", "leadsman:http/client"),
        ("dns", "leadsman:dns/resolver"),
        ("tls", "leadsman:tls/handshake"),
        ("tcp", "leadsman:net/tcp"),
    ];
    for (name, used) in own {
        let probe =
            leadsman_tests::engine::load(leadsman_probes::named(name).unwrap().component).unwrap();
        for (_, interface) in own {
            let imported = probe
                .imports
                .iter()
                .any(|import| import.starts_with(interface));
            assert_eq!(
                imported,
                interface == used,
                "{name} and {interface}: {:?}",
                probe.imports
            );
        }
        assert_eq!(probe.description.name, name);
    }
}

#[test]
fn a_probe_that_was_built_against_each_released_version_still_runs() {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
    for file in files(&fixtures).unwrap() {
        let answer = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok";
        let peer = Peer::answering(answer).unwrap();
        let record = Trial::of(fs::read(&file).unwrap(), peer.url()).run();
        assert_eq!(
            concluded(&record),
            (Outcome::Pass, Reason::Ok, Blame::Nobody),
            "{}",
            file.display()
        );
    }
}
