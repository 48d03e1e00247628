//! Tokens by client credentials, and signed requests.

use leadsman_sdk::mock::{Mock, Reply, Run};
use serde_json::{Value, json};

use super::{super::*, SHOP, at, header};

const TOKEN_URL: &str = "https://login.example/token";

fn oauth2() -> Value {
    json!({"token_url": TOKEN_URL, "client_id": "probe", "secret": "login", "scope": "read"})
}

/// A journey of two requests with tokens, whose first token is asked for with this answer.
fn signed_in(answer: Reply, second: &Value) -> Run {
    let settings = json!({"steps": [
        {"name": "one", "request": {"path": "/a", "oauth2": oauth2()}},
        {"name": "two", "request": {"path": "/b", "oauth2": second}},
    ]});
    Mock::new(SHOP)
        .secret("login")
        .settings(settings)
        .on("POST", TOKEN_URL, answer)
        .on("GET", &at("/a"), Reply::ok(""))
        .on("GET", &at("/b"), Reply::ok(""))
        .run(journey)
}

#[test]
fn a_token_by_client_credentials_is_asked_for_once_and_a_request_is_signed() {
    let oauth2 = json!({"token_url": "https://login.example/token", "client_id": "probe", "secret": "login", "scope": "read"});
    let sign = json!({"secret": "login", "over": "${request.method} ${request.path} ${request.body}", "header": "x-signature", "prefix": "sha256="});
    let settings = json!({"steps": [
        {"name": "one", "request": {"path": "/a", "oauth2": oauth2}},
        {"name": "two", "request": {"method": "POST", "path": "/b?c=1", "body": "x", "sign": sign}},
    ]});
    let run = Mock::new(SHOP)
        .secret("login")
        .settings(settings)
        .on(
            "POST",
            "https://login.example/token",
            Reply::ok(r#"{"access_token": "tok-123456"}"#),
        )
        .on("GET", &at("/a"), Reply::ok(""))
        .on("POST", &at("/b?c=1"), Reply::ok(""))
        .run(journey);
    assert_eq!(run.verdict, Verdict::Pass, "{run:?}");
    assert_eq!(
        run.sent[0].body,
        b"grant_type=client_credentials&scope=read"
    );
    assert!(header(&run, 1, "authorization").starts_with("Bearer placeholder-captured-"));
    assert_eq!(header(&run, 2, "x-signature"), "sha256=sha256-by-login");
}

#[test]
fn who_asks_for_the_same_token_again_gets_the_same_and_who_asks_for_another_does_not() {
    let answer = || Reply::ok(r#"{"access_token": "tok-123456"}"#);
    let run = signed_in(answer(), &oauth2());
    assert_eq!(
        (run.verdict, run.requests.len()),
        (Verdict::Pass, 3),
        "{run:?}"
    );
    assert_eq!(
        header(&run, 1, "authorization"),
        header(&run, 2, "authorization")
    );
    let mut other = oauth2();
    other["scope"] = json!("write");
    let run = signed_in(answer(), &other);
    assert_eq!(
        (run.verdict, run.requests.len()),
        (Verdict::Pass, 4),
        "{run:?}"
    );
    assert_eq!(
        run.sent[2].body,
        b"grant_type=client_credentials&scope=write"
    );
}

#[test]
fn why_there_is_no_token_is_told_at_its_setting_and_the_request_is_not_sent() {
    for (answer, kind, got) in [
        (
            Reply::status(401).body(r#"{"error": "invalid_client"}"#),
            "status",
            r#"401: `{"error": "invalid_client"}`"#,
        ),
        (Reply::status(204), "status", "204"),
        (
            Reply::ok(r#"{"token": "tok-123456"}"#),
            "body",
            "nothing there",
        ),
        (
            Reply::ok(r#"{"access_token": 7}"#),
            "body",
            "something that is no text",
        ),
    ] {
        let run = signed_in(answer, &oauth2());
        assert_eq!(
            (run.verdict, run.requests.len()),
            (Verdict::Fail, 1),
            "{run:?}"
        );
        assert_eq!(run.about[0], "/steps/0/request/oauth2");
        let told = &run.assertions[0];
        assert_eq!(
            (told.kind.as_str(), told.path.as_str(), told.got.as_str()),
            (kind, "oauth2", got)
        );
        assert_eq!(run.steps[0], ("one".to_owned(), Some(false)));
    }
    let run = signed_in(Reply::ok("<html>"), &oauth2());
    assert_eq!(run.assertions[0].expected, "a token at `$.access_token`");
}
