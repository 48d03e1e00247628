//! The files of a package, before they are in any: sorted, with modes, without times.

use std::{
    collections::BTreeMap,
    fs,
    os::unix::fs::{DirBuilderExt, PermissionsExt},
    path::{Path, PathBuf},
};

use crate::failure::Failure;

/// Files and folders by their path below the root.
#[derive(Debug, Default)]
pub(super) struct Tree(BTreeMap<PathBuf, Entry>);

/// One of them.
#[derive(Debug)]
pub(super) struct Entry {
    /// The permissions.
    pub(super) mode: u32,
    /// The owner's number, and the group's.
    pub(super) owner: u64,
    /// A file's content; a folder has none.
    pub(super) content: Option<Vec<u8>>,
}

impl Tree {
    /// Adds a file that everybody can read, and the folders above it.
    pub(super) fn file(&mut self, path: &str, content: impl Into<Vec<u8>>) {
        self.add(path, 0o644, 0, Some(content.into()));
    }

    /// Adds a program, and the folders above it.
    pub(super) fn program(&mut self, path: &str, content: Vec<u8>) {
        self.add(path, 0o755, 0, Some(content));
    }

    /// Adds a folder that belongs to somebody, and those above it.
    pub(super) fn folder(&mut self, path: &str, mode: u32, owner: u64) {
        self.add(path, mode, owner, None);
    }

    fn add(&mut self, path: &str, mode: u32, owner: u64, content: Option<Vec<u8>>) {
        let path = PathBuf::from(path);
        let above = path.ancestors().skip(1);
        for folder in above.filter(|folder| !folder.as_os_str().is_empty()) {
            self.0.entry(folder.to_owned()).or_insert(Entry {
                mode: 0o755,
                owner: 0,
                content: None,
            });
        }
        let entry = Entry {
            mode,
            owner,
            content,
        };
        self.0.insert(path, entry);
    }

    /// Everything in order, folders before what is in them.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&Path, &Entry)> {
        self.0.iter().map(|(path, entry)| (path.as_path(), entry))
    }

    /// Writes everything below a folder; owners are whoever runs this.
    pub(super) fn write(&self, root: &Path) -> Result<(), Failure> {
        for (path, entry) in self.iter() {
            let path = root.join(path);
            let written = match &entry.content {
                None => fs::DirBuilder::new().mode(entry.mode).create(&path),
                Some(content) => fs::write(&path, content),
            };
            // Once more: the process's mask takes away what others may.
            written
                .and_then(|()| fs::set_permissions(&path, fs::Permissions::from_mode(entry.mode)))
                .map_err(|error| Failure::file(&path, &error))?;
        }
        Ok(())
    }

    /// How many KiB it takes when it is installed.
    pub(super) fn kibibytes(&self) -> usize {
        let sizes = self.0.values().map(|entry| entry.content.as_ref());
        sizes
            .map(|content| content.map_or(1, |content| content.len().div_ceil(1024)))
            .sum()
    }
}
