//! Serves the HTTP endpoints, bounded against slow clients.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    service::TowerToHyperService,
};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::Semaphore,
};

/// How long a client may take to send a request's head.
const HEAD: Duration = Duration::from_secs(10);

/// How long a connection may live.
const CONNECTION: Duration = Duration::from_mins(10);

/// Connections at once.
const CONNECTIONS: usize = 64;

/// Bytes of a request's head.
const HEAD_BYTES: usize = 16 * 1024;

/// Binds the address; the error names it and says how to mend it.
pub async fn bind(address: SocketAddr) -> Result<TcpListener, String> {
    TcpListener::bind(address).await.map_err(|error| {
        format!("`{address}` cannot be listened on: {error}; choose another one with `--web.listen-address`")
    })
}

/// Accepts connections until it is dropped.
#[expect(clippy::infinite_loop, reason = "the caller drops it")]
pub async fn serve(listener: TcpListener, router: Router) {
    let room = Arc::new(Semaphore::new(CONNECTIONS));
    let mut connections = tokio::task::JoinSet::new();
    loop {
        while connections.try_join_next().is_some() {}
        let Ok(permit) = Arc::clone(&room).acquire_owned().await else {
            continue;
        };
        match listener.accept().await {
            Ok((stream, _)) => {
                let router = router.clone();
                connections.spawn(async move {
                    connection(stream, router).await;
                    drop(permit);
                });
            }
            // Descriptors may be short for a moment; the endpoint must outlive that.
            Err(error) => {
                tracing::warn!(%error, "a connection cannot be accepted");
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    }
}

async fn connection(stream: TcpStream, router: Router) {
    let served = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD)
        .max_buf_size(HEAD_BYTES)
        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(router));
    match tokio::time::timeout(CONNECTION, served).await {
        Ok(Ok(())) | Err(_) => {}
        Ok(Err(error)) => tracing::debug!(%error, "a client's connection ended early"),
    }
}
