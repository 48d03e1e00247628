//! What an answer is expected to hold where that is a secret, and whose step it is that cannot have one.

use leadsman_tests::site::{Site, answer};

use crate::real::journeys::walk::Walk;

/// Says at `/token` what it says everywhere else in a header field and in the body.
fn echo() -> Site {
    Site::start(|asked| match asked.path.as_str() {
        "/token" => answer(200, "", r#"{"token": "planted-token"}"#),
        _ => answer(
            200,
            "x-echo: planted-token\r\n",
            r#"{"is": "planted-token"}"#,
        ),
    })
    .unwrap()
}

const TAKE: &str =
    "{name: take, request: {path: /token}, capture: {token: {json: $.token, secret: true}}}";

#[test]
fn a_captured_secret_is_found_in_an_answer_that_holds_it() {
    let site = echo();
    for (expect, met) in [
        ("headers: [{name: x-echo, equals: \"${token}\"}]", true),
        ("headers: [{name: x-echo, contains: \"${token}\"}]", true),
        (
            "headers: [{name: x-echo, not_contains: \"${token}\"}]",
            false,
        ),
        ("body: {contains: [\"${token}\"]}", true),
        ("body: {not_contains: [\"${token}\"]}", false),
        ("body: {json: {$.is: \"${token}\"}}", true),
    ] {
        let look = format!("{{name: look, request: {{path: /}}, expect: {{{expect}}}}}");
        let run = Walk::to(site.url()).steps(&[TAKE, &look]).once();
        let outcome = if met { "pass" } else { "fail" };
        assert_eq!(run.said("outcome"), outcome, "{expect}: {}", run.printed);
        assert!(
            !run.printed.contains("planted-token"),
            "{expect}: {}",
            run.printed
        );
    }
}

/// A journey to it that may use the secret `pw`.
fn granted(site: &Site) -> Walk {
    let hosts = format!("hosts: [\"{}\"]", site.url());
    Walk::to(site.url())
        .file("password", "planted-token")
        .above(&format!("secrets: {{pw: {{file: password, {hosts}}}}}"))
        .grants("secrets: [pw]")
}

#[test]
fn a_secret_of_the_configuration_is_found_in_an_answer_that_holds_it() {
    let site = echo();
    let look = "{name: look, request: {path: /}, expect: {headers: [{name: x-echo, equals: \"${secret:pw}\"}]}}";
    let walk = granted(&site).steps(&[look]);
    walk.once().comes_to("pass", "ok");
}

#[test]
fn a_secret_of_a_few_digits_hides_no_other_digits() {
    let site = Site::start(|_| answer(200, "", r#"{"count": 4217}"#)).unwrap();
    let look = "{name: look, request: {path: /, basic: {user: synthetic, secret: pw}}, expect: {body: {json: {$.count: 4217}}}}";
    let walk = granted(&site).file("password", "42").steps(&[look]);
    walk.once().comes_to("pass", "ok");
}

#[test]
fn a_secret_that_cannot_be_had_is_told_of_the_step_that_wants_it() {
    let site = echo();
    let walk = granted(&site).steps(&[
        "{name: one, request: {path: /}}",
        "{name: two, request: {path: /, bearer: {secret: pw}}}",
    ]);
    let file = walk.written();
    std::fs::remove_file(walk.folder.path().join("password")).unwrap();
    let run = crate::real::once::once(&file, "walk");
    run.comes_to("unknown", "secret_unavailable");
    let sentence = run.said("sentence").as_str().unwrap();
    assert!(sentence.starts_with("step `two`: "), "{sentence}");
    assert!(sentence.contains(&walk.line("name: two")), "{sentence}");
}
