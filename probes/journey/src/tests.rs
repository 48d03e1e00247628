//! Journeys against a scripted world.

use leadsman_sdk::mock::{Mock, Reply, Run};
use serde_json::{Value, json};

use super::*;

mod mistakes;
mod sign_in;
mod streams;
mod waiting;

const SHOP: &str = "https://shop.example";

fn at(path: &str) -> String {
    format!("{SHOP}{path}")
}

/// Signs in, creates, waits, reads; deletes at the end.
fn order() -> Value {
    json!({
        "steps": [
            {"name": "sign in",
             "request": {"method": "POST", "path": "/session", "basic": {"user": "synthetic", "secret": "login"}},
             "capture": {"token": {"json": "$.token", "secret": true}}},
            {"name": "create",
             "request": {"method": "POST", "path": "/orders", "bearer": "${token}", "json": {"reference": "r-${unique}", "plan": "${plan}"}},
             "expect": {"status": 201},
             "capture": {"order": {"json": "$.id"}, "lines": {"json": "$.lines[*]", "all": true}}},
            {"name": "wait",
             "request": {"path": "/orders/${order}", "bearer": "${token}"},
             "until": {"expect": {"body": {"json": {"$.status": "ready"}}}, "every": "500ms", "within": "3s"}},
            {"name": "read",
             "if": "plan == 'pro' && order > 1",
             "each": {"in": "lines", "as": "line", "at_most": 2},
             "request": {"path": "/lines/${line}"},
             "expect": {"body": {"contains": ["line ${line}"]}}},
        ],
        "cleanup": [
            {"name": "delete", "request": {"method": "DELETE", "path": "/orders/${order}"}, "expect": {"status": 204}},
        ],
        "variables": {"plan": "pro"},
    })
}

