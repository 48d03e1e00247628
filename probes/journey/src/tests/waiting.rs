//! How long things take, and what is waited for.

use super::*;

#[test]
fn what_was_waited_for_in_vain_is_told_as_what_came_instead() {
    let pending = Reply::ok(r#"{"status": "pending"}"#);
    let run = shop()
        .on("GET", &at("/orders/7"), pending)
        .settings({
            let mut settings = order();
            settings["steps"][2]["until"]["expect"]["body"]["json"]["$.status"] = json!("shipped");
            settings
        })
        .run(journey);
    assert_eq!(run.verdict, Verdict::Fail);
    assert_eq!(
        (
            run.assertions[0].expected.as_str(),
            run.assertions[0].got.as_str()
        ),
        ("\"shipped\"", "\"pending\"")
    );
    assert_eq!(run.assertions[1].got, "not in 7 tries");
}

#[test]
fn what_was_waited_for_in_vain_is_captured_all_the_same() {
    let mut settings = order();
    settings["steps"][2]["until"]["expect"]["body"]["json"]["$.status"] = json!("shipped");
    settings["steps"][2]["capture"] = json!({"order": {"json": "$.really"}});
    let seven = Reply::ok(r#"{"status": "pending", "really": 8}"#);
    let run = shop()
        .on("GET", &at("/orders/7"), seven)
        .on("DELETE", &at("/orders/8"), Reply::status(204))
        .settings(settings)
        .run(journey);
    assert_eq!(run.verdict, Verdict::Fail);
    assert_eq!(asked(&run).last().unwrap(), "DELETE /orders/8");
}

#[test]
fn every_try_of_a_step_that_waits_asks_and_expects_the_same() {
    let expect =
        json!({"expect": {"body": {"json": {"$.rev": "${rev}"}}}, "every": "1s", "within": "3s"});
    let step = json!({
        "name": "wait", "request": {"path": "/rev/${rev}"}, "until": expect,
        "capture": {"rev": {"json": "$.rev"}},
    });
    let run = Mock::new(SHOP)
        .settings(json!({"steps": [step], "variables": {"rev": "5"}}))
        .on("GET", &at("/rev/5"), Reply::ok(r#"{"rev": 4}"#))
        .run(journey);
    assert_eq!(run.verdict, Verdict::Fail, "{run:?}");
    assert_eq!(asked(&run), ["GET /rev/5"; 4]);
    assert_eq!(run.assertions[0].got, "4");
}

#[test]
fn a_captured_number_is_expected_as_a_number_or_as_the_text_that_is_written_the_same() {
    for (body, well) in [
        (r#"{"id": 7}"#, true),
        (r#"{"id": "7"}"#, true),
        (r#"{"id": 8}"#, false),
    ] {
        let steps = json!([
            {"name": "first", "request": {"path": "/a"}, "capture": {"order": {"json": "$.id"}}},
            {"name": "then", "request": {"path": "/b"}, "expect": {"body": {"json": {"$.id": "${order}"}}}},
        ]);
        let run = Mock::new(SHOP)
            .settings(json!({"steps": steps}))
            .on("GET", &at("/a"), Reply::ok(r#"{"id": 7}"#))
            .on("GET", &at("/b"), Reply::ok(body))
            .run(journey);
        assert_eq!(run.verdict == Verdict::Pass, well, "{body}: {run:?}");
    }
}

#[test]
fn a_step_that_is_slower_than_allowed_fails() {
    let settings = json!({"steps": [{"name": "pause", "pause": "2s", "under": "1s"}]});
    let run = Mock::new(SHOP).settings(settings).run(journey);
    assert_eq!(run.verdict, Verdict::Fail);
    assert_eq!(
        (
            run.assertions[0].kind.as_str(),
            run.assertions[0].got.as_str()
        ),
        ("duration", "2000 ms")
    );
}

#[test]
fn a_step_that_is_slower_than_is_good_makes_a_run_that_passes_degraded() {
    let paused = |pause: &str, then: Value| {
        let slow = json!({"name": "pause", "pause": pause, "degraded_above": "1s"});
        let settings = json!({"steps": [slow, then]});
        Mock::new(SHOP).settings(settings).run(journey)
    };
    let well = json!({"name": "then", "pause": "10ms"});
    let run = paused("2s", well.clone());
    assert_eq!(run.verdict, Verdict::Degraded);
    assert_eq!(
        run.steps,
        [
            ("pause".to_owned(), Some(true)),
            ("then".to_owned(), Some(true))
        ]
    );
    assert_eq!(paused("900ms", well).verdict, Verdict::Pass);
    let failing = json!({"name": "then", "pause": "2s", "under": "1s"});
    let failed = paused("2s", failing);
    assert_eq!(failed.verdict, Verdict::Fail);
    // The first word is the reason of a failure: what was slow before is none.
    assert_eq!(failed.statements, Vec::<String>::new());
}

#[test]
fn a_pause_that_leaves_no_time_for_the_cleanup_fails_and_is_not_taken_as_made() {
    let settings = json!({
        "steps": [{"name": "pause", "pause": "1m"}],
        "cleanup": [{"name": "after", "request": {"path": "/after"}}],
    });
    let run = Mock::new(SHOP)
        .settings(settings)
        .on("GET", &at("/after"), Reply::ok(""))
        .run(journey);
    assert_eq!(run.verdict, Verdict::Fail);
    assert_eq!(run.assertions[0].path, "timeout");
    assert_eq!(asked(&run), ["GET /after"]);
}
