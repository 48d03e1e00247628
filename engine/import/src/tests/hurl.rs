//! Hurl files, and what becomes of them.

use serde_json::{Value, json};

use super::*;

pub(super) const SHOP: &str = r#"# The shop, from signing in to the end.
POST https://shop.example/api/session
Content-Type: application/json
[Options]
variable: who=synthetic
{
  "user": "{{who}}",
  "password": "{{password}}",
  "at": "{{newDate}}"
}
HTTP 200
content-type: application/json
[Captures]
token: jsonpath "$.token" redact
csrf: xpath "string(//meta[@name='csrf']/@content)"
digest: sha256
[Asserts]
jsonpath "$.roles" count == 2
jsonpath "$.roles[*]" contains "buyer"
header "x-frame-options" == "DENY"
header "server" not exists
header "via" != "1.1 proxy"
duration < 800
certificate "Expire-Date" daysAfterNow > 15
cookie "session[HttpOnly]" exists

POST https://shop.example/api/orders   # make one
Authorization: Bearer {{token}}
X-Digest: {{digest}}
```json
{"reference": "probe-{{newUuid}}", "n": 3}
```
HTTP/2 201
[Captures]
orderId: jsonpath "$.id"
place: header "location" regex /orders\/(\d+)/
all: jsonpath "$.items[*].id"

GET https://shop.example/api/orders/{{orderId}}
[QueryStringParams]
expand: items & more
[Options]
retry: 20
retry-interval: 500ms
location: true
delay: 2s
HTTP *
[Asserts]
status >= 200
status < 300
jsonpath "$.status" == "ready"
jsonpath "$.id" == {{orderId}}
jsonpath "$.total" > 10
jsonpath "$.note" exists
jsonpath "$.error" not exists
body contains "{{place}}"
body matches /re.dy/
sha256 == hex,00;

GET https://api.shop.example/health
[BasicAuth]
bob: planted-login
[Cookies]
lang: en
session: planted-cookie
[Options]
max-time: 3
repeat: 2
insecure: true
resolve: api.shop.example:443:192.0.2.7
HTTP 200
`up`

POST https://shop.example/upload
[MultipartFormData]
a: b
f: file,x.bin;

DELETE https://shop.example/api/orders/{{orderId}}
[FormParams]
why: it's $5 & \#1
HTTP 204
"#;

#[test]
fn a_file_of_every_kind_of_row() {
    let found = shown(Format::Hurl, SHOP);
    assert!(!found.contains("planted"), "{found}");
    insta::assert_snapshot!("shop", found);
}

#[test]
fn a_host_that_is_a_variable_needs_its_value() {
    let text = "GET {{host}}/x\nX-Team: {{team}}\nHTTP 200\n";
    let error = import(Format::Hurl, text, &Options::default()).unwrap_err();
    assert!(error.line == 1 && error.mend.contains("host="), "{error}");
    let known = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let options = Options {
        name: "shop".to_owned(),
        variables: vec![
            known("host", "https://shop.example"),
            known("team", "sails"),
        ],
    };
    let imported = import(Format::Hurl, text, &options).unwrap();
    assert_eq!(imported.left, []);
    insta::assert_snapshot!("variables", imported.yaml);
}

#[test]
fn a_number_of_redirects_is_carried_over_where_so_many_are_followed() {
    for (options, row, carried) in [
        ("location: true", "redirects count == 2", Some(2)),
        ("location: false", "redirects count == 0", Some(0)),
        ("location: false", "redirects count == 1", None),
        (
            "location: true\nmax-redirs: 1",
            "redirects count == 2",
            None,
        ),
        ("location: true", "redirects count == 11", None),
        ("location: true", "redirects count > 2", None),
        ("location: true", "redirects nth 0 exists", None),
    ] {
        let text = format!(
            "GET https://shop.example/\n[Options]\n{options}\nHTTP 200\n[Asserts]\n{row}\n"
        );
        let imported = import(Format::Hurl, &text, &Options::default()).unwrap();
        contract::holds(&imported.yaml);
        let document: Value = serde_saphyr::from_str(&imported.yaml).unwrap();
        let expect = &document["checks"]["imported"]["settings"]["steps"][0]["expect"];
        assert_eq!(expect["redirects"].as_u64(), carried, "{options}, {row}");
        assert_eq!(imported.left.len(), usize::from(carried.is_none()), "{row}");
    }
}

