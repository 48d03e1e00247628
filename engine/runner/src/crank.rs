//! The one loop: wait, step, do what the dispatcher says, tell what happened.

use std::{
    collections::HashMap,
    future::Future,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use leadsman_core::{
    attempt::{Assignment, Order, Prober, RunCause},
    canary::Canaries,
    dispatch::{Action, Dispatcher, Event, MissedReason, Now},
    id::RunId,
    record::RunRecord,
};
use tokio::{
    sync::{mpsc, oneshot, watch},
    task::{Id, JoinError, JoinSet},
};

use crate::{
    alarm::Alarm,
    entry::Entry,
    run::{broken, run_once},
    turns::Turns,
};

/// How much later than at the latest a canary's round may end before what it said is stale.
const PATIENCE_MS: i64 = 1_000;

/// Who is told what happened, in order; every call is plain and returns at once.
pub trait Sink: Send + Sync + 'static {
    /// A tick became a run.
    fn started(&self, slot: u32);
    /// Ticks did not become runs.
    fn missed(&self, slot: u32, reason: MissedReason, planned_unix_ms: i64, count: u64);
    /// A run ended.
    fn finished(&self, slot: u32, record: Arc<RunRecord>);
    /// The next tick is planned.
    fn planned(&self, slot: u32, unix_ms: i64);
    /// A removed slot's last run has ended: another check-target may have the slot.
    fn vacant(&self, slot: u32);
    /// This location, which could judge until now or could not, now can or cannot, as far as its canaries say.
    fn location(&self, healthy: bool);
}

/// What is due from now on, in some slots; all others stay as they are.
#[derive(Debug, Default)]
pub struct Change {
    /// Slots with their new entries.
    pub put: Vec<(u32, Entry)>,
    /// Slots in which nothing is due any more.
    pub remove: Vec<u32>,
}

/// A change, and who waits until it is in force.
type Requested = (Change, oneshot::Sender<()>);

/// Changes what a running loop does.
#[derive(Debug, Clone)]
pub struct Changes(mpsc::Sender<Requested>);

impl Changes {
    /// Makes the change, between two ticks; returns when it is in force, or the loop has ended.
    pub async fn make(&self, change: Change) {
        let (done, made) = oneshot::channel();
        if self.0.send((change, done)).await.is_ok() {
            // Where the loop ends first, there is nothing left to change.
            drop(made.await);
        }
    }
}

/// Stops the loop from elsewhere.
#[derive(Debug, Clone)]
pub struct Control(Arc<watch::Sender<bool>>);

impl Default for Control {
    fn default() -> Self {
        Self(Arc::new(watch::Sender::new(false)))
    }
}

impl Control {
    /// No new ticks from now on; the loop ends when the runs under way have.
    pub fn drain(&self) {
        self.0.send_replace(true);
    }

    /// Whether it was asked to stop.
    pub fn is_draining(&self) -> bool {
        *self.0.borrow()
    }
}

/// The loop.
pub struct Runner<P, S> {
    prober: Arc<P>,
    sink: Arc<S>,
    entries: Vec<Option<Entry>>,
    capacity: usize,
    clock: Box<dyn Fn() -> Now + Send + Sync>,
    ids: RunIds,
    turns: Turns,
    changes: mpsc::Receiver<Requested>,
    canaries: Canaries,
    /// What the sink knows of them.
    is_well: bool,
}

impl<P, S> std::fmt::Debug for Runner<P, S> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Runner")
            .field("entries", &self.entries.len())
            .finish_non_exhaustive()
    }
}

/// Whether anybody still waits for it does not matter to the loop.
fn made(done: oneshot::Sender<()>) {
    if done.send(()).is_err() {
        tracing::debug!("whoever asked for a change has gone");
    }
}

/// What the loop waits for.
enum Happened {
    Event(Event),
    Ended(Result<(Id, RunRecord), JoinError>),
    Requested(Requested),
}

/// A run under way: enough of its order to tell of it where it leaves nothing itself.
struct Begun {
    slot: u32,
    asked: Arc<Assignment>,
    run: RunId,
    planned_unix_ns: i64,
}

impl Begun {
    fn order(&self) -> Order {
        Order {
            assignment: Arc::clone(&self.asked),
            slot: self.slot,
            run: self.run.to_string(),
            cause: RunCause::Tick,
            planned_unix_ns: self.planned_unix_ns,
            attempt: 1,
        }
    }
}

/// The runs under way, each in a task of its own.
#[derive(Default)]
struct Running {
    tasks: JoinSet<RunRecord>,
    begun: HashMap<Id, Begun>,
}

