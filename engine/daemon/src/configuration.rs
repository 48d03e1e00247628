//! The configuration in force: each file is its own unit of loading, and keeps its last good version.

mod copies;
mod inputs;
mod places;
mod unit;

pub use copies::Copies;

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use leadsman_config::{Names, Platform, Problem, Problems, conflicts, strangers};
use leadsman_core::{
    digest,
    plan::{Check, Plan, ProbeSource},
};

use self::{
    inputs::Inputs,
    places::Places,
    unit::{Unit, Wrong},
};
use crate::{
    catalog::{Origin, Probes},
    clock,
    telemetry::FileState,
};

/// How much is read again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// Every file.
    Everything,
    /// Discovered targets alone: what the configuration's own files say stays as it is.
    Discovery,
}

/// What a configuration comes to.
#[derive(Debug)]
pub struct Loaded {
    /// Everything that is in force.
    pub plan: Plan,
    /// The files that it comes from.
    pub files: Vec<FileState>,
    /// What is wrong with files whose present content is not in force.
    pub problems: Vec<Problem>,
    /// What is in force and does less than its owner means: a dependency on a check that no file has.
    pub notices: Vec<Problem>,
    /// A digest of the texts that are in force: the same in every location that has the same files.
    pub revision: String,
}

/// Reads the files, again and again.
#[derive(Debug)]
pub struct Configuration {
    path: PathBuf,
    probes: Arc<Probes>,
    places: Places,
    copies: Option<Copies>,
    /// Whether one bad file refuses all.
    strict: bool,
    platform: Option<Good>,
    /// The platform's own unit: what is wrong with the file as it is now.
    platform_problems: Option<Problems>,
    units: BTreeMap<PathBuf, Unit>,
}

/// A platform's file that is in force.
#[derive(Debug, Clone)]
struct Good {
    platform: Arc<Platform>,
    text: Arc<str>,
    inputs: Inputs,
    /// Where its probes come from, as that was.
    origins: Vec<(ProbeSource, Option<Origin>)>,
    loaded_unix_ms: i64,
}

impl Good {
    fn components_are_same(&self, probes: &Probes) -> bool {
        let mut origins = self.origins.iter();
        origins.all(|(source, seen)| seen.as_ref() == Some(&probes.origin(source)))
    }

    /// Whether no image has come since, nor a reason why one does not.
    fn images_are_same(&self, probes: &Probes) -> bool {
        let images = self.origins.iter();
        let mut images = images.filter(|(source, _)| matches!(source, ProbeSource::Image(_)));
        images.all(|(source, seen)| seen.as_ref() == Some(&probes.origin(source)))
    }
}

impl Configuration {
    /// Nothing read yet. Copies are kept where there is a place for them.
    pub fn new(path: &Path, probes: Arc<Probes>, copies: Option<Copies>, strict: bool) -> Self {
        Self {
            path: path.to_path_buf(),
            probes,
            places: Places::new(copies.clone()),
            copies,
            strict,
            platform: None,
            platform_problems: None,
            units: BTreeMap::new(),
        }
    }

    /// Reads what has changed. An error leaves everything as it was: the platform's file cannot be used
    /// and no good version of it is known, or one file is wrong and all are refused.
    pub fn load(&mut self, scope: Scope) -> Result<Loaded, Problems> {
        let before = (
            self.platform.clone(),
            self.platform_problems.clone(),
            self.units.clone(),
        );
        let loaded = self.read(scope);
        if loaded.is_err() {
            (self.platform, self.platform_problems, self.units) = before;
        }
        loaded
    }

