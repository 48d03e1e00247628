//! The runtime that guests run on: apart from sockets and timers, and a little less important.

use std::{io, thread};

use tokio::runtime::{Builder, Runtime};

/// How much less important guests are than the I/O runtime.
const NICE: i32 = 5;

/// Builds the guests' runtime: as many threads as cores, niced.
pub(crate) fn runtime(threads: Option<usize>) -> io::Result<Runtime> {
    let cores = thread::available_parallelism().map_or(2, usize::from);
    Builder::new_multi_thread()
        .worker_threads(threads.unwrap_or(cores).max(1))
        .thread_name("leadsman-guest")
        .on_thread_start(lower_priority)
        .enable_time()
        .build()
}

/// Linux gives each thread a priority of its own. Where it may not be lowered, guests run as they are.
fn lower_priority() {
    if let Err(error) = rustix::process::setpriority_process(None, NICE) {
        tracing::debug!(%error, "a guest thread keeps its priority");
    }
}