#[test]
fn what_is_no_hurl_file_is_refused_with_its_line() {
    for (text, line) in [
        ("", 1),
        ("hello", 1),
        ("GET https://shop.example\nHTTP abc", 2),
        ("GET https://shop.example\n{\n\"a\": 1", 2),
        ("GET https://shop.example/{{x", 1),
        ("GET https://shop.example\nno colon", 2),
        ("GET https://shop.example\n\n[Options]\ndelay: soon", 4),
        (
            "GET https://shop.example\nHTTP 200\n[Asserts]\njsonpath \"$.a == 1",
            4,
        ),
        ("GET https://shop.example\n```\na", 2),
        ("GET https://u:p@shop.example", 1),
    ] {
        let error = import(Format::Hurl, text, &Options::default()).unwrap_err();
        assert_eq!(error.line, line, "{text}: {error}");
        assert!(!error.mend.is_empty());
    }
}

/// What Hurl says of a real answer holds in the words of the journey too, and what it denies does not.
#[test]
fn expressions_say_of_an_answer_what_hurl_says() {
    let answer =
        json!({"a": 1.5, "n": null, "s": "x-${y}", "l": [1, 2], "o": {"in": {"a b": [true]}}});
    for (row, holds) in [
        ("jsonpath \"$.l\" contains 1", true),
        ("jsonpath \"$.l\" contains 3", false),
        ("jsonpath \"$.l\" count == 2", true),
        ("jsonpath \"$.l[*]\" count > 2", false),
        ("jsonpath \"$.a\" > 1", true),
        ("jsonpath \"$.a\" <= 1", false),
        ("jsonpath \"$.s\" != \"y\"", true),
        ("jsonpath \"$.s\" != \"x-${y}\"", false),
        ("jsonpath \"$.zz\" != \"y\"", false),
        ("jsonpath \"$.s\" startsWith \"x-${\"", true),
        ("jsonpath \"$.s\" endsWith \"z\"", false),
        ("jsonpath \"$.s\" matches /^x-/", true),
        ("jsonpath \"$.n\" != 1", true),
        ("jsonpath \"$.l\" isEmpty", false),
        ("jsonpath \"$.o.in['a b'][0]\" != false", true),
    ] {
        let text = format!("GET https://shop.example/\nHTTP 200\n[Asserts]\n{row}\n");
        let imported = import(Format::Hurl, &text, &Options::default()).unwrap();
        assert_eq!(imported.left, [], "{row}");
        assert_eq!(
            expression(&imported.yaml, &answer),
            holds,
            "{row}\n{}",
            imported.yaml
        );
    }
    let whole = format!(
        "GET https://shop.example/\nHTTP 200\n{}\n",
        json!({"l": [1, -2], "s": "x", "n": null, "t": true})
    );
    let imported = import(Format::Hurl, &whole, &Options::default()).unwrap();
    assert!(expression(
        &imported.yaml,
        &json!({"l": [1, -2], "s": "x", "n": null, "t": true})
    ));
    assert!(!expression(
        &imported.yaml,
        &json!({"l": [1, 2], "s": "x", "n": null, "t": true})
    ));
}

/// Whether the step's only expression holds; what cannot be evaluated does not.
fn expression(yaml: &str, body: &Value) -> bool {
    let document: Value = serde_saphyr::from_str(yaml).unwrap();
    let expect = &document["checks"]["imported"]["settings"]["steps"][0]["expect"];
    let text = expect["body"]["cel"][0].as_str().unwrap();
    let mut context = cel::Context::default();
    context.add_variable("body", body).unwrap();
    let program = cel::Program::compile(text).unwrap();
    matches!(program.execute(&context), Ok(cel::Value::Bool(true)))
}

