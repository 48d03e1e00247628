//! A loop over what an answer lists: what it visits, where it stops, and that its bound is seen.

use leadsman_tests::site::{Site, answer};

use serde_json::Value;

use super::walk::{Walk, steps};
use crate::real::{
    daemon::{Daemon, leadsman},
    http::at,
    scrape,
};

const LEFT_OUT: &str = "leadsman_measure_journey_items_left_out";

/// A list of four, of which the third cannot be read.
fn site() -> Site {
    Site::start(|asked| match asked.path.as_str() {
        "/list" => answer(200, "", r#"{"ids": [1, 2, 3, 4]}"#),
        "/item/3" => answer(500, "", ""),
        _ => answer(200, "", ""),
    })
    .unwrap()
}

fn visiting(site: &Site, at_most: u32) -> Walk {
    Walk::to(site.url()).steps(&[
        "{name: list, request: {path: /list}, capture: {ids: {json: \"$.ids[*]\", all: true}}}",
        &format!("{{name: visit, each: {{in: ids, as: id, at_most: {at_most}}}, request: {{path: \"/item/${{id}}\"}}}}"),
    ])
}

fn paths(site: &Site) -> Vec<String> {
    site.asked().into_iter().map(|asked| asked.path).collect()
}

#[test]
fn a_loop_that_reaches_its_bound_passes_and_says_how_many_it_left_out() {
    let site = site();
    let walk = visiting(&site, 2);
    let run = walk.once();
    run.comes_to("pass", "ok");
    assert_eq!(paths(&site), ["/list", "/item/1", "/item/2"]);
    assert_eq!(steps(&run), [("list", Some(true)), ("visit", Some(true))]);
    let measure = at(&run.record, "/attempts/0/report/measures/0");
    assert_eq!(
        (measure["name"].as_str(), measure["value"].as_f64()),
        (Some("journey_items_left_out"), Some(2.0))
    );
    let told = at(&run.record, "/attempts/0/report/log/0/message");
    assert_eq!(told, "step `visit` visits 2 of 4 items");
    let mut daemon = Daemon::start(&walk.written());
    daemon.all_have_run();
    let metrics = daemon.metrics();
    let left_out = scrape::sum(&metrics, LEFT_OUT, &[("check", "walk")]);
    assert!((left_out - 2.0).abs() < 0.1, "{metrics}");
}

/// How many series the check is foretold to have.
fn foretold(walk: &Walk) -> u64 {
    let mut command = leadsman();
    command.args(["validate", "--series", "--format", "json", "--config"]);
    let output = command.arg(walk.written()).output().unwrap();
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    at(&report, "/series/checks/0/here").as_u64().unwrap()
}

#[test]
fn the_series_of_a_loop_is_foretold_and_a_journey_without_one_has_none() {
    let site = site();
    let with = foretold(&visiting(&site, 2));
    let once = "{name: list, request: {path: /list}}";
    let without = foretold(&Walk::to(site.url()).steps(&[once, "{name: visit, pause: 1ms}"]));
    assert_eq!(with - without, 1);
    let within = "fragments: {visits: [{name: visit, each: {in: ids, at_most: 1}, request: {}}]}";
    let walk = Walk::to(site.url()).steps(&[
        "{name: list, request: {path: /list}, capture: {ids: {json: \"$.ids[*]\", all: true}}}",
        "{name: all, use: visits}",
    ]);
    let steps = 5;
    assert_eq!(foretold(&walk.setting(within)) - without, 1 + steps);
}

#[test]
fn an_item_that_fails_ends_the_loop_and_the_step() {
    let site = site();
    let run = visiting(&site, 9).once();
    run.fails("http_status", "step `visit`: status: expected 2xx, got 500");
    assert_eq!(paths(&site), ["/list", "/item/1", "/item/2", "/item/3"]);
    assert_eq!(steps(&run), [("list", Some(true)), ("visit", Some(false))]);
    let value = at(&run.record, "/attempts/0/report/measures/0/value");
    assert_eq!(value.as_f64(), Some(0.0), "nothing was beyond the bound");
}
