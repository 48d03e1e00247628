//! Asks blackbox_exporter for probes, over connections that are kept, as a Prometheus does.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex, PoisonError},
};

use bytes::Bytes;
use clap::Args;
use http_body_util::{BodyExt, Empty};
use hyper::{
    Request,
    client::conn::http1::{self, SendRequest},
    header::HOST,
};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use super::pace::Pace;
use crate::failure::Failure;

type Connection = SendRequest<Empty<Bytes>>;

/// What it needs to know.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Where the exporter listens.
    #[arg(long)]
    exporter: SocketAddr,

    /// Which of its modules.
    #[arg(long)]
    module: String,

    /// What it is to probe.
    #[arg(long)]
    target: String,

    #[command(flatten)]
    pace: Pace,
}

/// Asks until its time is over.
pub(crate) async fn run(options: &Options) -> Result<(), Failure> {
    let path: Arc<str> =
        format!("/probe?module={}&target={}", options.module, options.target).into();
    let idle: Arc<Mutex<Vec<Connection>>> = Arc::default();
    let exporter = options.exporter;
    let act = move || {
        let (path, idle) = (Arc::clone(&path), Arc::clone(&idle));
        async move {
            if let Err(failure) = ask(exporter, &path, &idle).await {
                eprintln!("{failure}");
            }
        }
    };
    options.pace.keep(act).await;
    Ok(())
}

async fn ask(
    exporter: SocketAddr,
    path: &str,
    idle: &Mutex<Vec<Connection>>,
) -> Result<(), Failure> {
    let kept = idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
    let mut connection = match kept.filter(|kept| !kept.is_closed()) {
        Some(kept) => kept,
        None => connect(exporter).await?,
    };
    connection.ready().await?;
    let request = Request::get(path)
        .header(HOST, exporter.to_string())
        .body(Empty::new())?;
    let response = connection.send_request(request).await?;
    let body = response.into_body().collect().await?.to_bytes();
    idle.lock()
        .unwrap_or_else(PoisonError::into_inner)
        .push(connection);
    let text = std::str::from_utf8(&body)?;
    if text.lines().any(|line| line == "probe_success 1") {
        return Ok(());
    }
    Err(Failure::new("a probe of the peer did not succeed"))
}

async fn connect(exporter: SocketAddr) -> Result<Connection, Failure> {
    let stream = TcpStream::connect(exporter).await?;
    stream.set_nodelay(true)?;
    let (sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    tokio::spawn(async move {
        // Its end is noticed by whoever uses it next.
        drop(connection.await);
    });
    Ok(sender)
}
