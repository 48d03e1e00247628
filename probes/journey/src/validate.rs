//! What the schema cannot say: every mistake that can be known before anything is sent.

use std::collections::{BTreeMap, BTreeSet};

use leadsman_probe_actions::{
    dns,
    http::{choice, framing, method},
    tcp,
};
use leadsman_sdk::prelude::*;

use crate::{
    moment::Moment,
    settings::{Capture, Expect, JourneySettings, Request, Step},
    template::{Piece, pieces},
    variables::{BUILT_IN, is_built_in},
};

mod shape;
pub(crate) mod texts;

/// Fragments within fragments, at most.
const DEEPEST: usize = 8;

/// Everything that is wrong with the settings.
pub(crate) fn validate(settings: &JourneySettings) -> Vec<Complaint> {
    let mut review = Review {
        settings,
        known: BTreeSet::new(),
        found: BTreeMap::new(),
    };
    review.whole();
    review.found.into_values().collect()
}

/// A journey that is being read, in the order in which it would be walked.
pub(crate) struct Review<'a> {
    settings: &'a JourneySettings,
    /// The variables that are set up to here.
    known: BTreeSet<&'a str>,
    /// One complaint for each setting and mistake: a fragment is read once for each use.
    found: BTreeMap<(String, String), Complaint>,
}

impl<'a> Review<'a> {
    fn whole(&mut self) {
        let settings = self.settings;
        self.all(
            choice("connections", &settings.connections, &["shared", "fresh"]),
            "",
        );
        self.all(choice("scheme", &settings.scheme, &["https", "http"]), "");
        if settings.steps.is_empty() {
            self.say("/steps", "a journey needs a step", "add one");
        }
        for (name, template) in &settings.variables {
            self.template(template.as_str(), &format!("/variables/{name}"));
        }
        for name in settings.variables.keys() {
            self.name(name, &format!("/variables/{name}"));
            self.known.insert(name);
        }
        self.names();
        self.steps(&settings.steps, "/steps", 0);
        self.steps(&settings.cleanup, "/cleanup", 0);
        self.stop();
    }

    fn stop(&mut self) {
        let settings = self.settings;
        let Some(name) = &settings.stop_after else {
            return;
        };
        let all = settings
            .steps
            .iter()
            .chain(settings.fragments.values().flatten());
        let known: Vec<&str> = all.map(|step| &*step.name).collect();
        if !known.contains(&name.as_str()) {
            let hint = nearest(name, &known);
            self.say("/stop_after", format!("there is no step `{name}`"), hint);
        }
    }

    /// Names are labels of metrics: each stands for one step.
    fn names(&mut self) {
        let settings = self.settings;
        let fragments = settings.fragments.iter();
        let lists = [
            ("/steps".to_owned(), &settings.steps),
            ("/cleanup".to_owned(), &settings.cleanup),
        ];
        let lists = lists
            .into_iter()
            .chain(fragments.map(|(name, steps)| (format!("/fragments/{name}"), steps)));
        let mut seen = BTreeSet::new();
        for (pointer, steps) in lists {
            for (index, step) in steps.iter().enumerate() {
                if !seen.insert(&*step.name) {
                    let message = format!("there is another step `{}`", step.name);
                    self.say(
                        &format!("{pointer}/{index}/name"),
                        message,
                        "give it a name of its own",
                    );
                }
            }
        }
    }

    fn steps(&mut self, steps: &'a [Step], pointer: &str, depth: usize) {
        for (index, step) in steps.iter().enumerate() {
            self.step(step, &format!("{pointer}/{index}"), depth);
        }
    }

