//! What a step captures of an answer and of its connection.

use std::{fs, path::Path};

use leadsman_tests::site::{Site, answer};

use super::{meant, now};
use crate::real::{
    certificates::{Authority, Validity},
    journeys::walk::{Walk, steps},
    nginx::Nginx,
    process::free_port,
};

/// What is captured of an answer over TLS, and said in the next request.
const CAPTURES: [(&str, &str); 10] = [
    ("a", "{from: url}"),
    ("b", "{from: body}"),
    ("c", "{from: duration}"),
    ("d", "{from: http_version}"),
    ("e", "{from: tls_version}"),
    ("f", "{from: remote_address}"),
    ("g", "{from: certificate_issuer}"),
    ("h", "{from: certificate_not_after}"),
    ("i", "{cel: 'body.items[0].id + 1u'}"),
    ("j", "{regex: 'order (\\d+)'}"),
];

const BODY: &str = r#"{"items": [{"id": 6}], "text": "order 42"}"#;

/// nginx with a certificate of this address; its log is `asked.log`.
fn secure(folder: &Path, port: u16) -> Nginx {
    let own = Authority::new(folder).signs("127.0.0.1", Validity::Days(10));
    let server = format!(
        "server {{ listen 127.0.0.1:{port} ssl; ssl_protocols TLSv1.3; ssl_certificate {}; ssl_certificate_key {}; access_log {}/asked.log probes; \
         location / {{ return 200 '{BODY}'; }} }}",
        own.certificate.display(),
        own.key.display(),
        folder.display()
    );
    Nginx::start(folder, port, &server)
}

#[test]
fn what_is_captured_of_an_answer_and_its_connection_is_sent_by_the_next_step() {
    let (folder, port) = (tempfile::tempdir().unwrap(), free_port());
    let (nginx, place) = (secure(folder.path(), port), folder.path().display());
    let captures = CAPTURES.map(|(name, source)| format!("{name}: {source}"));
    let said = CAPTURES.map(|(name, _)| format!("{name}: \"${{{name}}}\""));
    let target = format!("https://127.0.0.1:{port}");
    let walk = Walk::to(&target)
        .above(&format!("tls: {{ca: [\"{place}/ca.pem\"]}}"))
        .steps(&[
            &format!(
                "{{name: look, request: {{path: /look}}, capture: {{{}}}}}",
                captures.join(", ")
            ),
            &format!(
                "{{name: say, request: {{path: /say, query: {{{}}}}}}}",
                said.join(", ")
            ),
        ]);
    walk.once().comes_to("pass", "ok");
    nginx.stop();
    let log = fs::read_to_string(folder.path().join("asked.log")).unwrap();
    let uri = log.lines().last().unwrap().split(' ').next().unwrap();
    let query = uri.strip_prefix("/say?").unwrap();
    let sent: Vec<String> = query
        .split('&')
        .map(|pair| meant(pair.split_once('=').unwrap().1))
        .collect();
    for (index, value) in [
        (0, format!("{target}/look")),
        (1, BODY.to_owned()),
        (3, "HTTP/1.1".to_owned()),
        (4, "TLS 1.3".to_owned()),
        (6, "CN=Authority".to_owned()),
        (8, "7".to_owned()),
        (9, "42".to_owned()),
    ] {
        assert_eq!(sent[index], value, "{:?}", CAPTURES[index]);
    }
    let took: f64 = sent[2].parse().unwrap();
    assert!(took > 0.0 && took < 3.0, "{took} s");
    assert!(sent[5].starts_with("127.0.0.1"), "{}", sent[5]);
    let ends: u64 = sent[7].parse().unwrap();
    assert!((now() + 10 * 86_400).abs_diff(ends) < 3_600, "{ends}");
}

/// What is captured where the answer has it, a part of it where it has more, and where it has nothing.
const SOURCES: &str = "a: {cookie: session}, b: {header: x-order, regex: 'no\\. (\\d+)'}, c: {header: x-none, default: rope & sails}";

#[test]
fn a_cookie_a_part_of_a_header_field_and_a_default_are_sent_as_a_form() {
    let fields = "set-cookie: session=depth-9; Path=/\r\nx-order: order no. 42 of 50\r\n";
    let site = Site::start(move |_| answer(200, fields, "")).unwrap();
    let run = Walk::to(site.url())
        .steps(&[
            &format!("{{name: look, request: {{path: /look}}, capture: {{{SOURCES}}}}}"),
            "{name: say, request: {method: POST, path: /say, form: {a: \"${a}\", b: \"${b}\", c: \"${c}\"}}}",
        ])
        .once();
    run.comes_to("pass", "ok");
    assert_eq!(steps(&run), [("look", Some(true)), ("say", Some(true))]);
    let said = site.asked().pop().unwrap();
    assert_eq!((said.method.as_str(), said.path.as_str()), ("POST", "/say"));
    assert_eq!(said.body, "a=depth-9&b=42&c=rope%20%26%20sails");
    let kind = said.header("content-type");
    assert_eq!(kind, "application/x-www-form-urlencoded");
}
