//! The API and its description: neither says what the other does not.

use std::{collections::BTreeSet, sync::Arc};

use leadsman_core::{
    attempt::LogLine, dispatch::MissedReason, failure::FailureKind, outcome::Reason,
};
use serde_json::{Value, json};

use super::ask_of;
use crate::{
    telemetry::{
        Telemetry,
        tests::fixture::{MS, NOW_MS, book, failing, passing, small},
    },
    web::api::{OPENAPI, ROUTES},
};

fn document() -> Value {
    serde_json::from_str(OPENAPI).unwrap()
}

/// A line of a log that is longer than what is kept of it.
fn talk() -> LogLine {
    LogLine {
        at: 0,
        level: "info".to_owned(),
        message: "so ".repeat(100),
    }
}

/// A daemon of which something is known.
fn eventful() -> Telemetry {
    let telemetry = small();
    let mut first = failing(Reason::ConnectTimeout, FailureKind::ConnectTimeout);
    let attempts = &mut Arc::make_mut(&mut first).attempts;
    let last = Arc::make_mut(&mut attempts[1].report);
    last.unrepeatable = true;
    last.log = vec![talk(); 90];
    book(&telemetry, 0, &first);
    let mut second = passing(MS).as_ref().clone();
    second.run = "18f-2".to_owned();
    book(&telemetry, 0, &Arc::new(second));
    telemetry.missed(1, MissedReason::Late, NOW_MS, 3);
    telemetry.set_next_tick(0, NOW_MS + 60_000);
    telemetry
}

/// The status and the JSON of an answer.
async fn asked(path: &str) -> (String, Value) {
    let answer = ask_of(eventful(), &format!("GET {path}"), "").await;
    let status = answer.split(' ').nth(1).unwrap().to_owned();
    let (_, body) = answer.split_once("\r\n\r\n").unwrap();
    (status, serde_json::from_str(body).unwrap())
}

/// What is wrong with an answer, by the schema of its path and status.
fn wrong(document: &Value, path: &str, status: &str, answer: &Value) -> Vec<String> {
    let response = &document["paths"][path]["get"]["responses"][status];
    let schema = &response["content"]["application/json"]["schema"];
    assert!(schema.is_object(), "{path} does not describe {status}");
    let whole = json!({"allOf": [schema], "components": document["components"]});
    let validator = jsonschema::validator_for(&whole).unwrap();
    let errors = validator.iter_errors(answer);
    errors
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect()
}

#[test]
fn every_route_is_described_and_every_description_is_a_route() {
    let document = document();
    let described: BTreeSet<&str> = document["paths"]
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect();
    let routes: Vec<String> = ROUTES
        .iter()
        .map(|(path, _)| path.replace("{*", "{"))
        .collect();
    assert_eq!(described, routes.iter().map(String::as_str).collect());
}

#[tokio::test]
async fn every_answer_is_as_it_is_described() {
    let document = document();
    for (described, path, status) in [
        ("/api/v1/checks", "/api/v1/checks", "200"),
        ("/api/v1/checks", "/api/v1/checks?compact=true", "200"),
        ("/api/v1/checks", "/api/v1/checks?outcome=purple", "400"),
        ("/api/v1/checks/{check}", "/api/v1/checks/shop/web", "200"),
        ("/api/v1/checks/{check}", "/api/v1/checks/shop%2Fweb", "200"),
        ("/api/v1/checks/{check}", "/api/v1/checks/shop/no", "404"),
        ("/api/v1/runs", "/api/v1/runs", "200"),
        ("/api/v1/runs", "/api/v1/runs?limit=many", "400"),
        ("/api/v1/runs/{run}", "/api/v1/runs/18f-1", "200"),
        ("/api/v1/runs/{run}", "/api/v1/runs/18f-9", "404"),
        ("/api/v1/files", "/api/v1/files", "200"),
        ("/api/v1/probes", "/api/v1/probes", "200"),
        ("/api/v1/status", "/api/v1/status", "200"),
        ("/api/v1/openapi.json", "/api/v1/openapi.json", "200"),
    ] {
        let (got, answer) = asked(path).await;
        assert_eq!(got, status, "{path}: {answer}");
        let errors = wrong(&document, described, status, &answer);
        assert!(errors.is_empty(), "{path}: {errors:#?}\n{answer:#}");
    }
}

#[tokio::test]
async fn checks_are_filtered_by_team_and_outcome_and_may_be_short() {
    let count = |answer: &Value| answer["checks"].as_array().unwrap().len();
    for (query, expected) in [
        ("", 3),
        ("?team=shop", 2),
        ("?team=nobody", 0),
        ("?outcome=pass", 1),
        ("?outcome=fail", 0),
    ] {
        let (_, answer) = asked(&format!("/api/v1/checks{query}")).await;
        assert_eq!(count(&answer), expected, "{query}");
    }
    let (_, whole) = asked("/api/v1/checks").await;
    assert_eq!(whole["checks"][0]["last_failed"]["run"], "18f-1");
    let (_, short) = asked("/api/v1/checks?compact=true").await;
    assert_eq!(short["checks"][0].get("last_failed"), None);
}

#[tokio::test]
async fn runs_are_told_newest_first_and_each_can_be_opened() {
    let (_, all) = asked("/api/v1/runs?check=shop/web&target=home").await;
    let ids: BTreeSet<&str> = all["runs"]
        .as_array()
        .unwrap()
        .iter()
        .map(|run| run["run"].as_str().unwrap())
        .collect();
    assert_eq!(ids, BTreeSet::from(["18f-1", "18f-2"]));
    let (_, failed) = asked("/api/v1/runs?outcome=fail&limit=5").await;
    assert_eq!(failed["runs"].as_array().unwrap().len(), 1);
    let (_, run) = asked("/api/v1/runs/18f-1").await;
    assert_eq!(run["record"]["attempts"].as_array().unwrap().len(), 2);
    assert_eq!(
        run["record"]["attempts"][1]["report"]["cut"],
        json!({"log_lines": 40, "header_fields": 0, "shortened": 50})
    );
    let (_, check) = asked("/api/v1/checks/shop/web").await;
    let recent = &check["targets"][0]["recent"];
    assert_eq!(
        (&recent[0]["run"], &recent[1]["run"]),
        (&json!("18f-1"), &json!("18f-2"))
    );
    assert_eq!(recent[0]["phases"], json!({"resolve": 2 * MS}));
}

#[tokio::test]
async fn the_status_counts_what_fails_and_what_is_not_known() {
    let (_, status) = asked("/api/v1/status").await;
    assert_eq!(
        (&status["checks"], &status["targets"]),
        (&json!(2), &json!(3))
    );
    assert_eq!(
        (&status["failing"], &status["unknown"]),
        (&json!(0), &json!(2))
    );
    assert_eq!(status["missed"], json!({"late": 3}));
}
