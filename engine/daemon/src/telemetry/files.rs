//! The families of the files that a configuration comes from.

use std::sync::Arc;

use serde::Serialize;

use super::{
    exposition::{Definition, Family, Label, Labels, written},
    families as def,
};

/// One file of the configuration.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FileState {
    /// Its path as the configuration names it.
    pub file: String,
    /// The team that owns it, where one is named.
    pub team: Option<String>,
    /// Whether its present content is in force; where not, the last good one is.
    pub loaded: bool,
    /// When the content that is in force was loaded, in Unix milliseconds; `None` where none is.
    pub loaded_unix_ms: Option<i64>,
    /// How many checks of it run here.
    pub checks: usize,
    /// Why its present content is not in force.
    pub errors: Vec<String>,
    /// What is in force and does less than its owner means.
    pub notices: Vec<String>,
}

impl FileState {
    fn labels(&self) -> Vec<Label> {
        let team = self.team.as_ref().map(|team| written("team", team));
        std::iter::once(written("file", &self.file))
            .chain(team)
            .collect()
    }
}

/// Which files are in force, and since when.
pub(super) fn families(files: &[FileState], place: &Arc<[Label]>) -> Vec<Family> {
    let seconds = |unix_ms: i64| {
        std::time::Duration::from_millis(u64::try_from(unix_ms).unwrap_or(0)).as_secs_f64()
    };
    vec![
        each(&def::FILE_LOADED, files, place, |file| {
            Some(if file.loaded { 1.0 } else { 0.0 })
        }),
        each(&def::FILE_LOADED_AT, files, place, |file| {
            file.loaded_unix_ms.map(seconds)
        }),
    ]
}

fn each(
    definition: &'static Definition,
    files: &[FileState],
    place: &Arc<[Label]>,
    value: impl Fn(&FileState) -> Option<f64>,
) -> Family {
    let mut family = Family::of(definition);
    for file in files {
        if let Some(value) = value(file) {
            family.add(None, Labels::with(place, file.labels()), value);
        }
    }
    family
}
