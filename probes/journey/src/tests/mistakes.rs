//! Settings that the schema accepts and that are mistakes all the same.

use leadsman_sdk::settings::Settings as _;
use serde_json::{Value, json};

use super::{super::*, order};

fn complaints(settings: &Value) -> Vec<(String, String, String)> {
    let settings: JourneySettings = serde_json::from_value(settings.clone()).unwrap();
    let found = validate::validate(&settings).into_iter();
    found
        .map(|complaint| (complaint.pointer, complaint.message, complaint.hint))
        .collect()
}

/// The one complaint about a step.
fn about(step: &Value) -> (String, String) {
    let steps =
        json!([{"name": "first", "request": {}, "capture": {"token": {"json": "$.t"}}}, step]);
    let found = complaints(&json!({"steps": steps}));
    assert_eq!(found.len(), 1, "{found:?}");
    (
        found[0].0.clone(),
        format!("{}; {}", found[0].1, found[0].2),
    )
}

#[test]
fn a_journey_without_a_mistake_has_none_told() {
    assert_eq!(complaints(&order()), []);
}

fn each_is_told(mistakes: &[(Value, &str, &str)]) {
    for (step, pointer, part) in mistakes {
        let (at, told) = about(step);
        assert_eq!(at, *pointer, "{step}");
        assert!(told.contains(part), "{step}: {told}");
    }
}

#[test]
fn each_mistake_of_a_template_or_a_loop_is_told_at_its_setting() {
    each_is_told(&[
        (
            json!({"name": "a", "request": {"path": "/${tokn}"}}),
            "/steps/1/request/path",
            "did you mean `token`?",
        ),
        (
            json!({"name": "a", "request": {"path": "/${token"}}),
            "/steps/1/request/path",
            "not closed",
        ),
        (
            json!({"name": "a", "request": {"path": "/${token|rot13}"}}),
            "/steps/1/request/path",
            "no encoder",
        ),
        (
            json!({"name": "a", "request": {"path": "/${time.soon}"}}),
            "/steps/1/request/path",
            "no form of a time",
        ),
        (
            json!({"name": "a", "request": {"json": {"a": ["${b}"]}}}),
            "/steps/1/request/json/a/0",
            "nothing sets",
        ),
        (
            json!({"name": "a", "request": {}, "expect": {"body": {"contains": ["${b}"]}}}),
            "/steps/1/expect/body/contains/0",
            "nothing sets",
        ),
        (
            json!({"name": "a", "request": {}, "if": "plan == 1"}),
            "/steps/1/if",
            "nothing sets the variable `plan`",
        ),
        (
            json!({"name": "a", "request": {}, "each": {"in": "ids", "at_most": 2}}),
            "/steps/1/each/in",
            "nothing sets",
        ),
        (
            json!({"name": "a", "request": {}, "each": {"in": "token", "at_most": 0}}),
            "/steps/1/each/at_most",
            "a loop has a bound",
        ),
        (
            json!({"name": "a", "dns": {"query": "a", "type": "${kind}"}}),
            "/steps/1/dns/type",
            "nothing sets",
        ),
        (
            json!({"name": "a", "dns": {"query": "a", "answers": {"all": ["${token}", "${b}"]}}}),
            "/steps/1/dns/answers/all/1",
            "nothing sets",
        ),
        (
            json!({"name": "a", "tcp": {"dialogue": [{"expect_bytes": "${b}"}]}}),
            "/steps/1/tcp/dialogue/0/expect_bytes",
            "nothing sets",
        ),
        (json!({"name": "a"}), "/steps/1", "does nothing"),
        (
            json!({"name": "a", "request": {}, "pause": "1s"}),
            "/steps/1/pause",
            "exclude each other",
        ),
    ]);
}

