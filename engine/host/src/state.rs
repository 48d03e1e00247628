//! The state of one attempt inside its store: what the guest's calls may touch.

use std::{
    fmt,
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use leadsman_core::{
    attempt::Order,
    failure::{Failure, FailureKind},
    limits::{Limit, Limits},
    seam::{Answer, Call},
};
use leadsman_net::Session;
use tokio::time::Instant;
use wasmtime::{
    ResourceLimiter,
    component::{Resource, ResourceTable},
};
use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView};

use crate::{
    expressions::Expressions,
    output::Output,
    pending::{Answered, Pending, Pollable, Signal},
    placement::{Aside, STRETCH},
    secrets::Secrets,
    trace::Trace,
    underway::{Operation, Starter},
};

/// Work of the host on more bytes than this is done apart from the sockets.
const MANY_BYTES: usize = 32 << 10;

/// How many calls a guest has left once one was refused for being one too many: what it has made can be deleted.
const LAST_CALLS: u32 = 10;

/// A hard limit was reached: the guest is stopped, and this says which one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct LimitReached(pub(crate) Limit);

impl fmt::Display for LimitReached {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the limit `{}` is reached", self.0.as_str())
    }
}

impl std::error::Error for LimitReached {}

/// Everything that one guest's calls may touch.
pub(crate) struct GuestState {
    pub(crate) order: Order,
    pub(crate) table: ResourceTable,
    pub(crate) trace: Arc<Trace>,
    pub(crate) expressions: Arc<Expressions>,
    pub(crate) secrets: Arc<Secrets>,
    pub(crate) deadline: Instant,
    pub(crate) began: Instant,
    /// `None` while a probe is only asked about itself.
    pub(crate) session: Option<Arc<Session>>,
    pub(crate) starter: Starter,
    pub(crate) aside: Aside,
    /// Made when the guest first asks: most never do, and each waits with the room for it.
    wasi: Option<Box<WasiCtx>>,
    requests: u32,
    /// Whether a call was refused for being one too many.
    is_told: bool,
    in_flight: Arc<()>,
    memory_bytes: u64,
}

impl GuestState {
    /// The state of an attempt that begins now.
    pub(crate) fn new(
        order: Order,
        trace: Arc<Trace>,
        (expressions, secrets): (Arc<Expressions>, Arc<Secrets>),
        session: Option<Arc<Session>>,
        (starter, aside): (Starter, Aside),
    ) -> Self {
        let began = Instant::now();
        let deadline = began + Duration::from_nanos(order.assignment.timeout);
        let mut table = ResourceTable::new();
        table.set_max_capacity(size(order.assignment.limits.handles));
        Self {
            order,
            table,
            trace,
            expressions,
            secrets,
            deadline,
            began,
            session,
            starter,
            aside,
            wasi: None,
            requests: 0,
            is_told: false,
            in_flight: Arc::new(()),
            memory_bytes: 0,
        }
    }

    /// Counts a crossing from guest to host.
    pub(crate) fn crossed(&self) {
        self.trace.content().host_calls += 1;
    }

    /// Before the host works on so many bytes for the guest: where they are many, it goes on apart.
    pub(crate) async fn works_on(&mut self, bytes: usize) {
        if bytes <= MANY_BYTES {
            return;
        }
        let was_apart = self.aside.is_apart();
        self.aside.ask();
        if !was_apart {
            tokio::task::yield_now().await;
        }
    }

    /// After the host has worked for the guest since an instant: where it took long, it goes on apart.
    pub(crate) fn has_worked(&self, since: Instant) {
        if since.elapsed() > STRETCH {
            self.aside.ask();
        }
    }

    /// Starts an operation, which the task of the run drives: there, every timestamp is taken.
    pub(crate) fn start(&mut self, call: Call) -> wasmtime::Result<Pending> {
        let refusal = self.admit(&call)?;
        let call = Arc::new(call);
        let index = self.trace.begin(Arc::clone(&call));
        let signal = Arc::new(Signal::default());
        let session = match (refusal, self.session.clone()) {
            (None, Some(session)) => session,
            (refusal, _) => {
                let answer = Arc::new(refused(&call, refusal.unwrap_or_else(incapable)));
                self.trace.end(index, Arc::clone(&answer));
                signal.set(Some(answer));
                return Ok(Pending::ended(signal, Some(index)));
            }
        };
        let operation = Operation::Call {
            session,
            call,
            trace: Arc::clone(&self.trace),
            index,
            signal: Arc::clone(&signal),
            flying: Arc::clone(&self.in_flight),
        };
        let cut = self.starter.start(operation);
        Ok(Pending::begun(signal, cut, Some(index)))
    }

    /// Performs an operation and waits for it.
    pub(crate) async fn perform(&mut self, call: Call) -> wasmtime::Result<Answered> {
        let mut pending = self.start(call)?;
        pending.signal.wait().await;
        pending
            .take()
            .ok_or_else(|| wasmtime::Error::msg("an operation ended without an answer"))
    }

