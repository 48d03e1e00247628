//! Bad input: of the author, which `validate` finds, and of the target, which a run tells.

use leadsman_tests::site::{Site, answer};

use super::walk::{Walk, steps};
use crate::real::daemon::leadsman;

/// A journey whose second step has these lines.
fn journey(target: &str, lines: &[&str]) -> Walk {
    let mut walk = Walk::to(target)
        .setting("steps:")
        .setting("- name: sign in")
        .setting("  request:")
        .setting("    path: /login")
        .setting("  capture:")
        .setting("    token: {json: $.token, secret: true}")
        .setting("- name: second");
    for line in lines {
        walk = walk.setting(&format!("  {line}"));
    }
    walk
}

/// Lines of a step, a part of the one that is wrong, and what is said of it.
const MISTAKES: [(&[&str], &str, &str); 14] = [
    (
        &["request:", "  path: \"/orders/${tokn}\""],
        "${tokn}",
        "did you mean `token`?",
    ),
    (
        &["request:", "  method: POST", "  body: \"${token\""],
        "body:",
        "is not closed by",
    ),
    (
        &["request:", "  headers:", "    x-a: \"${token|rot13}\""],
        "x-a:",
        "`rot13` is no encoder",
    ),
    (
        &["request: {}", "capture:", "  id: {json: \"$.[\"}"],
        "id:",
        "JSONPath",
    ),
    (
        &["request: {}", "capture:", "  id: {css: \"h1[\"}"],
        "id:",
        "CSS",
    ),
    (
        &["request: {}", "capture:", "  id: {cel: \"body.\"}"],
        "id:",
        "CEL",
    ),
    (
        &["request: {}", "capture:", "  id: {regex: \"(\"}"],
        "id:",
        "regular expression",
    ),
    (&["request: {}", "if: \"token ==\""], "if:", "CEL"),
    (
        &[
            "request: {}",
            "expect:",
            "  body:",
            "    matches:",
            "    - \"[\"",
        ],
        "- \"[\"",
        "regular expression",
    ),
    (
        &[
            "request: {}",
            "expect:",
            "  body:",
            "    json:",
            "      $.[: 1",
        ],
        "$.[:",
        "JSONPath",
    ),
    (
        &[
            "request: {}",
            "expect:",
            "  body:",
            "    json:",
            "      $.id: 123456789012345678901235",
        ],
        "$.id:",
        "at most",
    ),
    (&["request: {}", "each:", "  in: token"], "each:", "at_most"),
    (
        &["request: {}", "until:", "  expect: {status: 200}"],
        "until:",
        "within",
    ),
    (&["request:", "  path: /", "  pth: /"], "pth:", "path"),
];

#[test]
fn a_mistake_in_a_journey_is_told_by_validate_at_its_own_line() {
    for (lines, part, said) in MISTAKES {
        let walk = journey("http://127.0.0.1:9", lines);
        let place = walk.line(part);
        let place = place.trim_matches(['(', ')']);
        let mut command = leadsman();
        command.args(["validate", "--config"]);
        let output = command.arg(walk.written()).output().unwrap();
        let all = [output.stdout, output.stderr].concat();
        let told = String::from_utf8_lossy(&all).into_owned();
        assert_eq!(output.status.code(), Some(78), "{lines:?}: {told}");
        assert!(
            told.contains(&format!("{place}:")) && told.contains(said),
            "{lines:?} is not told at {place} with `{said}`: {told}"
        );
    }
}

const TOKEN: &str = "tok-planted-4217";

