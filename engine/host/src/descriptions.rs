//! What probes have said of themselves, kept beside their compiled code: asking takes a quarter of a load.
//!
//! A probe is asked without any capability, so the same component says the same again.

use std::{
    fs, io,
    path::{Path, PathBuf},
    process,
};

use leadsman_core::{digest::sha256, plan::ProbeDescription};

/// A folder with a file for each component, named after its digest; `None` keeps nothing.
#[derive(Debug)]
pub(crate) struct Descriptions(Option<PathBuf>);

/// What is known of one component.
#[derive(Debug)]
pub(crate) struct Kept {
    /// Where its description is, or will be; `None` where nothing is kept.
    pub(crate) place: Option<PathBuf>,
    /// What it has said, if it was asked before.
    pub(crate) said: Option<ProbeDescription>,
}

impl Descriptions {
    /// Beside the compiled code.
    pub(crate) fn beside(cache: Option<&Path>) -> Self {
        let folder = cache.map(|cache| cache.join("descriptions"));
        // Where it cannot be made, writing fails as well, and every probe is asked.
        let made = folder.filter(|folder| fs::create_dir_all(folder).is_ok());
        Self(made)
    }

    /// What a component has said of itself.
    pub(crate) fn recall(&self, component: &[u8]) -> Kept {
        let place = self.place(component);
        let read = place.as_ref().and_then(|place| fs::read(place).ok());
        let said = read.and_then(|said| serde_json::from_slice(&said).ok());
        Kept { place, said }
    }

    /// Where a component's description is, or will be.
    fn place(&self, component: &[u8]) -> Option<PathBuf> {
        let folder = self.0.as_ref()?;
        Some(folder.join(format!("{}.json", sha256(component))))
    }
}

/// Keeps what was said, whole or not at all.
pub(crate) fn keep(place: &Path, said: &str) {
    if let Err(error) = written(place, said) {
        tracing::debug!(path = %place.display(), %error, "what a probe says of itself is not kept; it will be asked again");
    }
}

fn written(place: &Path, said: &str) -> io::Result<()> {
    let apart = place.with_extension(process::id().to_string());
    fs::write(&apart, said)?;
    fs::rename(&apart, place)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_said_is_found_by_the_component_and_nothing_else_lies_there() {
        let cache = tempfile::tempdir().unwrap();
        let kept = Descriptions::beside(Some(cache.path()));
        let (one, other) = (kept.place(b"one").unwrap(), kept.place(b"other").unwrap());
        keep(&one, "{}");
        assert_eq!(fs::read_to_string(one).unwrap(), "{}");
        assert!(!other.exists());
        let there = fs::read_dir(cache.path().join("descriptions")).unwrap();
        assert_eq!(there.count(), 1);
    }

    #[test]
    fn without_a_cache_nothing_is_kept() {
        assert_eq!(Descriptions::beside(None).place(b"one"), None);
        let file = tempfile::NamedTempFile::new().unwrap();
        assert_eq!(Descriptions::beside(Some(file.path())).place(b"one"), None);
    }
}
