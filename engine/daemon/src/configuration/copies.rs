//! Copies of good files on disk, for a start at which a file is bad.
//!
//! One JSON file each, written beside its place and renamed into it, so that a kill at any moment
//! leaves the old one or the new one. What cannot be read, or is of a later version, is set aside.

use std::{
    collections::BTreeMap,
    fs,
    io::{self, Write as _},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use leadsman_core::digest;
use serde::{Deserialize, Serialize};

/// The version of the shape of a copy.
const VERSION: u32 = 1;

/// Where copies are kept.
#[derive(Debug, Clone)]
pub struct Copies {
    folder: PathBuf,
    /// What was kept last: it is not read again to be compared.
    kept: Arc<Mutex<BTreeMap<PathBuf, String>>>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Copy {
    version: u32,
    path: PathBuf,
    text: String,
}

impl Copies {
    /// Below the daemon's state; the folder is made where it is missing.
    pub fn open(state: &Path) -> io::Result<Self> {
        let folder = state.join("last-good");
        fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&folder)?;
        Ok(Self {
            folder,
            kept: Arc::default(),
        })
    }

    /// The last good text of a file.
    pub fn read(&self, path: &Path) -> Option<String> {
        let place = self.place(path);
        let bytes = fs::read(&place).ok()?;
        match serde_json::from_slice::<Copy>(&bytes) {
            Ok(copy) if copy.version == VERSION && copy.path == path => Some(copy.text),
            Ok(copy) => {
                Self::set_aside(&place, &format!("its version is {}", copy.version));
                None
            }
            Err(error) => {
                Self::set_aside(&place, &error.to_string());
                None
            }
        }
    }

    /// Keeps a good text; a copy that says the same is left alone.
    pub fn keep(&self, path: &Path, text: &str) {
        let digest = digest::sha256(text.as_bytes());
        let known = |kept: &BTreeMap<PathBuf, String>| kept.get(path) == Some(&digest);
        if known(&self.kept.lock().unwrap_or_else(PoisonError::into_inner)) {
            return;
        }
        let copy = Copy {
            version: VERSION,
            path: path.to_path_buf(),
            text: text.to_owned(),
        };
        let kept = serde_json::to_vec(&copy)
            .map_err(io::Error::other)
            .and_then(|bytes| Self::write(&self.place(path), &bytes));
        if kept.is_ok() {
            let mut known = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
            known.insert(path.to_path_buf(), digest);
        }
        if let Err(error) = kept {
            tracing::warn!(file = %path.display(), %error, "no copy of the file can be kept; a start with a bad file will not have it");
        }
    }

    fn write(place: &Path, bytes: &[u8]) -> io::Result<()> {
        if fs::read(place).is_ok_and(|before| before == bytes) {
            return Ok(());
        }
        let beside = place.with_extension(format!("new-{}", std::process::id()));
        let mut file = fs::OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(&beside)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&beside, place)
    }

    fn set_aside(place: &Path, why: &str) {
        let aside = place.with_extension("unknown");
        let moved = fs::rename(place, &aside);
        tracing::warn!(copy = %place.display(), why, set_aside = moved.is_ok(), "a copy of a good file cannot be used");
    }

    fn place(&self, path: &Path) -> PathBuf {
        let name = digest::sha256(path.as_os_str().as_encoded_bytes());
        let name: String = name.chars().take(32).collect();
        self.folder.join(name).with_extension("json")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_is_read_as_it_was_kept_and_an_unknown_one_is_set_aside() {
        let state = tempfile::tempdir().unwrap();
        let copies = Copies::open(state.path()).unwrap();
        let path = Path::new("teams/shop.yaml");
        assert_eq!(copies.read(path), None);
        copies.keep(path, "team: shop\n");
        assert_eq!(copies.read(path).as_deref(), Some("team: shop\n"));
        for text in [
            r#"{"version": 2, "path": "teams/shop.yaml", "text": ""}"#,
            "{",
            "",
        ] {
            fs::write(copies.place(path), text).unwrap();
            assert_eq!(copies.read(path), None);
            assert!(copies.place(path).with_extension("unknown").exists());
            assert!(!copies.place(path).exists());
        }
    }
}
