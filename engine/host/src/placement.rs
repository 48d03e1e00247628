//! Where a guest runs: beside the sockets while it computes little, apart from them once it does more.
//!
//! A run is mostly waiting. Handing each of its moments of computing to another thread and back costs more
//! than the moments themselves, and switches of threads delay timestamps too. So a guest begins on the I/O
//! runtime. The epoch interrupts it there as everywhere: whoever has computed for longer than a handshake
//! takes goes on with a guest thread, and where a check's runs keep doing so, the next ones begin on one.

use std::{
    any::Any,
    future::{Future, poll_fn},
    panic::AssertUnwindSafe,
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU8, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};

use futures_util::FutureExt;
use tokio::{runtime::Handle, task::AbortHandle};

use crate::{engine::Sandbox, underway::Underway};

/// How long a guest may compute at a stretch beside the sockets. A TLS handshake takes up to half of it.
pub(crate) const STRETCH: Duration = Duration::from_millis(1);

/// Components above this size take milliseconds to set up: they begin apart.
const LIGHT_BYTES: usize = 1 << 20;

/// What a run that computes long adds to a check's weight; one that does not takes one away.
const LONG: u8 = 8;

/// The most a check weighs: long runs in a row are forgotten after as many short ones as one run adds.
const HEAVIEST: u8 = 2 * LONG;

/// Whether the runs of a check begin apart from the sockets; learnt from those that compute long. One of them says
/// little: the first run of a check is cold, and any may meet a machine that is busy with others.
#[derive(Debug, Default)]
pub(crate) struct Weight {
    /// Whatever is learnt.
    is_large: bool,
    learnt: AtomicU8,
}

impl Weight {
    /// What the size of a component says.
    pub(crate) fn of(component_bytes: usize) -> Self {
        Self {
            is_large: component_bytes > LIGHT_BYTES,
            learnt: AtomicU8::new(0),
        }
    }

    /// Whether its runs begin apart.
    pub(crate) fn is_heavy(&self) -> bool {
        self.is_large || self.learnt.load(Ordering::Relaxed) > LONG
    }

    /// From a run that is over. Runs of a check seldom overlap; where they do, one may be forgotten.
    fn learn(&self, computed_long: bool) {
        let learnt = self.learnt.load(Ordering::Relaxed);
        let learnt = if computed_long {
            learnt.saturating_add(LONG).min(HEAVIEST)
        } else {
            learnt.saturating_sub(1)
        };
        self.learnt.store(learnt, Ordering::Relaxed);
    }
}

/// Where a guest runs, and its wish to go on apart, made from inside its poll.
#[derive(Debug, Clone, Default)]
pub(crate) struct Aside(Arc<Wish>);

#[derive(Debug, Default)]
struct Wish {
    begins_apart: bool,
    asked: AtomicBool,
}

impl Aside {
    /// A guest that begins apart, or not.
    pub(crate) fn begin(begins_apart: bool) -> Self {
        Self(Arc::new(Wish {
            begins_apart,
            asked: AtomicBool::new(false),
        }))
    }

    /// From the end of this poll on; where it runs apart already, it is known to compute long.
    pub(crate) fn ask(&self) {
        self.0.asked.store(true, Ordering::Relaxed);
    }

    /// Whether the guest runs apart, or will.
    pub(crate) fn is_apart(&self) -> bool {
        self.0.begins_apart || self.has_asked()
    }

    fn has_asked(&self) -> bool {
        self.0.asked.load(Ordering::Relaxed)
    }
}

/// Learns from a run when it is over, however it ends.
struct Lesson<'a>(&'a Weight, &'a Aside);

impl Drop for Lesson<'_> {
    fn drop(&mut self) {
        self.0.learn(self.1.has_asked());
    }
}

/// Runs a guest where it belongs, to its end, and drives what it starts; a panic on its way is told as its message.
pub(crate) async fn run<F>(
    (guest, mut underway): (F, Underway),
    aside: &Aside,
    weight: &Weight,
    sandbox: &Sandbox,
) -> Result<F::Output, String>
where
    F: Future<Output: Send> + Send + Unpin + 'static,
{
    let mut guest = guest;
    let _lesson = Lesson(weight, aside);
    if !aside.is_apart() {
        let here = poll_fn(|context| beside(&mut guest, aside, context));
        if let Some(output) = unless_panicked(underway.beside(here)).await? {
            return Ok(output);
        }
    }
    apart(guest, &mut underway, sandbox.guest_thread()).await
}

/// Runs a guest on a thread of the guests, and drives what it starts here.
pub(crate) async fn apart<F>(
    guest: F,
    underway: &mut Underway,
    thread: &Handle,
) -> Result<F::Output, String>
where
    F: Future<Output: Send> + Send + 'static,
{
    let mut task = thread.spawn(guest);
    let _cut = AbortOnDrop(task.abort_handle());
    let ended = unless_panicked(underway.beside(&mut task)).await?;
    ended.map_err(|error| error.to_string())
}

