//! Small files, each with a row that is met and one that is not: what `hurl` and the import make of both.

use std::sync::atomic::{AtomicUsize, Ordering};

use leadsman_example_shop::Fault;
use leadsman_tests::site::{Asked, Site, answer};
use serde_json::{Value, json};

use super::{by_hurl, by_leadsman, import_text};
use crate::journeys::shop;

const PAGE: &str = r#"<html><body><h1 id="a">Order 7</h1><p class="note">packed</p></body></html>"#;

/// Hurl compares a body in JSON with the file's as it is written.
const JSON: &str = r#"{"n": 7, "s": "rope", "list": [1, 2], "other": 8, "t": "7"}"#;

const FIELDS: &str =
    "content-type: text/html\r\nx-kind: rope\r\nx-order: no. 7\r\nset-cookie: order=7; Path=/\r\n";

/// `synthetic` and the password of the shop.
const LOGIN: &str = "Basic c3ludGhldGljOmNvcnJlY3QgaG9yc2U=";

/// Everything that the files ask for; it has answered so many requests before.
fn served(asked: &Asked, before: usize) -> String {
    let well = match asked.path.as_str() {
        "/page" => return answer(200, FIELDS, PAGE),
        "/json" if asked.method == "GET" => {
            return answer(200, "content-type: application/json\r\n", JSON);
        }
        "/go" => return answer(302, "location: /page\r\n", ""),
        "/round" => return answer(302, "location: /round\r\n", ""),
        "/json" => serde_json::from_str::<Value>(&asked.body).ok() == Some(json!({"a": 1})),
        // Some write a space in another way.
        "/form" => asked.body.replace('+', "%20") == "a=1&b=x%20y",
        "/order/7" | "/search?q=rope%20%26%20sails" | "/search?q=rope+%26+sails" => true,
        "/cookie" => asked.header("cookie") == "lang=en; size=m",
        "/login" => asked.header("authorization") == LOGIN,
        "/accept" => asked.header("accept") == "text/plain",
        "/put" => asked.method == "PUT",
        "/later" => before >= 2,
        _ => false,
    };
    answer(if well { 200 } else { 404 }, "", "")
}

fn site() -> Site {
    let before = AtomicUsize::new(0);
    Site::start(move |asked| served(asked, before.fetch_add(1, Ordering::Relaxed))).unwrap()
}

/// Asserts that the program and the import both pass this file, or both do not.
fn both(text: &str, is_met: bool) {
    // Each has a site of its own, which has answered nobody before.
    let (one, other) = (site(), site());
    agree(text, is_met, (&one.url(), &other.url()));
}

fn agree(text: &str, is_met: bool, (hurls, leadsmans): (&str, &str)) {
    let (hurl, told) = by_hurl(text, hurls);
    assert_eq!(hurl, is_met, "{text}\n{told}");
    let imported = import_text("row.hurl", text, &[("shop", leadsmans)]);
    let left: Vec<String> = imported.left.iter().map(ToString::to_string).collect();
    // How often something is tried again becomes how long.
    assert!(left.iter().all(|row| row.contains("retry: ")), "{left:?}");
    let (leadsman, sentence) = by_leadsman(&imported, leadsmans);
    assert_eq!(leadsman, is_met, "{text}\n{sentence}\n{}", imported.yaml);
}

/// Where it is asked, an assertion that is met, and one that is not.
const ASSERTIONS: &str = r#"
page | header "x-kind" == "rope" | header "x-kind" == "rop"
page | header "x-kind" != "sail" | header "x-kind" != "rope"
page | header "x-kind" not == "sail" | header "x-kind" not == "rope"
page | header "x-kind" contains "op" | header "x-kind" contains "sail"
page | header "x-kind" not contains "sail" | header "x-kind" not contains "op"
page | header "x-kind" startsWith "ro" | header "x-kind" startsWith "op"
page | header "x-kind" endsWith "pe" | header "x-kind" endsWith "op"
page | header "x-kind" matches /^r.pe$/ | header "x-kind" matches /^s/
page | header "x-kind" not matches /^s/ | header "x-kind" not matches /^r/
page | header "x-kind" exists | header "x-none" exists
page | header "x-none" not exists | header "x-kind" not exists
page | body contains "Order 7" | body contains "Order 8"
page | body not contains "Order 8" | body not contains "Order 7"
page | body startsWith "<html>" | body startsWith "<body>"
page | body endsWith "</html>" | body endsWith "</body>"
page | body matches /Order \d</ | body matches /Order \d\d/
page | regex /Order (\d)/ exists | regex /Order (x)/ exists
page | regex /Order (x)/ not exists | regex /Order (\d)/ not exists
page | xpath "string(//h1)" == "Order 7" | xpath "string(//h1)" == "Order 8"
page | xpath "string(//p/@class)" == "note" | xpath "string(//p/@class)" == "packed"
page | xpath "//p" exists | xpath "//h2" exists
page | version == "1.1" | version == "2"
json | jsonpath "$.n" == 7 | jsonpath "$.n" == 8
json | jsonpath "$.s" == "rope" | jsonpath "$.s" == "sail"
json | jsonpath "$.n" == 7.0 | jsonpath "$.n" == "7"
json | jsonpath "$.t" == "7" | jsonpath "$.t" == 7
json | jsonpath "$.s" != "sail" | jsonpath "$.s" != "rope"
json | jsonpath "$.n" > 6 | jsonpath "$.n" > 7
json | jsonpath "$.s" startsWith "ro" | jsonpath "$.s" startsWith "op"
json | jsonpath "$.s" endsWith "pe" | jsonpath "$.s" endsWith "op"
json | jsonpath "$.s" matches /^r.pe$/ | jsonpath "$.s" matches /^s/
json | jsonpath "$.list" count == 2 | jsonpath "$.list" count == 3
json | jsonpath "$.n" exists | jsonpath "$.m" exists
json | jsonpath "$.m" not exists | jsonpath "$.n" not exists
"#;

