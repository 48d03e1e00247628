//! One HTTP connection, driven by whoever uses it: it needs no task beside the request's own.

use std::{
    future::{Future, poll_fn},
    net::SocketAddr,
    pin::{Pin, pin},
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll, Waker},
};

use http_body_util::BodyExt;
use hyper::{
    Method, Request, Response,
    body::{Body, Incoming},
    client::conn::{http1, http2},
};
use hyper_util::rt::TokioIo;
use leadsman_core::{
    facts::TlsFacts,
    failure::FailureKind,
    seam::{Family, TlsOptions},
};
use tokio::task::JoinSet;

use super::{address::Place, body::Content, outgoing::Outgoing, request::Asked};
use crate::{
    Moment, Session,
    fault::Fault,
    kind_of,
    wire::{Tap, Wire},
};

const HEADER_FIELDS: usize = 128;
const HEADER_BYTES: usize = 64 << 10;

/// What makes a kept connection fit for another request: how it was made, which is not the same at every hop.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Key {
    place: Place,
    pub(crate) elsewhere: Option<String>,
    family: Family,
    version: Option<String>,
    pub(crate) tls: TlsOptions,
}

impl Key {
    pub(crate) fn new(asked: &Asked<'_>, place: &Place) -> Self {
        let call = asked.call;
        Self {
            place: place.clone(),
            elsewhere: asked.elsewhere().map(str::to_owned),
            family: call.family,
            version: call.version.clone(),
            tls: asked.tls(),
        }
    }
}

/// An idle connection of a session.
#[derive(Debug)]
pub(crate) struct Kept {
    session: u32,
    connection: Connection,
}

/// A connection that carries one request at a time.
pub(crate) struct Connection {
    sender: Sender,
    driver: Driver,
    tap: Arc<Tap>,
    key: Key,
    pub(crate) remote: SocketAddr,
    pub(crate) tls: Option<Arc<TlsFacts>>,
}

enum Sender {
    Http1(http1::SendRequest<Outgoing>),
    Http2(http2::SendRequest<Outgoing>),
}

impl std::fmt::Debug for Connection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Connection")
            .field("key", &self.key)
            .field("remote", &self.remote)
            .finish_non_exhaustive()
    }
}

impl Connection {
    pub(crate) async fn http1(
        wire: Wire,
        remote: SocketAddr,
        tls: Option<Arc<TlsFacts>>,
        key: Key,
    ) -> Result<Self, Fault> {
        let tap = Arc::clone(wire.tap());
        let (sender, driver) = http1::Builder::new()
            .max_headers(HEADER_FIELDS)
            .max_header_size(HEADER_BYTES)
            .handshake(TokioIo::new(wire))
            .await
            .map_err(Broken)?;
        Ok(Self {
            sender: Sender::Http1(sender),
            driver: Some(Box::pin(driver)),
            tap,
            key,
            remote,
            tls,
        })
    }

    pub(crate) async fn http2(
        wire: Wire,
        remote: SocketAddr,
        tls: Option<Arc<TlsFacts>>,
        key: Key,
        tasks: &Arc<Mutex<JoinSet<()>>>,
    ) -> Result<Self, Fault> {
        let tap = Arc::clone(wire.tap());
        let (sender, driver) = http2::Builder::new(Tasks(Arc::clone(tasks)))
            .max_header_list_size(u32::try_from(HEADER_BYTES).unwrap_or(u32::MAX))
            .handshake(TokioIo::new(wire))
            .await
            .map_err(Broken)?;
        Ok(Self {
            sender: Sender::Http2(sender),
            driver: Some(Box::pin(driver)),
            tap,
            key,
            remote,
            tls,
        })
    }

    pub(crate) fn is_h2(&self) -> bool {
        matches!(self.sender, Sender::Http2(_))
    }

    pub(crate) fn tap(&self) -> &Arc<Tap> {
        &self.tap
    }

    /// Sends a request and reads the answer's head.
    pub(crate) async fn send(
        &mut self,
        request: Request<Outgoing>,
    ) -> Result<Response<Incoming>, Broken> {
        let answer = match &mut self.sender {
            Sender::Http1(sender) => ahead_of(&mut self.driver, sender.send_request(request)).await,
            Sender::Http2(sender) => ahead_of(&mut self.driver, sender.send_request(request)).await,
        };
        let response = answer.map_err(Broken)?;
        Ok(response)
    }

    /// Reads the answer's body to its end, or to the limit.
    pub(crate) async fn read(
        &mut self,
        mut incoming: Incoming,
        content: &mut Content,
    ) -> Result<(), Fault> {
        content.check(!incoming.is_end_stream())?;
        while let Some(frame) = ahead_of(&mut self.driver, incoming.frame()).await {
            if let Ok(chunk) = frame.map_err(Broken)?.into_data() {
                content.push(chunk)?;
            }
        }
        content.end()
    }

    /// Nobody drove it while it was idle: this finds out whether the other side closed it.
    async fn catch_up(&mut self) {
        self.tap.ask();
        // With a waker of no one: a request that is sent after this wakes nobody who is about to drive it anyway.
        drive(&mut self.driver, &mut Context::from_waker(Waker::noop()));
        if !self.tap.found_silence() {
            // What came in reaches the driver only once the runtime has looked for events.
            alongside(&mut self.driver, tokio::task::yield_now()).await;
        }
    }

