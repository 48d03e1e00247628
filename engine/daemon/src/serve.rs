//! Serves the HTTP endpoints: by the policy in force, and bounded against slow and hostile clients.

use std::{convert::Infallible, net, net::SocketAddr, sync::Arc};

use axum::Router;
use hyper::{
    body::Incoming,
    server::conn::{http1, http2},
    service::service_fn,
};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpStream},
};
use tokio_rustls::TlsAcceptor;

mod closed;
mod connections;
mod gate;
pub mod limits;
mod outgoing;
mod pulse;
#[cfg(test)]
mod tests;
mod watched;

use crate::access::{Access, Policy};
pub use closed::closed;
use connections::Connections;
use pulse::Pulse;
use watched::Watched;

/// The protocol that ALPN names so.
const H2: &[u8] = b"h2";

/// What all listeners of a daemon share: who may use them, and how many may at once.
#[derive(Debug)]
pub struct Server {
    access: Arc<Access>,
    connections: Arc<Connections>,
}

impl Server {
    /// A server without connections.
    pub fn new(access: Arc<Access>) -> Arc<Self> {
        Arc::new(Self {
            access,
            connections: Arc::default(),
        })
    }

    /// The URL that a listener is reached by. Where whoever reaches it may use it, and that need not be
    /// somebody on this machine, the log says so.
    pub fn base(&self, listener: &TcpListener) -> std::io::Result<String> {
        let address = listener.local_addr()?;
        if self.access.is_open() && !address.ip().is_loopback() {
            tracing::warn!(%address, "whoever reaches this address may see everything: name users or clients' certificates with `--web.config.file`");
        }
        Ok(format!("{}://{address}", self.access.scheme()))
    }
}

/// Sockets that were bound already, as they are handed in by whoever started the daemon; without any,
/// the addresses are bound. The error names the address and says how to mend it.
pub async fn listeners(
    addresses: &[SocketAddr],
    bound: Vec<net::TcpListener>,
) -> Result<Vec<TcpListener>, String> {
    if !bound.is_empty() {
        return bound.into_iter().map(adopt).collect();
    }
    let mut listeners = Vec::new();
    for address in addresses {
        listeners.push(bind(*address).await?);
    }
    Ok(listeners)
}

async fn bind(address: SocketAddr) -> Result<TcpListener, String> {
    TcpListener::bind(address).await.map_err(|error| {
        format!("`{address}` cannot be listened on: {error}; choose another one with `--web.listen-address`")
    })
}

fn adopt(listener: net::TcpListener) -> Result<TcpListener, String> {
    let adopted = listener
        .set_nonblocking(true)
        .and_then(|()| TcpListener::from_std(listener));
    adopted.map_err(|error| format!("a socket that was handed in cannot be listened on: {error}"))
}

/// Accepts connections until it is dropped.
#[expect(clippy::infinite_loop, reason = "the caller drops it")]
pub async fn serve(server: Arc<Server>, listener: TcpListener, router: Router) {
    let mut tasks = tokio::task::JoinSet::new();
    loop {
        while tasks.try_join_next().is_some() {}
        match listener.accept().await {
            Ok((stream, peer)) => {
                let place = server.connections.enter(peer.ip());
                let (server, router) = (Arc::clone(&server), router.clone());
                tasks.spawn(async move {
                    let pulse = place.pulse();
                    tokio::select! {
                        why = pulse.over() => {
                            why.count();
                            tracing::debug!(%peer, why = why.as_str(), "a client's connection is closed");
                        }
                        () = connection(&server, stream, router, pulse) => {}
                    }
                });
            }
            // Descriptors may be short for a moment; the endpoint must outlive that.
            Err(error) => {
                tracing::warn!(%error, "a connection cannot be accepted");
                tokio::time::sleep(limits::ACCEPT_AGAIN).await;
            }
        }
    }
}

/// From the first byte to the last; who watches its pulse drops it when it takes too long.
async fn connection(server: &Server, stream: TcpStream, router: Router, pulse: &Arc<Pulse>) {
    let policy = server.access.policy().await;
    let Some(config) = policy.tls.clone() else {
        return talk(server, stream, router, pulse, false).await;
    };
    drop(policy);
    match TlsAcceptor::from(config).accept(stream).await {
        Ok(stream) => {
            let is_http2 = stream.get_ref().1.alpn_protocol() == Some(H2);
            talk(server, stream, router, pulse, is_http2).await;
        }
        Err(error) => tracing::debug!(%error, "a client's TLS handshake failed"),
    }
}

async fn talk<S>(server: &Server, stream: S, router: Router, pulse: &Arc<Pulse>, is_http2: bool)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    pulse.opened(is_http2);
    let stream = TokioIo::new(Watched::new(stream, Arc::clone(pulse)));
    let (access, beating) = (Arc::clone(&server.access), Arc::clone(pulse));
    let service = service_fn(move |request: hyper::Request<Incoming>| {
        let asked = beating.asked();
        let (access, router) = (Arc::clone(&access), router.clone());
        async move {
            let policy: Arc<Policy> = access.policy().await;
            let response = gate::answer(&policy, router, request).await;
            Ok::<_, Infallible>(response.map(|body| outgoing::Outgoing::new(body, asked)))
        }
    });
    let ended = if is_http2 {
        let served = over_http2().serve_connection(stream, service);
        until_old(std::pin::pin!(served), http2::Connection::graceful_shutdown).await
    } else {
        let served = over_http1().serve_connection(stream, service);
        until_old(std::pin::pin!(served), http1::Connection::graceful_shutdown).await
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "a client's connection ended early");
    }
}

fn over_http1() -> http1::Builder {
    let mut builder = http1::Builder::new();
    // The pulse bounds the time of a head: hyper's own timer would also end a connection that rests
    // between two scrapes.
    builder
        .timer(TokioTimer::new())
        .header_read_timeout(None)
        .max_buf_size(limits::HEAD_BYTES);
    builder
}

fn over_http2() -> http2::Builder<TokioExecutor> {
    let mut builder = http2::Builder::new(TokioExecutor::new());
    builder
        .timer(TokioTimer::new())
        .max_concurrent_streams(limits::STREAMS)
        .max_header_list_size(limits::HEAD_LIST_BYTES)
        .max_send_buf_size(limits::SEND_BYTES);
    builder
}

/// Serves a connection; when it is old, it is ended after what is under way.
async fn until_old<C: Future>(
    mut connection: std::pin::Pin<&mut C>,
    end: impl FnOnce(std::pin::Pin<&mut C>),
) -> C::Output {
    tokio::select! {
        ended = &mut connection => return ended,
        () = tokio::time::sleep(limits::AGE) => {}
    }
    end(connection.as_mut());
    connection.await
}
