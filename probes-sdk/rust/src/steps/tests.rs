//! Which steps a run leaves, however they are told.

use crate::{
    mock::{Mock, Reply, Run},
    prelude::*,
};

const URL: &str = "https://t.example/";

fn asked() -> Result<http::Response> {
    Ok(http::get(URL).send()?)
}

fn run(part: impl Fn() -> Result<()>) -> Run {
    let mock = Mock::new(URL).on("GET", URL, Reply::ok("hello"));
    mock.run(|_: &Target, _: &NoSettings| part().map(|()| Verdict::Pass))
}

fn steps(part: impl Fn() -> Result<()>) -> Vec<(String, Option<bool>)> {
    run(part).steps
}

fn seen(steps: &[(&str, bool)]) -> Vec<(String, Option<bool>)> {
    let seen = steps.iter();
    seen.map(|(name, ok)| ((*name).to_owned(), Some(*ok)))
        .collect()
}

#[test]
fn steps_of_requests_end_in_their_order_the_last_one_with_the_run() {
    let three = || {
        for name in ["one", "two", "three"] {
            step(name, asked)?;
        }
        Ok(())
    };
    let all = [("one", true), ("two", true), ("three", true)];
    assert_eq!(steps(three), seen(&all));
}

#[test]
fn a_step_that_fails_after_its_request_has_failed() {
    let part = || {
        step("one", asked)?;
        step("two", || asked()?.expect(204))?;
        Ok(())
    };
    let run = run(part);
    assert_eq!(run.steps, seen(&[("one", true), ("two", false)]));
    assert_eq!((run.verdict, run.assertions.len()), (Verdict::Fail, 1));
}

#[test]
fn a_step_without_a_request_is_seen() {
    let part = || {
        step("one", asked)?;
        step("nothing", || Ok(()))?;
        step("pause", || {
            context::sleep(std::time::Duration::from_secs(1));
            Ok(())
        })
    };
    let all = [("one", true), ("nothing", true), ("pause", true)];
    assert_eq!(steps(part), seen(&all));
}

#[test]
fn a_step_inside_of_one_that_asked_already_leaves_that_one_open() {
    let part = || {
        step("outer", || {
            asked()?;
            step("inner", asked)?;
            step("second", || step("innermost", asked))?;
            asked()
        })?;
        step("after", asked).map(drop)
    };
    let all = [
        ("inner", true),
        ("innermost", true),
        ("second", true),
        ("outer", true),
        ("after", true),
    ];
    assert_eq!(steps(part), seen(&all));
}

#[test]
fn a_step_inside_of_one_that_has_not_asked_is_told_with_its_request() {
    let part = || {
        step("outer", || {
            step("one", asked)?;
            step("two", asked)
        })
        .map(drop)
    };
    let all = [("one", true), ("two", true), ("outer", true)];
    assert_eq!(steps(part), seen(&all));
}

#[test]
fn several_requests_at_once_open_one_step() {
    let part = || {
        step("both", || {
            let answers = http::all([http::get(URL), http::get(URL)]);
            ensure_eq!(answers.len(), 2, Assertion, "answers");
            Ok(())
        })
    };
    assert_eq!(steps(part), seen(&[("both", true)]));
}
