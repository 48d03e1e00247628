//! Builds everything in order, announces it, and drains it.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::Duration,
};

use leadsman_config::{Disk, Problems};
use leadsman_core::{id::Location, plan::Plan, schedule::RuleError};
use leadsman_host::{PrepareError, Roster, Sandbox, SandboxError, SandboxSettings, Watchdog};
use leadsman_net::SetupError;
use leadsman_runner::{Control, Entry, Runner};
use tokio::{
    runtime::Runtime,
    signal::unix::{Signal, SignalKind, signal},
    task::JoinSet,
};

use crate::{
    access::Access,
    args,
    catalog::Probes,
    clock,
    configuration::Configuration,
    descriptors,
    live::Live,
    reload::{self, Reloader, Reloads, Requests},
    serve::{self, Server},
    sink::Told,
    telemetry::{BuildInfo, Telemetry, TelemetrySettings},
    web::{self, Health},
};

/// How long the endpoint waits for a scrape of the last values.
const LAST_SCRAPE: Duration = Duration::from_secs(15);

/// A daemon that nobody scraped within this does not wait for a scrape.
const SCRAPED_LATELY: Duration = Duration::from_mins(5);

/// How often it is looked whether a scrape has started.
const LOOK: Duration = Duration::from_millis(20);

/// Signals this close to the first one mean the same.
const SAME_SIGNAL: Duration = Duration::from_millis(50);

/// How long a scrape that has started may take to be read.
const SCRAPE_ENDS: Duration = Duration::from_millis(200);

