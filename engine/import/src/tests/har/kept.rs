//! What a browser sent is in the journey, or it is told that it is not.

use proptest::prelude::*;
use serde_json::{Value, json};

use crate::{Format, Imported, Options, import};

/// Names of header fields: those that browsers send by themselves, those that sites ask for, and any others.
fn name() -> impl Strategy<Value = String> {
    let known = prop::sample::select(vec![
        "User-Agent",
        "accept",
        "Accept-Encoding",
        "accept-language",
        "cache-control",
        "If-None-Match",
        "Connection",
        "content-type",
        "Origin",
        "Referer",
        "sec-ch-ua",
        "Sec-Fetch-Site",
        "proxy-connection",
        "traceparent",
        "x-b3-traceid",
        "x-datadog-trace-id",
        "baggage",
        "authorization",
        "x-csrf-token",
        "Idempotency-Key",
        "x-request-id",
        "x-requested-with",
        "range",
    ]);
    prop_oneof![known.prop_map(str::to_owned), "[Xx]-[a-z]{1,8}"]
}

/// Values that are in no name: a credential is hidden wherever it stands.
fn value() -> impl Strategy<Value = String> {
    let known = prop::sample::select(vec![
        "",
        "*/*",
        "text/html,*/*;q=0.8",
        "application/json",
        "https://shop.example/cart?x=1",
        "Bearer abcdefgh",
        "Basic Ym9iOnB3",
        "v7-none",
    ]);
    prop_oneof![known.prop_map(str::to_owned), "v7[a-z0-9=;, ]{4,10}"]
}

fn body() -> impl Strategy<Value = Option<Value>> {
    prop_oneof![
        Just(None),
        Just(Some(
            json!({"mimeType": "application/json", "text": "{\"a\": 1}"})
        )),
        Just(Some(json!({"mimeType": "text/plain", "text": "rope"}))),
        Just(Some(json!({"mimeType": "text/plain", "text": ""}))),
        Just(Some(
            json!({"mimeType": "application/x-www-form-urlencoded", "params": [{"name": "a", "value": "1"}]})
        )),
        Just(Some(
            json!({"mimeType": "multipart/form-data; boundary=x", "text": "--x"})
        )),
    ]
}

/// A page, and one request of it.
fn recorded(request: &Value) -> Imported {
    let page = json!({"method": "GET", "url": "https://shop.example/", "headers": []});
    let entry = |(at, request, kind): (u8, &Value, &str)| {
        json!({
            "startedDateTime": format!("2026-05-01T10:00:0{at}.000Z"), "time": 5, "request": request,
            "response": {"status": 200, "headers": [{"name": "Set-Cookie", "value": "known=1; Path=/"}],
                "content": {"mimeType": kind, "text": "{}"}},
        })
    };
    let entries = [(1, &page, "text/html"), (2, request, "application/json")];
    let entries: Vec<Value> = entries.into_iter().map(entry).collect();
    let text = json!({"log": {"entries": entries}}).to_string();
    import(Format::Har, &text, &Options::default()).unwrap()
}

/// The request of the second step.
fn asked(imported: &Imported) -> Value {
    let document: Value = serde_saphyr::from_str(&imported.yaml).unwrap();
    let settings = &document["checks"]["imported"]["settings"];
    // A deletion stands in the cleanup only where it deletes what the journey made.
    settings["steps"][1]["request"].clone()
}

fn told(imported: &Imported, what: &str) -> bool {
    imported.left.iter().any(|left| left.what == what)
}

fn is_sent(name: &str, request: &Value) -> bool {
    let as_itself = !request["headers"][name].is_null();
    match name {
        "authorization" => as_itself || !request["bearer"].is_null() || !request["basic"].is_null(),
        // Their types are implied.
        "content-type" => as_itself || !request["json"].is_null() || !request["form"].is_null(),
        _ => as_itself,
    }
}