#[test]
fn what_has_no_effect_is_told_at_its_setting() {
    each_is_told(&[
        (
            json!({"name": "a", "request": {}, "expect": {"headers": [{"name": "x", "may_be_missing": true}]}}),
            "/steps/1/expect/headers/0",
            "expects nothing",
        ),
        (
            json!({"name": "a", "request": {}, "under": "1s", "degraded_above": "1s"}),
            "/steps/1/degraded_above",
            "has failed already",
        ),
    ]);
    let used = json!({"name": "all", "use": "both", "under": "1s", "degraded_above": "500ms"});
    let found = complaints(
        &json!({"steps": [used], "fragments": {"both": [{"name": "one", "pause": "1s"}]}}),
    );
    let places: Vec<&str> = found.iter().map(|(place, ..)| place.as_str()).collect();
    assert_eq!(places, ["/steps/0/degraded_above", "/steps/0/under"]);
}

#[test]
fn templates_in_bytes_and_header_fields_are_read_as_everywhere() {
    each_is_told(&[
        (
            json!({"name": "a", "tcp": {"dialogue": [{"send_bytes": "${b}"}]}}),
            "/steps/1/tcp/dialogue/0/send_bytes",
            "nothing sets",
        ),
        (
            json!({"name": "a", "request": {"headers": {"x-a": [{"secret": "login"}, "${b}"]}}}),
            "/steps/1/request/headers/x-a/1",
            "nothing sets",
        ),
        (
            json!({"name": "a", "request": {}, "expect": {"headers": [{"name": "etag", "equals": "${b}"}]}}),
            "/steps/1/expect/headers/0/equals",
            "nothing sets",
        ),
    ]);
}

#[test]
fn each_mistake_of_shape_is_told_at_its_setting() {
    each_is_told(&[
        (
            json!({"name": "a", "request": {"url": "https://a", "path": "/"}}),
            "/steps/1/request/url",
            "exclude each other",
        ),
        (
            json!({"name": "a", "request": {"body": "a", "json": 1}}),
            "/steps/1/request/json",
            "exclude each other",
        ),
        (
            json!({"name": "a", "use": "b"}),
            "/steps/1/use",
            "no fragment `b`",
        ),
        (
            json!({"name": "first", "pause": "1s"}),
            "/steps/1/name",
            "another step",
        ),
        (
            json!({"name": "a", "request": {}, "capture": {"x": {}}}),
            "/steps/1/capture/x",
            "one source",
        ),
        (
            json!({"name": "a", "request": {}, "capture": {"x-y": {"json": "$.a"}}}),
            "/steps/1/capture/x-y",
            "variable's name",
        ),
        (
            json!({"name": "a", "request": {}, "capture": {"x": {"from": "moon"}}}),
            "/steps/1/capture/x/from",
            "not one of the choices",
        ),
        (
            json!({"name": "a", "pause": "1s", "capture": {"x": {"from": "status"}}}),
            "/steps/1/capture/x",
            "no answer",
        ),
        (
            json!({"name": "a", "request": {"method": "G T"}}),
            "/steps/1/request/method",
            "no method",
        ),
        (
            json!({"name": "a", "request": {}, "until": {"expect": {}, "within": "1s", "every": "1ms"}}),
            "/steps/1/until/every",
            "without a pause",
        ),
        (
            json!({"name": "a", "request": {"redirects": "none"}, "expect": {"redirects": 1}}),
            "/steps/1/expect/redirects",
            "at most 0 are followed",
        ),
        (
            json!({"name": "a", "request": {"max_redirects": 2}, "until": {"expect": {"redirects": "3-4"}, "within": "1s"}}),
            "/steps/1/until/expect/redirects",
            "at most 2 are followed",
        ),
    ]);
}

