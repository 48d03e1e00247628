//! Who knows the probes: bundled ones, component files and images from registries, each loaded once.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    os::unix::fs::MetadataExt,
    path::Path,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::SystemTime,
};

use bytes::Bytes;
use leadsman_core::{
    digest,
    id::ProbeName,
    plan::{Catalog, Complaint, Image, Plan, ProbeDescription, ProbeSource, Undescribed},
};
use leadsman_host::{Probe, Sandbox, complaints};

use crate::store::Store;

/// What a component's file was when somebody looked at it; `None` where there was none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stamp(Option<(SystemTime, u64, u64)>);

impl Stamp {
    /// What the file is now.
    pub fn of(path: &Path) -> Self {
        let found = fs::metadata(path);
        Self(found.ok().and_then(|file| {
            let modified = file.modified().ok()?;
            Some((modified, file.len(), file.ino()))
        }))
    }
}

/// What a probe was read from, as it was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// Its file, or the key that its image is held against.
    file: Option<Stamp>,
    /// What had become of its image.
    news: u64,
}

/// A probe that was asked for.
#[derive(Debug)]
struct Known {
    origin: Origin,
    /// What came of that.
    last: Result<Arc<Probe>, Undescribed>,
    /// The last one that could be used, and which of them it is.
    good: Option<(u64, Arc<Probe>)>,
}

/// Loads probes into a sandbox and keeps them.
#[derive(Debug)]
pub struct Probes {
    sandbox: Arc<Sandbox>,
    store: Store,
    known: Mutex<BTreeMap<String, Known>>,
    /// The number of the last edition of any source.
    editions: AtomicU64,
}

impl Probes {
    /// None yet, and nothing kept from before.
    pub fn new(sandbox: Arc<Sandbox>) -> Self {
        Self::with_store(sandbox, Store::default())
    }

    /// The same, with what is kept of registries.
    pub fn with_store(sandbox: Arc<Sandbox>, store: Store) -> Self {
        Self {
            sandbox,
            store,
            known: Mutex::default(),
            editions: AtomicU64::new(0),
        }
    }

    /// What is kept of registries.
    pub const fn store(&self) -> &Store {
        &self.store
    }

    /// The images of the plan's checks that were not here when they were asked for.
    pub fn absent(&self, plan: &Plan) -> Vec<Arc<Image>> {
        let all = self.known();
        let images = plan.probes.iter().filter_map(|(name, source)| {
            let ProbeSource::Image(image) = source else {
                return None;
            };
            let known = all.get(&key(name, source))?;
            let is_absent = matches!(known.last, Err(Undescribed::Absent(_)));
            (is_absent && known.good.is_none()).then(|| Arc::clone(image))
        });
        images.collect()
    }

    /// The sandbox that they run in.
    pub const fn sandbox(&self) -> &Arc<Sandbox> {
        &self.sandbox
    }

    /// The probe in force of a name and a source: the last one that could be used, whatever its file is
    /// now. Blocks while one is compiled.
    pub fn get(&self, name: &ProbeName, source: &ProbeSource) -> Result<Arc<Probe>, String> {
        let known = self.known();
        let good = known
            .get(&key(name, source))
            .and_then(|known| known.good.as_ref());
        if let Some((_, probe)) = good {
            return Ok(Arc::clone(probe));
        }
        drop(known);
        self.read(name, source).map_err(|why| why.to_string())
    }

    /// Which of the probes of that name and source is in force: another one has another number, from
    /// whichever source it is.
    pub fn edition(&self, name: &ProbeName, source: &ProbeSource) -> u64 {
        let known = self.known();
        let good = known
            .get(&key(name, source))
            .and_then(|known| known.good.as_ref());
        good.map_or(0, |(edition, _)| *edition)
    }

    /// What a probe would be read from now.
    pub fn origin(&self, source: &ProbeSource) -> Origin {
        let (file, news) = match source {
            ProbeSource::Bundled => (None, 0),
            // Looked at before it is read: what is replaced meanwhile is read again.
            ProbeSource::File { path, .. } => (Some(Stamp::of(path)), 0),
            ProbeSource::Image(image) => {
                let key = image.signed_by.as_deref().map(Stamp::of);
                (key, self.store.news(image))
            }
        };
        Origin { file, news }
    }

    /// What a probe was read from the last time.
    pub fn seen(&self, name: &ProbeName, source: &ProbeSource) -> Option<Origin> {
        let known = self.known();
        Some(known.get(&key(name, source))?.origin.clone())
    }

