//! `${env:NAME}` and `${file:PATH}`: a whole scalar only.

use std::{io, path::Path};

use crate::{
    notes::{Notes, Wrong, wrong},
    tree::{Node, Tree},
};

/// What references may ask.
pub(crate) struct Surroundings<'a> {
    pub(crate) folder: &'a Path,
    pub(crate) env: &'a dyn Fn(&str) -> Option<String>,
    pub(crate) read: &'a dyn Fn(&Path) -> io::Result<String>,
}

/// Puts in place of each reference below `node` what it stands for.
pub(crate) fn substitute(node: &mut Node, around: &Surroundings<'_>, notes: &Notes<'_>) {
    match &mut node.value {
        Tree::List(items) => items
            .iter_mut()
            .for_each(|item| substitute(item, around, notes)),
        Tree::Map(entries) => entries
            .iter_mut()
            .for_each(|entry| substitute(&mut entry.node, around, notes)),
        Tree::Text(text) if text.contains("${env:") || text.contains("${file:") => {
            let written = text.clone();
            match around.resolve(&written) {
                Ok(value) => *text = value,
                Err(what) => notes.say(node, what),
            }
            node.written = Some(written);
        }
        _ => {}
    }
}

impl Surroundings<'_> {
    fn resolve(&self, text: &str) -> Result<String, Wrong> {
        let inner = text
            .strip_prefix("${")
            .and_then(|rest| rest.strip_suffix('}'))
            .filter(|inner| !inner.contains(['$', '{', '}']));
        match inner.and_then(|inner| inner.split_once(':')) {
            Some(("env", name)) => self.variable(name),
            Some(("file", path)) => self.content(path),
            _ => Err(wrong(
                "a reference has to be the whole value",
                "put the complete text into the variable or file and write `${env:NAME}` or `${file:PATH}` alone",
            )),
        }
    }

    fn variable(&self, name: &str) -> Result<String, Wrong> {
        (self.env)(name).ok_or_else(|| {
            wrong(
                format!("the environment variable `{name}` is not set"),
                "set it, or write the value here",
            )
        })
    }

    fn content(&self, path: &str) -> Result<String, Wrong> {
        let path = self.folder.join(path);
        let text = (self.read)(&path).map_err(|error| {
            wrong(
                format!("`{}` cannot be read: {error}", path.display()),
                "relative paths start from this file's folder",
            )
        })?;
        // An editor ends a file with a newline that is not part of the value.
        Ok(text
            .strip_suffix('\n')
            .map_or(text.as_str(), |line| {
                line.strip_suffix('\r').unwrap_or(line)
            })
            .to_owned())
    }
}
