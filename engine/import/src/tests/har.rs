//! Recordings of browsers, and what becomes of them.

use serde_json::json;

use super::*;

mod kept;

const SESSION: &str = include_str!("../../testdata/session.har");

#[test]
fn a_session_in_a_browser() {
    let found = shown(Format::Har, SESSION);
    assert!(!found.contains("planted"), "{found}");
    insta::assert_snapshot!("session", found);
}

/// An archive of these entries, in Playwright's flavour: no types, several cookies in one field, no answer is -1.
fn archive(entries: &[(&str, &str, &str, i64, &str, &str)]) -> String {
    let entry = |(at, (method, url, sent, status, kind, body)): (
        usize,
        &(&str, &str, &str, i64, &str, &str),
    )| {
        let mut request = json!({"method": method, "url": url, "headers": [], "queryString": []});
        if !sent.is_empty() {
            request["postData"] =
                json!({"mimeType": "application/json", "text": sent, "params": []});
        }
        json!({
            "startedDateTime": format!("2026-05-01T10:00:{at:02}.000Z"), "time": 12.5, "request": request,
            "response": {"status": status, "headers": [{"name": "Set-Cookie", "value": "a=b\nxsrf=planted-xsrf-1"}],
                "content": {"size": -1, "mimeType": kind, "text": body}, "redirectURL": ""},
            "_securityDetails": {}, "_serverPort": 443,
        })
    };
    json!({"log": {"version": "1.2", "entries": entries.iter().enumerate().map(entry).collect::<Vec<_>>()}}).to_string()
}

#[test]
fn words_dates_and_what_was_typed_are_no_captures() {
    let text = archive(&[
        (
            "POST",
            "https://shop.example/api/orders",
            r#"{"reference": "probe-7781"}"#,
            201,
            "application/json",
            r#"{"id": 7, "reference": "probe-7781", "state": "settings", "year": 2024, "day": "2024-05-01", "total": 1999}"#,
        ),
        (
            "GET",
            "https://shop.example/api/settings/2024?day=2024-05-01&ref=probe-7781&total=1999",
            "",
            200,
            "application/json",
            "{}",
        ),
        (
            "PUT",
            "https://shop.example/api/orders/7",
            r#"{"count": 7, "order_id": 7, "text": "7"}"#,
            200,
            "application/json",
            "{}",
        ),
    ]);
    insta::assert_snapshot!("coincidences", shown(Format::Har, &text));
}

#[test]
fn a_cookie_that_a_script_repeats_is_captured() {
    let text = archive(&[
        ("GET", "https://shop.example/", "", 200, "text/html", "<p>"),
        (
            "POST",
            "https://shop.example/api?xsrf=planted-xsrf-1",
            "{}",
            200,
            "application/json",
            "{}",
        ),
        ("GET", "https://shop.example/late", "", -1, "x-unknown", ""),
    ]);
    let found = shown(Format::Har, &text);
    assert!(
        found.contains("{cookie: xsrf, secret: true}") && !found.contains("planted"),
        "{found}"
    );
    assert!(found.contains("no answer was recorded"), "{found}");
}

#[test]
fn what_is_no_recording_is_refused_with_its_line() {
    for (text, line) in [
        ("", 1),
        ("{\n\"log\": }", 2),
        ("{\"log\": {}}", 1),
        ("{\"log\": {\"entries\": []}}", 1),
        (
            "{\"log\": {\"entries\": [\n{\"request\": {\"method\": 1}}]}}",
            2,
        ),
        (
            "{\"log\": {\"entries\": [\n\n{\"request\": {\"method\": \"GET\", \"url\": \"no\"}}]}}",
            3,
        ),
    ] {
        let error = import(Format::Har, text, &Options::default()).unwrap_err();
        assert_eq!(error.line, line, "{text}: {error}");
        assert!(!error.mend.is_empty());
    }
}
