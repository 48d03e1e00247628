//! Where the sections write down what is wrong while they go on reading.

use std::{
    cell::{RefCell, RefMut},
    path::{Path, PathBuf},
};

use leadsman_core::id::CheckId;

use crate::{
    element::calendar::Gaps,
    names::{self, Names},
    problem::{Problem, Problems},
    tree::{FileKind, Node, Span},
};

/// Why a value is refused, before its place is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Wrong {
    pub(crate) message: String,
    pub(crate) mend: String,
}

/// A refusal and its mend.
pub(crate) fn wrong(message: impl Into<String>, mend: impl Into<String>) -> Wrong {
    Wrong {
        message: message.into(),
        mend: mend.into(),
    }
}

/// The mistakes found so far in one file.
pub(crate) struct Notes<'a> {
    file: &'a Path,
    lines: Vec<&'a str>,
    found: RefCell<Vec<Problem>>,
    kind: FileKind,
    /// The platform's file, where this is a team's.
    platform: PathBuf,
    /// Where this file refers to what stands in the platform's.
    reference: RefCell<(Span, String)>,
    names: RefCell<Names>,
    /// How closely the ticks of its calendars follow each other.
    pub(crate) gaps: Gaps,
}

impl<'a> Notes<'a> {
    pub(crate) fn new(file: &'a Path, text: &'a str) -> Self {
        Self {
            file,
            lines: text.lines().collect(),
            found: RefCell::default(),
            kind: FileKind::Platform,
            platform: file.to_path_buf(),
            reference: RefCell::new((Span::START, String::new())),
            names: RefCell::default(),
            gaps: Gaps::default(),
        }
    }

    /// Of a team's file, which refers to the platform's.
    pub(crate) fn of_team(file: &'a Path, text: &'a str, platform: &Path) -> Self {
        Self {
            kind: FileKind::Team,
            platform: platform.to_path_buf(),
            ..Self::new(file, text)
        }
    }

    /// The place, in this file.
    pub(crate) const fn here(&self, at: Span) -> Span {
        Span {
            file: self.kind,
            ..at
        }
    }

    /// The file's first character.
    pub(crate) const fn start(&self) -> Span {
        self.here(Span::START)
    }

    /// What is said of the platform's nodes from now on is said there.
    pub(crate) fn refer(&self, at: Span, path: &str) {
        *self.reference.borrow_mut() = (at, path.to_owned());
    }

    /// The folder that relative paths start from.
    pub(crate) fn folder(&self) -> &'a Path {
        self.file.parent().unwrap_or(Path::new(""))
    }

    /// The folder of the file that the node stands in.
    pub(crate) fn folder_of(&self, node: &Node) -> &Path {
        if node.at.file == self.kind {
            return self.folder();
        }
        self.platform.parent().unwrap_or(Path::new(""))
    }

    /// Notes that the value of `node` is wrong.
    pub(crate) fn say(&self, node: &Node, what: Wrong) {
        // What is wrong with a reference that has no value has been said already.
        if !node.is_unresolved() {
            self.say_at(node.at, &node.path, node.discreet(what));
        }
    }

    /// Notes that something at `at` is wrong. What stands in the platform's file is right by itself:
    /// it is wrong where this file uses it.
    pub(crate) fn say_at(&self, at: Span, path: &str, what: Wrong) {
        let problem = self.problem(at, path, what);
        self.found.borrow_mut().push(problem);
    }

    /// A check of this file depends on another one; whether that exists is seen when all files are read.
    pub(crate) fn depend(&self, node: &Node, on: &CheckId) {
        let message = format!("no check of the fleet is called `{on}`");
        let what = wrong(message, names::ID);
        let problem = self.problem(node.at, &node.path, node.discreet(what));
        self.names.borrow_mut().depend(on, problem);
    }

    /// What the file names, to be added to.
    pub(crate) fn names(&self) -> RefMut<'_, Names> {
        self.names.borrow_mut()
    }

    /// What is said of a place, without being a mistake of this file.
    pub(crate) fn problem(&self, at: Span, path: &str, what: Wrong) -> Problem {
        if at.file == self.kind {
            return self.placed(at, path, what);
        }
        let (reference, path) = self.reference.borrow().clone();
        let message = format!("{} (inherited from {})", what.message, self.origin(at));
        self.placed(self.here(reference), &path, wrong(message, what.mend))
    }

    fn placed(&self, at: Span, path: &str, what: Wrong) -> Problem {
        let excerpt = at
            .line
            .checked_sub(1)
            .and_then(|index| self.lines.get(index))
            .copied()
            .unwrap_or_default();
        Problem {
            file: self.file.to_path_buf(),
            line: at.line,
            column: at.column,
            offset: at.offset,
            length: at.length,
            path: path.to_owned(),
            message: what.message,
            mend: what.mend,
            excerpt: excerpt.to_owned(),
        }
    }

    /// The value that `parse` makes of `node`; its refusal is noted.
    pub(crate) fn read<T>(
        &self,
        node: &Node,
        parse: impl FnOnce(&Node) -> Result<T, Wrong>,
    ) -> Option<T> {
        self.keep(node, parse(node))
    }

    /// The value, or a note that `node` is wrong.
    pub(crate) fn keep<T>(&self, node: &Node, outcome: Result<T, Wrong>) -> Option<T> {
        outcome.map_err(|what| self.say(node, what)).ok()
    }

    /// `file:line`, for origins.
    pub(crate) fn origin(&self, at: Span) -> String {
        let file = if at.file == self.kind {
            self.file
        } else {
            &self.platform
        };
        format!("{}:{}", file.display(), at.line)
    }

    /// How many mistakes there are so far.
    pub(crate) fn count(&self) -> usize {
        self.found.borrow().len()
    }

    /// The result, if nothing was wrong.
    pub(crate) fn conclude<T>(self, result: Option<T>) -> Result<T, Problems> {
        if self.found.borrow().is_empty() && result.is_none() {
            // Reached only if a section gives up without saying why; say at least where.
            let mend = "report it: to say no more than this is a defect of leadsman";
            self.say_at(self.start(), "", wrong("the file cannot be used", mend));
        }
        match (result, self.found.into_inner()) {
            (Some(result), found) if found.is_empty() => Ok(result),
            (_, found) => Err(Problems::new(found)),
        }
    }
}
