//! Who knows the probes: bundled ones and component files, each loaded once.

use std::{
    collections::BTreeMap,
    fs,
    path::Path,
    sync::{Arc, Mutex, PoisonError},
};

use leadsman_core::{
    digest,
    id::ProbeName,
    plan::{Catalog, Complaint, ProbeDescription, ProbeSource},
};
use leadsman_host::{Probe, Sandbox, complaints};

/// Probes that have been asked for, or why they cannot be had.
type Loaded = BTreeMap<String, Result<Arc<Probe>, String>>;

/// Loads probes into a sandbox and keeps them.
#[derive(Debug)]
pub struct Probes {
    sandbox: Arc<Sandbox>,
    loaded: Mutex<Loaded>,
}

impl Probes {
    /// None yet.
    pub fn new(sandbox: Arc<Sandbox>) -> Self {
        Self {
            sandbox,
            loaded: Mutex::default(),
        }
    }

    /// The sandbox that they run in.
    pub const fn sandbox(&self) -> &Arc<Sandbox> {
        &self.sandbox
    }

    /// The probe of a name and a source; blocks while it is compiled.
    pub fn get(&self, name: &ProbeName, source: &ProbeSource) -> Result<Arc<Probe>, String> {
        let key = match source {
            ProbeSource::Bundled => name.to_string(),
            ProbeSource::File { path, .. } => path.display().to_string(),
        };
        let mut loaded = self.loaded.lock().unwrap_or_else(PoisonError::into_inner);
        loaded
            .entry(key)
            .or_insert_with(|| self.load(name, source))
            .clone()
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
        Ok(Arc::clone(&self.get(name, source)?.description))
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
