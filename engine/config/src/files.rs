//! What a configuration needs besides its text: other files, and the environment.

use std::{
    io,
    path::{Path, PathBuf},
    sync::Arc,
};

use crate::discovery::{self, Group, Undiscovered};

/// Where a configuration looks things up.
pub trait Files: Sync {
    /// The environment variable of that name.
    fn env(&self, name: &str) -> Option<String>;

    /// The text of a file.
    fn read(&self, path: &Path) -> io::Result<String>;

    /// The files that a pattern of `file_sd` or `include` matches, ordered.
    fn matching(&self, pattern: &Path) -> Result<Vec<PathBuf>, String>;

    /// The targets of a `file_sd` file, or why there are none.
    fn discovered(&self, path: &Path) -> Result<Arc<Vec<Group>>, Undiscovered> {
        let text = self
            .read(path)
            .map_err(|error| Undiscovered::unreadable(path, &error))?;
        discovery::parse(path, &text).map(Arc::new)
    }
}

/// This machine's own files and environment.
#[derive(Debug, Clone, Copy, Default)]
pub struct Disk;

impl Files for Disk {
    fn env(&self, name: &str) -> Option<String> {
        std::env::var(name).ok()
    }

    fn read(&self, path: &Path) -> io::Result<String> {
        std::fs::read_to_string(path)
    }

    fn matching(&self, pattern: &Path) -> Result<Vec<PathBuf>, String> {
        let text = pattern.to_str().ok_or("it is not UTF-8")?;
        let paths = glob::glob(text).map_err(|error| error.to_string())?;
        let mut paths = paths
            .collect::<Result<Vec<_>, _>>()
            .map_err(|error| error.to_string())?;
        paths.sort();
        Ok(paths)
    }
}