/// Where it is asked, what captures a 7, and what captures nothing or something else.
const CAPTURES: &str = r#"
page | cookie "order" | cookie "nothing"
page | regex /Order (\d)/ | regex /Sail (\d)/
page | header "x-order" regex /no. (\d)/ | header "x-order" regex /no. (x)/
page | xpath "string(//h1)" regex /(\d)/ | xpath "string(//p)" regex /(\d)/
json | jsonpath "$.n" | jsonpath "$.other"
"#;

/// The lines of a table: a path, a row that is met, and one that is not.
fn rows(table: &str) -> impl Iterator<Item = [&str; 3]> {
    let lines = table.trim().lines();
    lines.map(|line| {
        let parts: Vec<&str> = line.split(" | ").collect();
        parts.try_into().unwrap()
    })
}

#[test]
fn an_assertion_is_met_by_hurl_and_by_its_import_or_by_neither() {
    let mut count = 0;
    for [path, met, unmet] in rows(ASSERTIONS) {
        for (row, is_met) in [(met, true), (unmet, false)] {
            let text = format!("GET {{{{shop}}}}/{path}\nHTTP 200\n[Asserts]\n{row}\n");
            both(&text, is_met);
            count += 1;
        }
    }
    assert_eq!(count, 68);
}

#[test]
fn a_capture_is_what_hurl_and_its_import_ask_for_next_or_neither_finds_it() {
    for [path, met, unmet] in rows(CAPTURES) {
        for (row, is_met) in [(met, true), (unmet, false)] {
            let first = format!("GET {{{{shop}}}}/{path}\nHTTP 200\n[Captures]\nfound: {row}");
            let text = format!("{first}\n\nGET {{{{shop}}}}/order/{{{{found}}}}\nHTTP 200\n");
            both(&text, is_met);
        }
    }
}

/// A file, and what stands for `ROW` in it so that it is met, and so that it is not.
const FILES: [(&str, &str, &str); 17] = [
    (
        "GET {{shop}}/page\nHTTP *\n[Asserts]\nstatus == ROW",
        "200",
        "201",
    ),
    (
        "GET {{shop}}/page\nHTTP *\n[Asserts]\nstatus < ROW",
        "300",
        "200",
    ),
    ("GET {{shop}}/page\nHTTP ROW", "200", "404"),
    ("GET {{shop}}/page\nHTTP 200\nx-kind: ROW", "rope", "sail"),
    (
        "GET {{shop}}/json\nHTTP 200\n{\"n\": ROW, \"s\": \"rope\", \"list\": [1, 2], \"other\": 8, \"t\": \"7\"}",
        "7",
        "8",
    ),
    (
        "GET {{shop}}/order/{{number}}\n[Options]\nvariable: number=ROW\nHTTP 200",
        "7",
        "8",
    ),
    (
        "POST {{shop}}/form\n[FormParams]\na: 1\nb: ROW\nHTTP 200",
        "x y",
        "x z",
    ),
    (
        "GET {{shop}}/search\n[QueryStringParams]\nq: ROW\nHTTP 200",
        "rope & sails",
        "rope",
    ),
    (
        "GET {{shop}}/cookie\n[Cookies]\nlang: ROW\nsize: m\nHTTP 200",
        "en",
        "de",
    ),
    (
        "GET {{shop}}/login\n[BasicAuth]\nROW: {{password}}\nHTTP 200",
        "synthetic",
        "eve",
    ),
    (
        "GET {{shop}}/accept\nAccept: ROW\nHTTP 200",
        "text/plain",
        "text/html",
    ),
    ("POST {{shop}}/json\n{\"a\": ROW}\nHTTP 200", "1", "2"),
    ("ROW {{shop}}/put\nHTTP 200", "PUT", "DELETE"),
    (
        "GET {{shop}}/go\n[Options]\nlocation: ROW\nHTTP 200",
        "true",
        "false",
    ),
    (
        "GET {{shop}}/go\n[Options]\nlocation: true\nmax-redirs: 3\nHTTP 200\n[Asserts]\nredirects count == ROW",
        "1",
        "2",
    ),
    (
        "GET {{shop}}/ROW\n[Options]\nlocation: true\nmax-redirs: 3\nHTTP 200",
        "go",
        "round",
    ),
    (
        "GET {{shop}}/ROW\n[Options]\nretry: 3\nretry-interval: 100ms\nHTTP 200",
        "later",
        "broken",
    ),
];

#[test]
fn a_file_is_passed_by_hurl_and_by_its_import_or_by_neither() {
    for (file, met, unmet) in FILES {
        for (row, is_met) in [(met, true), (unmet, false)] {
            both(&format!("{}\n", file.replace("ROW", row)), is_met);
        }
    }
}

#[test]
fn a_limit_of_time_is_kept_by_hurl_and_by_its_import_or_by_neither() {
    let shop = shop(Fault::Slow);
    for (limit, is_met) in [(5_000, true), (10, false)] {
        let text = format!("GET {{{{shop}}}}/\nHTTP 200\n[Asserts]\nduration < {limit}\n");
        agree(&text, is_met, (&shop.url(), &shop.url()));
    }
}