    fn read(&mut self, scope: Scope) -> Result<Loaded, Problems> {
        let good = self.platform(scope)?;
        let paths = self.team_files(&good, scope);
        let units = paths.into_iter().map(|path| {
            let unit = self.unit(&good, &path, scope);
            (path, unit)
        });
        self.units = units.collect();
        self.settle(&good);
        let (problems, mut notices) = (self.problems(), self.strangers(&good));
        let wrong: Vec<Problem> = problems.iter().chain(&notices).cloned().collect();
        if self.strict && !wrong.is_empty() {
            return Err(Problems::from_list(wrong));
        }
        notices.extend(self.awaited(&good));
        // A registry that is down is no mistake of any file: what it has is fetched once this is in force.
        notices.extend(self.absent(&good));
        self.keep_copies(&good);
        let checks = self.checks(&good);
        let no_place = || {
            let why = "the file names no location".to_owned();
            let mend = "write `location: NAME`";
            Problems::from_list(vec![Problem::of_file(&self.path, why, mend)])
        };
        let plan = good.platform.plan(checks).ok_or_else(no_place)?;
        self.places.told();
        Ok(Loaded {
            files: self.states(&good, &notices),
            revision: self.revision(&good),
            plan,
            problems,
            notices,
        })
    }

    /// The platform's file as it is, or its last good version.
    fn platform(&mut self, scope: Scope) -> Result<Good, Problems> {
        let unchanged = scope == Scope::Discovery;
        if let Some(good) = self.platform.clone().filter(|_| unchanged) {
            return Ok(self.with_discovered(good));
        }
        let outcome = read_text(&self.path).and_then(|text| {
            let same = self.platform.as_ref().filter(|good| {
                *good.text == *text
                    && good.inputs.are_same(&self.places)
                    && good.components_are_same(&self.probes)
            });
            match same {
                Some(good) => Ok(good.clone()),
                None => self.good_platform(text.into()),
            }
        });
        match outcome {
            Ok(good) => {
                self.platform_problems = None;
                self.platform = Some(good.clone());
                Ok(good)
            }
            Err(problems) => {
                let good = self.platform.clone().or_else(|| self.copied_platform());
                let good = good.ok_or_else(|| problems.clone())?;
                self.platform_problems = Some(problems);
                self.platform = Some(good.clone());
                Ok(good)
            }
        }
    }

    /// The platform's own checks may have discovered targets too, and its probes may come from registries.
    fn with_discovered(&mut self, good: Good) -> Good {
        if good.inputs.are_same(&self.places) && good.images_are_same(&self.probes) {
            return good;
        }
        match self.good_platform(Arc::clone(&good.text)) {
            Ok(read) => {
                self.platform = Some(read.clone());
                read
            }
            Err(problems) => {
                self.platform_problems = Some(problems);
                good
            }
        }
    }

    fn good_platform(&self, text: Arc<str>) -> Result<Good, Problems> {
        let recorder = inputs::Recorder::new(&self.places);
        let probes = self.probes.as_ref();
        let platform = Platform::read(&self.path, &text, &recorder, probes, false)?;
        let sources = platform.probes();
        let sources = sources.filter(|(_, source)| **source != ProbeSource::Bundled);
        let origins = sources.map(|(name, source)| (source.clone(), probes.seen(name, source)));
        Ok(Good {
            origins: origins.collect(),
            platform: Arc::new(platform),
            text,
            inputs: recorder.inputs(),
            loaded_unix_ms: clock::now().unix_ms,
        })
    }

    fn copied_platform(&self) -> Option<Good> {
        let text = self.copies.as_ref()?.read(&self.path)?;
        tracing::warn!(file = %self.path.display(), "the file cannot be used; its last good version from disk is");
        self.good_platform(text.into()).ok()
    }

    /// Where they cannot be listed, they are those that are known.
    fn team_files(&self, good: &Good, scope: Scope) -> Vec<PathBuf> {
        let known = || self.units.keys().cloned().collect();
        if scope == Scope::Discovery {
            return known();
        }
        good.platform
            .team_files(&self.places)
            .unwrap_or_else(|why| {
                tracing::error!(%why, "the team files cannot be listed; those that are known stay");
                known()
            })
    }

