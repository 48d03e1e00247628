//! HTTP requests over fresh connections.

use std::net::SocketAddr;

use bytes::Bytes;
use http_body_util::{BodyExt, Empty};
use hyper::{Request, StatusCode, client::conn::http1, header};
use hyper_util::rt::TokioIo;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
};

use crate::failure::Failure;

/// Asks for a path of a server and reads all of the answer.
pub(crate) async fn get(address: SocketAddr, path: &str) -> Result<(StatusCode, Bytes), Failure> {
    let stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    get_over(stream, &address.to_string(), path).await
}

/// Posts nothing to a path of a server; returns the status.
pub(crate) async fn post(address: SocketAddr, path: &str) -> Result<StatusCode, Failure> {
    let stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let request = Request::post(path).header(header::HOST, address.to_string());
    let (status, _) = over(stream, request.body(Empty::new())?).await?;
    Ok(status)
}

/// Asks for a path over a stream that is there already.
pub(crate) async fn get_over<S>(
    stream: S,
    host: &str,
    path: &str,
) -> Result<(StatusCode, Bytes), Failure>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let request = Request::get(path).header(header::HOST, host);
    over(stream, request.body(Empty::new())?).await
}

async fn over<S>(stream: S, request: Request<Empty<Bytes>>) -> Result<(StatusCode, Bytes), Failure>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    let exchange = async {
        let response = sender.send_request(request).await?;
        let status = response.status();
        Ok((status, response.into_body().collect().await?.to_bytes()))
    };
    let mut exchange = std::pin::pin!(exchange);
    tokio::select! {
        answer = &mut exchange => answer,
        ended = connection => {
            ended?;
            exchange.await
        }
    }
}
