//! Fetches the probes that are named in registries and not here yet, beside everything else.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use leadsman_core::plan::{Image, Plan};
use leadsman_host::Secrets;
use leadsman_registry::{Artifact, Registry};
use tokio::{
    runtime::Handle,
    task::JoinSet,
    time::{Instant, timeout},
};

use crate::{catalog::Probes, ground::Ground};

/// How long one image may take.
const TIMEOUT: Duration = Duration::from_mins(1);

/// How long a start waits for what it has to fetch; runs end `unknown` from then on.
const AT_START: Duration = Duration::from_secs(10);

/// How long after a failure it is tried again; twice as long after each, up to [`LONGEST_PAUSE`].
const PAUSE: Duration = Duration::from_secs(5);

const LONGEST_PAUSE: Duration = Duration::from_mins(5);

/// Fetches images, one attempt at a time each.
#[derive(Debug, Clone)]
pub struct Fetcher {
    probes: Arc<Probes>,
    attempts: Arc<Mutex<BTreeMap<String, Attempts>>>,
}

/// What is known of an image's attempts.
#[derive(Debug, Clone, Copy)]
struct Attempts {
    under_way: bool,
    /// Before the next one.
    pause: Duration,
    next: Instant,
}

/// What came of an attempt: how many bytes the component has, or why it is not here.
pub type Fetched = (Arc<Image>, Result<usize, String>);

/// How registries are asked.
#[derive(Debug, Clone)]
struct Means {
    registry: Registry,
    secrets: Arc<Secrets>,
}

impl Means {
    fn of(plan: &Plan, ground: &Ground) -> Self {
        Self {
            registry: Registry {
                network: ground.network.clone(),
                rules: Arc::clone(&plan.network.rules),
                timeout: TIMEOUT,
            },
            secrets: Arc::clone(&ground.secrets),
        }
    }

    async fn pull(&self, image: &Image) -> Result<Artifact, String> {
        let login = image.login.as_ref();
        let login = login.map(|login| self.secrets.basic(&login.user, login.secret.as_str()));
        let pulled = self.registry.pull(image, login.transpose()?);
        pulled.await.map_err(|error| error.to_string())
    }
}

impl Fetcher {
    /// For these probes.
    pub fn new(probes: Arc<Probes>) -> Self {
        Self {
            probes,
            attempts: Arc::default(),
        }
    }

    /// Begins to fetch what the plan's checks need, is not here, and is not being fetched; on the runtime that this
    /// is called on.
    pub fn look(&self, plan: &Plan, ground: &Ground) {
        self.begin(plan, ground).detach_all();
    }

    /// The same, and waits a while, so that a first start does not begin blind; whether anything was missing.
    pub fn settle(&self, plan: &Plan, ground: &Ground, io: &Handle) -> bool {
        let _entered = io.enter();
        let mut begun = self.begin(plan, ground);
        if begun.is_empty() {
            return false;
        }
        let all = async { while begun.join_next().await.is_some() {} };
        let in_time = io.block_on(async { timeout(AT_START, all).await.is_ok() });
        if !in_time {
            tracing::warn!(
                "a probe is still being fetched: until it is here, runs of its checks end `unknown`"
            );
        }
        begun.detach_all();
        true
    }

    /// Fetches all that is missing, and says what came of each.
    pub fn all(&self, plan: &Plan, ground: &Ground, io: &Handle) -> Vec<Fetched> {
        let _entered = io.enter();
        let begun = self.begin(plan, ground);
        io.block_on(begun.join_all())
    }

    fn begin(&self, plan: &Plan, ground: &Ground) -> JoinSet<Fetched> {
        let mut begun = JoinSet::new();
        let means = Means::of(plan, ground);
        for image in self.probes.absent(plan) {
            if self.is_due(&image) {
                begun.spawn(self.clone().attempt(image, means.clone()));
            }
        }
        begun
    }

    /// Whether nobody is at it and the pause is over; from now on somebody is.
    fn is_due(&self, image: &Image) -> bool {
        let mut all = self.attempts();
        let known = all.entry(image.reference.sha256.clone());
        let known = known.or_insert_with(|| Attempts {
            under_way: false,
            pause: PAUSE,
            next: Instant::now(),
        });
        let is_due = !known.under_way && known.next <= Instant::now();
        known.under_way |= is_due;
        is_due
    }

    async fn attempt(self, image: Arc<Image>, means: Means) -> Fetched {
        let pulled = means.pull(&image).await;
        let store = self.probes.store();
        let kept = pulled.and_then(|artifact| store.keep(&image, artifact));
        let again_in = self.pause(&image);
        match &kept {
            Ok(bytes) => tracing::info!(image = %image.reference, bytes, "a probe was fetched"),
            Err(why) => {
                store.failed(&image, why.clone());
                tracing::info!(image = %image.reference, %why, ?again_in, "a probe cannot be fetched");
            }
        }
        (image, kept)
    }

    /// Ends an attempt; how long until there may be another.
    fn pause(&self, image: &Image) -> Duration {
        let mut all = self.attempts();
        let Some(known) = all.get_mut(&image.reference.sha256) else {
            return PAUSE;
        };
        let pause = known.pause;
        *known = Attempts {
            under_way: false,
            pause: (pause * 2).min(LONGEST_PAUSE),
            next: Instant::now() + pause,
        };
        pause
    }

    fn attempts(&self) -> MutexGuard<'_, BTreeMap<String, Attempts>> {
        self.attempts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