/// An option of Hurl with a value that it takes, and whether it changes what is sent or expected.
const OPTIONS: [(&str, &str, bool); 37] = [
    ("aws-sigv4", "aws:amz:eu:s3", true),
    ("cacert", "ca.pem", true),
    ("cert", "me.pem", true),
    ("compressed", "true", false),
    ("connect-timeout", "3s", true),
    ("connect-to", "a.example:443:192.0.2.7:8443", true),
    ("delay", "3s", true),
    ("digest", "true", true),
    ("header", "x-a: b", true),
    ("http1.0", "true", true),
    ("http1.1", "true", true),
    // Over TLS it is agreed upon where both sides speak it.
    ("http2", "true", false),
    ("http2-prior-knowledge", "true", true),
    ("http3", "true", true),
    ("insecure", "true", true),
    ("ipv4", "true", true),
    ("ipv6", "true", true),
    ("key", "me.key", true),
    ("limit-rate", "1000", true),
    ("location", "true", true),
    ("location-trusted", "true", true),
    ("max-redirs", "3", true),
    ("max-time", "3s", true),
    ("netrc", "true", true),
    ("ntlm", "true", true),
    ("output", "x.html", false),
    ("path-as-is", "true", true),
    ("pinnedpubkey", "sha256//x", true),
    ("proxy", "p:3128", true),
    ("repeat", "3", true),
    ("resolve", "a.example:443:192.0.2.7", true),
    ("retry", "3", true),
    ("skip", "true", true),
    ("unix-socket", "/run/x", true),
    ("user", "a:b", true),
    ("variable", "a=c", true),
    ("verbose", "true", false),
];

#[test]
fn every_option_of_hurl_is_in_the_journey_or_told_or_changes_nothing_that_is_sent() {
    let imported = |options: &str| {
        let text =
            format!("GET https://a.example/\nGET https://a.example/{{{{a}}}}\n{options}HTTP 200\n");
        import(Format::Hurl, &text, &Options::default()).unwrap()
    };
    let plain = imported("");
    for (name, value, changes) in OPTIONS {
        let with = imported(&format!("[Options]\n{name}: {value}\n"));
        let told = with.left.iter().any(|left| left.why != plain.left[0].why);
        assert_eq!(told || with.yaml != plain.yaml, changes, "{name}: {with:?}");
    }
}

#[test]
fn a_row_that_says_nothing_and_a_body_of_bytes_are_told() {
    let text = "POST https://a.example/
[Options]
variable: lone
user: lone
header: lone
```base64
aGVsbG8=
```
HTTP 200
";
    let imported = import(Format::Hurl, text, &Options::default()).unwrap();
    let lines: Vec<(usize, &str)> = imported
        .left
        .iter()
        .map(|left| (left.line, left.what.as_str()))
        .collect();
    assert_eq!(
        lines,
        [
            (3, "variable: …"),
            (4, "user: …"),
            (5, "header: …"),
            (6, "```base64")
        ]
    );
    assert!(!imported.yaml.contains("aGVsbG8"), "{}", imported.yaml);
}

#[test]
fn fields_that_are_the_clients_own_are_told_and_not_sent() {
    let text = "GET https://a.example/
Connection: close
TE: trailers
Host: a.example
X-Kept: yes
[Options]
header: Trailer: X-Digest
HTTP 200
";
    let imported = import(Format::Hurl, text, &Options::default()).unwrap();
    let told: Vec<(usize, &str)> = imported
        .left
        .iter()
        .map(|left| (left.line, left.what.as_str()))
        .collect();
    assert_eq!(
        told,
        [
            (2, "Connection: …"),
            (3, "TE: …"),
            (4, "Host: …"),
            (7, "Trailer: …")
        ]
    );
    let document: Value = serde_saphyr::from_str(&imported.yaml).unwrap();
    let request = &document["checks"]["imported"]["settings"]["steps"][0]["request"];
    assert_eq!(request["headers"], json!({"x-kept": "yes"}));
    let other = "GET https://a.example/\nHost: b.example\nHTTP 200\n";
    let imported = import(Format::Hurl, other, &Options::default()).unwrap();
    assert_eq!(imported.left, []);
    assert!(
        imported.yaml.contains("host: b.example"),
        "{}",
        imported.yaml
    );
}
