//! The demo's HTTP services: one that is well, one that is slow, one that is flaky.

use std::{
    convert::Infallible,
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use bytes::Bytes;
use http_body_util::Full;
use hyper::{
    Request, Response, StatusCode,
    body::Incoming,
    header::{CONTENT_TYPE, HeaderValue},
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::TokioIo;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    time::sleep,
};

const STATUS: &str = r#"{"state": "open", "version": 3, "items": [{"name": "rope", "stock": 12}, {"name": "lead", "stock": 0}]}"#;

/// How the slow service makes one wait.
const SLOW: Duration = Duration::from_millis(300);

/// How a service behaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Answers at once.
    Fine,
    /// Answers after [`SLOW`].
    Slow,
    /// Answers every third request with 503.
    Flaky,
}

/// A service.
#[derive(Debug)]
pub(super) struct Site {
    kind: Kind,
    /// What it was asked, `/checkout` and all else apart: whoever shares a count with others may never meet the third.
    checkouts: AtomicU64,
    others: AtomicU64,
}

impl Site {
    pub(super) const fn new(kind: Kind) -> Self {
        Self {
            kind,
            checkouts: AtomicU64::new(0),
            others: AtomicU64::new(0),
        }
    }

    /// Answers the requests of one connection.
    pub(super) async fn converse<S>(&self, stream: S)
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let service = service_fn(|request| self.answer(request));
        let served = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
        // A client that hangs up in the middle concerns nobody here.
        drop(served.await);
    }

    async fn answer(
        &self,
        request: Request<Incoming>,
    ) -> Result<Response<Full<Bytes>>, Infallible> {
        let path = request.uri().path();
        let count = match path {
            "/checkout" => &self.checkouts,
            _ => &self.others,
        };
        let number = count.fetch_add(1, Ordering::Relaxed) + 1;
        if self.kind == Kind::Slow {
            sleep(SLOW).await;
        }
        if self.kind == Kind::Flaky && number.is_multiple_of(3) {
            return Ok(response(
                StatusCode::SERVICE_UNAVAILABLE,
                "text/plain",
                "come back later\n",
            ));
        }
        Ok(match path {
            "/status" => response(StatusCode::OK, "application/json", STATUS),
            _ => response(StatusCode::OK, "text/plain", "well\n"),
        })
    }
}

fn response(status: StatusCode, kind: &'static str, body: &'static str) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from_static(body.as_bytes())));
    *response.status_mut() = status;
    let kind = HeaderValue::from_static(kind);
    response.headers_mut().insert(CONTENT_TYPE, kind);
    response
}
