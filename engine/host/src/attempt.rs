//! One attempt: a fresh store, an instance, the guest's run, and what it left behind.

use std::{sync::Arc, time::Duration};

use leadsman_core::{
    attempt::{Assignment, Ending, Order, Prober, Report, RunCause, Usage, Verdict},
    evidence::Cut,
    limits::Limit,
    redact::redact,
};
use leadsman_net::{Placeholder, Session};
use tokio::{sync::OwnedSemaphorePermit, time::Instant};
use wasmtime::{Engine, Store, Trap, UpdateDeadline};

use crate::{
    bindings::exports::leadsman::probe::check::Verdict as GuestVerdict,
    component::{last_words, told},
    engine::Sandbox,
    guests::Queued,
    meter::{Meter, Metered},
    placement::{self, Aside},
    roster::{Prepared, Roster},
    secrets::Secrets,
    state::{GuestState, LimitReached, size, unix_now},
    trace::Trace,
    underway::{Starter, Underway},
};

/// How much longer than its timeout a run may live: what its operations found at the deadline is
/// still to be told.
const GRACE: Duration = Duration::from_millis(100);

/// A run that begins so much later than planned, in nanoseconds, begins apart.
const LATE_NANOS: i64 = 3_000_000;

/// Epoch ticks between two looks at the budget.
const TICKS: u64 = 1;

impl Prober for Roster {
    async fn attempt(&self, order: Order) -> Report {
        match self.prepared(order.slot, &order.assignment) {
            Some(Ok(prepared)) => attempt(&self.sandbox, &prepared, order).await,
            Some(Err(message)) => not_loaded(message),
            None => not_loaded(
                "the configuration changed while the run went on, and its check with it".to_owned(),
            ),
        }
    }

    fn room(&self) -> usize {
        self.sandbox.room()
    }
}

fn not_loaded(message: String) -> Report {
    Report::not_started(unix_now(), Ending::NotLoaded { message })
}

/// Where runs begin late, the sockets' runtime has enough to do. Further attempts come later than the tick in
/// any case.
fn is_late(order: &Order) -> bool {
    let late = unix_now().saturating_sub(order.planned_unix_ns);
    order.cause == RunCause::Tick && order.attempt == 1 && late > LATE_NANOS
}

/// What the guest's task leaves.
struct Finished {
    result: wasmtime::Result<Verdict>,
    took: u64,
}

async fn attempt(sandbox: &Arc<Sandbox>, prepared: &Arc<Prepared>, order: Order) -> Report {
    let ordered = Instant::now();
    let Ok(slot) = Arc::clone(&sandbox.slots).acquire_owned().await else {
        return not_loaded("the sandbox is closed".to_owned());
    };
    let limits = order.assignment.limits.clone();
    let timeout = Duration::from_nanos(order.assignment.timeout);
    let trace = Arc::new(Trace::new(limits, order.assignment.places.clone()));
    let meter = Arc::new(Meter::default());
    let aside = Aside::begin(prepared.weight.is_heavy() || is_late(&order));
    let underway = Underway::new();
    let turn = aside.is_apart().then(|| sandbox.queue());
    let guest = guest(
        (Arc::clone(sandbox), turn, slot),
        Arc::clone(prepared),
        order,
        (Arc::clone(&trace), Arc::clone(&meter)),
        (underway.starter(), aside.clone()),
    );
    let metered = Metered::new(guest, Arc::clone(&meter), sandbox.ticker.clone());
    let run = placement::run((metered, underway), &aside, &prepared.weight, sandbox);
    let ended = tokio::time::timeout_at(ordered + timeout + GRACE, run).await;
    let end = match ended {
        Ok(Ok(finished)) => concluded(finished, &trace),
        Ok(Err(message)) => (Ending::HostFailed { message }, None, trace.at()),
        Err(_) => {
            let waiting_on_target = trace.is_waiting();
            (Ending::Deadline { waiting_on_target }, None, trace.at())
        }
    };
    report(&trace, ordered, end, meter.used())
}

/// The guest's side: everything in here runs where the guest does.
async fn guest(
    (sandbox, turn, _slot): (Arc<Sandbox>, Option<Queued>, OwnedSemaphorePermit),
    prepared: Arc<Prepared>,
    order: Order,
    (trace, meter): (Arc<Trace>, Arc<Meter>),
    driven: (Starter, Aside),
) -> Finished {
    drop(turn);
    let began = trace.start();
    let deadline = began + Duration::from_nanos(order.assignment.timeout);
    let egress = Arc::clone(&order.assignment.egress);
    let session = Arc::new(Session::new(
        prepared.network.clone(),
        egress,
        deadline,
        granted(&prepared.secrets, &order.assignment),
    ));
    if !order.assignment.secrets.is_empty() {
        trace.hide(session.secrets());
    }
    let shared = (
        Arc::clone(&prepared.expressions),
        Arc::clone(&prepared.secrets),
    );
    let state = GuestState::new(order, trace, shared, Some(session), driven);
    let result = run(&sandbox.engine, &prepared, state, meter).await;
    Finished {
        result,
        took: nanos(began.elapsed()),
    }
}

