//! Who may use the endpoints, and by which protocol: what the web configuration says, as it stands now.
//!
//! The file and those that it names are looked at again when somebody comes, at most once a second. A
//! change that is wrong, or that takes protection away, is told once and changes nothing.

use std::{
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError, RwLock},
    time::Duration,
};

use leadsman_config::{Problems, load_web};
use tokio::{sync::OwnedMutexGuard, time::Instant};

mod clients;
mod policy;
mod rate;
mod seen;
#[cfg(test)]
mod tests;
mod tls;
mod users;

use crate::app::AppError;
pub(crate) use policy::Policy;
use seen::Seen;
pub(crate) use users::Admission;

/// How long a look at the files is good for.
const FRESH: Duration = Duration::from_secs(1);

/// How long somebody who comes waits for that look; a disk that hangs holds up nobody longer.
const LOOK: Duration = Duration::from_secs(2);

/// Why there is no policy.
#[derive(Debug, thiserror::Error)]
pub enum AccessError {
    /// The web configuration cannot be read.
    #[error("`{}` cannot be read: {source}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The web configuration is wrong.
    #[error("{0}")]
    Configuration(Problems),
}

impl From<AccessError> for AppError {
    fn from(error: AccessError) -> Self {
        match error {
            AccessError::Unreadable { path, source } => Self::Unreadable { path, source },
            AccessError::Configuration(problems) => Self::Configuration(problems),
        }
    }
}

/// The policy in force, and the files that it comes from.
#[derive(Debug)]
pub struct Access {
    path: Option<PathBuf>,
    current: RwLock<Arc<Policy>>,
    looked: Mutex<Instant>,
    /// Whoever looks holds it; it is never waited for.
    seen: Arc<tokio::sync::Mutex<Seen>>,
}

impl Access {
    /// What the file says; without one, everybody may do everything, in plain HTTP.
    pub fn read(path: Option<&Path>) -> Result<Arc<Self>, AccessError> {
        let (seen, policy) = match path {
            Some(path) => {
                let (seen, policy) = load(path);
                (seen, policy?)
            }
            None => (Seen::default(), Policy::default()),
        };
        if path.is_some() {
            tracing::info!(
                tls = policy.tls.is_some(),
                users = policy.user_count(),
                "the web configuration is in force"
            );
        }
        Ok(Arc::new(Self {
            path: path.map(Path::to_owned),
            current: RwLock::new(Arc::new(policy)),
            looked: Mutex::new(Instant::now()),
            seen: Arc::new(tokio::sync::Mutex::new(seen)),
        }))
    }

    /// `https` or `http`.
    pub fn scheme(&self) -> &'static str {
        if self.current().tls.is_some() {
            "https"
        } else {
            "http"
        }
    }

    /// Whether whoever reaches the endpoints may use them.
    pub fn is_open(&self) -> bool {
        self.current().is_open()
    }

    /// The policy, after a look at the files where the last one is too old.
    pub(crate) async fn policy(self: &Arc<Self>) -> Arc<Policy> {
        if let Some(path) = self.path.clone()
            && self.is_due()
            && let Ok(seen) = Arc::clone(&self.seen).try_lock_owned()
        {
            let access = Arc::clone(self);
            let look = tokio::task::spawn_blocking(move || access.look(&path, seen));
            // A look that takes longer ends by itself, and serves whoever comes next.
            if tokio::time::timeout(LOOK, look).await.is_err() {
                tracing::warn!("the files of the web configuration take long to read");
            }
        }
        self.current()
    }

    fn current(&self) -> Arc<Policy> {
        Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn is_due(&self) -> bool {
        let mut looked = self.looked.lock().unwrap_or_else(PoisonError::into_inner);
        let due = looked.elapsed() >= FRESH;
        if due {
            *looked = Instant::now();
        }
        due
    }

    fn look(&self, path: &Path, mut seen: OwnedMutexGuard<Seen>) {
        if !seen.has_changed() {
            return;
        }
        let (found, policy) = load(path);
        *seen = found;
        match policy {
            Ok(policy) => self.take(policy),
            Err(error) => complain(&error),
        }
    }

    /// Takes a policy over, unless it protects less. A file is empty for a moment while it is written
    /// anew, and nobody may slip in then.
    fn take(&self, policy: Policy) {
        if let Some(lost) = policy.lacks(&self.current()) {
            tracing::warn!(
                "the web configuration has changed and {lost}: the old one stays until a restart"
            );
            return;
        }
        let (tls, users) = (policy.tls.is_some(), policy.user_count());
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(policy);
        tracing::info!(tls, users, "the web configuration has been read again");
    }
}

/// One line a mistake: a log has no room for excerpts.
fn complain(error: &AccessError) {
    const STAYS: &str = "the web configuration has changed and is wrong: the old one stays";
    match error {
        AccessError::Configuration(problems) => {
            for problem in problems {
                let place = format!("{}:{}", problem.file.display(), problem.line);
                tracing::error!(
                    place,
                    key = problem.path,
                    mend = problem.mend,
                    error = problem.message,
                    "{STAYS}"
                );
            }
        }
        AccessError::Unreadable { .. } => tracing::error!(%error, "{STAYS}"),
    }
}

fn load(path: &Path) -> (Seen, Result<Policy, AccessError>) {
    let mut seen = Seen::default();
    let text = seen.read(path).and_then(|bytes| {
        String::from_utf8(bytes).map_err(|_| std::io::Error::other("it is not UTF-8"))
    });
    let policy = match text {
        Ok(text) => load_web(path, &text, |web| Policy::new(web, &mut seen))
            .map_err(AccessError::Configuration),
        Err(source) => Err(AccessError::Unreadable {
            path: path.to_owned(),
            source,
        }),
    };
    (seen, policy)
}
