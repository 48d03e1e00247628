//! What a step leaves behind that went wrong after its answer came.

use leadsman_tests::site::{Site, answer};

use super::walk::Walk;

const TOKEN: &str = "tok-planted-0817";

/// What must be in nothing that is left: the token, and its encoding on the way.
const PLANTED: [&str; 2] = [TOKEN, "dG9rLXBsYW50ZWQtMDgxNw"];

const CLEANUP: &str =
    "cleanup: [{name: revoke, request: {method: DELETE, path: /token, bearer: \"${token}\"}}]";

/// Gives a token, and says nothing of what it was asked for.
fn login() -> Site {
    Site::start(|_| answer(200, "", &format!(r#"{{"token": "{TOKEN}"}}"#))).unwrap()
}

/// Asserts that a failing journey gave its token back, and shows it nowhere.
fn leaves_nothing(login: &Site, walk: &Walk) {
    walk.once().comes_to("fail", "http_body");
    let last = login.asked().pop().unwrap();
    assert_eq!(
        (last.method.as_str(), last.header("authorization")),
        ("DELETE", format!("Bearer {TOKEN}").as_str())
    );
    for (what, left) in walk.leaves() {
        for planted in PLANTED {
            assert!(
                !left.contains(planted),
                "`{planted}` is in {what}:\\n{left}"
            );
        }
    }
}

#[test]
fn a_secret_beside_a_value_that_is_missing_is_hidden_and_is_there_for_the_cleanup() {
    let login = login();
    let captures = "{absent: {json: $.absent}, token: {json: $.token, secret: true}}";
    let step = format!("{{name: sign in, request: {{path: /token}}, capture: {captures}}}");
    let walk = Walk::to(login.url()).steps(&[&step]).setting(CLEANUP);
    leaves_nothing(&login, &walk);
}

#[test]
fn a_secret_of_an_answer_that_was_waited_for_in_vain_is_hidden_and_is_there_for_the_cleanup() {
    let login = login();
    let until = "{expect: {body: {json: {$.state: done}}}, every: 20ms, within: 60ms}";
    let capture = "{token: {json: $.token, secret: true}}";
    let step =
        format!("{{name: wait, request: {{path: /token}}, until: {until}, capture: {capture}}}");
    let walk = Walk::to(login.url()).steps(&[&step]).setting(CLEANUP);
    leaves_nothing(&login, &walk);
}

#[test]
fn a_try_that_hangs_ends_with_the_deadline_of_what_is_waited_for() {
    let site = Site::start(|asked| match asked.path.as_str() {
        "/job" => String::new(),
        _ => answer(200, "", ""),
    })
    .unwrap();
    let until = "{expect: {status: 200}, every: 20ms, within: 100ms}";
    let step = format!("{{name: wait, request: {{path: /job}}, until: {until}}}");
    let walk = Walk::to(site.url())
        .steps(&[&step])
        .setting("cleanup: [{name: tidy, request: {path: /tidy}}]");
    let run = walk.once();
    run.fails("response_timeout", "step `wait`: ");
    assert_eq!(site.asked().pop().unwrap().path, "/tidy");
}
