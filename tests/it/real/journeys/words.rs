//! Words of a journey, each by what it made the journey send.

use std::{
    fs,
    time::{SystemTime, UNIX_EPOCH},
};

use leadsman_tests::site::{Site, answer};
use serde_json::Value;

use super::walk::{Walk, steps};
use crate::real::{http::at, once::once};

mod bodies;
mod captures;
mod secrets;

/// Answers everything with 200.
fn site() -> Site {
    Site::start(|_| answer(200, "", "")).unwrap()
}

fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    since.as_secs()
}

fn number(value: &Value) -> u64 {
    value.as_str().unwrap().parse().unwrap()
}

fn is_hex(value: &Value, digits: usize) -> bool {
    let text = value.as_str().unwrap();
    text.len() == digits && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// What a journey sends that names everything that is always there.
const BUILT_IN: &str = r#"{name: tell, request: {method: POST, path: "/${target.port}/${target.host}", bearer: {secret: pw}, json: {target: "${target}", url: "${target.url}", name: "${target.name}", check: "${check}", location: "${location}", run: "${run}", hex: ["${random.hex}", "${random.hex}"], uuid: "${random.uuid}", number: "${random.number}", unix: "${time.unix}", later: "${time.unix+7d}", ms: "${time.unix_ms}", iso: "${time.iso}", date: "${time.date}", lower: "${shout|lower}", upper: "${shout|lower|upper}", secret: "${secret:pw|base64}"}}}"#;

#[test]
fn what_a_template_can_name_without_a_variable_is_sent() {
    let site = site();
    let walk = Walk::to(site.url())
        .file("password", "rope & sails")
        .above(&format!(
            "location: pier\nsecrets: {{pw: {{file: password, hosts: [\"{}\"]}}}}",
            site.url()
        ))
        .grants("secrets: [pw]")
        .steps(&[BUILT_IN])
        .setting("variables: {shout: AHOY}");
    let file = walk.written();
    let named = format!("targets: [{{name: quay, address: \"{}\"}}]", site.url());
    let text = fs::read_to_string(&file).unwrap();
    fs::write(
        &file,
        text.replace(&format!("targets: [\"{}\"]", site.url()), &named),
    )
    .unwrap();
    let run = once(&file, "walk");
    run.comes_to("pass", "ok");
    let asked = site.asked().pop().unwrap();
    assert_eq!(asked.header("authorization"), "Bearer rope & sails");
    let port = site.url().rsplit(':').next().unwrap().to_owned();
    assert_eq!(asked.path, format!("/{port}/127.0.0.1"));
    let sent: Value = serde_json::from_str(&asked.body).unwrap();
    for (name, value) in [
        ("target", site.url()),
        ("url", site.url()),
        ("name", "quay".to_owned()),
        ("check", "walk".to_owned()),
        ("location", "pier".to_owned()),
        ("run", run.said("run").as_str().unwrap().to_owned()),
        ("lower", "ahoy".to_owned()),
        ("upper", "AHOY".to_owned()),
        ("secret", "cm9wZSAmIHNhaWxz".to_owned()),
    ] {
        assert_eq!(sent[name], value, "{name}: {sent}");
    }
    assert!(is_hex(&sent["hex"][0], 16) && sent["hex"][0] != sent["hex"][1]);
    let uuid = sent["uuid"].as_str().unwrap();
    assert_eq!((uuid.len(), uuid.as_bytes()[14]), (36, b'4'), "{uuid}");
    assert!(number(&sent["number"]) < 1_000_000);
    let unix = number(&sent["unix"]);
    assert!(now().abs_diff(unix) < 60, "{sent}");
    assert!((number(&sent["ms"]) / 1000).abs_diff(unix) < 2, "{sent}");
    assert!((number(&sent["later"]) - unix).abs_diff(7 * 86_400) < 2);
    let (iso, date) = (sent["iso"].as_str().unwrap(), &sent["date"]);
    assert!(iso.ends_with('Z') && iso.as_bytes()[10] == b'T', "{iso}");
    assert_eq!(date.as_str().unwrap().len(), "2026-05-01".len(), "{date}");
}

/// Percent-encoded text as it was meant.
fn meant(text: &str) -> String {
    let (mut bytes, mut rest) = (Vec::new(), text.bytes());
    while let Some(byte) = rest.next() {
        let digits: Vec<u8> = if byte == b'%' {
            rest.by_ref().take(2).collect()
        } else {
            Vec::new()
        };
        let digits = String::from_utf8(digits).unwrap();
        bytes.push(u8::from_str_radix(&digits, 16).unwrap_or(byte));
    }
    String::from_utf8(bytes).unwrap()
}

#[test]
fn a_fragment_is_walked_for_each_use_with_variables_of_its_own() {
    let site = site();
    let run = Walk::to(site.url())
        .steps(&[
            "{name: first, use: greet, with: {who: Anne}}",
            "{name: between, request: {path: \"/${who}\"}}",
            "{name: second, use: greet, with: {who: \"${who} & Bo\"}}",
        ])
        .setting("fragments: {greet: [{name: hello, request: {path: \"/hello/${who|percent}\"}}, {name: bye, request: {path: /bye}}]}")
        .setting("variables: {who: nobody}")
        .once();
    run.comes_to("pass", "ok");
    let paths: Vec<String> = site.asked().into_iter().map(|asked| asked.path).collect();
    let expected = [
        "/hello/Anne",
        "/bye",
        "/nobody",
        "/hello/nobody%20%26%20Bo",
        "/bye",
    ];
    assert_eq!(paths, expected);
    let names: Vec<&str> = steps(&run).into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["hello", "bye", "between", "hello", "bye"]);
}