/// What stands for the secrets of the check: they are hidden in what comes, whether or not the guest asks for them.
fn granted(secrets: &Secrets, assignment: &Assignment) -> Vec<Placeholder> {
    let names = assignment.secrets.iter();
    names
        .filter_map(|name| secrets.everywhere(name.as_str()))
        .collect()
}

async fn run(
    engine: &Engine,
    prepared: &Prepared,
    state: GuestState,
    meter: Arc<Meter>,
) -> wasmtime::Result<Verdict> {
    let mut store = guest_store(engine, state, meter);
    let bindings = prepared.probe.pre.instantiate_async(&mut store).await?;
    let verdict = bindings.leadsman_probe_check().call_run(&mut store).await?;
    store.data().trace.end_carried(true, "");
    Ok(match verdict {
        GuestVerdict::Pass => Verdict::Pass,
        GuestVerdict::Fail => Verdict::Fail,
        GuestVerdict::Degraded => Verdict::Degraded,
        GuestVerdict::Unknown => Verdict::Unknown,
    })
}

/// A store with every limit in place.
pub(crate) fn guest_store(
    engine: &Engine,
    state: GuestState,
    meter: Arc<Meter>,
) -> Store<GuestState> {
    let limits = &state.order.assignment.limits;
    let (budget, handles, bytes) = (limits.cpu(), size(limits.handles), size(limits.call_bytes));
    let aside = state.aside.clone();
    let mut store = Store::new(engine, state);
    store.limiter(|state| state);
    store.set_max_component_handles(handles);
    store.set_hostcall_fuel(bytes);
    store.set_epoch_deadline(TICKS);
    store.epoch_deadline_callback(move |_| {
        let stretch = meter.stretch();
        if meter.before() + stretch > budget {
            return Err(LimitReached(Limit::Cpu).into());
        }
        // The epoch is everybody's: this guest may have begun a moment ago.
        if stretch < placement::STRETCH {
            return Ok(UpdateDeadline::Continue(TICKS));
        }
        aside.ask();
        Ok(UpdateDeadline::YieldCustom(
            TICKS,
            Box::pin(tokio::task::yield_now()),
        ))
    });
    store
}

/// How the guest's own end reads.
fn concluded(finished: Finished, trace: &Trace) -> (Ending, Option<Verdict>, u64) {
    match finished.result {
        Ok(verdict) => (Ending::Returned, Some(verdict), finished.took),
        Err(error) => (stopped(&error, trace), None, finished.took),
    }
}

fn stopped(error: &wasmtime::Error, trace: &Trace) -> Ending {
    if let Some(LimitReached(limit)) = error.downcast_ref::<LimitReached>() {
        return Ending::Limit { limit: *limit };
    }
    let text = told(error);
    match error.downcast_ref::<Trap>() {
        Some(Trap::UnreachableCodeReached) => Ending::Trapped {
            message: last_words(trace)
                .unwrap_or_else(|| "the probe panicked without a word".to_owned()),
        },
        Some(trap) => Ending::Trapped {
            message: trap.to_string(),
        },
        None => match limit_in(&text) {
            Some(limit) => Ending::Limit { limit },
            None => Ending::Trapped { message: text },
        },
    }
}

/// The sandbox has no types for those of its limits that it keeps itself, only words.
fn limit_in(text: &str) -> Option<Limit> {
    let says = |words: &[&str]| words.iter().any(|word| text.contains(word));
    if says(&["fuel"]) {
        Some(Limit::CallBytes)
    } else if says(&[
        "handle limit exceeded",
        "too many",
        "table has no free keys",
    ]) {
        Some(Limit::Handles)
    } else {
        None
    }
}

fn report(
    trace: &Trace,
    ordered: Instant,
    (ending, verdict, took): (Ending, Option<Verdict>, u64),
    cpu: u64,
) -> Report {
    // A guest that never started has queued all the time.
    let (began, started_unix_ns) = trace.started().unwrap_or((Instant::now(), unix_now()));
    let mut content = std::mem::take(&mut *trace.content());
    let slept = content.slept_until(trace.at());
    let mut report = Report {
        started_unix_ns,
        took,
        ending,
        verdict,
        causes: std::mem::take(&mut content.causes),
        operations: std::mem::take(&mut content.operations),
        steps: std::mem::take(&mut content.steps),
        measures: std::mem::take(&mut content.measures),
        log: std::mem::take(&mut content.log),
        usage: Usage {
            cpu,
            memory_bytes: content.memory_bytes,
            host_calls: content.host_calls,
            queued: nanos(began.duration_since(ordered)),
            slept,
            truncated: std::mem::take(&mut content.truncated),
        },
        unrepeatable: content.unrepeatable,
        cut: Cut::default(),
    };
    if let Some(secrets) = content.hidden.take() {
        redact(&mut report, &|bytes| secrets.hide(bytes));
    }
    report
}

fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}
