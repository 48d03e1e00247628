//! The journey as its own recording, its Hurl file and curl's command lines tell it.

use std::{
    fs,
    path::{Path, PathBuf},
};

use leadsman_core::{outcome::Outcome, record::RunRecord};
use leadsman_example_shop::{Fault, Options, Shop};
use leadsman_import::{Format, Imported};
use leadsman_tests::engine::Trial;
use serde_json::{Value, json};

use super::{in_yaml, patience, quick, seen, shop};

mod hurl;

fn example(name: &str) -> (PathBuf, String) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../examples/journey")
        .join(name);
    let text = fs::read_to_string(&path).unwrap();
    (path, text)
}

fn import(name: &str, variables: &[(&str, &str)]) -> Imported {
    let (_, text) = example(name);
    import_text(name, &text, variables)
}

/// The same of a text, as it would stand in a file of that name.
fn import_text(name: &str, text: &str, variables: &[(&str, &str)]) -> Imported {
    let variables = variables
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    let options = leadsman_import::Options {
        name: "order".to_owned(),
        variables: variables.collect(),
    };
    leadsman_import::import(Format::of(Path::new(name), text), text, &options).unwrap()
}

fn settings(imported: &Imported) -> Value {
    let read: Value = serde_saphyr::from_str(&imported.yaml).unwrap();
    read["checks"]["order"]["settings"].clone()
}

/// The recorded journey, pointed at a shop; its waits suit a test.
fn recorded(shop: &Shop) -> RunRecord {
    let mut settings = settings(&import("shop.har", &[]));
    for step in settings["steps"].as_array_mut().unwrap() {
        if step["until"].is_object() {
            step["until"]["every"] = json!("20ms");
            step["until"]["within"] = json!("300ms");
        }
        // The page's own origin is a header field of the recording.
        let own = step
            .to_string()
            .replace("http://127.0.0.1:8080", &shop.url());
        *step = serde_json::from_str(&own).unwrap();
    }
    Trial::bundled("journey", shop.url(), settings)
        .timeout_ms(patience(shop))
        .secret("order-password", Options::PASSWORD, &shop.url())
        .run()
}

#[test]
fn imported_from_its_own_recording_it_has_the_same_steps_and_outcomes_whatever_a_recording_can_see()
{
    // A recording does not say what a receipt must hold.
    let unseen = [Fault::WrongReceipt, Fault::WrongType];
    let faults = Fault::ALL.iter().copied();
    for fault in faults.filter(|fault| !unseen.contains(fault)) {
        let shop = shop(fault);
        let (written, imported) = (in_yaml(&shop), recorded(&shop));
        let (expected, mut got) = (seen(&written), seen(&imported));
        // A browser loads the page first.
        assert_eq!(
            got.steps.remove(0),
            ("GET /".to_owned(), Some(true)),
            "{fault}"
        );
        assert_eq!(
            got, expected,
            "{fault}: {} / {}",
            imported.sentence, written.sentence
        );
    }
    for fault in unseen {
        let outcomes = [in_yaml, recorded].map(|walk| walk(&shop(fault)).outcome);
        assert_eq!(outcomes, [Outcome::Fail, Outcome::Pass], "{fault}");
    }
}

#[test]
fn what_was_typed_into_the_recorded_page_is_nowhere_in_the_import() {
    let imported = import("shop.har", &[]);
    let all = format!("{} {:?}", imported.yaml, imported.left);
    assert!(!all.contains(Options::PASSWORD), "{all}");
    let left: Vec<String> = imported.left.iter().map(ToString::to_string).collect();
    assert!(
        left.iter().any(|line| line.contains("statistics.js")),
        "{left:?}"
    );
}

#[test]
fn imported_from_hurl_it_does_what_the_file_says() {
    let shop = shop(Fault::Healthy);
    let imported = import("shop.hurl", &[("shop", &shop.url())]);
    let read: Value = serde_saphyr::from_str(&imported.yaml).unwrap();
    let secret = read["secrets"]
        .as_object()
        .unwrap()
        .keys()
        .next()
        .unwrap()
        .clone();
    let run = |shop: &Shop| {
        Trial::bundled("journey", shop.url(), quick(&settings(&imported)))
            .secret(&secret, Options::PASSWORD, &shop.url())
            .run()
    };
    let record = run(&shop);
    assert_eq!(
        record.outcome,
        Outcome::Pass,
        "{}\n{}",
        record.sentence,
        imported.yaml
    );
    assert_eq!(
        (shop.served("POST /api/orders"), shop.open_orders()),
        (1, 0)
    );
    shop.set(Fault::CreateConflicts);
    assert_eq!(run(&shop).outcome, Outcome::Fail);
}
