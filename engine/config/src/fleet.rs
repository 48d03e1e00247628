//! The platform's file and the teams' files, each read for itself.

use std::{
    collections::{BTreeMap, BTreeSet},
    io,
    path::{Path, PathBuf},
    sync::Arc,
};

use leadsman_core::{
    id::ProbeName,
    plan::{Catalog, Check, Plan, ProbeSource},
};

use crate::{
    conflicts::conflicts,
    files::Files,
    names::{Names, strangers},
    notes::Notes,
    problem::{Problem, Problems},
    reference::{self, Surroundings},
    section::{self, Reading, platform},
    table::Table,
    tree::{self, Node},
};

/// The platform's file, valid, with the checks that it has itself.
pub struct Platform {
    shared: platform::Platform,
    own: Vec<Arc<Check>>,
    names: Names,
}

/// What a team's file comes to.
#[derive(Debug)]
pub struct Sheet {
    /// Its checks that run here, or what is wrong with it.
    pub checks: Result<Vec<Arc<Check>>, Problems>,
    /// What it names, be it right or wrong.
    pub names: Names,
}

impl Sheet {
    /// Of a file of which nothing is known.
    fn wrong(path: &Path, why: String, mend: &str) -> Self {
        Self {
            checks: Err(Problems::new(vec![Problem::of_file(path, why, mend)])),
            names: Names::default(),
        }
    }
}

impl std::fmt::Debug for Platform {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Platform")
            .field("path", &self.shared.path)
            .finish_non_exhaustive()
    }
}

impl Platform {
    /// Reads the platform's file.
    pub fn read(
        path: &Path,
        text: &str,
        files: &dyn Files,
        catalog: &dyn Catalog,
        origins: bool,
    ) -> Result<Self, Problems> {
        let notes = Notes::new(path, text);
        let reading = Reading {
            files,
            catalog,
            origins,
        };
        let platform = root(text, files, &notes).and_then(|root| {
            let shared = platform::Platform::read(path, &root, reading, &notes)?;
            let own = Table::known(&root)
                .map(|table| section::checks(&table, &shared, reading, &notes))
                .unwrap_or_default();
            let names = std::mem::take(&mut *notes.names());
            let platform = Self { shared, own, names };
            platform.shared.places.here.is_some().then_some(platform)
        });
        notes.conclude(platform)
    }

    /// The checks of a team's file.
    pub fn team_file(
        &self,
        path: &Path,
        text: &str,
        files: &dyn Files,
        catalog: &dyn Catalog,
        origins: bool,
    ) -> Sheet {
        let notes = Notes::of_team(path, text, &self.shared.path);
        let reading = Reading {
            files,
            catalog,
            origins,
        };
        let checks = root(text, files, &notes).and_then(|root| {
            let table = section::team_file(&root, &notes)?;
            Some(section::checks(&table, &self.shared, reading, &notes))
        });
        let names = std::mem::take(&mut *notes.names());
        Sheet {
            checks: notes.conclude(checks),
            names,
        }
    }

    /// What the platform's own file names.
    pub const fn names(&self) -> &Names {
        &self.names
    }

    /// The checks of the platform's own file.
    pub fn own_checks(&self) -> &[Arc<Check>] {
        &self.own
    }

    /// Where the file is.
    pub fn path(&self) -> &Path {
        &self.shared.path
    }

    /// Where its probes come from.
    pub fn probes(&self) -> impl Iterator<Item = (&ProbeName, &ProbeSource)> {
        self.shared.probes.sources()
    }

    /// Probes that are not here yet, each where it is declared.
    pub fn absent(&self) -> &[(ProbeName, Problem)] {
        self.shared.probes.absent()
    }

    /// The patterns of the team files' paths.
    pub fn include(&self) -> &[PathBuf] {
        &self.shared.include
    }

    /// The paths of the team files, each once, ordered; the platform's own is none.
    pub fn team_files(&self, files: &dyn Files) -> Result<Vec<PathBuf>, String> {
        let mut paths = BTreeSet::new();
        for pattern in &self.shared.include {
            let found = files
                .matching(pattern)
                .map_err(|why| format!("`{}` cannot be listed: {why}", pattern.display()))?;
            // What is no pattern is a file that has to be there: whoever reads it is told that it is not.
            if found.is_empty() && self.shared.literal.contains_key(pattern) {
                paths.insert(pattern.clone());
            }
            paths.extend(found);
        }
        paths.remove(&self.shared.path);
        Ok(paths.into_iter().collect())
    }

