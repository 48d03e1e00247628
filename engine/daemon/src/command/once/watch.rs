//! `leadsman once --watch`: a run of each target at each save of what it was made from.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    io::{self, IsTerminal, Write},
    path::{Path, PathBuf},
    process::ExitCode,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, SystemTime},
};

use leadsman_config::{Disk, Files};
use tokio::runtime::Runtime;

use super::{INSTANCES, examine, ready};
use crate::{
    app,
    args::Once,
    catalog::Probes,
    command::{self, CommandError},
    paint::Paint,
    store::Store,
};

/// How often files are looked at: editors save by renaming, which notifications of a file miss.
const LOOK: Duration = Duration::from_millis(200);

/// Runs, shows, waits for a save, and so on until it is interrupted.
pub(super) fn watch(
    arguments: &Once,
    cache: Option<&Path>,
    io: &Runtime,
) -> Result<ExitCode, CommandError> {
    let sandbox = app::sandbox(cache.map(Path::to_owned), INSTANCES, io)?;
    loop {
        // A component that was built anew is loaded anew.
        let store = Store::new(cache);
        let probes = Arc::new(Probes::with_store(Arc::clone(&sandbox), store));
        let seen = Seen::new(arguments);
        // Looked at before the run: what is saved while it goes on is a change.
        let mut before = seen.stamps();
        clear()?;
        match ready(arguments, &probes, io, &seen) {
            Ok(ready) => {
                examine(arguments, &ready, io)?;
            }
            // What is wrong is what the next save mends.
            Err(error) => writeln!(
                io::stdout(),
                "{}",
                command::told(&error, Paint::for_stdout())
            )?,
        }
        let count = seen.paths().len();
        writeln!(io::stderr(), "watching {count} files; Ctrl-C ends")?;
        for (path, stamp) in seen.stamps() {
            before.entry(path).or_insert(stamp);
        }
        while seen.stamps() == before {
            io.block_on(async { tokio::time::sleep(LOOK).await });
        }
    }
}

fn clear() -> io::Result<()> {
    if io::stdout().is_terminal() {
        write!(io::stdout(), "\x1b[2J\x1b[3J\x1b[H")?;
    }
    Ok(())
}

/// When a file was last written, and its size; `None` where it is not there.
type Stamp = Option<(SystemTime, u64)>;

/// This machine's files, and which of them were read.
struct Seen(Mutex<BTreeSet<PathBuf>>);

impl Seen {
    fn new(arguments: &Once) -> Self {
        let component = Path::new(&arguments.subject);
        let own = [
            arguments.config.clone(),
            component.exists().then(|| component.to_owned()),
        ];
        Self(Mutex::new(own.into_iter().flatten().collect()))
    }

    fn paths(&self) -> BTreeSet<PathBuf> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    fn keep(&self, paths: impl IntoIterator<Item = PathBuf>) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.extend(paths);
    }

    fn stamps(&self) -> BTreeMap<PathBuf, Stamp> {
        let paths = self.paths().into_iter();
        paths.map(|path| (path.clone(), stamp(&path))).collect()
    }
}

fn stamp(path: &Path) -> Stamp {
    let about = fs::metadata(path).ok()?;
    Some((about.modified().ok()?, about.len()))
}

impl Files for Seen {
    fn env(&self, name: &str) -> Option<String> {
        Disk.env(name)
    }

    fn read(&self, path: &Path) -> io::Result<String> {
        self.keep([path.to_owned()]);
        Disk.read(path)
    }

    fn matching(&self, pattern: &Path) -> Result<Vec<PathBuf>, String> {
        let found = Disk.matching(pattern)?;
        // A folder's own time says that a file was added or removed.
        self.keep(pattern.parent().map(Path::to_owned));
        self.keep(found.iter().cloned());
        Ok(found)
    }
}