    /// The unit of a file as it is, or with its last good version.
    fn unit(&self, good: &Good, path: &Path, scope: Scope) -> Unit {
        let before = self.units.get(path);
        let text = match (scope, before) {
            (Scope::Discovery, Some(before)) => Ok(before.text.to_string()),
            _ => read_text(path),
        };
        let text = match text {
            Ok(text) => text,
            Err(problems) => {
                let wrong = Wrong::unreadable(problems);
                return self.fallen_back(good, path, "".into(), wrong);
            }
        };
        let same = before.filter(|before| {
            *before.text == *text
                && Arc::ptr_eq(&before.platform, &good.platform)
                && before.inputs.are_same(&self.places)
        });
        if let Some(same) = same {
            return same.clone();
        }
        let text: Arc<str> = text.into();
        match Unit::read(path, &text, &good.platform, (&self.places, &self.probes)) {
            Ok(unit) => unit.since(before),
            Err(wrong) => self.fallen_back(good, path, text, wrong),
        }
    }

    /// What is in force instead of a file that is wrong: what was, or the copy on disk.
    fn fallen_back(&self, good: &Good, path: &Path, text: Arc<str>, wrong: Wrong) -> Unit {
        if let Some(before) = self.units.get(path) {
            return before.with_problems(text, wrong, &good.platform);
        }
        let copy = self.copies.as_ref().and_then(|copies| copies.read(path));
        let copied = copy.and_then(|copy| {
            let copy: Arc<str> = copy.into();
            Unit::read(path, &copy, &good.platform, (&self.places, &self.probes)).ok()
        });
        let nothing = || Unit::empty(&good.platform);
        copied
            .unwrap_or_else(nothing)
            .with_problems(text, wrong, &good.platform)
    }

    /// Of files that contradict each other the later one falls back, until none does.
    fn settle(&mut self, good: &Good) {
        for _ in 0..=self.units.len() {
            let conflicts = conflicts(&self.by_file(good));
            let Some((path, problems)) = conflicts.into_iter().find(|(path, _)| {
                self.units
                    .get(path)
                    .is_some_and(|unit| !unit.checks.is_empty())
            }) else {
                return;
            };
            if let Some(unit) = self.units.get_mut(&path) {
                unit.give_way(problems);
            }
        }
    }

