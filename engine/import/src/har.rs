//! HAR 1.2: what a browser did, as a journey.
//!
//! Kept is what the page asked of its own site: documents, `fetch` and XHR. Files that only make it look like something, other
//! sites, preflights, streams and web sockets are left out, and so are the header fields that a browser adds by itself; each is
//! told. Redirects are followed again in one step, whose status is the last one.
//! Neighbours that ask the same until the answer differs become one step with `until`. Where the last requests
//! delete what the journey made, they are cleanup, so that they are done whatever fails before.

mod archive;
mod correlate;
mod fields;
mod name;
mod pick;
mod poll;
mod request;
mod sink;
mod source;

use crate::{
    Options,
    credential::Vault,
    journey::{Journey, Step, Until},
    left::{ImportError, Notes},
    secure::secure,
};
use pick::Pick;

/// What the archive says.
pub(crate) fn read(
    text: &str,
    _: &Options,
    vault: &mut Vault,
    notes: &mut Notes,
) -> Result<Journey, ImportError> {
    let entries = archive::read(text)?;
    let cookies = fields::set(&entries);
    let mut unsent = fields::Unsent::default();
    let (picks, origin) = pick::pick(entries, notes);
    let mut steps = Vec::new();
    let mut kept = Vec::new();
    for (pick, until) in poll::fold(picks) {
        if let Some(mut step) = request::step(&pick, vault, (notes, &mut unsent)) {
            unsent.cookies(&pick.asked, &cookies);
            wait(&mut step, until);
            steps.push(step);
            kept.push(pick);
        }
    }
    unsent.tell(notes);
    if steps.is_empty() {
        return Err(ImportError::new(
            1,
            "nothing in this recording is a request of its own site with an answer",
            "record again while you use the page, and save the HAR with its contents",
        ));
    }
    Ok(journey(steps, &kept, origin, vault, notes))
}

fn journey(
    mut steps: Vec<Step>,
    kept: &[Pick],
    origin: String,
    vault: &mut Vault,
    notes: &mut Notes,
) -> Journey {
    let taken = correlate::correlate(&mut steps, kept, vault);
    for step in &mut steps {
        let line = step.line;
        if let Some(request) = step.request_mut() {
            secure(request, vault, &|_| None, notes, line);
        }
    }
    let mut journey = Journey {
        origin,
        steps,
        ..Journey::default()
    };
    journey.name_steps();
    let names: Vec<String> = journey.steps.iter().map(|step| step.name.clone()).collect();
    for (at, name, users) in taken {
        let users = users.into_iter().filter_map(|user| names.get(user));
        let users: Vec<String> = users.map(|user| format!("`{user}`")).collect();
        let comment = format!(
            "found by comparing what was recorded: used in {}",
            listed(&users)
        );
        let captures = journey
            .steps
            .get_mut(at)
            .map(|step| step.captures.iter_mut());
        for capture in captures
            .into_iter()
            .flatten()
            .filter(|capture| capture.name == name)
        {
            capture.comment = vec![comment.clone()];
        }
    }
    last_deletes(&mut journey);
    journey
}

/// The first few, so that the line stays short.
fn listed(names: &[String]) -> String {
    match names {
        [first, second, third, _, ..] => {
            format!("{first}, {second}, {third} and {} more", names.len() - 3)
        }
        names => names.join(", "),
    }
}

fn wait(step: &mut Step, until: Option<Until>) {
    let Some(mut until) = until else {
        return;
    };
    // Any 2xx is expected anyway.
    std::mem::swap(&mut until.expect.status, &mut step.expect.status);
    let ok = matches!(&until.expect.status, Some(crate::yaml::Node::Number(status)) if status.starts_with('2'));
    if ok {
        until.expect.status = None;
    }
    step.until = Some(until);
}

/// Moves the requests at the end that delete something into the cleanup, where one of them deletes what the
/// journey made: they are to be done whatever fails before.
fn last_deletes(journey: &mut Journey) {
    let deletes = |step: &&Step| {
        step.request()
            .is_some_and(|request| request.method == "DELETE")
    };
    let count = journey.steps.iter().rev().take_while(deletes).count();
    let first = journey.steps.len() - count;
    let own = journey.steps.iter().skip(first).filter_map(Step::request);
    let mut made = own.map(|request| request.path.templates().next().is_some());
    if first > 0 && made.any(|own| own) {
        journey.cleanup.extend(journey.steps.drain(first..));
    }
}