proptest! {
    #[test]
    fn every_header_field_cookie_parameter_and_body_of_a_kept_request_is_in_the_journey_or_told(
        method in prop::sample::select(vec!["GET", "POST", "PUT", "DELETE"]),
        headers in prop::collection::vec((name(), value()), 0..8),
        cookies in prop::collection::vec(prop::sample::select(vec!["known", "older", "script"]), 0..3),
        query in prop::collection::vec(("[a-c]", "[a-z0-9]{3,5}"), 0..4),
        sent in body(),
    ) {
        let mut fields: Vec<Value> = headers.iter().map(|(name, value)| json!({"name": name, "value": value})).collect();
        let pairs: Vec<String> = cookies.iter().map(|name| format!("{name}=1")).collect();
        if !pairs.is_empty() {
            fields.push(json!({"name": "Cookie", "value": pairs.join("; ")}));
        }
        let parameters: Vec<String> = query.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let url = format!("https://shop.example/api?{}", parameters.join("&"));
        let mut request = json!({"method": method, "url": url, "headers": fields});
        if let Some(sent) = &sent {
            request["postData"] = sent.clone();
        }
        let imported = recorded(&request);
        let asked = asked(&imported);
        let shown = format!("{}\n{:?}", imported.yaml, imported.left);
        for (name, _) in &headers {
            let name = name.to_ascii_lowercase();
            prop_assert!(is_sent(&name, &asked) || told(&imported, &format!("{name}: …")), "{name}\n{shown}");
        }
        for name in &cookies {
            prop_assert!(told(&imported, "cookie: …"), "{shown}");
            prop_assert_eq!(told(&imported, &format!("cookie: {name}=…")), *name != "known", "{}", shown);
        }
        let address = format!("{} {}", asked["path"], asked["query"]);
        for (_, value) in &query {
            prop_assert!(address.contains(value.as_str()), "{value}\n{shown}");
        }
        if let Some(sent) = sent.filter(|sent| sent["text"] != "") {
            let body = ["json", "form", "body"].iter().any(|key| !asked[key].is_null());
            let multipart = sent["mimeType"].as_str().unwrap().starts_with("multipart");
            prop_assert!(body || told(&imported, &format!("{method} https://shop.example/api")), "{shown}");
            prop_assert!(body != multipart || headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("content-type")), "{shown}");
        }
    }
}

/// A method, a host, an ending, what asked for it, and the type of what came.
type Sort = (
    &'static str,
    &'static str,
    &'static str,
    &'static str,
    &'static str,
);

fn sort() -> impl Strategy<Value = Sort> {
    prop::sample::select(vec![
        ("GET", "shop.example", "", "document", "text/html"),
        ("GET", "shop.example", "", "fetch", "application/json"),
        ("POST", "shop.example", "", "xhr", "application/json"),
        ("DELETE", "shop.example", "", "fetch", ""),
        ("GET", "shop.example", ".png", "image", "image/png"),
        ("GET", "shop.example", ".js", "script", "text/javascript"),
        ("GET", "else.example", "", "fetch", "application/json"),
        ("POST", "shop.example", "", "ping", ""),
        ("OPTIONS", "shop.example", "", "preflight", ""),
        (
            "GET",
            "shop.example",
            "",
            "eventsource",
            "text/event-stream",
        ),
        ("GET", "shop.example", "", "websocket", ""),
    ])
}

proptest! {
    #[test]
    fn every_entry_is_a_step_or_told(sorts in prop::collection::vec(sort(), 1..12)) {
        let entry = |(at, sort): (usize, &Sort)| {
            let (method, host, ending, resource, kind) = sort;
            json!({
                "startedDateTime": format!("2026-05-01T10:00:{at:02}.000Z"), "time": 5, "_resourceType": resource,
                "request": {"method": method, "url": format!("https://{host}/part-{at}-{ending}"), "headers": []},
                "response": {"status": 200, "headers": [], "content": {"mimeType": kind, "text": "{}"}},
            })
        };
        let page: Sort = ("GET", "shop.example", "", "document", "text/html");
        let all: Vec<Sort> = std::iter::once(page).chain(sorts).collect();
        let entries: Vec<Value> = all.iter().enumerate().map(entry).collect();
        let text = json!({"log": {"entries": entries}}).to_string();
        let imported = import(Format::Har, &text, &Options::default()).unwrap();
        let shown = format!("{}\n{:?}", imported.yaml, imported.left);
        for at in 0..all.len() {
            let path = format!("/part-{at}-");
            prop_assert!(shown.contains(&path), "{path}\n{shown}");
        }
    }
}

#[test]
fn a_field_that_is_not_repeated_is_told_once_with_why_and_how_many_requests_had_it() {
    let field = |name: &str, value: &str| json!({"name": name, "value": value});
    let request = json!({"method": "GET", "url": "https://shop.example/api", "headers": [
        field("Accept-Language", "de"), field("X-Kept", ""), field("Cookie", "older=1"),
    ]});
    let imported = recorded(&request);
    assert_eq!(asked(&imported)["headers"], json!({"x-kept": ""}));
    let told: Vec<String> = imported.left.iter().map(ToString::to_string).collect();
    assert_eq!(
        told,
        [
            "line 1: `accept-language: …`: a browser's own field, which a probe does not send; where an answer depends on it, add it to the step's `headers` (1 request)",
            "line 1: `cookie: …`: a journey sends the cookies that its own answers set (1 request)",
            "line 1: `cookie: older=…`: no answer of the recording sets this cookie; where the site needs it, add it to the step's `headers` (1 request)",
        ]
    );
}

#[test]
fn a_credential_that_is_blank_hides_nothing() {
    let request = json!({"method": "GET", "url": "https://shop.example/api", "headers": [
        {"name": "Authorization", "value": " "}, {"name": "Cookie", "value": "known=1"},
    ]});
    assert!(told(&recorded(&request), "cookie: …"));
}
