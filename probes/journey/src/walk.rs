//! Walking a journey: its steps in order, then its cleanup.

use std::{mem::ManuallyDrop, time::Duration};

use leadsman_sdk::prelude::*;

use crate::{
    request::Client,
    settings::{Expect, JourneySettings, Step},
    variables::{Place, Variable, Variables},
};

mod action;
mod cleanup;

/// How a part of a journey ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Course {
    /// Well.
    Passed,
    /// Well, at the step after which it was to stop.
    Stopped,
    /// Not well, and why has been told.
    Failed,
    /// It cannot be judged, and why has been told.
    Undecided,
}

/// What is measured of loops, so that a bound that is hit is seen.
pub(crate) const LEFT_OUT: Measure = Measure {
    name: "journey_items_left_out",
    help: "Items of lists that loops did not visit, because `at_most` was reached.",
    labels: &[],
};

/// Walks the journey.
pub(crate) fn walk(target: &Target, settings: &JourneySettings) -> Verdict {
    // The guest's memory ends with the walk: nothing has to be taken apart before.
    let mut walk = ManuallyDrop::new(Walk::new(target, settings));
    let main = match walk.begin() {
        Course::Passed => walk.steps(&settings.steps, "/steps"),
        early => early,
    };
    if settings.stop_after.is_some() {
        let lines = walk.variables.lines();
        lines.for_each(|line| report::log(&format!("variable {line}")));
    }
    let cleaned = walk.clean();
    if let Some(left_out) = walk.left_out {
        report::measure(LEFT_OUT.name, f64::from(left_out), &[]);
    }
    match (main, cleaned) {
        (Course::Failed, _) | (Course::Passed | Course::Stopped, Course::Failed) => Verdict::Fail,
        (Course::Undecided, _) | (_, Course::Undecided) => Verdict::Unknown,
        _ if walk.slow.is_empty() => Verdict::Pass,
        _ => {
            walk.slow.iter().for_each(|slow| report::statement(slow));
            Verdict::Degraded
        }
    }
}

/// A journey under way.
pub(crate) struct Walk<'a> {
    settings: &'a JourneySettings,
    target: &'a Target,
    variables: Variables<'a>,
    client: Client,
    /// What is expected where a step says nothing.
    unsaid: Expect,
    /// What has to be left of the attempt when the steps end.
    reserve: Duration,
    is_unrepeatable: bool,
    /// What took longer than is good. It is told where nothing else went wrong: the first word on a failure is its
    /// reason.
    slow: Vec<String>,
    /// How many items loops did not visit; `None` before the first loop.
    left_out: Option<u32>,
    /// The setting that the next failure is about.
    about: String,
}

impl<'a> Walk<'a> {
    fn new(target: &'a Target, settings: &'a JourneySettings) -> Self {
        let reserve = if settings.cleanup.is_empty() {
            Duration::ZERO
        } else {
            settings.cleanup_within.get().min(context::remaining() / 2)
        };
        Self {
            settings,
            target,
            variables: Variables::new(target, &settings.scheme),
            client: Client::new(target, &settings.scheme, settings.connections == "shared"),
            unsaid: Expect::default(),
            reserve,
            is_unrepeatable: false,
            slow: Vec::new(),
            left_out: None,
            about: String::new(),
        }
    }

    /// Sets the journey's own variables.
    fn begin(&mut self) -> Course {
        for (name, template) in &self.settings.variables {
            self.about = format!("/variables/{name}");
            let set = self.bind(name, template.as_str());
            if let Err(error) = set {
                return self.told(&error);
            }
        }
        Course::Passed
    }

    fn bind(&mut self, name: &str, template: &str) -> Result<Option<Variable>> {
        let value = self.variables.fill(template, Place::Plain)?;
        self.variables.set(name, Variable::text(value))
    }

    /// Walks steps until one does not pass.
    fn steps(&mut self, steps: &'a [Step], pointer: &str) -> Course {
        for (index, step) in steps.iter().enumerate() {
            let place = [pointer, "/", &index.to_string()].concat();
            let course = self.step(step, &place);
            if course != Course::Passed {
                return course;
            }
            if self.settings.stop_after.as_deref() == Some(&step.name) {
                return Course::Stopped;
            }
        }
        Course::Passed
    }

