//! One team's file: what it says now, and what of it is in force.

use std::{path::Path, sync::Arc};

use leadsman_config::{Names, Platform, Problems, Sheet};
use leadsman_core::plan::Check;

use super::{
    inputs::{Inputs, Recorder},
    places::Places,
};
use crate::{catalog::Probes, clock};

/// A team's file.
#[derive(Debug, Clone)]
pub(super) struct Unit {
    /// What the file says now, in force or not.
    pub(super) text: Arc<str>,
    /// What it was read against.
    pub(super) platform: Arc<Platform>,
    /// What it was read with.
    pub(super) inputs: Inputs,
    /// What is in force.
    pub(super) checks: Arc<Vec<Arc<Check>>>,
    /// When that was loaded.
    pub(super) loaded_unix_ms: Option<i64>,
    /// Why what it says now is not in force.
    pub(super) problems: Option<Problems>,
    /// The text that is in force; empty where none is.
    pub(super) good_text: Arc<str>,
    /// What that names.
    pub(super) names: Names,
    /// What the file names now, in force or not.
    pub(super) present: Names,
    /// What was in force before.
    earlier: Option<Arc<Vec<Arc<Check>>>>,
}

/// Why a file's text is not in force, and what is known of it all the same.
#[derive(Debug)]
pub(super) struct Wrong {
    /// What it was read with.
    pub(super) inputs: Inputs,
    /// What it names.
    pub(super) names: Names,
    /// Why.
    pub(super) problems: Problems,
}

impl Wrong {
    /// It cannot be read.
    pub(super) fn unreadable(problems: Problems) -> Self {
        Self {
            inputs: Inputs::default(),
            names: Names::default(),
            problems,
        }
    }
}

impl Unit {
    /// Reads a file's text; where it is wrong, what it was read with is told all the same.
    pub(super) fn read(
        path: &Path,
        text: &Arc<str>,
        platform: &Arc<Platform>,
        (places, probes): (&Places, &Probes),
    ) -> Result<Self, Wrong> {
        let recorder = Recorder::new(places);
        let Sheet { checks, names } = platform.team_file(path, text, &recorder, probes, false);
        match checks {
            Ok(checks) => Ok(Self {
                text: Arc::clone(text),
                good_text: Arc::clone(text),
                platform: Arc::clone(platform),
                inputs: recorder.inputs(),
                checks: Arc::new(checks),
                loaded_unix_ms: Some(clock::now().unix_ms),
                problems: None,
                present: names.clone().without_dependencies(),
                names,
                earlier: None,
            }),
            Err(problems) => Err(Wrong {
                inputs: recorder.inputs(),
                names: names.without_dependencies(),
                problems,
            }),
        }
    }

    /// Nothing in force.
    pub(super) fn empty(platform: &Arc<Platform>) -> Self {
        Self {
            text: "".into(),
            good_text: "".into(),
            platform: Arc::clone(platform),
            inputs: Inputs::default(),
            checks: Arc::default(),
            loaded_unix_ms: None,
            problems: None,
            names: Names::of_nothing(),
            present: Names::of_nothing(),
            earlier: None,
        }
    }

    /// The same, with what was in force before it.
    pub(super) fn since(mut self, before: Option<&Self>) -> Self {
        self.earlier = before.map(|before| Arc::clone(&before.checks));
        self
    }

    /// What is in force stays, and why the file's present text is not.
    pub(super) fn with_problems(
        &self,
        text: Arc<str>,
        wrong: Wrong,
        platform: &Arc<Platform>,
    ) -> Self {
        Self {
            text,
            inputs: wrong.inputs,
            platform: Arc::clone(platform),
            problems: Some(wrong.problems),
            present: wrong.names,
            ..self.clone()
        }
    }

    /// What it says contradicts another file: what was before it is in force, or nothing.
    pub(super) fn give_way(&mut self, problems: Problems) {
        self.checks = self.earlier.take().unwrap_or_default();
        self.good_text = "".into();
        self.names = Names::of_nothing();
        self.problems = Some(problems);
    }
}