/// Gives a token, and then answers with this body.
fn site(body: &str) -> Site {
    let body = body.to_owned();
    Site::start(move |asked| match asked.path.as_str() {
        "/login" => answer(200, "", &format!(r#"{{"token": "{TOKEN}"}}"#)),
        _ => answer(200, "x-known: yes\r\n", &body),
    })
    .unwrap()
}

/// A capture or an expectation, the line that it stands in, the reason, and how its sentence begins.
const UNMET: [(&[&str], &str, &str, &str); 6] = [
    (
        &["capture:", "  id: {json: $.id}"],
        "id:",
        "http_body",
        "step `second`: capture.id: expected `$.id` to find something, got ",
    ),
    (
        &["capture:", "  id: {css: \"h1#id\"}"],
        "id:",
        "http_body",
        "step `second`: capture.id: expected `h1#id` to find something, got nothing like it in `",
    ),
    (
        &["capture:", "  id: {regex: \"id=(\\\\d+)\"}"],
        "id:",
        "http_body",
        "step `second`: capture.id: expected `id=(\\d+)` to find something, got nothing like it in `",
    ),
    (
        &["capture:", "  id: {header: x-id}"],
        "id:",
        "http_header",
        "step `second`: capture.id: expected a header field `x-id` to find something, got nothing like it in `",
    ),
    (
        &["capture:", "  id: {cookie: id}"],
        "id:",
        "http_header",
        "step `second`: capture.id: expected a cookie `id` to find something, got nothing like it in `",
    ),
    (
        &["expect:", "  body:", "    json:", "      $.id: 7"],
        "$.id:",
        "http_body",
        "step `second`: body.$.id: expected 7, got ",
    ),
];

#[test]
fn what_an_answer_does_not_have_fails_its_step_with_the_line_and_the_beginning_of_what_came() {
    // No JSON, longer than a sentence, and it repeats what is secret.
    let odd = site(&format!("Sorry, {TOKEN}! {}", "closed ".repeat(2000)));
    let other = site(r#"{"state": "closed"}"#);
    for (lines, part, reason, sentence) in UNMET {
        for site in [&odd, &other] {
            let lines: Vec<&str> = ["request: {path: \"/?token=${token}\"}"]
                .into_iter()
                .chain(lines.iter().copied())
                .collect();
            let walk = journey(&site.url(), &lines);
            let run = walk.once();
            run.fails(reason, sentence);
            let told = run.said("sentence").as_str().unwrap();
            assert!(told.contains(&walk.line(part)), "{told}");
            assert!(told.len() < 700, "{} bytes: {told}", told.len());
            assert!(!run.printed.contains("planted"), "{}", run.printed);
            assert_eq!(run.said("blame"), "target");
            assert_eq!(
                steps(&run),
                [("sign in", Some(true)), ("second", Some(false))]
            );
        }
    }
    let last = odd.asked().pop().unwrap();
    assert_eq!(last.path, format!("/?token={TOKEN}"));
}

/// Lines of the last step, the line that the sentence names, and how it begins.
const UNDECIDED: [(&[&str], &str, &str); 2] = [
    (
        &["request: {path: \"/${only}\"}"],
        "name: third",
        "step `third`: the variable `only` is not set",
    ),
    (
        &["request: {path: /}", "if: \"token + 1 == 2\""],
        "token + 1",
        "step `third`: the condition `token + 1 == 2` cannot be judged: ",
    ),
];

#[test]
fn what_only_a_run_can_know_is_unknown_with_its_line_before_the_step_has_sent_anything() {
    for (lines, part, sentence) in UNDECIDED {
        let site = site("{}");
        let mut walk = journey(&site.url(), &["request: {}", "if: \"token == 'other'\""])
            .setting("  capture: {only: {json: $.id}}")
            .setting("- name: third");
        for line in lines {
            walk = walk.setting(&format!("  {line}"));
        }
        let run = walk.once();
        run.comes_to("unknown", "probe_undecided");
        let told = run.said("sentence").as_str().unwrap();
        assert!(told.starts_with(sentence), "{told}\nnot\n{sentence}");
        assert!(told.contains(&walk.line(part)), "{told}");
        assert_eq!(site.asked().len(), 1, "the first step alone was sent");
    }
}
