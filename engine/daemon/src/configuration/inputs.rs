//! What a file was read with: it is read again when any of it has changed.

use std::{
    io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use leadsman_config::{Files, Group, Undiscovered};
use leadsman_core::digest;

use super::places::Places;

/// One thing that was looked up, and what was found.
#[derive(Debug, Clone, PartialEq)]
enum Input {
    Env(String, Option<String>),
    File(PathBuf, Option<String>),
    Listed(PathBuf, Result<Vec<PathBuf>, String>),
    Discovered(PathBuf, Result<Arc<Vec<Group>>, Undiscovered>),
}

/// Everything that was looked up.
#[derive(Debug, Clone, Default)]
pub(super) struct Inputs(Arc<Vec<Input>>);

impl Inputs {
    /// Whether the same would be found now.
    pub(super) fn are_same(&self, places: &Places) -> bool {
        self.0.iter().all(|input| match input {
            Input::Env(name, found) => places.env(name) == *found,
            Input::File(path, found) => fingerprint(&places.read(path)) == *found,
            Input::Listed(pattern, found) => places.matching(pattern) == *found,
            Input::Discovered(path, found) => places.discovered(path) == *found,
        })
    }
}

/// Values of secrets are not kept, only whether they are the same.
fn fingerprint(text: &io::Result<String>) -> Option<String> {
    text.as_ref()
        .ok()
        .map(|text| digest::sha256(text.as_bytes()))
}

/// Looks things up and remembers what was found.
pub(super) struct Recorder<'a> {
    places: &'a Places,
    found: Mutex<Vec<Input>>,
}

impl<'a> Recorder<'a> {
    pub(super) const fn new(places: &'a Places) -> Self {
        Self {
            places,
            found: Mutex::new(Vec::new()),
        }
    }

    /// What was found so far.
    pub(super) fn inputs(self) -> Inputs {
        let mut found = self
            .found
            .into_inner()
            .unwrap_or_else(PoisonError::into_inner);
        found.dedup();
        Inputs(Arc::new(found))
    }

    fn keep(&self, input: Input) {
        self.found
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(input);
    }
}

impl Files for Recorder<'_> {
    fn env(&self, name: &str) -> Option<String> {
        let found = self.places.env(name);
        self.keep(Input::Env(name.to_owned(), found.clone()));
        found
    }

    fn read(&self, path: &Path) -> io::Result<String> {
        let found = self.places.read(path);
        self.keep(Input::File(path.to_path_buf(), fingerprint(&found)));
        found
    }

    fn matching(&self, pattern: &Path) -> Result<Vec<PathBuf>, String> {
        let found = self.places.matching(pattern);
        self.keep(Input::Listed(pattern.to_path_buf(), found.clone()));
        found
    }

    fn discovered(&self, path: &Path) -> Result<Arc<Vec<Group>>, Undiscovered> {
        let found = self.places.discovered(path);
        self.keep(Input::Discovered(path.to_path_buf(), found.clone()));
        found
    }
}
