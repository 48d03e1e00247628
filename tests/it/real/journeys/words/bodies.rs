//! Each expectation of a body, met and not met.

use leadsman_tests::site::{Site, answer};
use serde_json::json;

use crate::real::journeys::walk::Walk;

const PAGE: &str = "<h1 id=a>Order 7</h1><p class=note>packed</p>";

/// An expectation of a JSON body (`/json`) or a page (`/page`) that is met, and one that is not.
const BODIES: [(&str, &str, &str); 11] = [
    ("/json", "cel: ['body.n > 6']", "cel: ['body.n > 7']"),
    (
        "/json",
        "not_cel: ['body.n > 7']",
        "not_cel: ['body.n > 6']",
    ),
    ("/json", "json_path: [$.n]", "json_path: [$.m]"),
    ("/json", "not_json_path: [$.m]", "not_json_path: [$.n]"),
    (
        "/json",
        "json: {$.n: 7, $.s: \"${word}\"}",
        "json: {$.n: 7, $.s: \"${word}!\"}",
    ),
    (
        "/page",
        "html: {'h1#a': \"Order ${n}\", 'p@class': note}",
        "html: {'h1#a': Order 8}",
    ),
    ("/page", "css: [p.note]", "css: [p.other]"),
    ("/page", "not_css: [p.other]", "not_css: [p.note]"),
    ("/page", "matches: ['^<h1.*\\d</h1>']", "matches: ['^<h2']"),
    (
        "/page",
        "not_matches: ['^<h2']",
        "not_matches: ['\\d</h1>']",
    ),
    (
        "/page",
        "contains: [\"r ${n}<\"], not_contains: [\"r ${n}7\"]",
        "not_contains: [\"r ${n}<\"]",
    ),
];

#[test]
fn each_expectation_of_a_body_is_met_by_what_fits_and_fails_the_step_otherwise() {
    let site = Site::start(|asked| match asked.path.as_str() {
        "/json" => answer(200, "", &json!({"n": 7, "s": "rope"}).to_string()),
        _ => answer(200, "content-type: text/html\r\n", PAGE),
    })
    .unwrap();
    let walk = |path: &str, body: &str| {
        let step =
            format!("{{name: look, request: {{path: {path}}}, expect: {{body: {{{body}}}}}}}");
        Walk::to(site.url())
            .steps(&[&step])
            .setting("variables: {word: rope, n: \"7\"}")
    };
    for (path, met, unmet) in BODIES {
        walk(path, met).once().comes_to("pass", "ok");
        let walk = walk(path, unmet);
        let run = walk.once();
        run.fails("http_body", "step `look`: body");
        let told = run.said("sentence").as_str().unwrap();
        assert!(told.contains(&walk.line("name: look")), "{told}");
    }
}
