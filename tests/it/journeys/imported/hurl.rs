//! What the real `hurl` says of the example's file and of small ones, and what Leadsman says of their imports.

use std::{fs, path::Path, process::Command};

use leadsman_core::outcome::Outcome;
use leadsman_example_shop::{Fault, Options};
use leadsman_import::Imported;
use leadsman_tests::engine::Trial;
use serde_json::Value;

use super::{example, import_text, settings};
use crate::journeys::{is_well, shop};

mod rows;

/// The example's file, with waits that suit a test.
fn quick() -> String {
    let (_, text) = example("shop.hurl");
    let quick = text.replace("retry-interval: 500ms", "retry-interval: 20ms");
    assert_ne!(text, quick);
    quick
}

/// Whether the program passes the file, and what it prints.
fn by_hurl(text: &str, url: &str) -> (bool, String) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("shop.hurl");
    fs::write(&file, text).unwrap();
    let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/tools/bin/hurl");
    assert!(
        program.is_file(),
        "hurl is missing: `cargo xtask test` builds it"
    );
    let output = Command::new(program)
        .args(["--test", "--no-color", "--noproxy", "*"])
        .args(["--max-time", "300ms", "--variable"])
        .arg(format!("shop={url}"))
        .arg("--secret")
        .arg(format!("password={}", Options::PASSWORD))
        .arg(&file)
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    // 3 is an error at run, 4 an assertion that was not met; anything else says nothing of the shop.
    let code = output.status.code();
    assert!(matches!(code, Some(0 | 3 | 4)), "{code:?}: {told}");
    (code == Some(0), told)
}

/// Whether its import passes, and what is said of it.
fn by_leadsman(imported: &Imported, url: &str) -> (bool, String) {
    let read: Value = serde_saphyr::from_str(&imported.yaml).unwrap();
    let trial = Trial::bundled("journey", url, settings(imported)).timeout_ms(2_000);
    let secrets = read["secrets"].as_object();
    let record = match secrets.and_then(|secrets| secrets.keys().next()) {
        Some(secret) => trial.secret(secret, Options::PASSWORD, url).run(),
        None => trial.run(),
    };
    assert_ne!(record.outcome, Outcome::Unknown, "{}", record.sentence);
    (record.outcome == Outcome::Pass, record.sentence.to_string())
}

#[test]
fn hurl_and_the_import_of_its_file_say_the_same_of_the_shop_in_each_of_its_states() {
    let text = quick();
    for fault in Fault::ALL.iter().copied() {
        let shop = shop(fault);
        let imported = import_text("shop.hurl", &text, &[("shop", &shop.url())]);
        let (hurl, told) = by_hurl(&text, &shop.url());
        let (leadsman, sentence) = by_leadsman(&imported, &shop.url());
        assert_eq!(hurl, leadsman, "{fault}: {told}\n{sentence}");
        assert_eq!(hurl, is_well(fault), "{fault}: {told}");
    }
}