    /// Of a file that cannot be read: told where its path is written, if it is no pattern that found it.
    fn unreadable(&self, path: &Path, error: &io::Error) -> Sheet {
        let Some(written) = self.shared.literal.get(path) else {
            let mend = "let leadsman read it, or keep it from what `include` matches";
            return Sheet::wrong(path, format!("the file cannot be read: {error}"), mend);
        };
        let problem = Problem {
            message: format!("{}: {error}", written.message),
            ..written.clone()
        };
        Sheet {
            checks: Err(Problems::new(vec![problem])),
            names: Names::default(),
        }
    }

    /// The whole plan with these checks, which have been read against this platform.
    pub fn plan(&self, mut checks: Vec<Arc<Check>>) -> Option<Plan> {
        checks.sort_by(|a, b| a.id.cmp(&b.id));
        Some(Plan {
            location: self.shared.places.here.clone()?,
            locations: self.shared.places.all.clone(),
            network: self.shared.network.as_ref().clone(),
            tls: self.shared.tls.clone(),
            secrets: self.shared.secrets.known.clone(),
            probes: self.shared.probes.used(&checks),
            checks,
        })
    }
}

fn root(text: &str, files: &dyn Files, notes: &Notes<'_>) -> Option<Node> {
    let mut root = tree::parse(text, notes)?;
    let surroundings = Surroundings {
        folder: notes.folder(),
        env: &|name| files.env(name),
        read: &|path| files.read(path),
    };
    reference::substitute(&mut root, &surroundings, notes);
    notes.names().declare(&root);
    Some(root)
}

/// Everything read once: the platform, and each team's file or what is wrong with it.
#[derive(Debug)]
pub struct Fleet {
    /// The platform, or what is wrong with its file.
    pub platform: Result<Arc<Platform>, Problems>,
    /// Each team's file, by path.
    pub files: BTreeMap<PathBuf, Sheet>,
}

impl Fleet {
    /// Reads the platform's file and all that it includes.
    pub fn read(
        path: &Path,
        text: &str,
        files: &dyn Files,
        catalog: &dyn Catalog,
        origins: bool,
    ) -> Self {
        let platform = Platform::read(path, text, files, catalog, origins).map(Arc::new);
        let mut read = BTreeMap::new();
        if let Ok(platform) = &platform {
            match platform.team_files(files) {
                Ok(paths) => read.extend(paths.into_iter().map(|path| {
                    let sheet = one(platform, &path, files, catalog, origins);
                    (path, sheet)
                })),
                Err(why) => {
                    let mend = "correct the pattern in `include`, or let leadsman read its folders";
                    read.insert(path.to_path_buf(), Sheet::wrong(path, why, mend));
                }
            }
        }
        Self {
            platform,
            files: read,
        }
    }

    /// The files of targets that are not there yet, each at the line that names it.
    pub fn awaited(&self) -> Vec<Problem> {
        let platform = self.platform.iter().map(|platform| platform.names());
        let names = self.files.values().map(|sheet| &sheet.names);
        let all = names.chain(platform);
        all.flat_map(Names::awaited).cloned().collect()
    }

    /// One plan of all files, or what is wrong with any of them.
    pub fn plan(self) -> Result<Plan, Problems> {
        let platform = self.platform?;
        let mut all: Vec<(&Path, &[Arc<Check>])> = vec![(platform.path(), platform.own_checks())];
        let mut wrong = Vec::new();
        let names = self.files.values().map(|sheet| &sheet.names);
        wrong.extend(strangers(names.chain([platform.names()])));
        for (path, sheet) in &self.files {
            match &sheet.checks {
                Ok(checks) => all.push((path, checks)),
                Err(problems) => wrong.extend(problems.iter().cloned()),
            }
        }
        wrong.extend(
            conflicts(&all)
                .into_iter()
                .flat_map(|(_, problems)| problems),
        );
        if !wrong.is_empty() {
            return Err(Problems::new(wrong));
        }
        let checks = all.into_iter().flat_map(|(_, checks)| checks);
        let checks: Vec<Arc<Check>> = checks.cloned().collect();
        let path = platform.path().to_path_buf();
        let nothing = || {
            let why = "the file names no location".to_owned();
            let mend = "write `location: NAME`";
            Problems::new(vec![Problem::of_file(&path, why, mend)])
        };
        platform.plan(checks).ok_or_else(nothing)
    }
}

fn one(
    platform: &Platform,
    path: &Path,
    files: &dyn Files,
    catalog: &dyn Catalog,
    origins: bool,
) -> Sheet {
    match files.read(path) {
        Ok(text) => platform.team_file(path, &text, files, catalog, origins),
        Err(error) => platform.unreadable(path, &error),
    }
}
