//! curl's command lines: each address becomes a step.
//!
//! Lines are parted as a POSIX shell does. What the shell would fill in (`$NAME`) becomes a secret where a credential stands, and
//! otherwise a variable that the configuration reads from the environment. Without `--fail` curl is content with any status, and
//! so is the step, under a comment that says so; without `--location` it follows no redirect.

mod asked;
mod options;
pub(crate) mod setting;
mod step;
mod words;

use std::collections::BTreeMap;

use crate::{
    Options,
    credential::Vault,
    journey::{Given, Journey, Variable},
    left::{ImportError, Notes},
    text::Text,
    told,
};
use words::{Command, Filled, Word};

const MEND: &str = "give a command line that begins with `curl`, as \"Copy as cURL (bash)\" of a browser writes it";

/// What the lines say.
pub(crate) fn read(
    text: &str,
    options: &Options,
    vault: &mut Vault,
    notes: &mut Notes,
) -> Result<Journey, ImportError> {
    if text.contains("^\n") || text.contains("^\r\n") || text.contains("^\"") {
        return Err(ImportError::new(
            1,
            "this is a command line of Windows",
            MEND,
        ));
    }
    let (commands, filled) = words::commands(text)?;
    let jar = commands
        .iter()
        .flat_map(|command| &command.words)
        .any(keeps_cookies);
    let mut lines = Lines {
        given: assigned(&commands, options),
        filled,
        jar,
        journey: Journey::default(),
        vault,
        notes,
    };
    for command in &commands {
        lines.one(command);
    }
    let Lines {
        filled,
        mut journey,
        notes,
        ..
    } = lines;
    // Each command is a process of its own: it knows no cookie of another.
    journey.fresh = !jar && journey.steps.len() > 1;
    let first = journey.steps.first().and_then(|step| step.request());
    let Some(origin) = first.map(|request| request.origin.clone()) else {
        let line = commands.first().and_then(|command| command.words.first());
        return Err(ImportError::new(
            line.map_or(1, |word| word.line),
            no_step(commands.len(), notes),
            MEND,
        ));
    };
    journey.origin = origin;
    journey.name_steps();
    declare(&mut journey, &filled, notes);
    Ok(journey)
}

fn no_step(commands: usize, notes: &Notes) -> String {
    if commands == 0 {
        return "there is no command here".to_owned();
    }
    let why = notes
        .last()
        .map(|left| format!(": `{}`: {}", left.what, left.why));
    format!("no address is asked for here{}", why.unwrap_or_default())
}

struct Lines<'a> {
    given: BTreeMap<String, String>,
    filled: Vec<Filled>,
    jar: bool,
    journey: Journey,
    vault: &'a mut Vault,
    notes: &'a mut Notes,
}

impl Lines<'_> {
    fn one(&mut self, command: &Command) {
        let words: Vec<Word> = command
            .words
            .iter()
            .map(|word| known(word, &self.given))
            .collect();
        let Some(words) = behind_curl(&words) else {
            return self.other(command);
        };
        for (line, rest) in &command.rest {
            let why =
                "what becomes of the output, or comes from a file, is not a part of the journey";
            self.notes.leave(*line, beside(rest), why);
        }
        let filled = &self.filled;
        let outside = |name: &str| {
            let found = filled.iter().find(|filled| filled.name == name)?;
            found.env.clone()
        };
        let mut steps = step::Steps {
            notes: &mut *self.notes,
            vault: &mut *self.vault,
            outside: &outside,
        };
        for asked in asked::read(words, self.jar, steps.notes) {
            for url in &asked.urls {
                self.journey.steps.extend(steps.step(&asked, url));
            }
        }
    }

    fn other(&mut self, command: &Command) {
        let harmless = |word: &Word| {
            assignment(Some(word)).is_some() || word.text.as_literal() == Some("export")
        };
        let Some(first) = command.words.first().filter(|word| !harmless(word)) else {
            return;
        };
        self.notes.leave(
            first.line,
            told::command(&first.text.spoken()),
            "this command is not curl",
        );
    }
}

/// Of a pipe only the program: what it is given may be anything.
fn beside(rest: &str) -> String {
    match rest.strip_prefix('|') {
        Some(piped) => format!("| {}", told::command(piped)),
        None => rest.to_owned(),
    }
}

fn keeps_cookies(word: &Word) -> bool {
    matches!(word.text.as_literal(), Some("-c" | "--cookie-jar"))
}

/// The words after `curl`; a prompt and assignments may stand before it.
fn behind_curl(words: &[Word]) -> Option<&[Word]> {
    let at = words.iter().position(|word| {
        let text = word.text.as_literal().unwrap_or_default();
        let program = text.rsplit('/').next().unwrap_or(text);
        program == "curl" || program == "curl.exe"
    })?;
    let before = words.get(..at)?;
    let harmless = |word: &Word| {
        let text = word.text.as_literal().unwrap_or_default();
        assignment(Some(word)).is_some()
            || matches!(text, "$" | "%" | ">" | "time" | "sudo" | "command" | "env")
    };
    before
        .iter()
        .all(harmless)
        .then(|| words.get(at + 1..))
        .flatten()
}

fn assignment(word: Option<&Word>) -> Option<(String, String)> {
    let (name, value) = word
        .filter(|word| !word.odd)?
        .text
        .as_literal()?
        .split_once('=')?;
    let fits = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    fits.then(|| (crate::journey::variable(name), value.to_owned()))
}

/// The values of variables: those that the lines themselves set, and those that the caller knows.
fn assigned(commands: &[Command], options: &Options) -> BTreeMap<String, String> {
    let words = commands.iter().flat_map(|command| &command.words);
    let own = words.filter_map(|word| assignment(Some(word)));
    let given = options.variables.iter();
    let given = given.map(|(name, value)| (crate::journey::variable(name), value.clone()));
    own.chain(given).collect()
}

fn known(word: &Word, given: &BTreeMap<String, String>) -> Word {
    let mut word = word.clone();
    for (name, value) in given {
        word.text = word.text.with(name, value);
    }
    word
}

/// Declares what the shell would have filled in, where a step uses it.
fn declare(journey: &mut Journey, filled: &[Filled], notes: &mut Notes) {
    for (line, name) in journey.unset() {
        let from = filled.iter().find(|filled| filled.name == name);
        let line = from.map_or(line, |filled| filled.line);
        let (value, comment) = if let Some(env) = from.and_then(|filled| filled.env.clone()) {
            (Given::Env(env), Vec::new())
        } else {
            notes.leave(
                line,
                "$(…)",
                "what a command prints is not known here: `variables` has an empty text for it",
            );
            (
                Given::Text(Text::default()),
                vec!["what a command printed: put it here".to_owned()],
            )
        };
        journey.variables.push(Variable {
            name,
            value,
            comment,
        });
    }
}
