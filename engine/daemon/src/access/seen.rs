//! The files that a policy was made from, and what each had in it.

use std::{
    collections::BTreeMap,
    fs::{self, File},
    io::{self, Read},
    path::{Path, PathBuf},
};

use leadsman_core::digest;

/// The largest file that is read, in bytes.
const LARGEST: u64 = 1 << 20;

/// By path, the digest of what was read, or why nothing could be.
#[derive(Debug, Default)]
pub(super) struct Seen {
    files: BTreeMap<PathBuf, Result<String, String>>,
}

impl Seen {
    /// Reads a file and remembers what it had.
    pub(super) fn read(&mut self, path: &Path) -> io::Result<Vec<u8>> {
        let read = contents(path);
        self.files.insert(path.to_owned(), summary(&read));
        read
    }

    /// Whether a file has something else in it now.
    pub(super) fn has_changed(&self) -> bool {
        self.files
            .iter()
            .any(|(path, before)| summary(&contents(path)) != *before)
    }
}

fn summary(read: &io::Result<Vec<u8>>) -> Result<String, String> {
    match read {
        Ok(bytes) => Ok(digest::sha256(bytes)),
        Err(error) => Err(error.to_string()),
    }
}

fn contents(path: &Path) -> io::Result<Vec<u8>> {
    // Opening a pipe would wait for whoever writes into it.
    if !fs::metadata(path)?.is_file() {
        return Err(io::Error::other("it is not a regular file"));
    }
    let mut bytes = Vec::new();
    File::open(path)?
        .take(LARGEST + 1)
        .read_to_end(&mut bytes)?;
    if u64::try_from(bytes.len()).unwrap_or(u64::MAX) > LARGEST {
        return Err(io::Error::other("it has more than 1 MiB"));
    }
    Ok(bytes)
}
