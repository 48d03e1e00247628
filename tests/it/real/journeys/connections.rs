//! One connection per host and one jar, or fresh ones: counted at the peers.

use std::fs;

use leadsman_example_shop::{Options, Shop};
use leadsman_tests::site::{Site, answer};

use super::{
    configuration,
    walk::{Walk, steps},
};
use crate::real::once::once;

/// Gives a cookie and answers all with 200.
fn site() -> Site {
    Site::start(|_| answer(200, "set-cookie: session=abc; Path=/\r\n", "well")).unwrap()
}

/// The cookie that came with each request.
fn cookies(site: &Site) -> Vec<String> {
    let asked = site.asked().into_iter();
    asked
        .map(|asked| asked.header("cookie").to_owned())
        .collect()
}

const THREE: [&str; 3] = [
    "{name: one, request: {path: /1}}",
    "{name: two, request: {path: /2}}",
    "{name: three, request: {path: /3}}",
];

#[test]
fn the_steps_of_a_journey_share_one_connection_for_each_host_and_their_cookies() {
    let (first, second) = (site(), site());
    let run = Walk::to(first.url())
        .grants(&format!("hosts: [\"{}\"]", second.url()))
        .steps(&[
            THREE[0],
            &format!("{{name: there, request: {{url: \"{}/a\"}}}}", second.url()),
            THREE[1],
            &format!("{{name: again, request: {{url: \"{}/b\"}}}}", second.url()),
            THREE[2],
        ])
        .once();
    run.comes_to("pass", "ok");
    assert_eq!((first.connections(), second.connections()), (1, 1));
    assert_eq!(cookies(&first), ["", "session=abc", "session=abc"]);
    let reused = [false, false, true, true, true];
    for (operation, reused) in reused.into_iter().enumerate() {
        let fact = format!("/attempts/0/report/operations/{operation}/answer/http/Ok/facts/reused");
        assert_eq!(run.record.pointer(&fact).unwrap(), reused, "{operation}");
    }
}

#[test]
fn fresh_connections_are_one_for_each_request_and_bring_no_cookies() {
    let site = site();
    let run = Walk::to(site.url())
        .steps(&THREE)
        .setting("connections: fresh")
        .once();
    run.comes_to("pass", "ok");
    assert_eq!(site.connections(), 3);
    assert_eq!(cookies(&site), ["", "", ""]);
}

#[test]
fn a_step_that_is_fresh_has_a_connection_of_its_own_and_leaves_the_others_theirs() {
    let site = site();
    let run = Walk::to(site.url())
        .steps(&[
            THREE[0],
            "{name: apart, request: {path: /apart, fresh: true}}",
            THREE[1],
        ])
        .once();
    run.comes_to("pass", "ok");
    assert_eq!(site.connections(), 2);
    assert_eq!(cookies(&site), ["", "", "session=abc"]);
}

#[test]
fn a_journey_that_needs_its_session_fails_where_a_fresh_connection_loses_it() {
    let (folder, shop) = (
        tempfile::tempdir().unwrap(),
        Shop::start(&Options::default()).unwrap(),
    );
    let file = configuration(folder.path(), &shop);
    let text = fs::read_to_string(&file).unwrap();
    let fresh = text.replace("      steps:\n", "      connections: fresh\n      steps:\n");
    assert_ne!(text, fresh);
    once(&file, "order").comes_to("pass", "ok");
    fs::write(&file, fresh).unwrap();
    let run = once(&file, "order");
    run.fails(
        "http_status",
        "step `create`: status: expected 201, got 401",
    );
    let seen = [
        ("sign in", Some(true)),
        ("create", Some(false)),
        ("sign out", Some(false)),
    ];
    assert_eq!(steps(&run), seen);
}
