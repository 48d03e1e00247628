//! Questions to DNS servers and dialogues within a journey.

use leadsman_sdk::mock::{DnsReply, Mock, Reply, Run};
use serde_json::{Value, json};

use super::{super::*, SHOP, asked};

const TXT: u16 = 16;

fn zone() -> Mock {
    let reply = DnsReply {
        answers: vec![(TXT, "place=/well".to_owned())],
        ..DnsReply::default()
    };
    Mock::new(SHOP).on_question("shop.example", TXT, reply).on(
        "GET",
        &super::at("/well"),
        Reply::ok(""),
    )
}

fn question(more: &Value) -> Value {
    let mut dns = json!({"query": "${target.host}", "type": "${kind}"});
    if let (Some(dns), Some(more)) = (dns.as_object_mut(), more.as_object()) {
        dns.extend(more.clone());
    }
    json!({
        "variables": {"kind": "TXT", "wanted": "place=/well"},
        "steps": [
            {"name": "ask", "dns": dns, "capture": {"place": {"from": "answer", "regex": "place=(.*)"}}},
            {"name": "go", "request": {"path": "${place}"}},
        ],
    })
}

#[test]
fn a_question_is_a_template_and_its_answer_is_captured() {
    let settings = question(&json!({"answers": {"only": ["${wanted}"]}}));
    let run = zone().settings(settings).run(journey);
    assert_eq!(
        (run.verdict, asked(&run)),
        (Verdict::Pass, vec!["GET /well".to_owned()])
    );
}

#[test]
fn an_answer_that_is_not_expected_fails_its_step_at_its_setting() {
    let settings = question(&json!({"answers": {"only": ["${wanted}!"]}}));
    let run = zone().settings(settings).run(journey);
    assert_eq!((run.verdict, run.requests.len()), (Verdict::Fail, 0));
    assert_eq!(run.about[0], "/steps/0/dns/answers");
    assert_eq!(run.steps, [("ask".to_owned(), Some(false))]);
}

/// A dialogue whose answer names a path.
fn dialogue(last: &Value) -> Run {
    let settings = json!({"steps": [
        {"name": "talk", "tcp": {"address": "mail.example:25", "dialogue": [
            {"expect": "^220 (\\S+) ready", "send": "HELO ${1} from ${target.host}", "captures": {"place": "/${1}"}},
            last,
        ]}},
        {"name": "go", "request": {"path": "${place}"}},
    ]});
    Mock::new(SHOP)
        .on_connect("220 well ready\r\n250 shop.example\r\n")
        .on("GET", &super::at("/well"), Reply::ok(""))
        .settings(settings)
        .run(journey)
}

#[test]
fn a_dialogue_sends_its_own_groups_beside_variables_and_its_captures_are_variables() {
    let run = dialogue(&json!({"expect_bytes": "250 ${target.host}"}));
    assert_eq!(
        (run.verdict, asked(&run)),
        (Verdict::Pass, vec!["GET /well".to_owned()]),
        "{run:?}"
    );
    assert_eq!(
        String::from_utf8_lossy(&run.written),
        "HELO well from shop.example\n"
    );
}

#[test]
fn a_secret_that_a_dialogue_captures_is_sent_as_a_placeholder() {
    let token = json!({"group": "${1}", "secret": true});
    let greeting = json!({"expect": "^220 (\\S+) ready", "captures": {"token": token}});
    let talk = |name: &str, exchange: Value| json!({"name": name, "tcp": {"address": "mail.example:25", "dialogue": [exchange]}});
    let told = json!({"send": "AUTH ${token}"});
    let settings = json!({"steps": [talk("listen", greeting), talk("tell", told)]});
    let run = Mock::new(SHOP)
        .on_connect("220 abcdef ready\r\n")
        .settings(settings)
        .run(journey);
    assert_eq!(run.verdict, Verdict::Pass, "{run:?}");
    assert_eq!(
        String::from_utf8_lossy(&run.written),
        "AUTH placeholder-captured-1-plain\n"
    );
    assert!(!format!("{run:?}").contains("abcdef"));
}

#[test]
fn a_dialogue_that_goes_otherwise_fails_at_its_own_line() {
    let run = dialogue(&json!({"expect": "^354 "}));
    assert_eq!(
        (run.verdict, run.requests.len()),
        (Verdict::Fail, 0),
        "{run:?}"
    );
    assert_eq!(run.about[1], "/steps/0/tcp/dialogue/1");
    assert_eq!(run.assertions[0].kind, "reply");
}

#[test]
fn bytes_are_sent_as_they_are_written_and_their_texts_are_templates() {
    let dialogue = json!([{"send_bytes": {"hex": "00 ff"}}, {"send_bytes": "${target.host}"}]);
    let settings = json!({"steps": [{"name": "say", "tcp": {"address": "mail.example:25", "dialogue": dialogue}}]});
    let run = Mock::new(SHOP)
        .on_connect("")
        .settings(settings)
        .run(journey);
    assert_eq!(run.verdict, Verdict::Pass, "{run:?}");
    assert_eq!(run.written, b"\x00\xffshop.example");
}
