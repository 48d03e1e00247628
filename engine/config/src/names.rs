//! The checks that a file names: its own, wherever they run, and those that its checks depend on.

use std::collections::{BTreeMap, BTreeSet};

use leadsman_core::id::CheckId;

use crate::{nearest::nearest, problem::Problem, tree::Node};

/// For so many unknown ids the nearest known one is looked for.
const MOST_GUESSES: usize = 32;

/// How to mend the name of a check that is none.
pub(crate) const ID: &str = "write the id of a check, which is `team/key`";

/// The names in one file; also known where the file is wrong, as far as its text is.
#[derive(Debug, Clone, Default)]
pub struct Names {
    /// The ids of its checks; `None` where the text cannot be read.
    own: Option<Vec<Box<str>>>,
    /// What a check was called before, and what it is called now.
    former: Vec<(CheckId, CheckId)>,
    dependencies: Vec<Dependency>,
    awaited: Vec<Problem>,
}

/// A check that another one depends on, and the place where that is written.
#[derive(Debug, Clone)]
struct Dependency {
    on: CheckId,
    /// What is wrong where there is no such check.
    problem: Box<Problem>,
}

impl Names {
    /// The names of the checks in a file, read apart from whether anything in it is right.
    pub(crate) fn declare(&mut self, root: &Node) {
        let child = |key: &str| root.child(key).map(|(_, node)| node);
        let team = child("team").and_then(Node::text);
        let entries = child("checks").and_then(|node| node.entries().ok());
        let ids = entries.unwrap_or_default().iter().map(|entry| {
            let id = match team {
                Some(team) => format!("{team}/{}", entry.key),
                None => entry.key.clone(),
            };
            id.into_boxed_str()
        });
        self.own = Some(ids.collect());
    }

    /// A check is called otherwise now.
    pub(crate) fn rename(&mut self, was: &CheckId, is: &CheckId) {
        self.former.push((was.clone(), is.clone()));
    }

    /// A check depends on another one; a template may say so for many in one line.
    pub(crate) fn depend(&mut self, on: &CheckId, problem: Problem) {
        let is_same =
            |known: &Dependency| known.on == *on && known.problem.offset == problem.offset;
        if !self.dependencies.iter().any(is_same) {
            self.dependencies.push(Dependency {
                on: on.clone(),
                problem: Box::new(problem),
            });
        }
    }

    /// Targets come from a file that is not there yet; many checks of a file may use one list.
    pub(crate) fn wait_for(&mut self, problem: Problem) {
        if !self.awaited.contains(&problem) {
            self.awaited.push(problem);
        }
    }

    /// The files of targets that are not there yet, each at the line that names it: no mistake, and no
    /// target either.
    pub fn awaited(&self) -> &[Problem] {
        &self.awaited
    }

    /// Of a file that has no checks.
    pub fn of_nothing() -> Self {
        Self {
            own: Some(Vec::new()),
            ..Self::default()
        }
    }

    /// The same checks, which depend on nothing: those of a file that is not in force.
    #[must_use]
    pub fn without_dependencies(self) -> Self {
        Self {
            dependencies: Vec::new(),
            ..self
        }
    }
}

/// Dependencies on checks that no file of the fleet has, each at its line.
///
/// A file that is wrong has its checks all the same. Where one cannot be read at all, nobody knows what it
/// has, and nothing is told.
pub fn strangers<'a, I: Iterator<Item = &'a Names>>(files: I) -> Vec<Problem> {
    let files: Vec<&Names> = files.collect();
    let mut dependencies = files
        .iter()
        .flat_map(|names| &names.dependencies)
        .peekable();
    if dependencies.peek().is_none() || files.iter().any(|names| names.own.is_none()) {
        return Vec::new();
    }
    let own = files.iter().flat_map(|names| &names.own).flatten();
    let own: BTreeSet<&str> = own.map(|id| &**id).collect();
    let former = files.iter().flat_map(|names| &names.former);
    let former: BTreeMap<&CheckId, &CheckId> = former.map(|(was, is)| (was, is)).collect();
    let mut mends: BTreeMap<&CheckId, String> = BTreeMap::new();
    let mut told = Vec::new();
    for dependency in dependencies.filter(|one| !own.contains(one.on.as_str())) {
        let guess = mends.len() < MOST_GUESSES;
        let mend = mends
            .entry(&dependency.on)
            .or_insert_with(|| mend(&dependency.on, &former, &own, guess));
        told.push(Problem {
            mend: mend.clone(),
            ..dependency.problem.as_ref().clone()
        });
    }
    told
}

fn mend(
    id: &CheckId,
    former: &BTreeMap<&CheckId, &CheckId>,
    own: &BTreeSet<&str>,
    guess: bool,
) -> String {
    if let Some(is) = former.get(id) {
        return format!("it is called `{is}` now");
    }
    let near = guess.then(|| nearest(id.as_str(), own.iter().copied()));
    let meant = |near: &str| format!("did you mean `{near}`?");
    near.flatten().map_or_else(|| ID.to_owned(), meant)
}