impl Running {
    fn begin(&mut self, begun: Begun, run: impl Future<Output = RunRecord> + Send + 'static) {
        let task = self.tasks.spawn(run);
        self.begun.insert(task.id(), begun);
    }

    /// Whose run has ended, and its record: also where it panicked, for its slot would be taken for ever.
    fn ended(&mut self, ended: Result<(Id, RunRecord), JoinError>) -> Option<(Begun, RunRecord)> {
        match ended {
            Ok((task, record)) => Some((self.begun.remove(&task)?, record)),
            Err(error) => {
                let begun = self.begun.remove(&error.id())?;
                let order = begun.order();
                let (run, check) = (order.run.as_str(), order.assignment.check.as_str());
                tracing::error!(run, check, %error, "a run ended without a record");
                let record = broken(&order);
                Some((begun, record))
            }
        }
    }
}

impl<P: Prober, S: Sink> Runner<P, S> {
    /// A loop over these entries, with room for so many runs at once. `life` tells this process's
    /// runs from another one's.
    pub fn new(
        (prober, sink): (Arc<P>, Arc<S>),
        entries: Vec<Entry>,
        capacity: usize,
        clock: impl Fn() -> Now + Send + Sync + 'static,
        life: u64,
    ) -> (Self, Changes) {
        let (changes, requested) = mpsc::channel(1);
        let runner = Self {
            changes: requested,
            prober,
            sink,
            entries: entries.into_iter().map(Some).collect(),
            capacity,
            clock: Box::new(clock),
            ids: RunIds {
                life,
                next: AtomicU64::new(0),
            },
            turns: Turns::default(),
            canaries: Canaries::default(),
            is_well: true,
        };
        (runner, Changes(changes))
    }

    /// Runs until it is drained and the last run has ended.
    pub async fn run(mut self, control: &Control) {
        let mut draining = control.0.subscribe();
        let entries = self.entries.iter().flatten();
        let timetables = entries.map(|entry| entry.timetable.clone()).collect();
        let mut dispatcher = Dispatcher::new(timetables, self.capacity, (self.clock)());
        let mut running = Running::default();
        let mut actions = Vec::new();
        let mut alarm = Alarm::new();
        self.announce(&dispatcher);
        loop {
            let drained = *draining.borrow();
            if drained && running.tasks.is_empty() {
                return;
            }
            alarm.set(dispatcher.next_wakes(), || (self.clock)().unix_ms);
            let happened = tokio::select! {
                // Cancel-safe: a join set keeps what it has not handed out.
                Some(ended) = running.tasks.join_next_with_id() => Happened::Ended(ended),
                // Cancel-safe: a channel keeps what it has not handed out.
                Some(requested) = self.changes.recv() => Happened::Requested(requested),
                // Cancel-safe: the value stays where it is.
                Ok(()) = draining.changed(), if !drained => Happened::Event(Event::Drain),
                // Cancel-safe: a sleep has no effect but to end.
                () = alarm.rings() => Happened::Event(Event::Wake),
            };
            let event = match happened {
                Happened::Event(event) => Some(event),
                Happened::Ended(ended) => {
                    let ended = running.ended(ended);
                    ended.map(|ended| self.ended(ended, &dispatcher))
                }
                Happened::Requested((change, done)) => {
                    self.change(change, &mut dispatcher, &mut actions, &mut running);
                    made(done);
                    None
                }
            };
            if let Some(event) = event {
                self.step(event, &mut dispatcher, &mut actions);
                self.act(&mut actions, &mut running, &dispatcher);
            }
        }
    }

    fn step(&self, event: Event, dispatcher: &mut Dispatcher, actions: &mut Vec<Action>) -> Now {
        let now = (self.clock)();
        dispatcher.set_room(self.prober.room().min(self.turns.room()));
        dispatcher.step(now, event, actions);
        if let Event::Finished { slot } = event
            && dispatcher.is_vacant(slot)
        {
            self.sink.vacant(slot);
        }
        now
    }

    /// What was due before the change is dispatched first, as it was meant.
    fn change(
        &mut self,
        change: Change,
        dispatcher: &mut Dispatcher,
        actions: &mut Vec<Action>,
        running: &mut Running,
    ) {
        let now = self.step(Event::Wake, dispatcher, actions);
        self.act(actions, running, dispatcher);
        for slot in change.remove {
            dispatcher.remove(slot, actions);
            self.put(slot, None);
            if dispatcher.is_vacant(slot) {
                self.sink.vacant(slot);
            }
        }
        for (slot, entry) in change.put {
            dispatcher.put(slot, entry.timetable.clone(), now);
            self.put(slot, Some(entry));
            if let Some(next) = dispatcher.planned_after(slot, now.unix_ms) {
                self.sink.planned(slot, next);
            }
        }
        self.act(actions, running, dispatcher);
    }