/// A task that ends with whoever holds this.
struct AbortOnDrop(AbortHandle);

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// One poll beside the sockets; `None` when the guest has to go.
fn beside<F: Future + Unpin>(
    guest: &mut F,
    aside: &Aside,
    context: &mut Context<'_>,
) -> Poll<Option<F::Output>> {
    match pin!(guest).poll(context) {
        Poll::Ready(output) => Poll::Ready(Some(output)),
        Poll::Pending if aside.is_apart() => Poll::Ready(None),
        Poll::Pending => Poll::Pending,
    }
}

async fn unless_panicked<F: Future>(future: F) -> Result<F::Output, String> {
    let ended = AssertUnwindSafe(future).catch_unwind().await;
    ended.map_err(|panic| message(panic.as_ref()))
}

fn message(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(ToString::to_string);
    let text = text.or_else(|| panic.downcast_ref::<String>().cloned());
    text.map_or_else(
        || "the host panicked without a word".to_owned(),
        |text| format!("the host panicked: {text}"),
    )
}

#[cfg(test)]
mod tests {
    use std::{sync::Mutex, thread};

    use tokio::runtime::Handle;

    use super::*;
    use crate::engine::SandboxSettings;

    fn sandbox() -> Arc<Sandbox> {
        let settings = SandboxSettings {
            instances: 1,
            guest_threads: Some(1),
            ..SandboxSettings::default()
        };
        Sandbox::new(&settings, Handle::current()).unwrap()
    }

    /// Two polls; the first one computes long where `asks`. Ends with the threads that they were made on.
    fn guest(
        asks: bool,
        aside: &Aside,
    ) -> impl Future<Output = Vec<Option<String>>> + Send + Unpin + 'static {
        let (aside, threads) = (aside.clone(), Mutex::new(Vec::new()));
        poll_fn(move |context| {
            let mut threads = threads.lock().unwrap();
            threads.push(thread::current().name().map(ToOwned::to_owned));
            if threads.len() == 2 {
                return Poll::Ready(std::mem::take(&mut *threads));
            }
            if asks {
                aside.ask();
            }
            context.waker().wake_by_ref();
            Poll::Pending
        })
    }

    /// Where the polls of a guest were made.
    async fn threads(aside: Aside, asks: bool, weight: &Weight) -> Vec<bool> {
        let guest = (guest(asks, &aside), Underway::new());
        let run = run(guest, &aside, weight, &sandbox()).await;
        let is_apart = |name: Option<String>| name.is_some_and(|name| name == "leadsman-guest-0");
        run.unwrap().into_iter().map(is_apart).collect()
    }

    #[tokio::test]
    async fn a_guest_that_computes_little_stays_beside_the_sockets() {
        let weight = Weight::default();
        let apart = threads(Aside::begin(false), false, &weight).await;
        assert_eq!((apart, weight.is_heavy()), (vec![false, false], false));
    }

    #[tokio::test]
    async fn a_guest_that_computes_long_goes_on_apart() {
        let weight = Weight::default();
        let apart = threads(Aside::begin(false), true, &weight).await;
        assert_eq!((apart, weight.is_heavy()), (vec![false, true], false));
    }

    #[tokio::test]
    async fn a_check_whose_runs_compute_long_has_them_begin_apart_until_they_no_longer_do() {
        let (weight, mut began_apart) = (Weight::default(), Vec::new());
        for asks in [[true; 4].as_slice(), &[false; 10], &[true]].concat() {
            let aside = Aside::begin(weight.is_heavy());
            began_apart.push(threads(aside, asks, &weight).await[0]);
        }
        let long = [false, false, true, true];
        let short = [[true; 8].as_slice(), &[false; 2]].concat();
        assert_eq!(began_apart, [long.as_slice(), &short, &[false]].concat());
    }

    #[tokio::test]
    async fn a_run_that_computes_long_now_and_then_does_not_weigh_on_its_check() {
        let weight = Weight::default();
        for number in 0..100 {
            threads(Aside::begin(false), number % 10 == 0, &weight).await;
            assert!(!weight.is_heavy(), "{number}");
        }
    }

    #[tokio::test]
    async fn a_run_that_is_cut_is_learnt_from_too() {
        let (weight, sandbox) = (Weight::default(), sandbox());
        for _ in 0..2 {
            let aside = Aside::begin(false);
            aside.ask();
            let never = std::future::pending::<()>();
            let run = run(
                (Box::pin(never), Underway::new()),
                &aside,
                &weight,
                &sandbox,
            );
            assert!(run.now_or_never().is_none());
        }
        assert!(weight.is_heavy());
    }

    #[tokio::test]
    async fn a_panic_is_told_wherever_the_guest_runs() {
        for apart in [false, true] {
            let aside = Aside::begin(apart);
            let guest = poll_fn(|_| -> Poll<()> { panic!("lost its way") });
            let told = run(
                (guest, Underway::new()),
                &aside,
                &Weight::default(),
                &sandbox(),
            )
            .await;
            assert!(told.unwrap_err().contains("lost its way"), "{apart}");
        }
    }

    #[test]
    fn a_component_that_takes_long_to_set_up_begins_apart() {
        assert!(!Weight::of(LIGHT_BYTES).is_heavy() && Weight::of(LIGHT_BYTES + 1).is_heavy());
    }
}
