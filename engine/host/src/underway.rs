//! The operations of a run: started by the guest, driven by the task of the run.
//!
//! A task for each operation costs more than the task: each end of one wakes another, and the runtime looks for
//! events between the two. So the task of a run polls its guest and its operations in turn, each only where it
//! was woken, until neither has more to do.

use std::{
    future::{Future, poll_fn},
    pin::Pin,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll, Wake, Waker},
    time::Duration,
};

use futures_util::{
    StreamExt,
    future::{AbortHandle, AbortRegistration, Abortable},
    stream::FuturesUnordered,
    task::AtomicWaker,
};
use leadsman_core::seam::Call;
use leadsman_net::Session;

use crate::{pending::Signal, trace::Trace};

/// Turns of guest and operations before other tasks have theirs.
const TURNS: u32 = 32;

/// What the guest's side begins.
pub(crate) enum Operation {
    /// A call, told under its index in the record.
    Call {
        session: Arc<Session>,
        call: Arc<Call>,
        trace: Arc<Trace>,
        index: usize,
        signal: Arc<Signal>,
        /// Counts it among those in flight.
        flying: Arc<()>,
    },
    /// A wait.
    Timer {
        duration: Duration,
        signal: Arc<Signal>,
    },
}

impl Operation {
    async fn performed(self) {
        match self {
            Self::Call {
                session,
                call,
                trace,
                index,
                signal,
                flying,
            } => {
                let answer = Arc::new(session.perform(&call).await);
                trace.end(index, Arc::clone(&answer));
                drop(flying);
                signal.set(Some(answer));
            }
            Self::Timer { duration, signal } => {
                tokio::time::sleep(duration).await;
                signal.set(None);
            }
        }
    }
}

/// Ends an operation with whoever holds this.
#[derive(Debug)]
pub(crate) struct Cut(AbortHandle);

impl Drop for Cut {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// The guest's end: where it starts operations.
#[derive(Clone)]
pub(crate) struct Starter {
    started: Arc<Mutex<Vec<(Operation, AbortRegistration)>>>,
    bell: Arc<Bell>,
}

impl Starter {
    /// Starts an operation. It is made where it is driven, so that the guest's stack stays small.
    pub(crate) fn start(&self, operation: Operation) -> Cut {
        let (handle, registration) = AbortHandle::new_pair();
        let mut started = self.started.lock().unwrap_or_else(PoisonError::into_inner);
        started.push((operation, registration));
        drop(started);
        self.bell.wake_by_ref();
        Cut(handle)
    }
}

/// The other end: the operations under way. They end with it.
pub(crate) struct Underway {
    starter: Starter,
    operations: FuturesUnordered<Abortable<Pin<Box<dyn Future<Output = ()> + Send>>>>,
    task: Arc<Task>,
    /// Rung by what the operations wait for.
    operations_bell: (Arc<Bell>, Waker),
    /// Rung by what the guest waits for.
    guest_bell: (Arc<Bell>, Waker),
}

impl Underway {
    /// Nothing is under way.
    pub(crate) fn new() -> Self {
        let task = Arc::new(Task::default());
        let operations_bell = Bell::hung(&task);
        let starter = Starter {
            started: Arc::default(),
            bell: Arc::clone(&operations_bell.0),
        };
        Self {
            starter,
            operations: FuturesUnordered::new(),
            guest_bell: Bell::hung(&task),
            operations_bell,
            task,
        }
    }

    /// Where operations are started.
    pub(crate) fn starter(&self) -> Starter {
        self.starter.clone()
    }

    /// Waits for a future and drives the operations meanwhile.
    pub(crate) async fn beside<F: Future + Unpin>(&mut self, mut future: F) -> F::Output {
        self.guest_bell.0.rung.store(true, Ordering::SeqCst);
        poll_fn(|context| self.poll(&mut future, context)).await
    }

    fn poll<F: Future + Unpin>(
        &mut self,
        future: &mut F,
        context: &mut Context<'_>,
    ) -> Poll<F::Output> {
        let task = Arc::clone(&self.task);
        let polled = task.enter(context.waker());
        for _ in 0..TURNS {
            if let Poll::Ready(output) = self.turn(future) {
                return Poll::Ready(output);
            }
            if polled.may_end([&self.guest_bell.0, &self.operations_bell.0]) {
                return Poll::Pending;
            }
        }
        context.waker().wake_by_ref();
        Poll::Pending
    }

    /// Whoever was woken is polled once.
    fn turn<F: Future + Unpin>(&mut self, future: &mut F) -> Poll<F::Output> {
        if self.guest_bell.0.is_rung() {
            let mut context = Context::from_waker(&self.guest_bell.1);
            if let Poll::Ready(output) = Pin::new(future).poll(&mut context) {
                return Poll::Ready(output);
            }
        }
        if self.operations_bell.0.is_rung() {
            self.admit();
            let mut context = Context::from_waker(&self.operations_bell.1);
            while let Poll::Ready(Some(_)) = self.operations.poll_next_unpin(&mut context) {}
        }
        Poll::Pending
    }

    fn admit(&self) {
        let started = &self.starter.started;
        let mut started = started.lock().unwrap_or_else(PoisonError::into_inner);
        for (operation, registration) in started.drain(..) {
            let performed = Box::pin(operation.performed());
            self.operations
                .push(Abortable::new(performed, registration));
        }
    }
}

/// A task, and whether it is being polled.
#[derive(Debug, Default)]
struct Task {
    waker: AtomicWaker,
    polled: AtomicBool,
}

impl Task {
    fn enter(&self, waker: &Waker) -> Polled<'_> {
        self.waker.register(waker);
        self.polled.store(true, Ordering::SeqCst);
        Polled(self)
    }
}

/// The task is being polled until this is dropped.
struct Polled<'a>(&'a Task);

impl Polled<'_> {
    /// Whether the poll may end. What rings after this wakes the task.
    fn may_end(&self, bells: [&Bell; 2]) -> bool {
        self.0.polled.store(false, Ordering::SeqCst);
        let quiet = bells.iter().all(|bell| !bell.rung.load(Ordering::SeqCst));
        self.0.polled.store(!quiet, Ordering::SeqCst);
        quiet
    }
}

impl Drop for Polled<'_> {
    fn drop(&mut self) {
        self.0.polled.store(false, Ordering::SeqCst);
    }
}

/// Wakes a task, except out of its own poll: that looks at its bells before it ends.
#[derive(Debug)]
struct Bell {
    rung: AtomicBool,
    task: Arc<Task>,
}

impl Bell {
    fn hung(task: &Arc<Task>) -> (Arc<Self>, Waker) {
        let bell = Arc::new(Self {
            rung: AtomicBool::new(false),
            task: Arc::clone(task),
        });
        let waker = Waker::from(Arc::clone(&bell));
        (bell, waker)
    }

    /// Whether it was rung since it was last asked.
    fn is_rung(&self) -> bool {
        self.rung.load(Ordering::Relaxed) && self.rung.swap(false, Ordering::SeqCst)
    }
}

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.rung.store(true, Ordering::SeqCst);
        if !self.task.polled.load(Ordering::SeqCst) {
            self.task.waker.wake();
        }
    }
}

#[cfg(test)]
mod tests;
