//! Who knows the probes: bundled ones and component files, each loaded once.

use std::{
    collections::BTreeMap,
    fs,
    os::unix::fs::MetadataExt,
    path::Path,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::SystemTime,
};

use leadsman_core::{
    digest,
    id::ProbeName,
    plan::{Catalog, Complaint, ProbeDescription, ProbeSource},
};
use leadsman_host::{Probe, Sandbox, complaints};

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

/// What a probe was read from: its file as it was, and the digest that it had to have.
type Origin = (Option<Stamp>, Option<String>);

/// A probe that was asked for.
#[derive(Debug)]
struct Known {
    origin: Origin,
    /// What came of that.
    last: Result<Arc<Probe>, String>,
    /// The last one that could be used, and which of them it is.
    good: Option<(u64, Arc<Probe>)>,
}

/// Loads probes into a sandbox and keeps them.
#[derive(Debug)]
pub struct Probes {
    sandbox: Arc<Sandbox>,
    known: Mutex<BTreeMap<String, Known>>,
}

impl Probes {
    /// None yet.
    pub fn new(sandbox: Arc<Sandbox>) -> Self {
        Self {
            sandbox,
            known: Mutex::default(),
        }
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
        self.read(name, source)
    }

    /// Which of the probes of that name and source is in force: another one has another number.
    pub fn edition(&self, name: &ProbeName, source: &ProbeSource) -> u64 {
        let known = self.known();
        let good = known
            .get(&key(name, source))
            .and_then(|known| known.good.as_ref());
        good.map_or(0, |(edition, _)| *edition)
    }

    /// What a component's file was when it was read last.
    pub fn seen(&self, path: &Path) -> Option<Stamp> {
        let known = self.known();
        known.get(&path.display().to_string())?.origin.0.clone()
    }

    /// The probe as its file is now: it is read again where that has changed.
    fn read(&self, name: &ProbeName, source: &ProbeSource) -> Result<Arc<Probe>, String> {
        let (key, origin) = (key(name, source), origin(source));
        let mut all = self.known();
        let known = all.get(&key);
        if let Some(same) = known.filter(|known| known.origin == origin) {
            return same.last.clone();
        }
        let before = known.and_then(|known| known.good.clone());
        let last = self.load(name, source);
        let next = before.as_ref().map_or(1, |(edition, _)| edition + 1);
        let good = last.as_ref().ok().map(|probe| (next, Arc::clone(probe)));
        let known = Known {
            origin,
            last: last.clone(),
            good: good.or(before),
        };
        all.insert(key, known);
        last
    }

    fn known(&self) -> MutexGuard<'_, BTreeMap<String, Known>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn load(&self, name: &ProbeName, source: &ProbeSource) -> Result<Arc<Probe>, String> {
        let bytes = match source {
            ProbeSource::Bundled => bundled(name)?,
            ProbeSource::File { path, .. } => read(path)?,
        };
        intact(source, &bytes)?;
        let probe = self.sandbox.load(&bytes);
        probe.map(Arc::new).map_err(|error| error.to_string())
    }
}

fn key(name: &ProbeName, source: &ProbeSource) -> String {
    match source {
        ProbeSource::Bundled => name.to_string(),
        ProbeSource::File { path, .. } => path.display().to_string(),
    }
}

/// Looked at before it is read: what is replaced meanwhile is read again.
fn origin(source: &ProbeSource) -> Origin {
    match source {
        ProbeSource::Bundled => (None, None),
        ProbeSource::File { path, sha256 } => (Some(Stamp::of(path)), sha256.clone()),
    }
}

/// A file that is pinned must be the one that was meant: the same bytes are judged and compiled.
fn intact(source: &ProbeSource, bytes: &[u8]) -> Result<(), String> {
    let ProbeSource::File {
        sha256: Some(expected),
        ..
    } = source
    else {
        return Ok(());
    };
    let found = digest::sha256(bytes);
    if found == *expected {
        return Ok(());
    }
    Err(format!(
        "its SHA-256 is {found}, the configuration says {expected}"
    ))
}

fn bundled(name: &ProbeName) -> Result<Vec<u8>, String> {
    let known = leadsman_probes::named(name.as_str());
    let names = leadsman_probes::ALL.map(|probe| probe.name).join("`, `");
    known
        .map(|bundled| bundled.component.to_vec())
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
    ) -> Result<Arc<ProbeDescription>, String> {
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
