//! Streams of bytes that a guest opens, writes, reads and closes.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError, atomic::Ordering},
};

use bytes::{Bytes, BytesMut};
use leadsman_core::{
    egress::Destination,
    facts::Facts,
    failure::{Failure, FailureKind},
    phase::{Nanos, Phase},
    seam::{TcpConnect, TcpRead, TcpReadReply, TcpStreamReply},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, ReadHalf, WriteHalf},
    sync::Mutex as Turn,
    time::Instant,
};

use crate::{
    Moment, Session,
    connector::Route,
    fault::Fault,
    kind_of,
    secrets::{Place, find},
    trace::Trace,
    wire::Wire,
};

const CHUNK: usize = 16 << 10;

/// Bytes that are gathered, at most, while the delimiter has not come: a target may send without end.
const GATHERED: usize = 16 << 20;

/// The open streams of an attempt, by number.
#[derive(Debug, Default)]
pub(crate) struct Streams(Mutex<HashMap<u32, Arc<Stream>>>);

#[derive(Debug)]
struct Stream {
    scheme: &'static str,
    host: String,
    port: u16,
    opened: Facts,
    write: Turn<WriteHalf<Wire>>,
    read: Turn<Reader>,
}

#[derive(Debug)]
struct Reader {
    half: ReadHalf<Wire>,
    buffer: BytesMut,
    ended: bool,
}

impl Session {
    pub(crate) async fn tcp_connect(&self, call: &TcpConnect) -> Result<TcpStreamReply, Failure> {
        let limit = self.limit(call.timeout);
        let (stream, facts) = Trace::start()
            .run(limit, async |trace| self.open(trace, call, limit).await)
            .await?;
        let number = self.next_stream.fetch_add(1, Ordering::Relaxed);
        let opened = Facts {
            phases: leadsman_core::phase::Phases::default(),
            ..facts.as_ref().clone()
        };
        self.streams.put(number, Stream { opened, ..stream });
        Ok(TcpStreamReply {
            stream: number,
            facts,
        })
    }

    async fn open(
        &self,
        trace: &mut Trace,
        call: &TcpConnect,
        limit: Instant,
    ) -> Result<Stream, Fault> {
        let host = crate::http::plain_host(&call.host)?;
        let scheme = if call.tls.is_some() { "tls" } else { "tcp" };
        let route = Route::to(scheme, &host, call.port, call.family, limit);
        let tcp = self.network.dial(trace, &self.egress, &route).await?;
        let wire = match &call.tls {
            None => Wire::plain(tcp),
            Some(options) => Wire::encrypted(
                self.network
                    .tls()
                    .handshake(trace, tcp, &host, options, Vec::new())
                    .await?,
            ),
        };
        let (half, write) = tokio::io::split(wire);
        let read = Turn::new(Reader {
            half,
            buffer: BytesMut::new(),
            ended: false,
        });
        Ok(Stream {
            scheme,
            host,
            port: call.port,
            opened: Facts::default(),
            write: Turn::new(write),
            read,
        })
    }

    pub(crate) async fn tcp_write(
        &self,
        number: u32,
        bytes: &Bytes,
        timeout: Option<Nanos>,
    ) -> Result<Box<Facts>, Failure> {
        let stream = self.streams.get(number)?;
        let trace = Trace::start().about(&stream.opened);
        let ((), facts) = trace
            .run(self.limit(timeout), async |trace| {
                trace.enter(Phase::Send);
                let bytes = self
                    .secrets
                    .reveal(bytes, &stream.destination(), Place::Plain)?;
                let mut half = stream.write.lock().await;
                half.write_all(&bytes)
                    .await
                    .map_err(|error| talking(&error))?;
                half.flush().await.map_err(|error| talking(&error))
            })
            .await?;
        Ok(facts)
    }

    pub(crate) async fn tcp_read(&self, call: &TcpRead) -> Result<TcpReadReply, Failure> {
        let stream = self.streams.get(call.stream)?;
        let trace = Trace::start().about(&stream.opened);
        let ((bytes, found), facts) = trace
            .run(self.limit(call.timeout), async |trace| {
                trace.enter(Phase::Wait);
                let mut reader = stream.read.lock().await;
                reader.read(trace, call).await
            })
            .await?;
        Ok(TcpReadReply {
            bytes: self.secrets.hide(bytes),
            found,
            facts,
        })
    }

    pub(crate) fn tcp_close(&self, number: u32) {
        drop(self.streams.lock().remove(&number));
    }
}

impl Reader {
    /// What was read stays in the buffer until it is handed out, also where a read is cut off.
    async fn read(&mut self, trace: &mut Trace, call: &TcpRead) -> Result<(Bytes, bool), Fault> {
        let max = usize::try_from(call.max).unwrap_or(usize::MAX);
        let mut seen = 0;
        loop {
            if let Some(end) = self.end(&call.until, max, seen) {
                let found = !call.until.is_empty()
                    && self
                        .buffer
                        .get(..end)
                        .is_some_and(|b| b.ends_with(&call.until));
                return Ok((self.buffer.split_to(end).freeze(), found));
            }
            seen = self.buffer.len();
            if seen >= GATHERED {
                return Err(Fault::new(
                    FailureKind::ResponseTooLarge,
                    format!("{GATHERED} bytes came, and the delimiter was not among them"),
                ));
            }
            self.buffer.reserve(CHUNK.min(max));
            let read = self
                .half
                .read_buf(&mut self.buffer)
                .await
                .map_err(|error| talking(&error))?;
            self.ended |= read == 0;
            trace.enter(Phase::Receive);
        }
    }

    /// How many bytes answer the call, once enough have come; no delimiter ends among the first `seen`.
    fn end(&self, until: &[u8], max: usize, seen: usize) -> Option<usize> {
        let there = self.buffer.len().min(max);
        let from = (seen + 1).saturating_sub(until.len());
        let rest = self.buffer.get(from..).unwrap_or_default();
        let delimited = find(rest, until)
            .map(|at| from + at + until.len())
            .filter(|end| *end <= max);
        let enough = self.ended || there == max || (until.is_empty() && there > 0);
        delimited.or(enough.then_some(there))
    }
}

impl Stream {
    fn destination(&self) -> Destination<'_> {
        Destination {
            scheme: self.scheme,
            host: &self.host,
            port: self.port,
        }
    }
}

impl Streams {
    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<u32, Arc<Stream>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn put(&self, number: u32, stream: Stream) {
        self.lock().insert(number, Arc::new(stream));
    }

    fn get(&self, number: u32) -> Result<Arc<Stream>, Failure> {
        let found = self.lock().get(&number).cloned();
        found.ok_or_else(|| Fault::bad_request(format!("stream {number} is not open")).into())
    }
}

fn talking(error: &std::io::Error) -> Fault {
    Fault::new(
        kind_of(error, Moment::Talking),
        format!("the connection broke: {error}"),
    )
}