    /// Walks one step, or the fragment that it uses.
    fn step(&mut self, step: &'a Step, pointer: &str) -> Course {
        pointer.clone_into(&mut self.about);
        match self.is_left_out(step, pointer) {
            Ok(false) => {}
            Ok(true) => return Course::Passed,
            Err(error) => return self.told(&of_step(step, error)),
        }
        let mut course = Course::Passed;
        let walked = self.with(step, |walk| {
            course = if let Some(fragment) = &step.r#use {
                walk.each(step, |walk| walk.fragment(fragment))?
            } else {
                walk.own(step, pointer)
            };
            Ok(())
        });
        match walked {
            Ok(()) => course,
            Err(error) => self.told(&of_step(step, error)),
        }
    }

    fn is_left_out(&mut self, step: &Step, pointer: &str) -> Result<bool> {
        let Some(condition) = &step.r#if else {
            return Ok(false);
        };
        self.about = format!("{pointer}/if");
        let variables = self.variables.object().to_string();
        let holds = condition.is_match_text(&variables).map_err(|error| {
            Error::undecided(format!(
                "the condition `{condition}` cannot be judged: {error}"
            ))
        })?;
        pointer.clone_into(&mut self.about);
        if !holds {
            report::log(&format!(
                "step `{}` is left out: `{condition}` is false",
                step.name
            ));
        }
        Ok(!holds)
    }

    /// Does something while the step's own variables are set.
    fn with(&mut self, step: &Step, part: impl FnOnce(&mut Self) -> Result<()>) -> Result<()> {
        let mut before = Vec::with_capacity(step.with.len());
        let mut done: Result<()> = Ok(());
        for (name, template) in &step.with {
            match self.bind(name, template.as_str()) {
                Ok(variable) => before.push((name, variable)),
                Err(error) => done = Err(error),
            }
        }
        let done = done.and_then(|()| part(self));
        for (name, variable) in before {
            self.variables.restore(name, variable);
        }
        done
    }

    /// Does something for each item of the step's list, or once.
    fn each(&mut self, step: &Step, mut part: impl FnMut(&mut Self) -> Course) -> Result<Course> {
        let Some(each) = &step.each else {
            return Ok(part(self));
        };
        let list = self.variables.get(&each.r#in).cloned();
        let list = list
            .ok_or_else(|| Error::undecided(format!("the variable `{}` is not set", each.r#in)))?;
        let items = match list.value {
            serde_json::Value::Array(items) => items,
            one => vec![one],
        };
        let most = usize::try_from(each.at_most).unwrap_or(usize::MAX);
        let beyond = u32::try_from(items.len().saturating_sub(most)).unwrap_or(u32::MAX);
        let left_out = self.left_out.get_or_insert_default();
        *left_out = left_out.saturating_add(beyond);
        if beyond > 0 {
            let count = items.len();
            report::log(&format!(
                "step `{}` visits {most} of {count} items",
                step.name
            ));
        }
        for value in items.into_iter().take(most) {
            let secret = list.secret;
            let before = self.variables.set(&each.r#as, Variable { value, secret })?;
            let course = part(self);
            self.variables.restore(&each.r#as, before);
            if course != Course::Passed {
                return Ok(course);
            }
        }
        Ok(Course::Passed)
    }

    fn fragment(&mut self, name: &str) -> Course {
        let settings = self.settings;
        match settings.fragments.get(name) {
            Some(steps) => self.steps(steps, &format!("/fragments/{name}")),
            None => self.told(&Error::undecided(format!("there is no fragment `{name}`"))),
        }
    }

    /// A step that does something itself: seen as one, however often it is done.
    fn own(&mut self, step: &'a Step, pointer: &str) -> Course {
        let mut course = Course::Passed;
        // What went wrong is told while the step is open, so that it is told of this step.
        let seen = leadsman_sdk::step(&step.name, || {
            let is_timed = step.under.is_some() || step.degraded_above.is_some();
            let began = is_timed.then(context::now);
            let walked = self.each(step, |walk| match walk.act(step, pointer) {
                Ok(()) => Course::Passed,
                Err(error) => walk.told(&error),
            });
            course = walked.unwrap_or_else(|error| self.told(&error));
            if course == Course::Passed && !in_time(step, pointer, began) {
                course = Course::Failed;
            }
            if course == Course::Passed {
                self.notice_slowness(step, began);
                Ok(())
            } else {
                Err(Error::Unmet)
            }
        });
        drop(seen);
        course
    }

    /// Keeps that a step which went well took longer than is good.
    fn notice_slowness(&mut self, step: &Step, began: Option<Duration>) {
        let (Some(limit), Some(began)) = (step.degraded_above, began) else {
            return;
        };
        let took = context::now().saturating_sub(began);
        if took > *limit {
            let (name, took, limit) = (&step.name, took.as_millis(), limit.as_millis());
            let slow = format!("step `{name}`: it took {took} ms, more than {limit} ms");
            self.slow.push(slow);
        }
    }

    /// What is left for operations; `None` where the attempt's own end is all there is.
    fn left(&self) -> Result<Option<Duration>> {
        if self.reserve.is_zero() {
            return Ok(None);
        }
        let left = context::remaining().saturating_sub(self.reserve);
        ensure!(
            !left.is_zero(),
            Duration,
            "timeout",
            "to end in time for the cleanup",
            "no time left"
        );
        Ok(Some(left))
    }

    /// Tells an error, with the setting that it is about.
    fn told(&self, error: &Error) -> Course {
        report::about(&self.about);
        let course = match error {
            Error::Failure(failure) => {
                report::because(failure);
                Course::Failed
            }
            Error::Unmet => Course::Failed,
            Error::Undecided(why) => {
                report::statement(why);
                Course::Undecided
            }
        };
        report::about("");
        course
    }
}

/// What went wrong before the step began, or around the fragment that it uses, is said to be of it.
fn of_step(step: &Step, error: Error) -> Error {
    match error {
        Error::Undecided(why) => Error::Undecided(format!("step `{}`: {why}", step.name)),
        told => told,
    }
}

/// Whether the step took no longer than it may; that it did is told.
fn in_time(step: &Step, pointer: &str, began: Option<Duration>) -> bool {
    let (Some(limit), Some(began)) = (step.under, began) else {
        return true;
    };
    let took = context::now().saturating_sub(began);
    let mut expect = Expectations::below(pointer);
    let got = format!("{} ms", took.as_millis());
    let expected = format!("under {} ms", limit.as_millis());
    expect
        .at("/under")
        .that(took <= *limit, Kind::Duration, "under", expected, got);
    expect.all_met()
}