    /// Whether another request can go out.
    async fn is_ready(&mut self) -> bool {
        match &mut self.sender {
            Sender::Http1(sender) if sender.is_ready() => true,
            Sender::Http2(sender) if sender.is_ready() => true,
            Sender::Http1(sender) => alongside(&mut self.driver, sender.ready()).await.is_ok(),
            Sender::Http2(sender) => alongside(&mut self.driver, sender.ready()).await.is_ok(),
        }
    }
}

impl Session {
    /// Keeps a connection for the session's next request, where the other side lets it.
    pub(crate) async fn keep(&self, session: Option<u32>, mut connection: Connection) {
        if let (Some(session), true) = (session, connection.is_ready().await) {
            self.kept
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .push(Kept {
                    session,
                    connection,
                });
        }
    }

    /// A kept connection that still stands.
    pub(crate) async fn take_kept(&self, session: Option<u32>, key: &Key) -> Option<Connection> {
        let session = session?;
        loop {
            let mut connection = {
                let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
                let at = kept
                    .iter()
                    .rposition(|kept| kept.session == session && kept.connection.key == *key)?;
                kept.swap_remove(at).connection
            };
            connection.catch_up().await;
            if connection.driver.is_some() && connection.is_ready().await {
                return Some(connection);
            }
        }
    }
}

/// What drives a connection, until it ends.
type Driver = Option<Pin<Box<dyn Future<Output = hyper::Result<()>> + Send>>>;

/// Begins what waits on the connection before that is driven: what it asks of it is there, then, when it is.
async fn ahead_of<T>(driver: &mut Driver, work: impl Future<Output = T>) -> T {
    let mut work = pin!(work);
    match poll_fn(|cx| Poll::Ready(work.as_mut().poll(cx))).await {
        Poll::Ready(done) => done,
        Poll::Pending => alongside(driver, work).await,
    }
}

/// Drives the connection while something waits on it.
async fn alongside<T>(driver: &mut Driver, work: impl Future<Output = T>) -> T {
    let mut work = pin!(work);
    poll_fn(|cx| {
        drive(driver, cx);
        work.as_mut().poll(cx)
    })
    .await
}

fn drive(driver: &mut Driver, cx: &mut Context<'_>) {
    if let Some(running) = driver
        && running.as_mut().poll(cx).is_ready()
    {
        // How it ended is told to whoever waits on it.
        *driver = None;
    }
}

/// Where hyper's HTTP/2 puts what runs beside a request.
#[derive(Debug, Clone)]
struct Tasks(Arc<Mutex<JoinSet<()>>>);

impl<F> hyper::rt::Executor<F> for Tasks
where
    F: Future<Output = ()> + Send + 'static,
{
    fn execute(&self, task: F) {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .spawn(task);
    }
}

/// What hyper says of a broken exchange.
#[derive(Debug)]
pub(crate) struct Broken(hyper::Error);

impl Broken {
    /// Whether a request that found an idle connection closed may go out again on a fresh one: where it was never
    /// sent, or asks for no change (RFC 9110 §9.2.1). The other side may have done what it was asked before it closed:
    /// a second DELETE would find nothing.
    pub(crate) fn may_repeat(&self, method: &Method) -> bool {
        let closed =
            self.0.is_closed() || self.0.is_incomplete_message() || io_of(&self.0).is_some();
        self.0.is_canceled() || (closed && is_safe(method))
    }
}

fn is_safe(method: &Method) -> bool {
    matches!(
        *method,
        Method::GET | Method::HEAD | Method::OPTIONS | Method::TRACE
    )
}

impl From<Broken> for Fault {
    fn from(Broken(error): Broken) -> Self {
        if is_head_too_large(&error) {
            // hyper does not tell which of the two it was.
            let message = format!(
                "the answer's header has more than {HEADER_FIELDS} fields, or more than {} KiB",
                HEADER_BYTES >> 10
            );
            return Self::new(FailureKind::ResponseTooLarge, message);
        }
        let io = io_of(&error);
        let (kind, what) = match io {
            Some(io) => (kind_of(io, Moment::Talking), "the connection broke"),
            None if error.is_incomplete_message() || error.is_canceled() || error.is_closed() => (
                FailureKind::ResponseTruncated,
                "the connection ended before the answer did",
            ),
            None if error.is_user() => (FailureKind::BadRequest, "the request cannot be sent"),
            None => (FailureKind::HttpProtocol, "the answer breaks the protocol"),
        };
        let source = std::error::Error::source(&error);
        let cause = io.map(ToString::to_string);
        let cause = cause.or_else(|| source.map(ToString::to_string));
        let cause = cause.unwrap_or_else(|| error.to_string());
        Self::new(kind, format!("{what} ({cause})"))
    }
}

/// hyper has a predicate for this on servers only.
fn is_head_too_large(error: &hyper::Error) -> bool {
    error.is_parse() && error.to_string() == "message head is too large"
}

fn io_of(error: &hyper::Error) -> Option<&std::io::Error> {
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        if let Some(io) = cause.downcast_ref::<std::io::Error>() {
            return Some(io);
        }
        source = cause.source();
    }
    None
}
