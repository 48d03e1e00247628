//! Hurl files: each entry becomes a step.
//!
//! Carried over is what a journey says exactly; every other row is left with its line. Hurl follows no redirect unless it is told
//! to, and takes any status where nothing is said of the answer: so does the step. What nothing sets is a variable with an empty
//! text and a note, unless the caller knows it, or a secret where a credential stands.

mod asked;
mod capture;
mod expect;
mod file;
mod option;
mod path;
mod query;
mod template;

use std::time::Duration;

use crate::{
    Options,
    address::place,
    credential::{Vault, is_credential},
    journey::{
        Act, Auth, Given, Journey, NO_METHOD, Request, Step, Until, Variable, is_method, variable,
    },
    left::{ImportError, Notes},
    secure::{basic, held, secure},
    text::Text,
    told,
    yaml::Node,
};
use asked::bodiless;
use file::Entry;
use option::Set;

/// What the file says.
pub(crate) fn read(
    text: &str,
    options: &Options,
    vault: &mut Vault,
    notes: &mut Notes,
) -> Result<Journey, ImportError> {
    let entries = file::read(text)?;
    let mut importer = Importer {
        given: options
            .variables
            .iter()
            .map(|(name, value)| (variable(name), value.clone()))
            .collect(),
        set: own(&entries)?,
        now: Vec::new(),
        journey: Journey::default(),
        vault,
        notes,
    };
    for entry in &entries {
        importer.entry(entry)?;
    }
    importer.finish()
}

/// The variables that the file itself sets.
fn own(entries: &[Entry]) -> Result<Vec<String>, ImportError> {
    let mut names = Vec::new();
    for entry in entries {
        for row in entry.asked.rows(&["Options"]) {
            let (name, value) = row.pair()?;
            let defined = value
                .split_once('=')
                .filter(|_| name.as_literal() == Some("variable"));
            names.extend(defined.map(|(name, _)| variable(name.spoken().trim())));
        }
        for row in entry
            .answer
            .iter()
            .flat_map(|answer| answer.told.rows(&["Captures"]))
        {
            names.push(match capture::capture(row)? {
                Ok(capture) => capture.name,
                Err((name, _)) => name,
            });
        }
    }
    Ok(names)
}

struct Importer<'a> {
    given: Vec<(String, String)>,
    set: Vec<String>,
    /// Variables of options, from where they are set on.
    now: Vec<(String, Text)>,
    journey: Journey,
    vault: &'a mut Vault,
    notes: &'a mut Notes,
}

