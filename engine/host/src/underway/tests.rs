//! One task drives a guest and its operations: who is polled, who is woken, and what ends with whom.

use std::{sync::atomic::AtomicUsize, thread};

use super::*;

/// A waker that counts.
#[derive(Debug, Default)]
struct Woken(AtomicUsize);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

impl Woken {
    fn times(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }
}

fn timer(starter: &Starter, milliseconds: u64) -> (Arc<Signal>, Cut) {
    let signal = Arc::new(Signal::default());
    let operation = Operation::Timer {
        duration: Duration::from_millis(milliseconds),
        signal: Arc::clone(&signal),
    };
    (signal, starter.start(operation))
}

/// One poll of the task of a run whose guest never ends.
fn poll(underway: &mut Underway, woken: &Arc<Woken>) {
    let waker = Waker::from(Arc::clone(woken));
    let mut context = Context::from_waker(&waker);
    let mut guest = std::future::pending::<()>();
    assert!(underway.poll(&mut guest, &mut context).is_pending());
}

#[tokio::test(start_paused = true)]
async fn a_guest_is_polled_only_when_what_it_waits_for_has_come() {
    let mut underway = Underway::new();
    let (starter, mut polls) = (underway.starter(), 0);
    let mut guest = Box::pin(async move {
        let _before = [10, 20, 30].map(|milliseconds| timer(&starter, milliseconds));
        let (last, _cut) = timer(&starter, 40);
        last.wait().await;
    });
    let counted = poll_fn(|context| {
        polls += 1;
        guest.as_mut().poll(context)
    });
    underway.beside(counted).await;
    assert_eq!(polls, 2);
}

#[tokio::test(start_paused = true)]
async fn an_operation_that_ends_at_once_needs_no_second_poll_of_the_task() {
    let mut underway = Underway::new();
    let starter = underway.starter();
    let mut guest = Box::pin(async move {
        let (signal, _cut) = timer(&starter, 0);
        signal.wait().await;
    });
    underway.guest_bell.0.rung.store(true, Ordering::SeqCst);
    let woken = Arc::new(Woken::default());
    let waker = Waker::from(Arc::clone(&woken));
    let polled = underway.poll(&mut guest, &mut Context::from_waker(&waker));
    assert_eq!((polled, woken.times()), (Poll::Ready(()), 0));
}

#[tokio::test(start_paused = true)]
async fn an_operation_ends_with_its_handle_and_wakes_the_task_for_it() {
    let mut underway = Underway::new();
    let woken = Arc::new(Woken::default());
    let (signal, cut) = timer(&underway.starter(), 10);
    poll(&mut underway, &woken);
    assert_eq!((Arc::strong_count(&signal), woken.times()), (2, 0));
    drop(cut);
    assert_eq!(woken.times(), 1);
    poll(&mut underway, &woken);
    assert_eq!((Arc::strong_count(&signal), signal.is_set()), (1, false));
}

#[tokio::test(start_paused = true)]
async fn an_operation_ends_with_the_run() {
    let mut underway = Underway::new();
    let (signal, _cut) = timer(&underway.starter(), 10);
    poll(&mut underway, &Arc::default());
    drop(underway);
    assert_eq!(Arc::strong_count(&signal), 1);
}

#[tokio::test]
async fn a_guest_on_another_thread_starts_operations_here() {
    let mut underway = Underway::new();
    let starter = underway.starter();
    let (tell, told) = tokio::sync::oneshot::channel();
    let other = thread::spawn(move || {
        let started = timer(&starter, 0);
        tell.send(started).is_ok()
    });
    let guest = Box::pin(async move {
        let (signal, _cut) = told.await.unwrap();
        signal.wait().await;
    });
    underway.beside(guest).await;
    assert!(other.join().unwrap());
}

#[tokio::test]
async fn a_guest_that_wakes_itself_for_ever_lets_other_tasks_have_their_turn() {
    let mut underway = Underway::new();
    let mut polls = 0;
    let mut guest = poll_fn(|context| -> Poll<()> {
        polls += 1;
        context.waker().wake_by_ref();
        Poll::Pending
    });
    underway.guest_bell.0.rung.store(true, Ordering::SeqCst);
    let woken = Arc::new(Woken::default());
    let waker = Waker::from(Arc::clone(&woken));
    let polled = underway.poll(&mut guest, &mut Context::from_waker(&waker));
    assert_eq!((polled, polls, woken.times()), (Poll::Pending, TURNS, 1));
}
