//! This machine's files, where discovered targets keep their last good list.

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::SystemTime,
};

use leadsman_config::{Disk, Files, Group, Problem, Undiscovered, parse_discovered};
use leadsman_core::digest;

use super::Copies;
use crate::{clock, telemetry::FileState};

/// Files, environment, and what was discovered last.
#[derive(Debug)]
pub(super) struct Places {
    copies: Option<Copies>,
    lists: Mutex<BTreeMap<PathBuf, List>>,
    /// Whether a list became good or bad that nobody has told yet.
    news: AtomicBool,
}

/// A `file_sd` file.
#[derive(Debug, Clone, Default)]
struct List {
    /// What the file was when it was read last.
    seen: Option<(SystemTime, u64)>,
    good: Option<(Arc<Vec<Group>>, i64)>,
    wrong: Option<Undiscovered>,
}

impl Places {
    pub(super) fn new(copies: Option<Copies>) -> Self {
        Self {
            copies,
            lists: Mutex::default(),
            news: AtomicBool::new(false),
        }
    }

    /// Whether a list became good or bad since this was told last.
    pub(super) fn has_news(&self) -> bool {
        self.news.load(Ordering::Relaxed)
    }

    /// It is told now. A list that is gone has no news any more.
    pub(super) fn told(&self) {
        self.lists().retain(|path, _| path.exists());
        self.news.store(false, Ordering::Relaxed);
    }

    /// What is wrong with lists whose last good version is in force.
    pub(super) fn problems(&self) -> Vec<Problem> {
        let lists = self.lists();
        let wrong = lists.iter().filter_map(|(path, list)| {
            list.good.as_ref()?;
            let Undiscovered { message, mend } = list.wrong.clone()?;
            Some(Problem::of_file(path, message, &mend))
        });
        wrong.collect()
    }

    /// A digest of the lists that are in force.
    pub(super) fn digest(&self) -> String {
        let lists = self.lists();
        let good = lists.values().filter_map(|list| list.good.as_ref());
        let good: Vec<_> = good.map(|(groups, _)| groups).collect();
        digest::sha256(format!("{good:?}").as_bytes())
    }

    pub(super) fn states(&self) -> Vec<FileState> {
        let state = |(path, list): (&PathBuf, &List)| FileState {
            file: path.display().to_string(),
            team: None,
            loaded: list.wrong.is_none(),
            loaded_unix_ms: list.good.as_ref().map(|(_, at)| *at),
            checks: 0,
            errors: list.wrong.iter().map(ToString::to_string).collect(),
            notices: Vec::new(),
        };
        self.lists().iter().map(state).collect()
    }

    fn lists(&self) -> MutexGuard<'_, BTreeMap<PathBuf, List>> {
        self.lists.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A file that is as it was is not read again.
    fn refresh(&self, path: &Path, list: &mut List) {
        let seen = fs::metadata(path)
            .and_then(|metadata| Ok((metadata.modified()?, metadata.len())))
            .ok();
        if seen.is_some() && seen == list.seen {
            return;
        }
        list.seen = seen;
        self.news.store(true, Ordering::Relaxed);
        match self.parsed(path) {
            Ok((text, groups)) => {
                if let Some(copies) = &self.copies {
                    copies.keep(path, &text);
                }
                list.good = Some((Arc::new(groups), clock::now().unix_ms));
                list.wrong = None;
            }
            Err(why) => {
                if list.wrong.as_ref() != Some(&why) {
                    tracing::warn!(file = %path.display(), %why, "a list of targets cannot be used; its last good version stays");
                }
                list.good = list.good.take().or_else(|| self.copied(path));
                list.wrong = Some(why);
            }
        }
    }

    fn parsed(&self, path: &Path) -> Result<(String, Vec<Group>), Undiscovered> {
        let text = self
            .read(path)
            .map_err(|error| Undiscovered::unreadable(path, &error))?;
        let groups = parse_discovered(path, &text)?;
        Ok((text, groups))
    }

    fn copied(&self, path: &Path) -> Option<(Arc<Vec<Group>>, i64)> {
        let text = self.copies.as_ref()?.read(path)?;
        let groups = parse_discovered(path, &text).ok()?;
        Some((Arc::new(groups), clock::now().unix_ms))
    }
}

impl Files for Places {
    fn env(&self, name: &str) -> Option<String> {
        Disk.env(name)
    }

    fn read(&self, path: &Path) -> io::Result<String> {
        Disk.read(path)
    }

    fn matching(&self, pattern: &Path) -> Result<Vec<PathBuf>, String> {
        Disk.matching(pattern)
    }

    fn discovered(&self, path: &Path) -> Result<Arc<Vec<Group>>, Undiscovered> {
        let mut lists = self.lists();
        let list = lists.entry(path.to_path_buf()).or_default();
        self.refresh(path, list);
        match (&list.good, &list.wrong) {
            (Some((groups, _)), _) => Ok(Arc::clone(groups)),
            (None, wrong) => Err(wrong.clone().unwrap_or_default()),
        }
    }
}