impl Importer<'_> {
    fn entry(&mut self, entry: &Entry) -> Result<(), ImportError> {
        let mut request = self.address(entry)?;
        request.method.clone_from(&entry.method);
        self.asked(entry, &mut request)?;
        let set = option::read(&entry.asked.rows(&["Options"]), &mut request, self.notes)?;
        self.hide(&set);
        if set.skip {
            self.notes.leave(
                entry.line,
                format!("{} {}", entry.method, told::address(&entry.url.spoken())),
                "the file skips it",
            );
            return Ok(());
        }
        if !is_method(&entry.method) {
            let what = format!("{} {}", entry.method, told::address(&entry.url.spoken()));
            self.notes.leave(entry.line, what, NO_METHOD);
            return Ok(());
        }
        if !set.follow {
            request.set("redirects", Node::text("none"));
        }
        self.login(entry, &set, &mut request)?;
        let mut step = Step {
            line: entry.line,
            comment: bodiless(entry),
            act: Act::Request(request),
            ..Step::default()
        };
        self.fill(&mut step);
        self.secured(&mut step);
        let reveals = |text: &str| self.vault.reveals(text);
        expect::expect(entry.answer.as_ref(), &mut step, &reveals, self.notes)?;
        self.captures(entry, &mut step)?;
        self.pause(set.delay, entry);
        self.options(set, &mut step);
        self.fill(&mut step);
        self.with(&mut step);
        self.journey.steps.push(step);
        Ok(())
    }

    fn pause(&mut self, delay: Option<Duration>, entry: &Entry) {
        self.journey.steps.extend(delay.map(|delay| Step {
            line: entry.line,
            act: Act::Pause(delay),
            ..Step::default()
        }));
    }

    fn address(&self, entry: &Entry) -> Result<Request, ImportError> {
        let url = self.filled(&entry.url);
        let found = place(&url).map_err(|why| {
            let open = url
                .templates()
                .next()
                .map(|name| format!("give the variable its value: `{name}=https://shop.example`"));
            let shown = told::address(&url.spoken());
            let message = format!("the address `{shown}` cannot be asked: {why}");
            ImportError::new(
                entry.line,
                message,
                open.unwrap_or_else(|| "write a whole address, `https://…`".to_owned()),
            )
        })?;
        if found.login.is_some() {
            let message = "a user and a password stand in the address";
            return Err(ImportError::new(
                entry.line,
                message,
                "write them into `[BasicAuth]`",
            ));
        }
        Ok(Request {
            origin: found.origin,
            path: found.path,
            query: found.query,
            ..Request::default()
        })
    }

    /// The text with the values that the caller knows.
    fn filled(&self, text: &Text) -> Text {
        let given = self
            .given
            .iter()
            .filter(|(name, _)| !self.set.contains(name));
        given.fold(text.clone(), |text, (name, value)| text.with(name, value))
    }

    fn login(
        &mut self,
        entry: &Entry,
        set: &Set,
        request: &mut Request,
    ) -> Result<(), ImportError> {
        let mut login = set.user.clone();
        if set.otherwise
            && let Some((_, password)) = login.take()
            && let Some(password) = self.filled(&password).as_literal()
        {
            self.vault.hide(password);
        }
        for row in entry.asked.rows(&["BasicAuth"]) {
            login = Some(row.pair()?);
        }
        if let Some((user, password)) = login {
            let outside = outside(&self.given, &self.set);
            let auth: Auth = basic(
                user,
                &self.filled(&password),
                &request.origin,
                self.vault,
                &outside,
            );
            request.auth = Some(auth);
        }
        Ok(())
    }

    fn captures(&mut self, entry: &Entry, step: &mut Step) -> Result<(), ImportError> {
        for row in entry
            .answer
            .iter()
            .flat_map(|answer| answer.told.rows(&["Captures"]))
        {
            match capture::capture(row)? {
                Ok(capture) => step.captures.push(capture),
                Err((_, why)) => self.notes.leave(row.line, &row.raw, why),
            }
        }
        Ok(())
    }

    fn options(&mut self, set: Set, step: &mut Step) {
        if let Some((every, within)) = set.until() {
            let tries = set.retry.unwrap_or_default();
            let why = format!(
                "a step is tried again for a time and not so many times: for {}",
                crate::document::shown(within)
            );
            self.notes.leave(step.line, format!("retry: {tries}"), why);
            step.until = Some(Until {
                expect: std::mem::take(&mut step.expect),
                every,
                within,
            });
        }
        for (name, value) in set.variables {
            self.now.retain(|(known, _)| *known != name);
            self.now.push((name, value));
        }
    }

    /// Fills in what the caller knows.
    fn fill(&self, step: &mut Step) {
        for text in step.texts_mut() {
            *text = self.filled(text);
        }
    }

    /// What a variable of the options keeps secret is shown nowhere else either.
    fn hide(&mut self, set: &Set) {
        let variables = set.variables.iter();
        for (_, value) in variables.filter(|(name, _)| is_credential(name)) {
            if let Some(value) = self.filled(value).as_literal() {
                self.vault.hide(value);
            }
        }
    }

    /// The variables that options of this entry or of one before it set; a credential is used as the secret that it is.
    fn with(&mut self, step: &mut Step) {
        let origin = step.request().map(|request| request.origin.clone());
        let origin = origin.unwrap_or_default();
        let outside = outside(&self.given, &self.set);
        let captured = |name: &String| {
            self.journey
                .steps
                .iter()
                .any(|step| step.captures.iter().any(|capture| capture.name == *name))
        };
        for (name, value) in &self.now {
            let used = step
                .texts_mut()
                .iter()
                .any(|text| text.templates().any(|used| used == name));
            if !used || captured(name) {
                continue;
            }
            let value = self.filled(value);
            match held(name, &value, &origin, self.vault, &outside) {
                Some(template) => {
                    for text in step.texts_mut() {
                        text.rename(name, &template);
                    }
                }
                None => step.with.push((name.clone(), value)),
            }
        }
    }

    fn secured(&mut self, step: &mut Step) {
        let outside = outside(&self.given, &self.set);
        let line = step.line;
        if let Some(request) = step.request_mut() {
            secure(request, self.vault, &outside, self.notes, line);
        }
    }

    fn finish(mut self) -> Result<Journey, ImportError> {
        let first = self.journey.steps.iter().find_map(Step::request);
        let Some(origin) = first.map(|request| request.origin.clone()) else {
            let mend = "an entry begins with a method and an address, for example `GET https://shop.example/`";
            return Err(ImportError::new(1, "no request is made here", mend));
        };
        self.journey.origin = origin;
        for (line, name) in self.journey.unset() {
            let why = "nothing sets it: `variables` has an empty text for it";
            self.notes.leave(line, format!("{{{{{name}}}}}"), why);
            self.journey.variables.push(Variable {
                name,
                value: Given::Text(Text::default()),
                comment: vec!["nothing in the file sets it: put its value here".to_owned()],
            });
        }
        self.journey.name_steps();
        Ok(self.journey)
    }
}

/// Variables that come from outside are read from the environment, where a credential stands.
fn outside(given: &[(String, String)], set: &[String]) -> impl Fn(&str) -> Option<String> {
    let known: Vec<String> = given
        .iter()
        .map(|(name, _)| name)
        .chain(set)
        .cloned()
        .collect();
    move |name: &str| {
        let plain = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        (plain && !known.iter().any(|known| known == name)).then(|| name.to_ascii_uppercase())
    }
}
