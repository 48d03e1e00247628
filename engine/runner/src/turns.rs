//! Runs that were started and wait for their first turn of the CPU.
//!
//! A queue that is longer than what the machine works off in a moment would let runs time out that the
//! target has nothing to do with. Ticks beyond it wait, and are missed with `overload`.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use tokio::runtime::Handle;

/// How many runs may wait for each worker of the runtime.
const QUEUE: usize = 64;

/// The queue.
#[derive(Debug, Clone, Default)]
pub(crate) struct Turns(Arc<AtomicUsize>);

/// A run that waits, until this is dropped.
#[derive(Debug)]
pub(crate) struct Turn(Arc<AtomicUsize>);

impl Drop for Turn {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Turns {
    /// A run joins the queue.
    pub(crate) fn queue(&self) -> Turn {
        self.0.fetch_add(1, Ordering::Relaxed);
        Turn(Arc::clone(&self.0))
    }

    /// How many more runs may join; asked on the runtime that turns them.
    pub(crate) fn room(&self) -> usize {
        let most = Handle::current()
            .metrics()
            .num_workers()
            .saturating_mul(QUEUE);
        most.saturating_sub(self.0.load(Ordering::Relaxed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_run_takes_room_until_it_has_its_turn() {
        let turns = Turns::default();
        let mut queued: Vec<Turn> = (0..QUEUE).map(|_| turns.queue()).collect();
        assert_eq!(turns.room(), 0);
        queued.pop();
        assert_eq!(turns.room(), 1);
    }
}
