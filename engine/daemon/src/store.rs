//! Components from registries, kept between runs: below the cache, or in memory where there is none.
//!
//! An image is a folder of three files, written beside its place and renamed into it. Nothing that is read here
//! is trusted: every digest and, where one is asked for, the signature are held again at each reading.

use std::{
    collections::BTreeMap,
    fs, io,
    os::unix::fs::DirBuilderExt,
    path::{Path, PathBuf},
    sync::{Mutex, MutexGuard, PoisonError},
};

use bytes::Bytes;
use leadsman_core::plan::{Image, Undescribed};
use leadsman_registry::{Artifact, PublicKey};

const MANIFEST: &str = "manifest.json";
const COMPONENT: &str = "component.wasm";
const SIGNATURES: &str = "signatures.json";

/// Where components are kept.
#[derive(Debug, Default)]
pub struct Store {
    folder: Option<PathBuf>,
    known: Mutex<BTreeMap<String, Known>>,
}

/// What has become of an image since this process began.
#[derive(Debug, Default)]
struct Known {
    /// Counts what has become of it.
    news: u64,
    /// What it is, where there is no folder to keep it in.
    held: Option<Artifact>,
    /// Why it could not be had the last time.
    failed: Option<String>,
}

impl Store {
    /// Below the folder of the cache, where there is one.
    pub fn new(cache: Option<&Path>) -> Self {
        Self {
            folder: cache.map(|cache| cache.join("images")),
            known: Mutex::default(),
        }
    }

    /// The component of an image, held against its digests and its key.
    pub fn component(&self, image: &Image) -> Result<Bytes, Undescribed> {
        let key = image.signed_by.as_deref().map(key).transpose();
        let key = key.map_err(Undescribed::Wrong)?;
        let Some(artifact) = self.read(&image.reference.sha256) else {
            return Err(Undescribed::Absent(self.why(&image.reference.sha256)));
        };
        let component = artifact.component(&image.reference, key.as_ref());
        component
            .cloned()
            .map_err(|refused| Undescribed::Absent(refused.to_string()))
    }

    /// Another number where something has become of the image.
    pub fn news(&self, image: &Image) -> u64 {
        let known = self.known();
        known
            .get(&image.reference.sha256)
            .map_or(0, |known| known.news)
    }

    /// Keeps what was fetched, if it is what it should be; where it cannot be written, in memory. How many bytes
    /// the component has, or why it is not kept.
    pub fn keep(&self, image: &Image, artifact: Artifact) -> Result<usize, String> {
        let key = image.signed_by.as_deref().map(key).transpose()?;
        let component = artifact.component(&image.reference, key.as_ref());
        let bytes = component.map_err(|refused| refused.to_string())?.len();
        self.put(image, artifact);
        Ok(bytes)
    }

    fn put(&self, image: &Image, artifact: Artifact) {
        let sha256 = &image.reference.sha256;
        let written = self
            .folder
            .as_ref()
            .map(|folder| write(folder, sha256, &artifact));
        if let Some(Err(error)) = &written {
            tracing::warn!(image = %image.reference, %error, "a probe cannot be kept; the next start fetches it again");
        }
        let mut all = self.known();
        let known = all.entry(sha256.clone()).or_default();
        known.held = (!matches!(written, Some(Ok(())))).then_some(artifact);
        known.failed = None;
        known.news += 1;
    }

    /// Keeps why it could not be fetched.
    pub fn failed(&self, image: &Image, why: String) {
        let mut all = self.known();
        let known = all.entry(image.reference.sha256.clone()).or_default();
        if known.failed.as_ref() != Some(&why) {
            known.failed = Some(why);
            known.news += 1;
        }
    }

    fn why(&self, sha256: &str) -> String {
        let failed = self
            .known()
            .get(sha256)
            .and_then(|known| known.failed.clone());
        failed.unwrap_or_else(|| "it has not been fetched from its registry".to_owned())
    }

    fn read(&self, sha256: &str) -> Option<Artifact> {
        let held = self
            .known()
            .get(sha256)
            .and_then(|known| known.held.clone());
        held.or_else(|| read(&self.folder.as_ref()?.join(sha256)).ok())
    }

    fn known(&self) -> MutexGuard<'_, BTreeMap<String, Known>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn key(path: &Path) -> Result<PublicKey, String> {
    let text = fs::read(path)
        .map_err(|error| format!("`signed_by`: `{}` cannot be read: {error}", path.display()))?;
    PublicKey::from_pem(&text)
        .map_err(|error| format!("`signed_by`: `{}` cannot be used: {error}", path.display()))
}