    fn step(&mut self, step: &'a Step, pointer: &str, depth: usize) {
        self.shape(step, pointer);
        self.condition(step, pointer);
        let outer = self.known.clone();
        self.bound(step, pointer);
        for text in texts::of(step) {
            self.template(&text.text, &format!("{pointer}{}", text.pointer));
        }
        self.action(step, pointer, depth);
        // What the step binds is its own; what it captures is everybody's.
        let own = step
            .with
            .keys()
            .map(String::as_str)
            .chain(step.each.iter().map(|each| each.r#as.as_str()));
        for name in own {
            if !outer.contains(name) {
                self.known.remove(name);
            }
        }
        self.captured(step, pointer);
    }

    fn condition(&mut self, step: &'a Step, pointer: &str) {
        let Some(condition) = &step.r#if else {
            return;
        };
        for name in condition.variables().unwrap_or_default() {
            if !self.known.contains(name.as_str()) {
                self.unknown(&name, &format!("{pointer}/if"));
            }
        }
    }

    fn bound(&mut self, step: &'a Step, pointer: &str) {
        for (name, template) in &step.with {
            self.template(template.as_str(), &format!("{pointer}/with/{name}"));
            self.name(name, &format!("{pointer}/with/{name}"));
        }
        self.known.extend(step.with.keys().map(String::as_str));
        if let Some(each) = &step.each {
            if !self.known.contains(each.r#in.as_str()) {
                self.unknown(&each.r#in, &format!("{pointer}/each/in"));
            }
            self.name(&each.r#as, &format!("{pointer}/each/as"));
            self.known.insert(&each.r#as);
        }
    }

    fn action(&mut self, step: &'a Step, pointer: &str, depth: usize) {
        if let Some(request) = &step.request {
            self.request(request, &format!("{pointer}/request"));
        }
        if let Some(question) = &step.dns {
            // What a template will be cannot be known.
            let known = |complaint: &Complaint| {
                complaint.pointer != "/type" || !question.r#type.contains("${")
            };
            let complaints = dns::validate(question).into_iter().filter(known);
            self.all(complaints, &format!("{pointer}/dns"));
        }
        if let Some(dialogue) = &step.tcp {
            self.all(tcp::validate(dialogue), &format!("{pointer}/tcp"));
            let captures = dialogue
                .dialogue
                .iter()
                .flat_map(|exchange| exchange.captures.keys());
            self.known.extend(captures.map(String::as_str));
        }
        for (expect, place) in [
            (step.expect.as_deref(), "expect"),
            (
                step.until.as_ref().map(|until| &until.expect),
                "until/expect",
            ),
        ] {
            if let Some(expect) = expect {
                let pointer = format!("{pointer}/{place}");
                self.expect(expect, &pointer);
                let transport = step.request.as_deref().map(Request::transport);
                let never =
                    transport.and_then(|made| made.never_reached(expect.redirects, "redirects"));
                self.all(never, &pointer);
            }
        }
        if let Some(name) = &step.r#use {
            self.fragment(name, pointer, depth);
        }
    }

    fn fragment(&mut self, name: &'a str, pointer: &str, depth: usize) {
        let settings = self.settings;
        let place = format!("{pointer}/use");
        match settings.fragments.get(name) {
            Some(_) if depth >= DEEPEST => {
                let message =
                    format!("fragments are used within fragments more than {DEEPEST} deep");
                self.say(&place, message, "a fragment must not use itself");
            }
            Some(steps) => self.steps(steps, &format!("/fragments/{name}"), depth + 1),
            None => {
                let known: Vec<&str> = settings.fragments.keys().map(String::as_str).collect();
                let hint = nearest(name, &known);
                self.say(&place, format!("there is no fragment `{name}`"), hint);
            }
        }
    }

    fn request(&mut self, request: &Request, pointer: &str) {
        self.all(method(&request.method), pointer);
        let transport = request.transport();
        self.all(transport.complaints(), pointer);
        // A target's scheme is not known here.
        let url = request.url.as_ref();
        let scheme = url.and_then(|url| url.as_str().split_once("://"));
        self.all(
            transport.never_spoken(scheme.map_or("", |(scheme, _)| scheme)),
            pointer,
        );
        self.all(framing(request.headers.keys()), pointer);
        if let Some(oauth2) = &request.oauth2 {
            let place = format!("{pointer}/oauth2");
            self.all(choice("auth", &oauth2.auth, &["basic", "body"]), &place);
        }
        if let Some(sign) = &request.sign {
            let place = format!("{pointer}/sign");
            self.all(
                choice("algorithm", &sign.algorithm, &["sha256", "sha512", "sha1"]),
                &place,
            );
            self.all(
                choice("encoding", &sign.encoding, &["hex", "base64", "base64url"]),
                &place,
            );
        }
    }

    fn expect(&mut self, expect: &Expect, pointer: &str) {
        self.all(
            choice("tls", &expect.tls, &["allowed", "required", "forbidden"]),
            pointer,
        );
        for (index, field) in expect.headers.iter().enumerate() {
            if field.is_nothing() {
                let hint = "add `equals`, `contains` or `matches`, or what it must not be";
                let place = format!("{pointer}/headers/{index}");
                self.say(&place, "this expects nothing", hint);
            }
        }
        for (index, version) in expect.versions.iter().enumerate() {
            let versions = ["HTTP/1.0", "HTTP/1.1", "HTTP/2"];
            self.all(
                choice(&format!("versions/{index}"), version, &versions),
                pointer,
            );
        }
    }

    fn captured(&mut self, step: &'a Step, pointer: &str) {
        for (name, capture) in &step.capture {
            let place = format!("{pointer}/capture/{name}");
            self.name(name, &place);
            self.capture(step, capture, &place);
            self.known.insert(name);
        }
    }

    fn capture(&mut self, step: &Step, capture: &Capture, pointer: &str) {
        let sources = "one of `json`, `regex`, `css`, `cel`, `header`, `cookie` and `from`";
        if capture.source().is_none() {
            self.say(
                pointer,
                "a capture has one source",
                format!("write {sources}"),
            );
        }
        if let Some(from) = &capture.from {
            self.all(choice("from", from, &crate::settings::FROM), pointer);
        }
        if step.request.is_none() && step.dns.is_none() {
            let hint = "a dialogue captures by its own `captures`";
            self.say(pointer, "this step has no answer to capture from", hint);
        }
    }

    fn template(&mut self, text: &str, pointer: &str) {
        let parts = match pieces(text) {
            Ok(parts) => parts,
            Err(message) => return self.say(pointer, message, "a literal `${` is written `$${`"),
        };
        for piece in parts {
            let Piece::Hole(hole) = piece else { continue };
            if let Some(Err(message)) = hole.name.strip_prefix("time.").map(Moment::parse) {
                self.say(pointer, message, "write it like `${time.iso+1h}`");
            } else if !is_built_in(hole.name) && !self.known.contains(hole.name) {
                self.unknown(hole.name, pointer);
            }
        }
    }

    fn unknown(&mut self, name: &str, pointer: &str) {
        let known: Vec<&str> = self.known.iter().copied().chain(BUILT_IN).collect();
        let hint = nearest(name, &known);
        self.say(
            pointer,
            format!("nothing sets the variable `{name}` before this"),
            hint,
        );
    }

    fn name(&mut self, name: &str, pointer: &str) {
        let mut letters = name.chars();
        let first = letters
            .next()
            .is_some_and(|c| c.is_ascii_alphabetic() || c == '_');
        if !first
            || !letters.all(|c| c.is_ascii_alphanumeric() || c == '_')
            || BUILT_IN.contains(&name)
        {
            let hint = "write letters, digits and `_`, and none of the names that are always there";
            self.say(
                pointer,
                format!("`{name}` cannot be a variable's name"),
                hint,
            );
        }
    }

    fn say(&mut self, pointer: &str, message: impl Into<String>, hint: impl Into<String>) {
        let complaint = Complaint::new(pointer, message, hint);
        let key = (complaint.pointer.clone(), complaint.message.clone());
        self.found.insert(key, complaint);
    }

    fn all(&mut self, complaints: impl IntoIterator<Item = Complaint>, base: &str) {
        for complaint in complaints {
            let pointer = format!("{base}{}", complaint.pointer);
            self.say(&pointer, complaint.message, complaint.hint);
        }
    }
}

/// The name that was probably meant.
fn nearest(name: &str, known: &[&str]) -> String {
    let scored = known
        .iter()
        .copied()
        .map(|known| (strsim::damerau_levenshtein(name, known), known));
    let close = scored.filter(|(distance, _)| *distance <= 1 + name.len() / 4);
    match close.min() {
        Some((_, known)) => format!("did you mean `{known}`?"),
        None => "capture it in an earlier step, or set it under `variables`".to_owned(),
    }
}