    fn put(&mut self, slot: u32, entry: Option<Entry>) {
        let Ok(index) = usize::try_from(slot) else {
            return;
        };
        let before = self.entries.get(index).and_then(Option::as_ref);
        let is_same = before
            .zip(entry.as_ref())
            .is_some_and(|(before, entry)| before.asks_as(entry));
        // Else a location whose failing canary is taken away would never be well again.
        if !is_same && self.canaries.forget(slot) {
            self.tell_of_location((self.clock)().unix_ms);
        }
        if self.entries.len() <= index {
            self.entries.resize_with(index + 1, || None);
        }
        if let Some(place) = self.entries.get_mut(index) {
            *place = entry;
        }
    }

    fn announce(&self, dispatcher: &Dispatcher) {
        for (slot, _) in (0_u32..).zip(&self.entries) {
            if let Some(next) = dispatcher.next_tick(slot) {
                self.sink.planned(slot, next);
            }
        }
    }

    /// Tells the sink, and the dispatcher that there is room again.
    fn ended(&mut self, ended: (Begun, RunRecord), dispatcher: &Dispatcher) -> Event {
        let (Begun { slot, asked, .. }, mut record) = ended;
        self.consult((slot, &asked), &mut record, dispatcher);
        self.sink.finished(slot, Arc::new(record));
        Event::Finished { slot }
    }

    /// A canary's run is what the silence of others is held against.
    fn consult(
        &mut self,
        (slot, asked): (u32, &Arc<Assignment>),
        record: &mut RunRecord,
        dispatcher: &Dispatcher,
    ) {
        let now = (self.clock)().unix_ms;
        let entry = usize::try_from(slot).ok();
        let entry = entry.and_then(|slot| self.entries.get(slot)?.as_ref());
        if let Some(entry) = entry.filter(|entry| entry.canary) {
            // It tells of what is configured now, not of what was when the run began.
            let is_asked = Arc::ptr_eq(&entry.assignment, asked);
            if is_asked && entry.tells_at(record.planned_unix_ns / 1_000_000) {
                let next = dispatcher.planned_after(slot, now).unwrap_or(now);
                let until = next.saturating_add(entry.longest_ms());
                self.canaries
                    .book(slot, record, until.saturating_add(PATIENCE_MS));
            }
        } else if let Some(conclusion) = self.canaries.excuse(record, now) {
            record.conclude(conclusion);
        }
        self.tell_of_location(now);
    }

    /// Where any run ends, for what a canary said becomes stale without another round of it.
    fn tell_of_location(&mut self, now_unix_ms: i64) {
        let is_well = self.canaries.are_well(now_unix_ms);
        if is_well != self.is_well {
            self.is_well = is_well;
            self.sink.location(is_well);
        }
    }

    fn act(&self, actions: &mut Vec<Action>, running: &mut Running, dispatcher: &Dispatcher) {
        for action in actions.drain(..) {
            let slot = match action {
                Action::Missed {
                    slot,
                    reason,
                    planned_unix_ms,
                    count,
                } => {
                    self.sink.missed(slot, reason, planned_unix_ms, count);
                    slot
                }
                Action::Start {
                    slot,
                    planned_unix_ms,
                } => {
                    if let Some((begun, run)) = self.start(slot, planned_unix_ms) {
                        self.sink.started(slot);
                        running.begin(begun, run);
                    }
                    slot
                }
            };
            if let Some(next) = dispatcher.planned_after(slot, (self.clock)().unix_ms) {
                self.sink.planned(slot, next);
            }
        }
    }

    fn start(
        &self,
        slot: u32,
        planned_unix_ms: i64,
    ) -> Option<(
        Begun,
        impl Future<Output = RunRecord> + Send + 'static + use<P, S>,
    )> {
        let entry = self.entries.get(usize::try_from(slot).ok()?)?.as_ref()?;
        let begun = Begun {
            slot,
            asked: Arc::clone(&entry.assignment),
            run: self.ids.next(),
            planned_unix_ns: planned_unix_ms.saturating_mul(1_000_000),
        };
        let (prober, retry) = (Arc::clone(&self.prober), entry.retry);
        let (turn, order) = (self.turns.queue(), begun.order());
        let run = async move {
            drop(turn);
            run_once(prober.as_ref(), order, retry).await
        };
        Some((begun, run))
    }
}

/// Ids that are unique in this process's life and the next ones'.
#[derive(Debug)]
struct RunIds {
    life: u64,
    next: AtomicU64,
}

impl RunIds {
    fn next(&self) -> RunId {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let life = self.life;
        RunId { life, number }
    }
}

#[cfg(test)]
mod tests;