fn read(folder: &Path) -> io::Result<Artifact> {
    Ok(Artifact {
        manifest: fs::read(folder.join(MANIFEST))?.into(),
        component: fs::read(folder.join(COMPONENT))?.into(),
        signatures: serde_json::from_slice(&fs::read(folder.join(SIGNATURES))?)?,
    })
}

fn write(folder: &Path, sha256: &str, artifact: &Artifact) -> io::Result<()> {
    let beside = folder.join(format!("{sha256}.new-{}", std::process::id()));
    let place = folder.join(sha256);
    remove(&beside)?;
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(&beside)?;
    fs::write(beside.join(MANIFEST), &artifact.manifest)?;
    fs::write(beside.join(COMPONENT), &artifact.component)?;
    fs::write(
        beside.join(SIGNATURES),
        serde_json::to_vec(&artifact.signatures)?,
    )?;
    remove(&place)?;
    fs::rename(&beside, &place)
}

fn remove(folder: &Path) -> io::Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use leadsman_core::{digest, plan::ImageReference};

    use super::*;

    /// An image of these bytes, and what its registry gives.
    fn image(component: &'static [u8]) -> (Arc<Image>, Artifact) {
        let layer = digest::sha256(component);
        let manifest = format!(
            r#"{{"layers": [{{"mediaType": "application/wasm", "digest": "sha256:{layer}"}}]}}"#
        );
        let sha256 = digest::sha256(manifest.as_bytes());
        let reference = ImageReference::try_from(format!("registry.example/s3@sha256:{sha256}"));
        let image = Image {
            reference: reference.unwrap(),
            signed_by: None,
            plain_http: false,
            login: None,
        };
        let artifact = Artifact {
            manifest: manifest.into(),
            component: Bytes::from_static(component),
            signatures: Vec::new(),
        };
        (Arc::new(image), artifact)
    }

    #[test]
    fn an_image_is_found_again_by_another_process_and_one_that_was_changed_on_disk_is_not_used() {
        let cache = tempfile::tempdir().unwrap();
        let (image, artifact) = image(b"\0asm");
        let store = Store::new(Some(cache.path()));
        assert!(matches!(
            store.component(&image),
            Err(Undescribed::Absent(_))
        ));
        assert_eq!(store.keep(&image, artifact), Ok(4));
        let other = Store::new(Some(cache.path()));
        assert_eq!(other.component(&image).unwrap(), b"\0asm".as_slice());
        for (file, content) in [(COMPONENT, "other"), (MANIFEST, "{}"), (SIGNATURES, "torn")] {
            let place = cache
                .path()
                .join("images")
                .join(&image.reference.sha256)
                .join(file);
            let before = fs::read(&place).unwrap();
            fs::write(&place, content).unwrap();
            let found = other.component(&image);
            assert!(
                matches!(found, Err(Undescribed::Absent(_))),
                "{file}: {found:?}"
            );
            fs::write(&place, before).unwrap();
        }
        fs::remove_file(
            cache
                .path()
                .join("images")
                .join(&image.reference.sha256)
                .join(COMPONENT),
        )
        .unwrap();
        assert!(other.component(&image).is_err());
    }

    #[test]
    fn without_a_cache_an_image_is_kept_in_memory_and_a_failure_is_told_until_it_is_here() {
        let (image, artifact) = image(b"\0asm");
        let store = Store::new(None);
        store.failed(&image, "the registry is down".to_owned());
        let news = store.news(&image);
        store.failed(&image, "the registry is down".to_owned());
        assert_eq!(store.news(&image), news, "the same again is no news");
        let told = Undescribed::Absent("the registry is down".to_owned());
        assert_eq!(store.component(&image).unwrap_err(), told);
        assert_eq!(store.keep(&image, artifact), Ok(4));
        assert_ne!(store.news(&image), news);
        assert_eq!(store.component(&image).unwrap(), b"\0asm".as_slice());
    }

    #[test]
    fn a_key_that_cannot_be_used_is_the_mistake_of_who_names_it() {
        let folder = tempfile::tempdir().unwrap();
        let (image, _) = image(b"\0asm");
        let store = Store::default();
        for (content, told) in [(None, "cannot be read"), (Some("nothing"), "no public key")] {
            let path = folder.path().join("key.pub");
            if let Some(content) = content {
                fs::write(&path, content).unwrap();
            }
            let signed = Image {
                signed_by: Some(path),
                ..image.as_ref().clone()
            };
            let Err(Undescribed::Wrong(why)) = store.component(&signed) else {
                panic!("{content:?}");
            };
            assert!(why.contains(told), "{why}");
        }
    }
}
