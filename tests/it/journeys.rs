//! One journey, told three times, against the shop of the examples.

#![expect(clippy::indexing_slicing, reason = "a test stops where it fails")]

use std::{fs, path::Path, time::Duration};

use leadsman_core::{
    limits::Limits,
    outcome::{Outcome, Reason},
    record::RunRecord,
    seam::Call,
};
use leadsman_example_shop::{Fault, Options, Shop};
use leadsman_tests::engine::Trial;
use serde_json::{Value, json};

mod bounds;
mod imported;
mod language;

/// A shop with a fault; what is slow in it is slower than a test, and quicker than its waits.
fn shop(fault: Fault) -> Shop {
    let options = Options {
        fault,
        slowness: Duration::from_millis(30),
        ..Options::default()
    };
    Shop::start(&options).unwrap()
}

/// The settings of the example's check, with waits that suit a test.
fn settings() -> Value {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/journey/journey.yaml");
    let text = fs::read_to_string(file).unwrap();
    quick(&serde_saphyr::from_str::<Value>(&text).unwrap()["checks"]["order"]["settings"])
}

/// The same settings with waits of milliseconds where people write seconds.
fn quick(settings: &Value) -> Value {
    let text = settings.to_string();
    let text = text
        .replace(r#""every":"500ms""#, r#""every":"20ms""#)
        .replace(r#""5s""#, r#""300ms""#);
    serde_json::from_str(&text).unwrap()
}

/// How long a run may take, in milliseconds: where a receipt never comes, one waits until only the cleanup's half is left.
fn patience(shop: &Shop) -> u64 {
    match shop.fault() {
        Fault::ReceiptHangs => 3_000,
        _ => 5_000,
    }
}

/// Whether a journey passes where this is wrong.
const fn is_well(fault: Fault) -> bool {
    matches!(fault, Fault::Healthy | Fault::Slow | Fault::UnavailableOnce)
}

fn in_yaml(shop: &Shop) -> RunRecord {
    in_yaml_with(shop, settings())
}

fn in_yaml_with(shop: &Shop, settings: Value) -> RunRecord {
    Trial::bundled("journey", shop.url(), settings)
        .timeout_ms(patience(shop))
        .secret("shop-password", Options::PASSWORD, &shop.url())
        .run()
}

fn in_rust(shop: &Shop) -> RunRecord {
    in_rust_with(shop, json!({"every": "20ms", "within": "300ms"}))
}

fn in_rust_with(shop: &Shop, settings: Value) -> RunRecord {
    let component = fs::read(env!("LEADSMAN_EXAMPLE_ORDER")).unwrap();
    Trial::of(component, shop.url())
        .settings(settings)
        .timeout_ms(patience(shop))
        .secret("shop-password", Options::PASSWORD, &shop.url())
        .run()
}

/// What can be compared: how it ended, and each step with what it first asked for.
#[derive(Debug, PartialEq, Eq)]
struct Seen {
    outcome: Outcome,
    reason: Reason,
    steps: Vec<(String, Option<bool>)>,
}

fn seen(record: &RunRecord) -> Seen {
    let report = &record.last().unwrap().report;
    let steps = report.steps.iter().enumerate().map(|(index, step)| {
        let first = report
            .operations
            .iter()
            .find(|operation| operation.step == Some(index));
        (
            asked(first.map(|operation| operation.call.as_ref())),
            step.ok,
        )
    });
    Seen {
        outcome: record.outcome,
        reason: record.reason,
        steps: steps.collect(),
    }
}

/// The method and the path, an order's id left out.
fn asked(call: Option<&Call>) -> String {
    let Some(Call::Http(call)) = call else {
        return "nothing".to_owned();
    };
    let path = call.url.splitn(4, '/').nth(3).unwrap_or_default();
    let parts = path
        .split('/')
        .map(|part| if part.starts_with("ord-") { "ID" } else { part });
    format!("{} /{}", call.method, parts.collect::<Vec<_>>().join("/"))
}

fn steps(record: &RunRecord) -> Vec<(String, Option<bool>)> {
    let report = &record.last().unwrap().report;
    let steps = report.steps.iter();
    steps.map(|step| (step.name.clone(), step.ok)).collect()
}

#[test]
fn in_yaml_and_in_rust_it_has_the_same_steps_and_outcomes_whatever_is_broken() {
    for fault in Fault::ALL.iter().copied() {
        let shop = shop(fault);
        let (yaml, rust) = (in_yaml(&shop), in_rust(&shop));
        assert_eq!(
            seen(&yaml),
            seen(&rust),
            "{fault}: {} / {}",
            yaml.sentence,
            rust.sentence
        );
        assert_eq!(steps(&yaml), steps(&rust), "{fault}");
        assert_eq!(
            yaml.outcome == Outcome::Pass,
            is_well(fault),
            "{fault}: {}",
            yaml.sentence
        );
    }
}

#[test]
fn an_order_that_takes_longer_to_make_than_it_may_fails_in_both() {
    let shop = shop(Fault::Slow);
    let text = settings().to_string();
    assert!(text.contains(r#""under":"800ms""#), "{text}");
    let sooner = serde_json::from_str(&text.replace("800ms", "10ms")).unwrap();
    let yaml = in_yaml_with(&shop, sooner);
    let sooner = json!({"every": "20ms", "within": "300ms", "created_within": "10ms"});
    let rust = in_rust_with(&shop, sooner);
    assert_eq!(yaml.outcome, Outcome::Fail, "{}", yaml.sentence);
    assert_eq!((seen(&yaml), steps(&yaml)), (seen(&rust), steps(&rust)));
    for record in [yaml, rust] {
        let failed = record
            .sentence
            .starts_with("step `create`: under: expected");
        assert!(failed, "{}", record.sentence);
    }
}

#[test]
fn whatever_breaks_after_it_was_created_an_order_is_deleted() {
    for fault in [
        Fault::Healthy,
        Fault::CreatedWith200,
        Fault::UnavailableOnce,
        Fault::NeverReady,
        Fault::ReceiptHangs,
        Fault::WrongReceipt,
        Fault::WrongType,
        Fault::Hangs,
    ] {
        for walk in [in_yaml, in_rust] {
            let shop = shop(fault);
            let record = walk(&shop);
            let probe = &record.probe;
            assert_eq!(shop.served("POST /api/orders"), 1, "{fault} in {probe}");
            assert_eq!(shop.open_orders(), 0, "{fault} in {probe}");
        }
    }
}

#[test]
fn an_order_is_deleted_also_where_the_run_has_used_up_its_requests() {
    let shop = shop(Fault::NeverReady);
    let limits = Limits {
        requests: 8,
        ..Limits::default()
    };
    let record = Trial::bundled("journey", shop.url(), settings())
        .limits(limits)
        .secret("shop-password", Options::PASSWORD, &shop.url())
        .run();
    let sentence = &record.sentence;
    assert_eq!(
        (record.outcome, record.reason),
        (Outcome::Unknown, Reason::ProbeLimit),
        "{sentence}"
    );
    let named = ["`wait until ready`", "its 8 requests", "`limits.requests`"];
    assert!(
        named.iter().all(|word| sentence.contains(word)),
        "{sentence}"
    );
    assert_eq!(shop.open_orders(), 0);
    assert_eq!(
        shop.served("DELETE /api/session"),
        1,
        "the cleanup is whole"
    );
}

#[test]
fn the_sentence_names_the_step_the_expectation_and_what_came_instead() {
    let shop = shop(Fault::CreateConflicts);
    let record = in_yaml(&shop);
    assert_eq!(
        &*record.sentence,
        "step `create`: status: expected 201, got 409; body.$.status: expected \"pending\", got nothing there"
    );
}

#[test]
fn neither_the_password_nor_the_token_is_in_what_a_run_leaves() {
    for fault in Fault::ALL.iter().copied() {
        let shop = shop(fault);
        for record in [in_yaml(&shop), in_rust(&shop)] {
            let left = format!("{record:?} {}", serde_json::to_string(&record).unwrap());
            for planted in [
                Options::PASSWORD,
                "Y29ycmVjdCBob3JzZQ",
                "c3ludGhldGljOmNvcnJlY3QgaG9yc2U",
            ] {
                assert!(!left.contains(planted), "{fault}: {left}");
            }
            // What the shop gave as a token was put out of sight in the very answer that brought it.
            let shown = left
                .split(r#"\"token\":\""#)
                .skip(1)
                .all(|rest| rest.starts_with("leadsman-secret"));
            assert!(shown, "{fault}: {left}");
        }
    }
}
