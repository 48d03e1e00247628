//! The resolver's sockets. Its UDP sockets are connected: only the server's own packets come in,
//! and a server that is down is known at once, by the refusal that an unconnected socket never sees.

use std::{
    collections::BTreeSet,
    future::Future,
    io,
    net::SocketAddr,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll, ready},
    time::Duration,
};

use hickory_resolver::net::runtime::{
    DnsUdpSocket, RuntimeProvider, TokioHandle, TokioRuntimeProvider, TokioTime,
};
use tokio::{io::ReadBuf, net::UdpSocket, sync::Notify};

type Opening<T> = Pin<Box<dyn Send + Future<Output = io::Result<T>>>>;

/// Opens sockets for the resolver.
#[derive(Clone)]
pub(super) struct Sockets {
    provider: TokioRuntimeProvider,
    refusals: Arc<Refusals>,
}

/// Which servers refused when they were last asked. hickory would go on asking them for seconds.
#[derive(Debug)]
pub(super) struct Refusals {
    servers: usize,
    refused: Mutex<BTreeSet<SocketAddr>>,
    all: Notify,
}

impl Refusals {
    pub(super) fn new(servers: usize) -> Arc<Self> {
        Arc::new(Self {
            servers,
            refused: Mutex::default(),
            all: Notify::new(),
        })
    }

    /// Ends as soon as the last of the servers refuses.
    pub(super) async fn by_all(&self) {
        self.all.notified().await;
    }

    fn note(&self, server: SocketAddr, error: Option<&io::Error>) {
        let mut refused = self.refused.lock().unwrap_or_else(PoisonError::into_inner);
        match error {
            Some(error) if error.kind() == io::ErrorKind::ConnectionRefused => {
                refused.insert(server);
                if refused.len() >= self.servers {
                    self.all.notify_waiters();
                }
            }
            _ if refused.is_empty() => {}
            _ => drop(refused.take(&server)),
        }
    }
}

impl Sockets {
    pub(super) fn new(refusals: Arc<Refusals>) -> Self {
        Self {
            provider: TokioRuntimeProvider::default(),
            refusals,
        }
    }
}

/// A UDP socket that hears one server only.
pub(super) struct Connected {
    socket: UdpSocket,
    server: SocketAddr,
    refusals: Arc<Refusals>,
}

impl RuntimeProvider for Sockets {
    type Handle = TokioHandle;
    type Timer = TokioTime;
    type Udp = Connected;
    type Tcp = <TokioRuntimeProvider as RuntimeProvider>::Tcp;

    fn create_handle(&self) -> TokioHandle {
        self.provider.create_handle()
    }

    fn connect_tcp(
        &self,
        server: SocketAddr,
        local: Option<SocketAddr>,
        timeout: Option<Duration>,
    ) -> Opening<Self::Tcp> {
        self.provider.connect_tcp(server, local, timeout)
    }

    fn bind_udp(&self, local: SocketAddr, server: SocketAddr) -> Opening<Connected> {
        let refusals = Arc::clone(&self.refusals);
        Box::pin(async move {
            let socket = UdpSocket::bind(local).await?;
            socket.connect(server).await?;
            Ok(Connected {
                socket,
                server,
                refusals,
            })
        })
    }
}

impl DnsUdpSocket for Connected {
    type Time = TokioTime;

    fn poll_recv_from(
        &self,
        cx: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<(usize, SocketAddr)>> {
        let mut buffer = ReadBuf::new(buffer);
        let outcome = ready!(self.socket.poll_recv(cx, &mut buffer));
        self.refusals.note(self.server, outcome.as_ref().err());
        outcome?;
        Poll::Ready(Ok((buffer.filled().len(), self.server)))
    }

    /// Spelt out as the trait's macro would: only this way of waiting is woken by a refusal.
    fn recv_from<'a, 'b, 'c>(
        &'a self,
        buffer: &'b mut [u8],
    ) -> Pin<Box<dyn Future<Output = io::Result<(usize, SocketAddr)>> + Send + 'c>>
    where
        'a: 'c,
        'b: 'c,
    {
        Box::pin(async move {
            let outcome = self.socket.recv(buffer).await;
            self.refusals.note(self.server, outcome.as_ref().err());
            outcome.map(|read| (read, self.server))
        })
    }

    fn poll_send_to(
        &self,
        cx: &mut Context<'_>,
        bytes: &[u8],
        _server: SocketAddr,
    ) -> Poll<io::Result<usize>> {
        self.socket.poll_send(cx, bytes)
    }
}
