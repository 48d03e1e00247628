//! What one step does, and what is expected of it.

use std::{borrow::Cow, time::Duration};

use leadsman_probe_actions::{
    http::{Body, HeaderExpectation},
    tcp,
};
use leadsman_sdk::prelude::*;

use super::Walk;
use crate::{
    capture::{Came, take},
    request::Client,
    settings::{Expect, Request, Step, Until},
    stream,
    variables::{Place, Variable, Variables},
};

impl Walk<'_> {
    /// Acts, expects, captures. What can be captured is, also where something else went wrong with what came: the
    /// cleanup may need it, and what is secret in it has to be hidden.
    pub(super) fn act(&mut self, step: &Step, pointer: &str) -> Result<()> {
        let came = self.came(step, pointer)?;
        let met = self.expect(step, &came, pointer);
        let done = met.and_then(|()| self.capture(step, &came, pointer));
        if done.is_err() {
            self.capture_quietly(step, &came);
        }
        done
    }

    fn capture(&mut self, step: &Step, came: &Came, pointer: &str) -> Result<()> {
        for (name, capture) in &step.capture {
            self.about = format!("{pointer}/capture/{name}");
            let taken = take((name, capture), came, self.jar(step), &self.about)?;
            self.variables.set(name, taken)?;
        }
        pointer.clone_into(&mut self.about);
        Ok(())
    }

    /// Where the cookies of the step's answer are kept; a fresh request's are not.
    fn jar(&self, step: &Step) -> Option<&Client> {
        let request = step.request.as_deref();
        let is_shared = request.is_some_and(|request| self.client.shares(request));
        is_shared.then_some(&self.client)
    }

    fn capture_quietly(&mut self, step: &Step, came: &Came) {
        for (name, capture) in &step.capture {
            let found = crate::capture::found(capture, came, self.jar(step));
            if let Some(value) = found {
                let secret = capture.secret;
                // A value that cannot be hidden is not kept; why is not what failed here.
                drop(self.variables.set(name, Variable { value, secret }));
            }
        }
    }

    /// What is secret in it is hidden in all that the run leaves, whether or not it is kept.
    fn hide_captured(&self, step: &Step, came: &Came) {
        let secret = step.capture.iter().filter(|(_, capture)| capture.secret);
        for (_, capture) in secret {
            let found = crate::capture::found(capture, came, self.jar(step));
            // A value that cannot be hidden is not what failed here.
            drop(found.map(|value| self.variables.hide(&value)));
        }
    }

    fn came(&mut self, step: &Step, pointer: &str) -> Result<Came> {
        let left = self.left()?;
        if let Some(request) = &step.request {
            return self.exchange(step, request, pointer);
        }
        if let Some(question) = &step.dns {
            let pointer = format!("{pointer}/dns");
            return stream::ask(question, &pointer, &self.variables, left).map(Came::Dns);
        }
        if let Some(dialogue) = &step.tcp {
            self.unsafe_from_here(dialogue.dialogue.iter().all(tcp::Exchange::is_silent));
            let pointer = format!("{pointer}/tcp");
            let own = (self.target, &mut self.variables);
            stream::hold(dialogue, &pointer, own, left)?;
        }
        if let Some(pause) = step.pause {
            let most = left.unwrap_or(*pause);
            context::sleep(most.min(*pause));
            // A pause that was cut short for the cleanup's sake has not been made.
            self.left()?;
        }
        Ok(Came::Nothing)
    }

    fn exchange(&mut self, step: &Step, request: &Request, pointer: &str) -> Result<Came> {
        self.unsafe_from_here(request.is_safe());
        let Some(until) = &step.until else {
            let left = self.left()?;
            return self.send(request, pointer, left).map(Came::Http);
        };
        self.poll((step, request, until), pointer)
    }

    /// Variables stay as they were until it ends, for every try asks and expects the same.
    fn poll(
        &mut self,
        (step, request, until): (&Step, &Request, &Until),
        pointer: &str,
    ) -> Result<Came> {
        let began = context::now();
        let mut last = Came::Nothing;
        let mut tries = 1;
        let gave_up = loop {
            let within = until
                .within
                .saturating_sub(context::now().saturating_sub(began));
            // The last try has as long as a pause between two, where it has no more.
            let within = within.max(*until.every);
            let left = self.left()?.map_or(within, |left| left.min(within));
            match self.try_once(request, until, (pointer, left)) {
                Ok((came, true)) => return Ok(came),
                Ok((came, false)) => last = came,
                Err(error) => break Err(error),
            }
            self.hide_captured(step, &last);
            let waited = context::now().saturating_sub(began);
            if waited + *until.every > *until.within {
                break self.gave_up(until, &last, pointer, tries);
            }
            context::sleep(*until.every);
            tries += 1;
        };
        self.capture_quietly(step, &last);
        gave_up
    }

    /// What came, and whether it is what is waited for.
    fn try_once(
        &mut self,
        request: &Request,
        until: &Until,
        (pointer, left): (&str, Duration),
    ) -> Result<(Came, bool)> {
        let response = self.send(request, pointer, Some(left))?;
        let mut quiet = Expectations::silent();
        check(&until.expect, &response, &self.variables, &mut quiet)?;
        Ok((Came::Http(response), quiet.all_met()))
    }

    /// Tells what did not become true.
    fn gave_up(&self, until: &Until, came: &Came, pointer: &str, tries: u32) -> Result<Came> {
        let mut expect = Expectations::below(format!("{pointer}/until/expect"));
        if let Came::Http(response) = came {
            check(&until.expect, response, &self.variables, &mut expect)?;
        }
        let expected = format!("all that within {} ms", until.within.as_millis());
        let got = format!("not in {tries} tries");
        Expectations::below(format!("{pointer}/until"))
            .at("/within")
            .that(false, Kind::Duration, "until", expected, got);
        Err(Error::Unmet)
    }

    fn send(
        &mut self,
        request: &Request,
        pointer: &str,
        left: Option<Duration>,
    ) -> Result<http::Response> {
        self.client
            .send(request, &mut self.variables, (pointer, left))
    }

    fn expect(&self, step: &Step, came: &Came, pointer: &str) -> Result<()> {
        let Came::Http(response) = came else {
            return Ok(());
        };
        let expected = step.expect.as_deref().unwrap_or(&self.unsaid);
        let mut quiet = Expectations::silent();
        check(expected, response, &self.variables, &mut quiet)?;
        if quiet.all_met() {
            return Ok(());
        }
        // Only what is not met needs words, and its place in the settings.
        let mut expect = Expectations::below(format!("{pointer}/expect"));
        check(expected, response, &self.variables, &mut expect)?;
        expect.done()
    }

    /// Before the first operation that changes something.
    fn unsafe_from_here(&mut self, is_safe: bool) {
        if !is_safe && !self.settings.repeatable && !self.is_unrepeatable {
            self.is_unrepeatable = true;
            report::unrepeatable();
        }
    }
}