fn shop() -> Mock {
    Mock::new(SHOP)
        .settings(order())
        .secret("login")
        .on(
            "POST",
            &at("/session"),
            Reply::status(201).body(r#"{"token": "abcdef"}"#),
        )
        .on(
            "POST",
            &at("/orders"),
            Reply::status(201).body(r#"{"id": 7, "lines": [1, 2, 3]}"#),
        )
        .on(
            "GET",
            &at("/orders/7"),
            Reply::ok(r#"{"status": "pending"}"#),
        )
        .on("GET", &at("/orders/7"), Reply::ok(r#"{"status": "ready"}"#))
        .on("GET", &at("/lines/1"), Reply::ok("line 1"))
        .on("GET", &at("/lines/2"), Reply::ok("line 2"))
        .on("DELETE", &at("/orders/7"), Reply::status(204))
}

fn asked(run: &Run) -> Vec<String> {
    let requests = run.requests.iter();
    requests
        .map(|(method, url)| format!("{method} {}", url.trim_start_matches(SHOP)))
        .collect()
}

fn header(run: &Run, request: usize, name: &str) -> String {
    let found = run.sent[request]
        .headers
        .iter()
        .find(|(known, _)| known == name);
    found
        .map(|(_, value)| String::from_utf8_lossy(value).into_owned())
        .unwrap_or_default()
}

#[test]
fn a_journey_signs_in_creates_waits_reads_and_cleans_up() {
    let run = shop().run(journey);
    assert_eq!(run.verdict, Verdict::Pass, "{run:?}");
    assert_eq!(
        asked(&run),
        [
            "POST /session",
            "POST /orders",
            "GET /orders/7",
            "GET /orders/7",
            "GET /lines/1",
            "GET /lines/2",
            "DELETE /orders/7",
        ]
    );
    let names: Vec<_> = run
        .steps
        .iter()
        .map(|(name, ok)| (name.as_str(), *ok))
        .collect();
    let well = |name| (name, Some(true));
    assert_eq!(
        names,
        ["sign in", "create", "wait", "read", "delete"].map(well)
    );
}

#[test]
fn a_captured_secret_is_sent_as_a_placeholder_and_a_value_keeps_its_type() {
    let run = shop().run(journey);
    assert_eq!(header(&run, 0, "authorization"), "Basic placeholder-login");
    assert!(header(&run, 1, "authorization").starts_with("Bearer placeholder-captured-"));
    assert!(!format!("{run:?}").contains("abcdef"));
    let body: Value = serde_json::from_slice(&run.sent[1].body).unwrap();
    assert_eq!(
        (body["plan"].as_str(), header(&run, 1, "content-type")),
        (Some("pro"), "application/json".to_owned())
    );
}

#[test]
fn a_journey_that_changes_something_is_never_repeated_unless_its_author_allows_it() {
    assert!(shop().run(journey).unrepeatable);
    let mut settings = order();
    settings["repeatable"] = json!(true);
    assert!(!shop().settings(settings).run(journey).unrepeatable);
    let reads = json!({"steps": [{"name": "read", "request": {"path": "/lines/1"}}]});
    assert!(!shop().settings(reads).run(journey).unrepeatable);
}

#[test]
fn every_unmet_expectation_of_a_step_is_told_with_its_setting_and_the_cleanup_runs() {
    let mut settings = order();
    settings["steps"][1]["expect"] = json!({
        "status": 202,
        "headers": [{"name": "location", "matches": "^/orders/"}],
        "body": {"json": {"$.id": "8"}, "not_contains": ["lines"]},
    });
    let run = shop().settings(settings).run(journey);
    assert_eq!(run.verdict, Verdict::Fail);
    assert_eq!(
        run.about,
        [
            "/steps/1/expect/status",
            "/steps/1/expect/headers/0",
            "/steps/1/expect/body/not_contains/0",
            "/steps/1/expect/body/json/$.id",
            "/steps/1",
        ]
    );
    assert_eq!(run.assertions[3].got, "7");
    assert_eq!(
        asked(&run),
        ["POST /session", "POST /orders", "DELETE /orders/7"]
    );
}

/// The order whose second step captures something that no answer has, before all that it does have.
fn order_with_a_capture_too_many() -> Value {
    let mut settings = order();
    settings["steps"][1]["capture"]["absent"] = json!({"json": "$.absent"});
    settings
}

#[test]
fn what_else_a_step_captures_is_there_for_the_cleanup_where_one_capture_finds_nothing() {
    let run = shop()
        .settings(order_with_a_capture_too_many())
        .run(journey);
    assert_eq!(run.verdict, Verdict::Fail);
    assert_eq!(run.assertions[0].path, "capture.absent");
    assert_eq!(asked(&run).last().unwrap(), "DELETE /orders/7");
}

#[test]
fn a_capture_from_a_body_that_is_no_json_shows_the_body() {
    let capture = json!({"token": {"json": "$.token"}});
    let step = json!({"name": "sign in", "request": {"path": "/"}, "capture": capture});
    let run = Mock::new(SHOP)
        .settings(json!({"steps": [step]}))
        .on("GET", &at("/"), Reply::ok("<html>busy"))
        .run(journey);
    assert_eq!(run.verdict, Verdict::Fail);
    let unmet = &run.assertions[0];
    assert_eq!(unmet.path, "capture.token");
    assert!(unmet.got.contains("`<html>busy`"), "{}", unmet.got);
}

#[test]
fn a_capture_that_finds_nothing_fails_its_step_and_a_cleanup_without_its_variable_is_left_out() {
    let run = shop()
        .on("POST", &at("/orders"), Reply::status(201).body("{}"))
        .settings({
            let mut settings = order();
            settings["steps"].as_array_mut().unwrap().remove(0);
            settings["steps"][0]["request"]
                .as_object_mut()
                .unwrap()
                .remove("bearer");
            settings["steps"][0]["capture"]["order"]["json"] = json!("$.order.id");
            settings
        })
        .run(journey);
    assert_eq!(run.verdict, Verdict::Fail);
    assert_eq!(run.assertions[0].path, "capture.order");
    assert_eq!(asked(&run), ["POST /orders"]);
    assert!(
        run.log
            .iter()
            .any(|line| line.contains("`delete` is left out: `order` is not set"))
    );
}

#[test]
fn a_condition_that_is_false_leaves_its_step_out_and_a_fragment_has_variables_of_its_own() {
    let settings = json!({
        "variables": {"who": "nobody"},
        "fragments": {"greet": [{"name": "greet", "request": {"path": "/hello/${who}"}}]},
        "steps": [
            {"name": "never", "if": "who == 'somebody'", "request": {"path": "/never"}},
            {"name": "somebody", "use": "greet", "with": {"who": "some body"}},
            {"name": "after", "request": {"path": "/after/${who|upper}"}},
        ],
    });
    let mut mock = Mock::new(SHOP).settings(settings);
    for path in ["/hello/some body", "/after/NOBODY"] {
        mock = mock.on("GET", &at(path), Reply::ok(""));
    }
    let run = mock.run(journey);
    assert_eq!(
        (run.verdict, asked(&run)),
        (
            Verdict::Pass,
            vec![
                "GET /hello/some body".to_owned(),
                "GET /after/NOBODY".to_owned()
            ]
        )
    );
    assert_eq!(run.steps.len(), 2);
}

#[test]
fn values_come_from_headers_cookies_html_and_facts() {
    let settings = json!({
        "steps": [
            {"name": "form", "request": {"path": "/form"}, "capture": {
                "csrf": {"css": "input[name=csrf]@value"},
                "id": {"header": "location", "regex": "/orders/(\\d+)"},
                "session": {"cookie": "session", "secret": true},
                "status": {"from": "status"},
                "missing": {"header": "x-none", "default": "none"},
            }},
            {"name": "send", "request": {
                "method": "POST", "path": "/form", "query": {"s": "${status}", "m": "${missing}"},
                "form": {"csrf": "${csrf}", "id": "${id}", "session": "${session}", "password": "${secret:login}"}}},
        ],
    });
    let page = Reply::ok(r#"<input name="csrf" value="a&amp;b">"#)
        .header("location", "/orders/12")
        .header("set-cookie", "session=s3cret; Path=/");
    let run = Mock::new(SHOP)
        .secret("login")
        .settings(settings)
        .on("GET", &at("/form"), page)
        .on("POST", &at("/form?m=none&s=200"), Reply::ok(""))
        .run(journey);
    assert_eq!(run.verdict, Verdict::Pass, "{run:?}");
    let body = String::from_utf8_lossy(&run.sent[1].body).into_owned();
    assert!(
        body.starts_with(
            "csrf=a%26b&id=12&password=placeholder-login&session=placeholder-captured-"
        ),
        "{body}"
    );
    assert!(body.ends_with("-percent"), "{body}");
}

#[test]
fn a_cookie_of_a_fresh_request_is_the_one_that_its_answer_sets() {
    for (connections, fresh) in [("shared", true), ("fresh", false)] {
        let ask = |name: &str| {
            json!({
                "name": name,
                "request": {"path": format!("/{name}"), "fresh": fresh},
                "capture": {"id": {"cookie": "id", "default": "none"}},
            })
        };
        let sets = Reply::ok("")
            .header("set-cookie", "id=6")
            .header("set-cookie", "id=7; Path=/")
            .header("set-cookie", "id2=8");
        let mut mock = Mock::new(SHOP)
            .settings(json!({"connections": connections, "steps": [
                ask("sets"),
                {"name": "first", "request": {"path": "/${id}"}},
                ask("silent"),
                {"name": "second", "request": {"path": "/${id}"}},
            ]}))
            .on("GET", &at("/sets"), sets);
        for path in ["/7", "/silent", "/none"] {
            mock = mock.on("GET", &at(path), Reply::ok(""));
        }
        let run = mock.run(journey);
        assert_eq!(
            asked(&run),
            ["GET /sets", "GET /7", "GET /silent", "GET /none"],
            "{connections}"
        );
    }
}

#[test]
fn a_certificate_that_is_not_as_expected_is_told_at_its_setting() {
    let expect = json!({"certificate": {"subject": "CN=shop"}});
    let settings = json!({"steps": [{"name": "a", "request": {"path": "/a"}, "expect": expect}]});
    let mock = Mock::new(SHOP).settings(settings);
    let run = mock.on("GET", &at("/a"), Reply::ok("")).run(journey);
    assert_eq!(run.about[0], "/steps/0/expect/certificate");
}

#[test]
fn a_journey_that_is_to_stop_says_its_variables_and_hides_secrets() {
    let mut settings = order();
    settings["stop_after"] = json!("create");
    let run = shop().settings(settings).run(journey);
    assert_eq!(
        asked(&run),
        ["POST /session", "POST /orders", "DELETE /orders/7"]
    );
    assert!(
        run.log.contains(&"variable order = 7".to_owned()),
        "{:?}",
        run.log
    );
    assert!(
        run.log.contains(&"variable token = (secret)".to_owned()),
        "{:?}",
        run.log
    );
}

#[test]
fn a_condition_that_cannot_be_judged_is_told_at_its_own_line() {
    let settings =
        json!({"steps": [{"name": "a", "if": "nothing == 1", "request": {"path": "/"}}]});
    let run = Mock::new(SHOP).settings(settings).run(journey);
    assert_eq!(run.verdict, Verdict::Unknown);
    assert_eq!(
        (run.about.as_slice(), run.requests.len()),
        (&["/steps/0/if".to_owned()][..], 0)
    );
}

#[test]
fn a_number_of_redirects_that_is_not_met_is_told_with_where_they_led() {
    let expecting = |redirects: Value| {
        let settings = json!({"steps": [{"name": "a", "request": {"path": "/a"}, "expect": {"redirects": redirects}}]});
        let mock = Mock::new(SHOP).settings(settings);
        mock.on("GET", &at("/a"), Reply::ok("")).run(journey)
    };
    assert_eq!(expecting(json!("0-1")).verdict, Verdict::Pass);
    let run = expecting(json!(1));
    assert_eq!(
        (run.verdict, run.about[0].as_str()),
        (Verdict::Fail, "/steps/0/expect/redirects")
    );
    let told = &run.assertions[0];
    assert_eq!(told.kind, "redirect");
    assert_eq!(
        (told.expected.as_str(), told.got.as_str()),
        ("1", "0, to https://shop.example/a")
    );
}

#[test]
fn a_loop_says_how_many_items_it_left_out_and_a_journey_without_one_says_nothing() {
    let left_out = |at_most: u32| {
        let mut settings = order();
        settings["steps"][3]["each"]["at_most"] = json!(at_most);
        let three = shop().on("GET", &at("/lines/3"), Reply::ok("line 3"));
        three.settings(settings).run(journey)
    };
    for (at_most, left) in [(2, 1.0), (3, 0.0)] {
        let run = left_out(at_most);
        assert_eq!(run.verdict, Verdict::Pass, "{run:?}");
        assert_eq!(
            run.measures,
            [("journey_items_left_out".to_owned(), left, vec![])]
        );
    }
    let plain = json!({"steps": [{"name": "read", "request": {"path": "/lines/1"}}]});
    assert_eq!(shop().settings(plain).run(journey).measures, []);
}

#[test]
fn header_fields_are_templates_secrets_and_several_of_one_name_and_so_is_what_is_expected_of_them()
{
    let step = json!({
        "name": "ask",
        "request": {"headers": {"x-key": {"secret": "login"}, "x-one": ["${target.host}", "b"]}},
        "expect": {"headers": [{"name": "x-host", "equals": "${target.host}", "contains": "shop", "not_contains": "${target.port}"}]},
    });
    let asked = |host: &str| {
        Mock::new(SHOP)
            .settings(json!({"steps": [step]}))
            .secret("login")
            .on("GET", SHOP, Reply::ok("").header("x-host", host))
            .run(journey)
    };
    let run = asked("shop.example");
    assert_eq!(run.verdict, Verdict::Pass, "{run:?}");
    let sent: Vec<(&str, String)> = run.sent[0]
        .headers
        .iter()
        .map(|(name, value)| (name.as_str(), String::from_utf8_lossy(value).into_owned()))
        .collect();
    assert_eq!(
        sent[1..],
        [
            ("x-one", "shop.example".to_owned()),
            ("x-one", "b".to_owned())
        ]
    );
    assert!(
        sent[0].0 == "x-key" && sent[0].1.contains("login"),
        "{sent:?}"
    );
    let run = asked("shop.example:443");
    assert_eq!(run.about[..2], ["/steps/0/expect/headers/0"; 2], "{run:?}");
    assert_eq!(run.assertions.len(), 2, "{run:?}");
}
