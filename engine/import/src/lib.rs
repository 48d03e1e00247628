//! What is there already (a browser's HAR, curl's command lines, a Hurl file) to a journey.
//!
//! Text in; a configuration, and a list of everything that it does not do, out. Nothing is opened, nothing is asked: the same
//! text gives the same configuration. What was recorded of a credential is in neither; a secret stands for it.
//!
//! The importers fill a `journey` in their own ways, `document` writes it. What an importer cannot say exactly it leaves, with
//! the line and the reason.

mod address;
mod body;
mod credential;
mod curl;
mod document;
mod format;
mod har;
mod hurl;
mod journey;
mod left;
mod own;
mod secure;
mod text;
mod told;
mod value;
mod yaml;

#[cfg(test)]
mod tests;

pub use crate::{
    format::Format,
    left::{ImportError, Left},
};

use crate::{credential::Vault, journey::Journey, left::Notes};

/// What the caller decides.
#[derive(Debug, Clone)]
pub struct Options {
    /// The check's key.
    pub name: String,
    /// Values of variables that the input leaves open: of a Hurl file, or of the shell around `curl`.
    pub variables: Vec<(String, String)>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            name: "imported".to_owned(),
            variables: Vec::new(),
        }
    }
}

/// Longest name of a check here, in bytes: its secrets are named after it.
const LONGEST_NAME: usize = 150;

impl Options {
    /// Why no check can have this name; `None` where one can.
    pub fn mistake(&self) -> Option<String> {
        let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
        if self.name.is_empty() {
            return Some("a check's name must not be empty".to_owned());
        }
        let odd = self.name.chars().find(|c| !fits(*c));
        let odd = odd.map(|odd| {
            format!("`{odd}` is not allowed in a check's name: letters, digits, `_`, `-` and `.`")
        });
        let long = self.name.len() > LONGEST_NAME;
        odd.or_else(|| {
            long.then(|| format!("a check's name has at most {LONGEST_NAME} bytes here"))
        })
    }
}

/// What an import gives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Imported {
    /// A complete configuration.
    pub yaml: String,
    /// What of the input is not in it, in the order of lines.
    pub left: Vec<Left>,
}

/// Turns `text` into a configuration with one journey.
pub fn import(format: Format, text: &str, options: &Options) -> Result<Imported, ImportError> {
    if let Some(mistake) = options.mistake() {
        return Err(ImportError::new(1, mistake, "give the check another name"));
    }
    let text = text.trim_start_matches('\u{feff}');
    let mut vault = Vault::new(&options.name);
    let mut notes = Notes::default();
    let read = match format {
        Format::Curl => curl::read,
        Format::Har => har::read,
        Format::Hurl => hurl::read,
    };
    let mut journey = read(text, options, &mut vault, &mut notes).map_err(|mut error| {
        error.message = vault.hidden_in(&error.message);
        error
    })?;
    hide(&mut journey, &vault);
    let head = [
        format!(
            "Imported from {format}. Read the comments, set the secrets' variables, then run it:"
        ),
        format!("leadsman once {} --config FILE --watch", options.name),
    ];
    let yaml = document::write(&journey, &vault, &options.name, &head);
    let left = notes.finish(|text| vault.hidden_in(text));
    Ok(Imported { yaml, left })
}

/// A credential may stand in other places than its own: in a path, in a text that repeats it.
fn hide(journey: &mut Journey, vault: &Vault) {
    for step in journey.steps.iter_mut().chain(&mut journey.cleanup) {
        for text in step.texts_mut() {
            vault.replace_in(text);
        }
    }
    journey.name_steps();
}