/// Why nothing could be started.
#[derive(Debug, thiserror::Error)]
pub enum AppError {
    /// The configuration file cannot be read.
    #[error("`{}` cannot be read: {source}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The configuration is wrong.
    #[error("{0}")]
    Configuration(Problems),
    /// The sandbox.
    #[error(transparent)]
    Sandbox(#[from] SandboxError),
    /// The network.
    #[error(transparent)]
    Network(#[from] SetupError),
    /// A check cannot be prepared.
    #[error("the check `{check}` cannot be prepared: {source}")]
    Prepare {
        /// Which.
        check: String,
        /// Why.
        source: PrepareError,
    },
    /// A check cannot be scheduled.
    #[error("the check `{check}` cannot be scheduled: {source}")]
    Rule {
        /// Which.
        check: String,
        /// Why.
        source: RuleError,
    },
    /// A thread, a runtime or a listener.
    #[error("{0}")]
    Start(String),
}

/// The runtime that sockets, timers, the dispatcher and timestamps live on: half the cores. Waiting is
/// cheap; what costs is waking another thread for each step of a run.
pub fn io_runtime() -> Result<Runtime, AppError> {
    let cores = thread::available_parallelism().map_or(2, usize::from);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads((cores / 2).max(1))
        .thread_name("leadsman-io")
        .enable_all()
        .build();
    runtime.map_err(|error| AppError::Start(format!("the I/O runtime cannot be started: {error}")))
}

/// Where compiled probes are kept unless the command line says otherwise.
pub fn cache_directory(chosen: Option<PathBuf>) -> Option<PathBuf> {
    let from_env = |name: &str| {
        std::env::var_os(name)
            .filter(|value| !value.is_empty())
            .map(PathBuf::from)
    };
    chosen.or_else(|| from_env("CACHE_DIRECTORY")).or_else(|| {
        let home = from_env("XDG_CACHE_HOME").or_else(|| Some(from_env("HOME")?.join(".cache")));
        home.map(|home| home.join("leadsman"))
    })
}

/// A sandbox; where the cache cannot be used, one without.
pub fn sandbox(
    cache: Option<PathBuf>,
    instances: u32,
    io: &Runtime,
) -> Result<Arc<Sandbox>, AppError> {
    let settings = SandboxSettings {
        cache,
        instances,
        guest_threads: None,
    };
    match Sandbox::new(&settings, io.handle().clone()) {
        Err(SandboxError::Cache { path, source }) => {
            tracing::warn!(path = %path.display(), error = %source, "compiled probes are not kept; every start compiles them anew");
            Ok(Sandbox::new(
                &SandboxSettings {
                    cache: None,
                    ..settings
                },
                io.handle().clone(),
            )?)
        }
        built => Ok(built?),
    }
}

/// Reads and checks a configuration; blocks while probes are compiled.
pub fn load(path: &Path, probes: &Probes) -> Result<Plan, AppError> {
    let unreadable = |source| AppError::Unreadable {
        path: path.to_owned(),
        source,
    };
    let text = fs::read_to_string(path).map_err(unreadable)?;
    leadsman_config::load(path, &text, &Disk, probes).map_err(AppError::Configuration)
}

/// `leadsman run`: until a signal, and then until everything has been told.
pub fn run(arguments: &args::Run, cache: Option<PathBuf>) -> Result<(), AppError> {
    let access = Access::read(arguments.web_config.as_deref())?;
    let io = io_runtime()?;
    let concurrent = descriptors::concurrent_runs(arguments.concurrent, descriptors::raise());
    let sandbox = sandbox(cache, concurrent, &io)?;
    let probes = Arc::new(Probes::new(Arc::clone(&sandbox)));
    let copies = arguments.copies();
    let configuration = Configuration::new(
        &arguments.config,
        Arc::clone(&probes),
        copies,
        arguments.strict,
    );
    let beginning = Live::begin(configuration, probes)?;
    let guests = sandbox
        .guest_runtimes()
        .into_iter()
        .map(|runtime| ("guest", runtime));
    let watched = std::iter::once(("io", io.handle().clone())).chain(guests);
    let _watchdog = Watchdog::start(watched.collect())
        .map_err(|error| AppError::Start(format!("the watchdog cannot be started: {error}")))?;
    let telemetry = Telemetry::new(
        beginning.live.plan(),
        &beginning.arrangement.seats,
        (build_info(), beginning.edition),
        telemetry_settings(arguments),
    );
    let (reloads, requests) = reload::channel();
    let service = Service {
        arguments: arguments.clone(),
        access,
        location: beginning.live.plan().location.clone(),
        telemetry: Arc::new(telemetry),
        state: Arc::default(),
        live: beginning.live,
        entries: beginning.entries,
        concurrent,
        reloads,
        requests,
    };
    // On a worker, not on this thread: the dispatcher shares a core with the sockets that it starts.
    let serving = io.spawn(service.serve());
    let outcome = io
        .block_on(serving)
        .unwrap_or_else(|error| Err(AppError::Start(error.to_string())));
    io.shutdown_timeout(Duration::from_secs(1));
    outcome
}

/// Whether the daemon is well: independent of what its checks find.
#[derive(Debug, Default)]
struct State {
    ready: AtomicBool,
}

impl Health for State {
    fn healthy(&self) -> bool {
        true
    }

    fn ready(&self) -> bool {
        self.ready.load(Ordering::Relaxed)
    }
}

/// Everything that the daemon is made of, built and not yet announced.
struct Service {
    arguments: args::Run,
    access: Arc<Access>,
    location: Location,
    telemetry: Arc<Telemetry>,
    state: Arc<State>,
    live: Live,
    entries: Vec<Entry>,
    concurrent: u32,
    reloads: Reloads,
    requests: Requests,
}

impl Service {
    /// Serves until it is stopped, and until everything has been told.
    async fn serve(self) -> Result<(), AppError> {
        let _endpoint = self.listen().await?;
        let mut stop = Stop::new()?;
        if self.arguments.wait_for_first_scrape {
            tracing::info!("holding the first tick until the first scrape");
            tokio::select! { () = first_scrape(&self.telemetry) => {}, () = stop.asked() => return Ok(()) }
        }
        let control = Control::default();
        let (telemetry, state) = (Arc::clone(&self.telemetry), Arc::clone(&self.state));
        let hangups = stop.take_hangups()?;
        let (runner, reloader) = self.runner(hangups);
        let mut running = std::pin::pin!(runner.run(&control));
        let mut reloading = JoinSet::new();
        reloading.spawn(reloader.run());
        state.ready.store(true, Ordering::Relaxed);
        tokio::select! { () = &mut running => {}, () = stop.asked() => {} }
        stop.same_signal().await;
        state.ready.store(false, Ordering::Relaxed);
        control.drain();
        tracing::info!(
            "no new ticks; waiting for the runs under way, and for one scrape of their results"
        );
        let drained = async {
            running.await;
            last_scrape(&telemetry).await;
        };
        tokio::select! {
            () = drained => tracing::info!("drained"),
            () = stop.asked() => tracing::warn!("stopped at once by a second signal"),
        }
        Ok(())
    }

    /// Opens the endpoints; they close when what is returned is dropped.
    async fn listen(&self) -> Result<JoinSet<()>, AppError> {
        let listeners = serve::listeners(&self.arguments.listen, Vec::new()).await;
        let health: Arc<dyn Health> = Arc::<State>::clone(&self.state);
        let router = web::router(Arc::clone(&self.telemetry), health, self.lifecycle());
        let server = Server::new(Arc::clone(&self.access));
        let (location, targets) = (self.location.as_str(), self.entries.len());
        let mut endpoints = JoinSet::new();
        for listener in listeners.map_err(AppError::Start)? {
            let base = server
                .base(&listener)
                .map_err(|error| AppError::Start(error.to_string()))?;
            tracing::info!(location, targets, "serving {base}/metrics");
            endpoints.spawn(serve::serve(Arc::clone(&server), listener, router.clone()));
        }
        Ok(endpoints)
    }

    /// Reloads over HTTP, where they are allowed.
    fn lifecycle(&self) -> Option<Reloads> {
        self.arguments.lifecycle.then(|| self.reloads.clone())
    }

    fn runner(self, hangups: Signal) -> (Runner<Roster, Told>, Reloader) {
        let told = Arc::new(Told {
            telemetry: Arc::clone(&self.telemetry),
            vacancies: self.live.vacancies(),
        });
        let capacity = usize::try_from(self.concurrent).unwrap_or(usize::MAX);
        let life = u64::try_from(clock::unix_ns() / 1_000_000).unwrap_or(0);
        let roster = Arc::clone(self.live.roster());
        let (runner, changes) =
            Runner::new((roster, told), self.entries, capacity, clock::now, life);
        let reloader = Reloader {
            live: self.live,
            telemetry: self.telemetry,
            changes,
            hangups,
            requests: self.requests,
            watch: self.arguments.watch,
        };
        (runner, reloader)
    }
}

/// The signals that end a daemon.
struct Stop {
    terminate: Signal,
    interrupt: Signal,
    /// Until somebody takes it: before that, a hangup would end the process.
    hangup: Option<Signal>,
}

impl Stop {
    fn new() -> Result<Self, AppError> {
        let unheard = |error| AppError::Start(format!("signals cannot be heard: {error}"));
        let terminate = signal(SignalKind::terminate()).map_err(unheard)?;
        Ok(Self {
            terminate,
            interrupt: signal(SignalKind::interrupt()).map_err(unheard)?,
            hangup: Some(signal(SignalKind::hangup()).map_err(unheard)?),
        })
    }

    /// The signal that asks for a reload.
    fn take_hangups(&mut self) -> Result<Signal, AppError> {
        let gone = || AppError::Start("hangups are heard by somebody else".to_owned());
        self.hangup.take().ok_or_else(gone)
    }

    async fn asked(&mut self) {
        tokio::select! { _ = self.terminate.recv() => {}, _ = self.interrupt.recv() => {} }
    }

    /// One request to stop may arrive twice: to the process, and to its group.
    async fn same_signal(&mut self) {
        while tokio::time::timeout(SAME_SIGNAL, self.asked())
            .await
            .is_ok()
        {}
    }
}

fn build_info() -> BuildInfo {
    BuildInfo {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        ..BuildInfo::default()
    }
}

fn telemetry_settings(arguments: &args::Run) -> TelemetrySettings {
    TelemetrySettings {
        classic_histograms: !arguments.no_classic_histograms,
        stalls: leadsman_host::stalls,
        ..TelemetrySettings::default()
    }
}

/// Keeps serving until one scrape has started after the last booked run, and has had time to end.
async fn last_scrape(telemetry: &Telemetry) {
    if !scraped_lately(telemetry) {
        return;
    }
    let scraped = async {
        while telemetry.awaits_scrape() {
            tokio::time::sleep(LOOK).await;
        }
    };
    if tokio::time::timeout(LAST_SCRAPE, scraped).await.is_err() {
        tracing::warn!("nobody scraped the last values");
    }
    // Also one that had started before must be read to its end.
    tokio::time::sleep(SCRAPE_ENDS).await;
}

fn scraped_lately(telemetry: &Telemetry) -> bool {
    let since = telemetry
        .last_scrape()
        .map(|at| clock::now().unix_ms.saturating_sub(at));
    since.is_some_and(|since| u128::try_from(since).unwrap_or(0) < SCRAPED_LATELY.as_millis())
}

async fn first_scrape(telemetry: &Telemetry) {
    while telemetry.scrapes_started() == 0 {
        tokio::time::sleep(LOOK).await;
    }
    tokio::time::sleep(SCRAPE_ENDS).await;
}