    /// The probe as its file is now: it is read again where that has changed.
    fn read(&self, name: &ProbeName, source: &ProbeSource) -> Result<Arc<Probe>, Undescribed> {
        let (key, origin) = (key(name, source), self.origin(source));
        let mut all = self.known();
        let known = all.get(&key);
        if let Some(same) = known.filter(|known| known.origin == origin) {
            return same.last.clone();
        }
        let before = known.and_then(|known| known.good.clone());
        // An image is what it was: what no longer holds is its signature.
        let is_kept = !matches!(source, ProbeSource::Image(_));
        let last = self.load(name, source);
        let good = last.as_ref().ok();
        let good = good.map(|probe| (self.next_edition(), Arc::clone(probe)));
        let known = Known {
            origin,
            last: last.clone(),
            good: good.or_else(|| before.filter(|_| is_kept)),
        };
        all.insert(key, known);
        last
    }

    /// Forgets what no plan in force uses: each new pin of a file is another source.
    pub fn keep_only(&self, used: &BTreeMap<ProbeName, ProbeSource>) {
        let used = used.iter().map(|(name, source)| key(name, source));
        let used: BTreeSet<String> = used.collect();
        self.known().retain(|key, _| used.contains(key));
    }

    /// Never the same for two sources: a name that moves to another source has another number too.
    fn next_edition(&self) -> u64 {
        self.editions.fetch_add(1, Ordering::Relaxed) + 1
    }

    fn known(&self) -> MutexGuard<'_, BTreeMap<String, Known>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn load(&self, name: &ProbeName, source: &ProbeSource) -> Result<Arc<Probe>, Undescribed> {
        let bytes = self.component(name, source)?;
        let probe = self.sandbox.load(&bytes);
        let wrong = |error: leadsman_host::LoadError| Undescribed::Wrong(error.to_string());
        probe.map(Arc::new).map_err(wrong)
    }

    /// The component as it is now, the one that was meant where it is pinned.
    pub fn component(&self, name: &ProbeName, source: &ProbeSource) -> Result<Bytes, Undescribed> {
        match source {
            ProbeSource::Bundled => bundled(name).map_err(Undescribed::Wrong),
            ProbeSource::File { path, sha256 } => {
                let bytes = read(path).map_err(Undescribed::Wrong)?;
                intact(sha256.as_deref(), &bytes).map_err(Undescribed::Wrong)?;
                Ok(bytes.into())
            }
            ProbeSource::Image(image) => self.store.component(image),
        }
    }
}

fn key(name: &ProbeName, source: &ProbeSource) -> String {
    match source {
        ProbeSource::Bundled => name.to_string(),
        // What one name pins is nothing to a name of the same file that pins something else, or nothing.
        ProbeSource::File { path, sha256 } => format!("{} {sha256:?}", path.display()),
        // What one key has signed is nothing to a probe that asks for another one's signature.
        ProbeSource::Image(image) => format!("{} {:?}", image.reference, image.signed_by),
    }
}

/// A file that is pinned must be the one that was meant: the same bytes are judged and compiled.
fn intact(sha256: Option<&str>, bytes: &[u8]) -> Result<(), String> {
    let Some(expected) = sha256 else {
        return Ok(());
    };
    let found = digest::sha256(bytes);
    if found == expected {
        return Ok(());
    }
    Err(format!(
        "its SHA-256 is {found}, the configuration says {expected}"
    ))
}

fn bundled(name: &ProbeName) -> Result<Bytes, String> {
    let known = leadsman_probes::named(name.as_str());
    let names = leadsman_probes::ALL.map(|probe| probe.name).join("`, `");
    known
        .map(|bundled| Bytes::from_static(bundled.component))
        .ok_or_else(|| format!("no probe `{name}` is bundled; there are `{names}`"))
}

fn read(path: &Path) -> Result<Vec<u8>, String> {
    fs::read(path).map_err(|error| format!("`{}` cannot be read: {error}", path.display()))
}

impl Catalog for Probes {
    fn describe(
        &self,
        name: &ProbeName,
        source: &ProbeSource,
    ) -> Result<Arc<ProbeDescription>, Undescribed> {
        Ok(Arc::clone(&self.read(name, source)?.description))
    }

    /// Expressions first: a probe that validates must not meet one that does not compile.
    fn validate(
        &self,
        name: &ProbeName,
        source: &ProbeSource,
        settings: &str,
    ) -> Result<Vec<Complaint>, String> {
        let probe = self.get(name, source)?;
        let value = serde_json::from_str(settings).map_err(|error| error.to_string())?;
        let mut found = complaints(&probe.description.settings, &value);
        found.extend(self.sandbox.complaints(&probe, settings)?);
        Ok(found)
    }
}
