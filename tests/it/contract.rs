//! The contract grows without breaking probes that are already built.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use leadsman_core::outcome::{Blame, Outcome, Reason};
use leadsman_tests::{
    engine::{Trial, concluded},
    peer::Peer,
};

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
            }
        }
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
