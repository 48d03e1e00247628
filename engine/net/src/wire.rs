//! A connection, plain or encrypted, with a tap that sees when the first and the last bytes passed.

use std::{
    io,
    mem::MaybeUninit,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    task::{Context, Poll, ready},
    time::Duration,
};

use socket2::SockRef;
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
    time::Instant,
};
use tokio_rustls::client::TlsStream;

/// An open connection.
#[derive(Debug)]
pub(crate) struct Wire {
    layer: Layer,
    tap: Arc<Tap>,
}

#[derive(Debug)]
enum Layer {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

impl Wire {
    pub(crate) fn plain(stream: TcpStream) -> Self {
        Self {
            layer: Layer::Plain(stream),
            tap: Arc::default(),
        }
    }

    pub(crate) fn encrypted(stream: TlsStream<TcpStream>) -> Self {
        Self {
            layer: Layer::Tls(Box::new(stream)),
            tap: Arc::default(),
        }
    }

    pub(crate) fn tap(&self) -> &Arc<Tap> {
        &self.tap
    }

    /// Whether the socket has neither bytes nor an end to be read. It is asked itself: what the runtime knows of it
    /// is as old as its last look for events.
    fn is_silent(&self) -> bool {
        let stream = match &self.layer {
            Layer::Plain(stream) => stream,
            Layer::Tls(stream) => stream.get_ref().0,
        };
        let peeked = SockRef::from(stream).peek(&mut [MaybeUninit::uninit()]);
        peeked.is_err_and(|error| error.kind() == io::ErrorKind::WouldBlock)
    }
}

/// When bytes passed, since the last rewind.
#[derive(Debug)]
pub(crate) struct Tap {
    base: Instant,
    sent: AtomicU64,
    heard: AtomicU64,
    /// The next read asks the socket whether it is silent.
    asked: AtomicBool,
    silent: AtomicBool,
}

impl Default for Tap {
    fn default() -> Self {
        Self {
            base: Instant::now(),
            sent: AtomicU64::new(0),
            heard: AtomicU64::new(0),
            asked: AtomicBool::new(false),
            silent: AtomicBool::new(false),
        }
    }
}

impl Tap {
    /// Begins to watch anew.
    pub(crate) fn rewind(&self) {
        self.sent.store(0, Ordering::Relaxed);
        self.heard.store(0, Ordering::Relaxed);
    }

    /// When the last byte went out before the first came in; `None` while bytes wait to go out.
    pub(crate) fn sent(&self) -> Option<Instant> {
        self.read(&self.sent)
    }

    /// When the first byte came in.
    pub(crate) fn heard(&self) -> Option<Instant> {
        self.read(&self.heard)
    }

    /// Has the next read ask the socket whether it is silent.
    pub(crate) fn ask(&self) {
        self.silent.store(false, Ordering::Relaxed);
        self.asked.store(true, Ordering::Relaxed);
    }

    /// Whether a read since then found the socket silent.
    pub(crate) fn found_silence(&self) -> bool {
        self.silent.load(Ordering::Relaxed)
    }

    fn read(&self, mark: &AtomicU64) -> Option<Instant> {
        let nanos = mark.load(Ordering::Relaxed);
        (nanos > 0).then(|| self.base + Duration::from_nanos(nanos))
    }

    /// Zero means never, so an instant is at least one nanosecond after the base.
    fn now(&self) -> u64 {
        u64::try_from(self.base.elapsed().as_nanos())
            .unwrap_or(u64::MAX)
            .max(1)
    }

    fn note_write(&self, written: &Poll<io::Result<usize>>) {
        if self.heard.load(Ordering::Relaxed) == 0 {
            let mark = if written.is_ready() { self.now() } else { 0 };
            self.sent.store(mark, Ordering::Relaxed);
        }
    }

    fn note_read(&self) {
        if self.heard.load(Ordering::Relaxed) == 0 {
            self.heard.store(self.now(), Ordering::Relaxed);
        }
    }
}

impl AsyncRead for Wire {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let before = buf.filled().len();
        if this.tap.asked.load(Ordering::Relaxed) {
            this.tap.asked.store(false, Ordering::Relaxed);
            this.tap.silent.store(this.is_silent(), Ordering::Relaxed);
        }
        ready!(match &mut this.layer {
            Layer::Plain(stream) => Pin::new(stream).poll_read(cx, buf),
            Layer::Tls(stream) => Pin::new(stream).poll_read(cx, buf),
        })?;
        if buf.filled().len() > before {
            this.tap.note_read();
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Wire {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let written = match &mut this.layer {
            Layer::Plain(stream) => Pin::new(stream).poll_write(cx, bytes),
            Layer::Tls(stream) => Pin::new(stream).poll_write(cx, bytes),
        };
        this.tap.note_write(&written);
        written
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let written = match &mut this.layer {
            Layer::Plain(stream) => Pin::new(stream).poll_write_vectored(cx, slices),
            Layer::Tls(stream) => Pin::new(stream).poll_write_vectored(cx, slices),
        };
        this.tap.note_write(&written);
        written
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.get_mut().layer {
            Layer::Plain(stream) => Pin::new(stream).poll_flush(cx),
            Layer::Tls(stream) => Pin::new(stream).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.get_mut().layer {
            Layer::Plain(stream) => Pin::new(stream).poll_shutdown(cx),
            Layer::Tls(stream) => Pin::new(stream).poll_shutdown(cx),
        }
    }
}
