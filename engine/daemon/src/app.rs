//! Builds everything in order, announces it, and drains it.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
    thread,
    time::Duration,
};

use leadsman_config::{Disk, Files, Fleet, Problem, Problems};
use leadsman_core::{id::Location, plan::Plan, schedule::RuleError};
use leadsman_host::{PrepareError, Sandbox, SandboxError, SandboxSettings, Watchdog};
use leadsman_net::SetupError;
use tokio::runtime::Runtime;

use crate::{
    access::Access,
    args,
    catalog::Probes,
    configuration::Configuration,
    descriptors,
    fetch::Fetcher,
    ground::Ground,
    live::Live,
    memory, reload,
    service::{Service, State},
    store::Store,
    systemd,
    telemetry::{BuildInfo, Telemetry, TelemetrySettings},
};

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
    /// A daemon tells everything of the location in which it began.
    #[error(
        "the location was `{before}` and is `{now}` in the configuration: a daemon keeps its location, so restart it"
    )]
    Moved {
        /// Where it stands.
        before: Location,
        /// What the configuration says now.
        now: Location,
    },
    /// An address that endpoints cannot be served on.
    #[error("{0}")]
    Listen(String),
    /// A thread or a runtime.
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

/// The probes of a command, with those that are kept from registries.
pub fn probes(cache: Option<PathBuf>, instances: u32, io: &Runtime) -> Result<Probes, AppError> {
    let store = Store::new(cache.as_deref());
    Ok(Probes::with_store(sandbox(cache, instances, io)?, store))
}

/// Reads and checks a configuration; blocks while probes are compiled.
pub fn load(path: &Path, probes: &Probes) -> Result<Plan, AppError> {
    Ok(read(path, &Disk, probes)?.0)
}

/// The same, where what the configuration names is read from `files`; with what is no mistake and does less than it
/// says: probes that are not here, and lists of targets that are not there.
pub fn read(
    path: &Path,
    files: &dyn Files,
    probes: &Probes,
) -> Result<(Plan, Vec<Problem>), AppError> {
    let unreadable = |source| AppError::Unreadable {
        path: path.to_owned(),
        source,
    };
    let text = fs::read_to_string(path).map_err(unreadable)?;
    let fleet = Fleet::read(path, &text, files, probes, true);
    let platform = fleet.platform.as_ref().ok().map(Arc::clone);
    let mut notices = fleet.awaited();
    let plan = fleet.plan().map_err(AppError::Configuration)?;
    let absent = platform.iter().flat_map(|platform| platform.absent());
    let absent = absent.filter(|(name, _)| plan.probes.contains_key(name));
    notices.extend(absent.map(|(_, problem)| problem.clone()));
    Ok((plan, notices))
}

/// The same, once what is not here has been fetched, where it can be.
pub fn load_whole(
    path: &Path,
    files: &dyn Files,
    probes: &Arc<Probes>,
    io: &Runtime,
) -> Result<Plan, AppError> {
    let (plan, _) = read(path, files, probes)?;
    if probes.absent(&plan).is_empty() {
        return Ok(plan);
    }
    let ground = Ground::read(&plan)?;
    Fetcher::new(Arc::clone(probes)).all(&plan, &ground, io.handle());
    Ok(read(path, files, probes)?.0)
}

/// `leadsman run`: until a signal, and then until everything has been told.
pub fn run(arguments: &args::Run, cache: Option<PathBuf>) -> Result<(), AppError> {
    let given = systemd::listeners().map_err(|error| AppError::Start(error.to_string()))?;
    let access = Access::read(arguments.web_config.as_deref())?;
    let io = io_runtime()?;
    let concurrent = descriptors::concurrent_runs(arguments.concurrent, descriptors::raise());
    let concurrent = memory::concurrent_runs(concurrent, memory::limit());
    let store = Store::new(cache.as_deref());
    let sandbox = sandbox(cache, concurrent, &io)?;
    let probes = Arc::new(Probes::with_store(Arc::clone(&sandbox), store));
    let copies = arguments.copies();
    let configuration = Configuration::new(
        &arguments.config,
        Arc::clone(&probes),
        copies,
        arguments.strict,
    );
    let beginning = Live::begin(configuration, probes, io.handle())?;
    let guests = sandbox
        .guest_runtimes()
        .into_iter()
        .map(|runtime| ("guest", runtime));
    let watched = std::iter::once(("io", io.handle().clone())).chain(guests);
    let watchdog = Watchdog::start(watched.collect())
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
        given,
        pulse: watchdog.pulse(),
        location: beginning.live.plan().location.clone(),
        telemetry: Arc::new(telemetry),
        state: Arc::new(State::default()),
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
        closed: crate::serve::closed,
        external_url: arguments.external_url.as_ref().map(ToString::to_string),
        ..TelemetrySettings::default()
    }
}
