//! `probes`: the bundled ones, and the components that the file adds.

mod may;
mod source;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, PoisonError},
};

use leadsman_core::{
    id::{ProbeName, ResourceName},
    plan::{Catalog, Check, Complaint, ProbeSource, Undescribed},
};

pub(super) use self::may::May;
use super::{known, named};
use crate::{
    BUNDLED_PROBES,
    notes::{Notes, Wrong, wrong},
    problem::Problem,
    settings::judge::Judge,
    table::Table,
    tree::{Entry, Node},
};

/// The probes of the file and what they say of themselves, asked once each.
pub(crate) struct Probes {
    sources: BTreeMap<ProbeName, ProbeSource>,
    /// What those that are bounded may ask.
    may: BTreeMap<ProbeName, May>,
    declared: BTreeSet<String>,
    judges: Mutex<Judges>,
    /// Those that are not here yet.
    absent: Vec<(ProbeName, Problem)>,
}

type Judges = BTreeMap<ProbeName, Result<Arc<Judge>, Undescribed>>;

impl Probes {
    pub(super) fn read(
        node: Option<&Node>,
        secrets: &[ResourceName],
        catalog: &dyn Catalog,
        notes: &Notes<'_>,
    ) -> Self {
        let bundled = BUNDLED_PROBES
            .iter()
            .filter_map(|name| ProbeName::new(name).ok());
        let mut probes = Self {
            sources: bundled.map(|name| (name, ProbeSource::Bundled)).collect(),
            may: BTreeMap::new(),
            declared: BTreeSet::new(),
            judges: Mutex::default(),
            absent: Vec::new(),
        };
        for (name, entry) in named(node, notes) {
            probes.declare(&name, entry, secrets, (catalog, notes));
        }
        probes
    }

    fn declare(
        &mut self,
        name: &ResourceName,
        entry: &Entry,
        secrets: &[ResourceName],
        (catalog, notes): (&dyn Catalog, &Notes<'_>),
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
        let Some(table) = Table::open(&entry.node, source::PROBE, notes) else {
            return;
        };
        let may = table.get("may").map(|node| May::read(node, secrets, notes));
        let source = source::read(&table, secrets, notes);
        if let (Ok(name), Some(source)) = (ProbeName::new(name.as_str()), source) {
            self.may.extend(may.map(|may| (name.clone(), may)));
            self.sources.insert(name.clone(), source);
            match self.judge(&name, catalog) {
                Ok(_) => {}
                Err(Undescribed::Wrong(why)) => {
                    let mend = "relative paths start from this file's folder";
                    notes.say_at(entry.at, &entry.node.path, wrong(why, mend));
                }
                Err(Undescribed::Absent(why)) => {
                    let problem = notes.problem(entry.at, &entry.node.path, absent(&name, &why));
                    self.absent.push((name, problem));
                }
            }
        }
    }

    /// Those that are not here yet: what their checks say is not judged, and their runs end `unknown`.
    pub(crate) fn absent(&self) -> &[(ProbeName, Problem)] {
        &self.absent
    }

    /// Where the probes come from.
    pub(crate) fn sources(&self) -> impl Iterator<Item = (&ProbeName, &ProbeSource)> {
        self.sources.iter()
    }

    /// What a probe may ask, where it is bounded.
    pub(super) fn may(&self, name: &ProbeName) -> Option<&May> {
        self.may.get(name)
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
    ) -> Result<Arc<Judge>, Undescribed> {
        let mut judges = self.judges.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(judge) = judges.get(name) {
            return judge.clone();
        }
        let source = self
            .sources
            .get(name)
            .ok_or_else(|| Undescribed::Wrong(format!("the probe `{name}` is not usable")))?;
        let described = catalog.describe(name, source);
        let judge = described.and_then(|described| {
            let judge = Judge::new(&described).map_err(Undescribed::Wrong)?;
            Ok(Arc::new(judge))
        });
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
    pub(crate) fn used(&self, checks: &[Arc<Check>]) -> BTreeMap<ProbeName, ProbeSource> {
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

fn absent(name: &ProbeName, why: &str) -> Wrong {
    wrong(
        format!("the probe `{name}` is not here: {why}"),
        "`leadsman pull` fetches it; until it is here the settings of its checks are not judged",
    )
}