    /// An operation that ended before it began.
    pub(crate) fn already(answer: Answer) -> Pending {
        let signal = Arc::new(Signal::default());
        signal.set(Some(Arc::new(answer)));
        Pending::ended(signal, None)
    }

    /// What a guest waits on for an operation.
    pub(crate) fn pollable(
        &mut self,
        handle: &Resource<Pending>,
    ) -> wasmtime::Result<Resource<Pollable>> {
        let signal = Arc::clone(&self.table.get(handle)?.signal);
        Ok(self.table.push(Pollable(signal))?)
    }

    /// Waits for an operation's end and takes what came, and whether its body is delivered.
    pub(crate) async fn finished(
        &mut self,
        handle: &Resource<Pending>,
    ) -> wasmtime::Result<(Option<Answered>, bool)> {
        let signal = Arc::clone(&self.table.get(handle)?.signal);
        signal.wait().await;
        let pending = self.table.get_mut(handle)?;
        Ok((pending.take(), pending.deliver))
    }

    /// Waits on the task of the run, which no guest delays.
    pub(crate) fn timer(&self, duration: Duration) -> Pending {
        let signal = Arc::new(Signal::default());
        let operation = Operation::Timer {
            duration,
            signal: Arc::clone(&signal),
        };
        Pending::begun(signal, self.starter.start(operation), None)
    }

    /// The first call beyond the limit is refused, which ends a guest's own work; some more are let through, for it may
    /// have to clean up. One that goes on all the same is stopped.
    fn admit(&mut self, call: &Call) -> wasmtime::Result<Option<Failure>> {
        let limits = &self.order.assignment.limits;
        if self.requests >= limits.requests.saturating_add(LAST_CALLS) {
            return Err(LimitReached(Limit::Requests).into());
        }
        if Arc::strong_count(&self.in_flight) > size(limits.in_flight) {
            return Err(LimitReached(Limit::InFlight).into());
        }
        let is_beyond = self.requests >= limits.requests;
        if is_beyond && !self.is_told && !matches!(call, Call::TcpClose { .. }) {
            let failure = too_many(limits.requests);
            self.is_told = true;
            self.trace.content().cut(Limit::Requests);
            return Ok(Some(failure));
        }
        self.requests += 1;
        Ok(None)
    }
}

fn too_many(limit: u32) -> Failure {
    let most = Limits::CEILING.requests;
    Failure::new(
        FailureKind::Quota,
        format!("the run has made its {limit} requests; `limits.requests` may be up to {most}"),
    )
}

/// What a probe hears that wants the network while it is only asked about itself.
fn incapable() -> Failure {
    Failure::new(
        FailureKind::EgressDenied,
        "a probe has no capabilities while it describes itself or validates settings",
    )
}

fn refused(call: &Call, failure: Failure) -> Answer {
    match call {
        Call::Http(_) => Answer::Http(Err(failure)),
        Call::Dns(_) => Answer::Dns(Err(failure)),
        Call::Tls(_) => Answer::Tls(Err(failure)),
        Call::TcpConnect(_) => Answer::TcpConnect(Err(failure)),
        Call::TcpWrite { .. } => Answer::TcpWrite(Err(failure)),
        Call::TcpRead(_) => Answer::TcpRead(Err(failure)),
        Call::TcpClose { .. } => Answer::TcpClose,
    }
}

/// Nothing but a place for what the guest prints.
fn inert(trace: &Arc<Trace>) -> WasiCtx {
    let output = Output(Arc::clone(trace));
    WasiCtx::builder()
        .stdout(output.clone())
        .stderr(output)
        .build()
}

impl WasiView for GuestState {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        let ctx = self
            .wasi
            .get_or_insert_with(|| Box::new(inert(&self.trace)));
        WasiCtxView {
            ctx,
            table: &mut self.table,
        }
    }
}

impl ResourceLimiter for GuestState {
    fn memory_growing(
        &mut self,
        current: usize,
        desired: usize,
        _: Option<usize>,
    ) -> wasmtime::Result<bool> {
        let grown = u64::try_from(desired.saturating_sub(current)).unwrap_or(u64::MAX);
        let total = self.memory_bytes.saturating_add(grown);
        if total > self.order.assignment.limits.memory_bytes {
            return Err(LimitReached(Limit::Memory).into());
        }
        self.memory_bytes = total;
        self.trace.content().memory_bytes = total;
        Ok(true)
    }

    fn table_growing(
        &mut self,
        _: usize,
        desired: usize,
        _: Option<usize>,
    ) -> wasmtime::Result<bool> {
        Ok(desired <= 20_000)
    }
}

/// Nanoseconds since the Unix epoch.
pub(crate) fn unix_now() -> i64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .ok()
        .and_then(|elapsed| i64::try_from(elapsed.as_nanos()).ok())
        .unwrap_or(0)
}

pub(crate) fn size(limit: u32) -> usize {
    usize::try_from(limit).unwrap_or(usize::MAX)
}