    fn by_file<'a>(&'a self, good: &'a Good) -> Vec<(&'a Path, &'a [Arc<Check>])> {
        let own = (self.path.as_path(), good.platform.own_checks());
        let units = self.units.iter();
        let units = units.map(|(path, unit)| (path.as_path(), unit.checks.as_slice()));
        std::iter::once(own).chain(units).collect()
    }

    fn checks(&self, good: &Good) -> Vec<Arc<Check>> {
        let all = self.by_file(good).into_iter();
        all.flat_map(|(_, checks)| checks).cloned().collect()
    }

    fn problems(&self) -> Vec<Problem> {
        let units = self
            .units
            .values()
            .filter_map(|unit| unit.problems.as_ref());
        let platform = self.platform_problems.as_ref();
        let files = platform.into_iter().chain(units).flatten().cloned();
        files.chain(self.places.problems()).collect()
    }

    /// Dependencies on checks that are in no file, neither in force nor in what is not.
    fn strangers(&self, good: &Good) -> Vec<Problem> {
        if self.platform_problems.is_some() {
            // Nobody knows what the platform's file has now.
            return Vec::new();
        }
        let units = self.units.values();
        let units = units.flat_map(|unit| [&unit.names, &unit.present]);
        strangers(units.chain([good.platform.names()]))
    }

    /// Files of targets that are not there yet.
    fn awaited(&self, good: &Good) -> Vec<Problem> {
        let units = self.units.values().map(|unit| &unit.names);
        let all = units.chain([good.platform.names()]);
        all.flat_map(Names::awaited).cloned().collect()
    }

    /// Probes that are not here although checks need them.
    fn absent<'a>(&'a self, good: &'a Good) -> impl Iterator<Item = Problem> + 'a {
        let files = self.by_file(good);
        let checks = files.into_iter().flat_map(|(_, checks)| checks);
        let assignments = checks.flat_map(|check| &check.assignments);
        let used: BTreeSet<_> = assignments.map(|assignment| &assignment.probe).collect();
        let absent = good.platform.absent().iter();
        let needed = absent.filter(move |(name, _)| used.contains(name));
        needed.map(|(_, problem)| problem.clone())
    }

    /// Paths count from the platform's folder: locations may keep the same files elsewhere.
    fn revision(&self, good: &Good) -> String {
        let folder = self.path.parent().unwrap_or(Path::new(""));
        let units = self.units.iter().map(|(path, unit)| {
            let path = path.strip_prefix(folder).unwrap_or(path);
            (path, digest::sha256(unit.good_text.as_bytes()))
        });
        let units: Vec<_> = units.collect();
        let text = format!("{}{units:?}{}", good.text, self.places.digest());
        digest::sha256(text.as_bytes()).chars().take(12).collect()
    }

    fn states(&self, good: &Good, notices: &[Problem]) -> Vec<FileState> {
        let told = |problems: Option<&Problems>| {
            let problems = problems.into_iter().flatten();
            problems.map(ToString::to_string).collect::<Vec<_>>()
        };
        let noticed = |path: &Path| {
            let own = notices.iter().filter(|notice| notice.file == path);
            own.map(ToString::to_string).collect::<Vec<_>>()
        };
        let own = good.platform.own_checks();
        let platform = FileState {
            file: self.path.display().to_string(),
            team: own.first().and_then(|check| check.team.clone()),
            loaded: self.platform_problems.is_none(),
            loaded_unix_ms: Some(good.loaded_unix_ms),
            checks: own.len(),
            errors: told(self.platform_problems.as_ref()),
            notices: noticed(&self.path),
        };
        let units = self.units.iter().map(|(path, unit)| FileState {
            file: path.display().to_string(),
            team: unit.checks.first().and_then(|check| check.team.clone()),
            loaded: unit.problems.is_none(),
            loaded_unix_ms: unit.loaded_unix_ms,
            checks: unit.checks.len(),
            errors: told(unit.problems.as_ref()),
            notices: noticed(path),
        });
        let files = std::iter::once(platform).chain(units);
        files.chain(self.places.states()).collect()
    }

    fn keep_copies(&self, good: &Good) {
        let Some(copies) = &self.copies else { return };
        copies.keep(&self.path, &good.text);
        for (path, unit) in &self.units {
            if unit.problems.is_none() {
                copies.keep(path, &unit.text);
            }
        }
    }

    /// Whether a file that the configuration was made of has changed; `discovery` asks for discovered
    /// targets alone.
    pub fn has_changed(&self, scope: Scope) -> bool {
        let Some(good) = &self.platform else {
            return true;
        };
        let units = self.units.values().map(|unit| &unit.inputs);
        let mut inputs = std::iter::once(&good.inputs).chain(units);
        if inputs.any(|inputs| !inputs.are_same(&self.places))
            || !good.images_are_same(&self.probes)
        {
            return true;
        }
        self.places.has_news() || (scope == Scope::Everything && self.own_files_changed(good))
    }

    fn own_files_changed(&self, good: &Good) -> bool {
        let differs =
            |path: &Path, text: &str| fs::read_to_string(path).unwrap_or_default() != text;
        let listed = good.platform.team_files(&self.places);
        let known: Vec<&PathBuf> = self.units.keys().collect();
        differs(&self.path, &good.text)
            || !good.components_are_same(&self.probes)
            || listed.is_ok_and(|paths| paths.iter().collect::<Vec<_>>() != known)
            || self
                .units
                .iter()
                .any(|(path, unit)| differs(path, &unit.text))
    }
}

fn read_text(path: &Path) -> Result<String, Problems> {
    fs::read_to_string(path).map_err(|error| {
        let why = format!("the file cannot be read: {error}");
        let mend = "check its path, and let leadsman read it";
        Problems::from_list(vec![Problem::of_file(path, why, mend)])
    })
}

#[cfg(test)]
mod tests;
