//! `probes`: the bundled ones, and the components that the file adds.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
    sync::{Arc, Mutex, PoisonError},
};

use leadsman_core::{
    id::{ProbeName, ResourceName},
    plan::{Catalog, Check, Complaint, ProbeSource},
};

use super::{known, named};
use crate::{
    BUNDLED_PROBES,
    element::name,
    notes::{Notes, Wrong, wrong},
    settings::judge::Judge,
    table::{Keys, Table},
    tree::{Entry, Node},
};

const PROBE: Keys = Keys {
    known: &["file", "sha256"],
    later: &["oci", "signed_by", "may"],
};

/// The probes of the file and what they say of themselves, asked once each.
pub(crate) struct Probes {
    sources: BTreeMap<ProbeName, ProbeSource>,
    declared: BTreeSet<String>,
    judges: Mutex<Judges>,
}

type Judges = BTreeMap<ProbeName, Result<Arc<Judge>, String>>;

impl Probes {
    pub(super) fn read(node: Option<&Node>, catalog: &dyn Catalog, notes: &Notes<'_>) -> Self {
        let bundled = BUNDLED_PROBES
            .iter()
            .filter_map(|name| ProbeName::new(name).ok());
        let mut probes = Self {
            sources: bundled.map(|name| (name, ProbeSource::Bundled)).collect(),
            declared: BTreeSet::new(),
            judges: Mutex::default(),
        };
        for (name, entry) in named(node, notes) {
            probes.declare(&name, entry, catalog, notes);
        }
        probes
    }

    fn declare(
        &mut self,
        name: &ResourceName,
        entry: &Entry,
        catalog: &dyn Catalog,
        notes: &Notes<'_>,
    ) {
        if BUNDLED_PROBES.contains(&name.as_str()) {
            let message = format!("`{name}` is a bundled probe and cannot be redefined");
            return notes.say_at(
                entry.at,
                &entry.node.path,
                wrong(message, "choose another name"),
            );
        }
        self.declared.insert(name.as_str().to_owned());
        let source = file(&entry.node, notes);
        if let (Ok(name), Some(source)) = (ProbeName::new(name.as_str()), source) {
            self.sources.insert(name.clone(), source);
            if let Err(why) = self.judge(&name, catalog) {
                notes.say_at(
                    entry.at,
                    &entry.node.path,
                    wrong(why, "relative paths start from this file's folder"),
                );
            }
        }
    }

    /// The component files of the declared ones.
    pub(crate) fn files(&self) -> impl Iterator<Item = &Path> {
        self.sources.values().filter_map(|source| match source {
            ProbeSource::File { path, .. } => Some(path.as_path()),
            ProbeSource::Bundled => None,
        })
    }

    /// The probe that a check names.
    pub(super) fn named(&self, node: &Node, notes: &Notes<'_>) -> Option<ProbeName> {
        let text = notes.keep(node, node.expect_text("a probe's name"))?;
        if self.declared.contains(text) {
            // Its declaration may be wrong: that is said there, not here.
            return ProbeName::new(text).ok();
        }
        known(
            node,
            text,
            "probe",
            self.sources
                .keys()
                .map(|name| (name.as_str(), name.clone())),
            notes,
        )
    }

    /// What judges the settings of that probe.
    pub(super) fn judge(
        &self,
        name: &ProbeName,
        catalog: &dyn Catalog,
    ) -> Result<Arc<Judge>, String> {
        let mut judges = self.judges.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(judge) = judges.get(name) {
            return judge.clone();
        }
        let source = self
            .sources
            .get(name)
            .ok_or_else(|| format!("the probe `{name}` is not usable"))?;
        let judge = catalog
            .describe(name, source)
            .and_then(|described| Judge::new(&described))
            .map(Arc::new);
        judges.insert(name.clone(), judge.clone());
        judge
    }

    /// Whether a failure to describe it has been said where it is declared.
    pub(super) fn is_declared(&self, name: &ProbeName) -> bool {
        self.declared.contains(name.as_str())
    }

    /// What the probe itself finds wrong.
    pub(super) fn complaints(
        &self,
        name: &ProbeName,
        settings: &str,
        catalog: &dyn Catalog,
    ) -> Result<Vec<Complaint>, String> {
        self.sources.get(name).map_or_else(
            || Ok(Vec::new()),
            |source| catalog.validate(name, source, settings),
        )
    }

    /// The probes of these checks.
    pub(crate) fn used(&self, checks: &[Check]) -> BTreeMap<ProbeName, ProbeSource> {
        let used: BTreeSet<&ProbeName> = checks
            .iter()
            .flat_map(|check| check.assignments.iter().map(|assignment| &assignment.probe))
            .collect();
        self.sources
            .iter()
            .filter(|(name, _)| used.contains(name))
            .map(|(name, source)| (name.clone(), source.clone()))
            .collect()
    }
}

fn file(node: &Node, notes: &Notes<'_>) -> Option<ProbeSource> {
    let table = Table::open(node, PROBE, notes)?;
    let sha256 = table.get("sha256").map(|node| notes.read(node, digest));
    let path = table.require("file", "the path of a component", notes)?;
    let path = notes.read(path, |node| name::path(node, notes.folder()))?;
    Some(ProbeSource::File {
        path,
        sha256: sha256.flatten(),
    })
}

fn digest(node: &Node) -> Result<String, Wrong> {
    let text = node.expect_text("a SHA-256 digest as text")?;
    if text.len() == 64 && text.chars().all(|c| c.is_ascii_hexdigit()) {
        return Ok(text.to_ascii_lowercase());
    }
    Err(wrong(
        format!("expected 64 hexadecimal digits, got {}", node.shown()),
        "take it from `sha256sum`",
    ))
}
