//! The one engine, its limits and its cache, and the runtimes that guests and their I/O run on.

use std::{
    fs, io,
    os::unix::fs::{DirBuilderExt, PermissionsExt},
    path::{Path, PathBuf},
    sync::Arc,
};

use tokio::{runtime::Handle, sync::Semaphore};
use wasmtime::{
    Cache, CacheConfig, Config, Enabled, Engine, InstanceAllocationStrategy, OptLevel,
    PoolingAllocationConfig,
    component::{HasSelf, Linker},
};

use crate::{
    bindings::Probe as ProbeWorld,
    descriptions::Descriptions,
    guests::{Guests, Queued},
    state::GuestState,
    ticker::Ticker,
};

/// Core modules of one component: a Rust probe has three, one in Python far more.
const MODULES_PER_INSTANCE: u32 = 4;

/// Bytes of linear memory kept mapped in a free slot; more costs more to clear than it saves.
const KEPT_MEMORY: usize = 128 << 10;

/// The level of zstd at which compiled code is kept: the one that unpacks fastest of those that the cache takes.
const QUICKEST: i32 = 1;

/// How the sandbox is sized.
#[derive(Debug, Clone)]
pub struct SandboxSettings {
    /// Where compiled code is kept; `None` compiles anew at every start.
    pub cache: Option<PathBuf>,
    /// How many guests may exist at once.
    pub instances: u32,
    /// Threads for guests; `None` is one per core.
    pub guest_threads: Option<usize>,
}

impl Default for SandboxSettings {
    fn default() -> Self {
        Self {
            cache: None,
            instances: 4096,
            guest_threads: None,
        }
    }
}

/// Why the sandbox cannot be built.
#[derive(Debug, thiserror::Error)]
pub enum SandboxError {
    /// The directory of compiled code.
    #[error("the compile cache `{}` cannot be used", path.display())]
    Cache {
        /// The directory.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A thread or a runtime.
    #[error("a thread of the sandbox cannot be started")]
    Thread(#[from] io::Error),
    /// The engine itself.
    #[error("the WebAssembly engine cannot be built: {0:#}")]
    Engine(wasmtime::Error),
}

/// Where guests run.
pub struct Sandbox {
    pub(crate) engine: Engine,
    pub(crate) linker: Linker<GuestState>,
    pub(crate) ticker: Ticker,
    pub(crate) io: Handle,
    pub(crate) slots: Arc<Semaphore>,
    pub(crate) descriptions: Descriptions,
    guests: Guests,
}

impl std::fmt::Debug for Sandbox {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sandbox")
            .field("slots", &self.slots)
            .finish_non_exhaustive()
    }
}

impl Sandbox {
    /// Builds the sandbox; `io` is the runtime that sockets and timers live on.
    pub fn new(settings: &SandboxSettings, io: Handle) -> Result<Arc<Self>, SandboxError> {
        let engine = engine(settings)?;
        let linker = linker(&engine).map_err(SandboxError::Engine)?;
        let ticker = Ticker::start(&engine)?;
        let guests = Guests::start(settings.guest_threads)?;
        let slots = Arc::new(Semaphore::new(crate::state::size(settings.instances)));
        Ok(Arc::new(Self {
            engine,
            linker,
            ticker,
            io,
            slots,
            descriptions: Descriptions::beside(settings.cache.as_deref()),
            guests,
        }))
    }

    /// Where the next guest runs.
    pub(crate) fn guest_thread(&self) -> &Handle {
        self.guests.next().unwrap_or(&self.io)
    }

    /// A place in the queue for a guest thread, until it is dropped.
    pub(crate) fn queue(&self) -> Queued {
        self.guests.queue()
    }

    /// How many more guests may queue for a thread.
    pub(crate) fn room(&self) -> usize {
        self.guests.room()
    }

