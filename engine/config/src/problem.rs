//! What is wrong with a file: where, what, and how to mend it.

use std::{
    fmt,
    fmt::Write as _,
    path::{Path, PathBuf},
};

use serde::Serialize;

/// One mistake.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// The file.
    pub file: PathBuf,
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
    /// Where the value begins, in bytes from the file's start.
    pub offset: usize,
    /// How many bytes the value has.
    pub length: usize,
    /// The key's path, for example `checks.web.settings.status`.
    pub path: String,
    /// What is wrong.
    pub message: String,
    /// How to mend it.
    pub mend: String,
    /// The line as it is written.
    pub excerpt: String,
}

impl Problem {
    /// A mistake that concerns a whole file, and how to mend it.
    pub fn of_file(file: &Path, message: String, mend: &str) -> Self {
        Self {
            file: file.to_path_buf(),
            line: 1,
            column: 1,
            offset: 0,
            length: 0,
            path: String::new(),
            message,
            mend: mend.to_owned(),
            excerpt: String::new(),
        }
    }
}

/// Every mistake, in the order of files and lines.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Problems {
    list: Vec<Problem>,
}

impl Problems {
    /// These mistakes.
    pub fn from_list(list: Vec<Problem>) -> Self {
        Self::new(list)
    }

    /// Sorts what was found; the same mistake, reached twice, is one.
    pub(crate) fn new(mut list: Vec<Problem>) -> Self {
        fn place(problem: &Problem) -> (&Path, usize, usize, &str) {
            let Problem {
                file,
                line,
                column,
                message,
                ..
            } = problem;
            (file, *line, *column, message)
        }
        list.sort_by(|a, b| place(a).cmp(&place(b)));
        list.dedup_by(|a, b| place(a) == place(b));
        Self { list }
    }

    /// The same, without the lines of those that `hidden` names.
    pub(crate) fn without_excerpts(mut self, hidden: impl Fn(&Problem) -> bool) -> Self {
        for problem in &mut self.list {
            if hidden(problem) {
                problem.excerpt.clear();
            }
        }
        self
    }

    /// The mistakes, ordered by line.
    pub fn iter(&self) -> std::slice::Iter<'_, Problem> {
        self.list.iter()
    }

    /// How many there are; never none.
    pub fn len(&self) -> usize {
        self.list.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// For people: each mistake with its place, its line and its mend.
    pub fn render(&self, color: bool) -> String {
        let ink = Ink { color };
        let all: Vec<String> = self
            .list
            .iter()
            .map(|problem| ink.problem(problem))
            .collect();
        let count = self.list.len();
        format!(
            "{}\n{count} {}\n",
            all.join("\n"),
            if count == 1 { "error" } else { "errors" }
        )
    }
}

impl IntoIterator for Problems {
    type Item = Problem;
    type IntoIter = std::vec::IntoIter<Problem>;

    fn into_iter(self) -> Self::IntoIter {
        self.list.into_iter()
    }
}

impl<'a> IntoIterator for &'a Problems {
    type Item = &'a Problem;
    type IntoIter = std::slice::Iter<'a, Problem>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.render(false))
    }
}

impl std::error::Error for Problems {}

impl fmt::Display for Problem {
    /// In one line: the place, the mistake and its mend.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (file, message) = (self.file.display(), printable(&self.message));
        write!(f, "{file}:{}:{}: {message}", self.line, self.column)?;
        if self.mend.is_empty() {
            return Ok(());
        }
        write!(f, "; {}", printable(&self.mend))
    }
}

/// Longest part of a line that an excerpt shows, in characters.
const WIDEST_EXCERPT: usize = 160;

struct Ink {
    color: bool,
}

impl Ink {
    fn problem(&self, problem: &Problem) -> String {
        let number = problem.line.to_string();
        let gutter = " ".repeat(number.len());
        let mut out = format!(
            "{} {}\n",
            self.paint("1;31", "error:"),
            self.paint("1", &printable(&problem.message))
        );
        let place = format!(
            "{}:{}:{}",
            problem.file.display(),
            problem.line,
            problem.column
        );
        put(
            &mut out,
            &format!("{gutter}--> {place}{}", about(&problem.path)),
        );
        if !problem.excerpt.is_empty() {
            let line: String = printable(&problem.excerpt)
                .chars()
                .take(WIDEST_EXCERPT)
                .collect();
            put(&mut out, &format!("{gutter} |"));
            put(&mut out, &format!("{number} | {line}"));
            put(
                &mut out,
                &format!("{gutter} | {}", self.paint("1;31", &caret(problem))),
            );
        }
        if !problem.mend.is_empty() {
            put(
                &mut out,
                &format!(
                    "{gutter} {} {}",
                    self.paint("1;36", "help:"),
                    printable(&problem.mend)
                ),
            );
        }
        out
    }

    fn paint(&self, code: &str, text: &str) -> String {
        if self.color {
            format!("\u{1b}[{code}m{text}\u{1b}[0m")
        } else {
            text.to_owned()
        }
    }
}

fn put(out: &mut String, line: &str) {
    // Writing to a string cannot fail; `write!` only types it as if it could.
    if writeln!(out, "{}", line.trim_end()).is_err() {
        out.push_str(line);
    }
}

fn about(path: &str) -> String {
    if path.is_empty() {
        String::new()
    } else {
        format!(" ({})", printable(path))
    }
}

/// A configuration may hold control characters; a terminal must not act on them.
fn printable(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect()
}

fn caret(problem: &Problem) -> String {
    let before = problem.column.saturating_sub(1).min(WIDEST_EXCERPT);
    let room = problem
        .excerpt
        .chars()
        .count()
        .min(WIDEST_EXCERPT)
        .saturating_sub(before)
        .max(1);
    let marked: usize = problem
        .excerpt
        .chars()
        .skip(before)
        .scan(0, |used, c| {
            *used += c.len_utf8();
            Some(*used)
        })
        .take_while(|used| *used <= problem.length)
        .count();
    format!(
        "{}{}",
        " ".repeat(before),
        "^".repeat(marked.clamp(1, room))
    )
}
