//! The threads that guests run on: apart from sockets and timers, and a little less important.
//!
//! Each is a runtime of its own. One runtime with several workers wakes a second worker whenever the
//! first finds work, to look for more; that costs two switches of threads a run, for nothing.

use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use tokio::{
    runtime::{Builder, Handle, Runtime},
    sync::oneshot,
};

/// How much less important guests are than the I/O runtime.
const NICE: i32 = 5;

/// How many guests may wait for a turn on each thread. A queue that is longer than what a core works off
/// in a moment would let runs time out that the target has nothing to do with.
const QUEUE: usize = 64;

/// The guests' threads; they end when this is dropped.
#[derive(Debug)]
pub(crate) struct Guests {
    threads: Vec<Thread>,
    next: AtomicUsize,
    queued: Arc<AtomicUsize>,
}

/// A guest that waits for its first turn.
#[derive(Debug)]
pub(crate) struct Queued(Arc<AtomicUsize>);

impl Drop for Queued {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

#[derive(Debug)]
struct Thread {
    handle: Handle,
    /// The thread ends when this is dropped.
    _alive: oneshot::Sender<()>,
}

impl Guests {
    /// As many threads as cores, unless another number is asked for.
    pub(crate) fn start(threads: Option<usize>) -> io::Result<Self> {
        let cores = thread::available_parallelism().map_or(2, usize::from);
        let threads = (0..threads.unwrap_or(cores).max(1))
            .map(start)
            .collect::<io::Result<_>>()?;
        Ok(Self {
            threads,
            next: AtomicUsize::new(0),
            queued: Arc::default(),
        })
    }

    /// A place in the queue, until it is dropped.
    pub(crate) fn queue(&self) -> Queued {
        self.queued.fetch_add(1, Ordering::Relaxed);
        Queued(Arc::clone(&self.queued))
    }

    /// How many more guests may wait for a turn.
    pub(crate) fn room(&self) -> usize {
        let most = self.threads.len().saturating_mul(QUEUE);
        most.saturating_sub(self.queued.load(Ordering::Relaxed))
    }

    /// Where the next guest runs: each in its turn.
    pub(crate) fn next(&self) -> Option<&Handle> {
        let turn = self
            .next
            .fetch_add(1, Ordering::Relaxed)
            .checked_rem(self.threads.len())?;
        self.threads.get(turn).map(|thread| &thread.handle)
    }

    /// Every thread's runtime, to be watched.
    pub(crate) fn handles(&self) -> impl Iterator<Item = Handle> + '_ {
        self.threads.iter().map(|thread| thread.handle.clone())
    }
}

fn start(number: usize) -> io::Result<Thread> {
    let runtime = Builder::new_current_thread().enable_time().build()?;
    let handle = runtime.handle().clone();
    let (alive, ended) = oneshot::channel();
    thread::Builder::new()
        .name(format!("leadsman-guest-{number}"))
        .spawn(move || turn(&runtime, ended))?;
    Ok(Thread {
        handle,
        _alive: alive,
    })
}

/// Runs guests until nobody holds the other end.
fn turn(runtime: &Runtime, ended: oneshot::Receiver<()>) {
    lower_priority();
    let ended = runtime.block_on(ended);
    debug_assert!(ended.is_err(), "nothing is ever sent");
}

/// Linux gives each thread a priority of its own. Where it may not be lowered, guests run as they are.
fn lower_priority() {
    if let Err(error) = rustix::process::setpriority_process(None, NICE) {
        tracing::debug!(%error, "a guest thread keeps its priority");
    }
}

#[cfg(test)]
mod tests {
    use rustix::process::getpriority_process;

    use super::*;

    #[tokio::test]
    async fn guests_are_less_important_than_whoever_starts_their_threads() {
        // Of the thread that asks.
        let nice = || getpriority_process(None).unwrap();
        let before = nice();
        let guests = Guests::start(Some(1)).unwrap();
        let asked = guests.next().unwrap().spawn(async move { nice() });
        let theirs = asked.await.unwrap();
        // Where the tests themselves are less important still, that may not be taken back.
        assert!(
            [NICE, NICE.max(before)].contains(&theirs),
            "{before}, {theirs}"
        );
        assert_eq!(nice(), before);
    }
}