    /// The runtimes of the guests' threads, to be watched.
    pub fn guest_runtimes(&self) -> Vec<Handle> {
        self.guests.handles().collect()
    }
}

/// Builds the engine: pooled where the address space allows it, on demand where it does not.
fn engine(settings: &SandboxSettings) -> Result<Engine, SandboxError> {
    let mut config = config(settings)?;
    config.allocation_strategy(InstanceAllocationStrategy::Pooling(pool(
        settings.instances,
    )));
    match Engine::new(&config) {
        Ok(engine) => Ok(engine),
        Err(error) => {
            tracing::warn!(%error, "the instance pool cannot be reserved; instances are made on demand, more slowly");
            config.allocation_strategy(InstanceAllocationStrategy::OnDemand);
            Engine::new(&config).map_err(SandboxError::Engine)
        }
    }
}

fn config(settings: &SandboxSettings) -> Result<Config, SandboxError> {
    let mut config = Config::new();
    config
        .wasm_component_model(true)
        .concurrency_support(false)
        .epoch_interruption(true)
        .consume_fuel(false)
        .cranelift_opt_level(OptLevel::Speed)
        .memory_init_cow(true)
        // Only debuggers and profilers would read them, and each load would copy them.
        .generate_address_map(false)
        .native_unwind_info(false)
        .wasm_memory64(false)
        .wasm_multi_memory(false)
        .wasm_relaxed_simd(false);
    if let Some(path) = &settings.cache {
        config.cache(Some(cache(path)?));
    }
    Ok(config)
}

/// wasmtime's own cache, in a folder of its own of a directory that only this user can read or write: it removes whatever
/// it does not know from the folder that it is given.
fn cache(path: &Path) -> Result<Cache, SandboxError> {
    let failed = |source: io::Error| SandboxError::Cache {
        path: path.to_owned(),
        source,
    };
    private_directory(path).map_err(failed)?;
    let code = path.join("code");
    private_directory(&code).map_err(failed)?;
    let absolute = code.canonicalize().map_err(failed)?;
    let mut config = CacheConfig::new();
    // Each start and reload unpacks what is packed once: quick to unpack is worth a tenth more on disk. Where it was
    // used often it would be packed again, more tightly, and unpack more slowly.
    config
        .with_directory(absolute)
        .with_baseline_compression_level(QUICKEST)
        .with_optimized_compression_level(QUICKEST);
    Cache::new(config).map_err(|error| failed(io::Error::other(format!("{error:#}"))))
}

/// Code from a directory that others can write is not loaded.
fn private_directory(path: &Path) -> io::Result<()> {
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(path)?;
    let mode = fs::metadata(path)?.permissions().mode();
    if mode & 0o022 != 0 {
        return Err(io::Error::new(
            io::ErrorKind::PermissionDenied,
            format!(
                "others may write to it (mode {:o}): `chmod 700` it",
                mode & 0o777
            ),
        ));
    }
    Ok(())
}

fn pool(instances: u32) -> PoolingAllocationConfig {
    let modules = instances.saturating_mul(MODULES_PER_INSTANCE);
    let mut pool = PoolingAllocationConfig::new();
    pool.total_component_instances(instances)
        .total_core_instances(modules)
        .total_memories(instances)
        .total_tables(modules)
        .total_stacks(instances)
        .max_memory_size(256 << 20)
        .table_elements(20_000)
        .max_component_instance_size(2 << 20)
        .max_core_instance_size(2 << 20)
        .max_core_instances_per_component(64)
        .max_memories_per_component(8)
        .max_tables_per_component(32)
        .max_memories_per_module(1)
        .max_tables_per_module(4)
        .max_unused_warm_slots(64)
        .linear_memory_keep_resident(KEPT_MEMORY)
        .table_keep_resident(4 << 10)
        .async_stack_keep_resident(16 << 10)
        .pagemap_scan(Enabled::Auto);
    pool
}

/// The contract, and the inert WASI set that a guest's own standard library needs.
fn linker(engine: &Engine) -> wasmtime::Result<Linker<GuestState>> {
    let mut linker = Linker::new(engine);
    wasmtime_wasi::p2::add_to_linker_async(&mut linker)?;
    ProbeWorld::add_to_linker::<_, HasSelf<GuestState>>(&mut linker, |state| state)?;
    Ok(linker)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_pooled(settings: &SandboxSettings) -> bool {
        let engine = engine(settings).unwrap();
        engine.pooling_allocator_metrics().is_some()
    }

    #[test]
    fn guests_come_from_a_pool_of_the_usual_size() {
        assert!(is_pooled(&SandboxSettings::default()));
    }

    #[test]
    fn a_pool_that_no_address_space_holds_is_done_without() {
        let settings = SandboxSettings {
            instances: u32::MAX,
            ..SandboxSettings::default()
        };
        assert!(!is_pooled(&settings));
    }
}