fn check(
    expected: &Expect,
    response: &http::Response,
    variables: &Variables<'_>,
    expect: &mut Expectations,
) -> Result<()> {
    let body = expected
        .body
        .as_ref()
        .map(|body| filled(body, variables))
        .transpose()?;
    let headers = filled_headers(&expected.headers, variables)?;
    expected
        .expected(&headers, body.as_ref())
        .check(response, expect)
}

/// The texts of header fields are templates; most expectations have none, and are taken as they are.
fn filled_headers<'a>(
    headers: &'a [HeaderExpectation],
    variables: &Variables<'_>,
) -> Result<Cow<'a, [HeaderExpectation]>> {
    if headers.iter().all(|field| field.texts().next().is_none()) {
        return Ok(headers.into());
    }
    let mut filled = headers.to_vec();
    for text in filled.iter_mut().flat_map(HeaderExpectation::texts_mut) {
        *text = variables.fill(text, Place::Plain)?;
    }
    Ok(filled.into())
}

/// The body's texts, and what its JSONPaths and selectors must find, are templates.
fn filled(body: &Body, variables: &Variables<'_>) -> Result<Body> {
    let mut filled = body.clone();
    for text in filled.contains.iter_mut().chain(&mut filled.not_contains) {
        *text = variables.fill(text, Place::Plain)?;
    }
    for value in filled.json.0.values_mut() {
        let is_template = value.is_string();
        *value = variables.fill_json(value)?;
        // What it captured keeps its kind; as an expectation a template takes what is written the same in either.
        if is_template && (value.is_number() || value.is_boolean()) {
            *value = value.to_string().into();
        }
    }
    for text in filled.html.0.values_mut() {
        *text = variables.fill(text, Place::Plain)?;
    }
    Ok(filled)
}