#[test]
fn a_target_that_is_a_bare_host_is_asked_by_the_scheme_of_the_journey() {
    let site = site();
    let url = site.url();
    let bare = url.trim_start_matches("http://");
    let run = Walk::to(bare)
        .steps(&["{name: look, request: {path: \"/?is=${target.url|percent}\"}}"])
        .setting("scheme: http")
        .once();
    run.comes_to("pass", "ok");
    let asked = site.asked().pop().unwrap();
    assert_eq!(asked.header("host"), bare);
    assert_eq!(meant(&asked.path), format!("/?is={url}"));
}

#[test]
fn the_steps_have_all_of_the_time_but_what_is_kept_back_for_the_cleanup() {
    let site = Site::start(|asked| match asked.path.as_str() {
        "/never" => String::new(),
        _ => answer(200, "", ""),
    })
    .unwrap();
    let run = Walk::to(site.url())
        .steps(&["{name: wait, request: {path: /never}}"])
        .setting("cleanup: [{name: tidy, request: {path: /tidy}}]")
        .setting("cleanup_within: 400ms")
        .once();
    run.fails("response_timeout", "step `wait`: ");
    assert_eq!(steps(&run), [("wait", Some(false)), ("tidy", Some(true))]);
    assert_eq!(site.asked().pop().unwrap().path, "/tidy");
    // Of three seconds; without the setting it would be the half of them.
    let step = at(&run.record, "/attempts/0/report/steps/0");
    let waited = step["ended"].as_u64().unwrap() - step["started"].as_u64().unwrap();
    assert!(waited > 2_200_000_000, "{waited} ns");
}

#[test]
fn a_step_that_takes_longer_than_is_good_makes_a_run_degraded() {
    let site = site();
    let slow = "{name: pause, pause: 30ms, degraded_above: 10ms}";
    let walk = Walk::to(site.url()).steps(&[slow, "{name: look, request: {path: /}}"]);
    let run = walk.once();
    run.comes_to("pass", "degraded");
    let told = run.said("sentence").as_str().unwrap();
    assert!(told.starts_with("step `pause`: it took "), "{told}");
    assert_eq!(steps(&run), [("pause", Some(true)), ("look", Some(true))]);
}

#[test]
fn a_step_whose_condition_is_false_is_left_out_and_the_log_says_so() {
    let site = site();
    let run = Walk::to(site.url())
        .steps(&[
            "{name: pay, if: \"plan == 'pro'\", request: {path: /pay}}",
            "{name: look, if: \"plan == 'free'\", request: {path: /look}}",
        ])
        .setting("variables: {plan: free}")
        .once();
    run.comes_to("pass", "ok");
    let paths: Vec<String> = site.asked().into_iter().map(|asked| asked.path).collect();
    assert_eq!(paths, ["/look"]);
    assert_eq!(steps(&run), [("look", Some(true))]);
    let log = at(&run.record, "/attempts/0/report/log/0/message");
    let told = "step `pay` is left out: `plan == 'pro'` is false";
    assert_eq!(log.as_str(), Some(told));
}

#[test]
fn a_step_that_takes_longer_than_it_may_fails_at_its_line() {
    let site = site();
    let walk = Walk::to(site.url()).steps(&[
        "{name: look, request: {path: /}}",
        "{name: pause, pause: 30ms, under: 10ms}",
        "{name: again, request: {path: /}}",
    ]);
    let run = walk.once();
    run.fails(
        "too_slow",
        "step `pause`: under: expected under 10 ms, got ",
    );
    let told = run.said("sentence").as_str().unwrap();
    assert!(told.ends_with(&walk.line("name: pause")), "{told}");
    assert_eq!(steps(&run), [("look", Some(true)), ("pause", Some(false))]);
    assert_eq!(site.asked().len(), 1);
}
