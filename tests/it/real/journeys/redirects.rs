//! How many redirects are expected: by a journey's step, and by the `http` probe.

use std::fs;

use leadsman_tests::site::{Site, answer};

use super::walk::{Walk, steps};
use crate::real::{daemon::leadsman, once::once};

/// Two redirects before the answer.
fn site() -> Site {
    Site::start(|asked| match asked.path.as_str() {
        "/a" => answer(302, "location: /b\r\n", ""),
        "/b" => answer(307, "location: /c\r\n", ""),
        _ => answer(200, "", "here"),
    })
    .unwrap()
}

fn walked(site: &Site, request: &str, redirects: &str) -> Walk {
    Walk::to(site.url()).steps(&[&format!(
        "{{name: enter, request: {{path: /a{request}}}, expect: {{status: [200, 302], redirects: {redirects}}}}}"
    )])
}

#[test]
fn a_step_expects_how_many_redirects_were_followed() {
    let site = site();
    for (request, redirects) in [
        ("", "2"),
        ("", "1-3"),
        (", redirects: none", "0"),
        (", max_redirects: 2", "2"),
    ] {
        let run = walked(&site, request, redirects).once();
        run.comes_to("pass", "ok");
    }
    let walk = walked(&site, "", "1");
    let run = walk.once();
    let (url, line) = (site.url(), walk.line("name: enter"));
    run.fails(
        "http_status",
        &format!("step `enter`: redirects: expected 1, got 2, to {url}/c {line}"),
    );
    assert_eq!(steps(&run), [("enter", Some(false))]);
}

#[test]
fn the_http_probe_expects_the_same() {
    let (site, folder) = (site(), tempfile::tempdir().unwrap());
    let file = folder.path().join("leadsman.yaml");
    let check = |redirects: &str| {
        let text = format!(
            "checks:\n  web: {{probe: http, targets: [\"{}/a\"], settings: {{expect_redirects: {redirects}}}}}\n",
            site.url()
        );
        fs::write(&file, text).unwrap();
        once(&file, "web")
    };
    check("2").comes_to("pass", "ok");
    let run = check("3-4");
    run.fails(
        "http_status",
        &format!("redirects: expected 3-4, got 2, to {}/c", site.url()),
    );
    assert_eq!(run.said("blame"), "target");
}

#[test]
fn more_redirects_than_are_followed_are_a_mistake_of_the_configuration() {
    let walk = walked(&site(), ", max_redirects: 2", "3");
    let output = leadsman()
        .args(["validate", "--config"])
        .arg(walk.written())
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(78), "{told}");
    assert!(
        told.contains("3 redirects can never be met: at most 2 are followed"),
        "{told}"
    );
}