#[test]
fn a_field_that_two_settings_write_is_told_however_it_is_spelt() {
    let oauth2 = json!({"token_url": "https://a", "client_id": "a", "secret": "login"});
    let sign = |header: &str| json!({"secret": "login", "header": header});
    each_is_told(&[
        (
            json!({"name": "a", "request": {"headers": {"Authorization": "x"}, "basic": {"user": "a", "secret": "login"}}}),
            "/steps/1/request/headers/Authorization",
            "`basic` writes this field too",
        ),
        (
            json!({"name": "a", "request": {"headers": {"AUTHORIZATION": "x"}, "bearer": "${token}"}}),
            "/steps/1/request/headers/AUTHORIZATION",
            "`bearer` writes",
        ),
        (
            json!({"name": "a", "request": {"headers": {"authorization": ["x"]}, "oauth2": oauth2}}),
            "/steps/1/request/headers/authorization",
            "`oauth2` writes",
        ),
        (
            json!({"name": "a", "request": {"headers": {"X-Signature": "x"}, "sign": sign("x-signature")}}),
            "/steps/1/request/headers/X-Signature",
            "`sign` writes",
        ),
        (
            json!({"name": "a", "request": {"sign": sign("Authorization"), "bearer": "${token}"}}),
            "/steps/1/request/sign/header",
            "`bearer` writes",
        ),
    ]);
    let well = json!({"headers": {"Authorization": "x"}, "sign": sign("x-signature")});
    let steps = json!([{"name": "a", "request": well}]);
    assert_eq!(complaints(&json!({"steps": steps})), []);
}

#[test]
fn an_identity_that_would_never_be_sent_is_told() {
    each_is_told(&[
        (
            json!({"name": "a", "request": {"identity": "probe", "insecure": true}}),
            "/steps/1/request/identity",
            "never sent",
        ),
        (
            json!({"name": "a", "tcp": {"tls": true, "identity": "probe", "insecure": true}}),
            "/steps/1/tcp/identity",
            "never sent",
        ),
    ]);
}

#[test]
fn what_is_bound_to_fail_is_told() {
    each_is_told(&[
        (
            json!({"name": "a", "request": {"url": "http://a.example/", "version": "HTTP/2"}}),
            "/steps/1/request/version",
            "over https only",
        ),
        (
            json!({"name": "a", "request": {"headers": {"Content-Length": "1"}}}),
            "/steps/1/request/headers/Content-Length",
            "set by the host",
        ),
        (
            json!({"name": "a", "request": {"max_body": 33_554_432}}),
            "/steps/1/request/max_body",
            "at most 16777216",
        ),
        (
            json!({"name": "a", "tcp": {"insecure": true}}),
            "/steps/1/tcp/insecure",
            "without TLS",
        ),
    ]);
    let request = json!({"path": "/", "version": "HTTP/2"});
    let over =
        |scheme: &str| json!({"scheme": scheme, "steps": [{"name": "a", "request": request}]});
    assert_eq!(complaints(&over("https")), []);
    // The target may say its own scheme.
    assert_eq!(complaints(&over("http")), []);
}

#[test]
fn a_fragment_that_uses_itself_is_told_and_so_is_a_stop_at_no_step() {
    let circle = json!({"steps": [{"name": "a", "use": "f"}], "fragments": {"f": [{"name": "b", "use": "f"}]}});
    assert!(complaints(&circle)[0].1.contains("fragments"));
    let mut stops = order();
    stops["stop_after"] = json!("creat");
    assert_eq!(complaints(&stops)[0].2, "did you mean `create`?");
}

#[test]
fn a_loop_without_a_bound_and_a_wait_without_a_deadline_do_not_fit_the_schema() {
    let schema = JourneySettings::schema();
    let required = |name: &str| schema["$defs"][name]["required"].clone();
    assert_eq!(required("Each"), json!(["in", "at_most"]));
    assert_eq!(required("Until"), json!(["expect", "within"]));
}

#[test]
fn a_header_field_that_may_be_missing_and_must_not_be_otherwise_expects_something() {
    for says in [
        "equals",
        "contains",
        "not_contains",
        "matches",
        "not_matches",
    ] {
        let field = json!({"name": "x-cache", says: "HIT", "may_be_missing": true});
        let step = json!({"name": "a", "request": {}, "expect": {"headers": [field]}});
        assert_eq!(complaints(&json!({"steps": [step]})), [], "{says}");
    }
}
