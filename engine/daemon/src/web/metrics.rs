//! What Prometheus scrapes.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll},
};

use axum::{
    body::Body,
    extract::State,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use hyper::body::Frame;
use tokio::{sync::mpsc, task};

use super::Endpoints;
use crate::telemetry::Format;

/// How many pieces wait for a client that reads slowly.
const AHEAD: usize = 2;

/// A piece of the exposition; `None` is its end.
type Piece = Option<Bytes>;

/// The scrape counts when it starts: what it then sees holds all that was booked before.
pub(super) async fn metrics(State(endpoints): State<Endpoints>, headers: HeaderMap) -> Response {
    endpoints.telemetry.note_scrape();
    let format = Format::negotiate(accepted(&headers).as_deref());
    let (pieces, mut written) = mpsc::channel::<Piece>(AHEAD);
    // Away from the runtime that measures latencies.
    task::spawn_blocking(move || {
        let mut take = |piece| pieces.blocking_send(Some(piece)).is_ok();
        let whole = endpoints.telemetry.write(format, &mut take).is_ok();
        whole && pieces.blocking_send(None).is_ok()
    });
    let Some(Some(first)) = written.recv().await else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    let body = match written.recv().await {
        Some(None) => Body::from(first),
        second => Body::new(Rest {
            begun: [second, Some(Some(first))],
            written,
        }),
    };
    let content_type = HeaderValue::from_static(format.content_type());
    ([(header::CONTENT_TYPE, content_type)], body).into_response()
}

/// An exposition of which the first pieces are there.
struct Rest {
    /// The last one is the next.
    begun: [Option<Piece>; 2],
    written: mpsc::Receiver<Piece>,
}

impl hyper::body::Body for Rest {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        let begun = self.begun.iter_mut().rev().find_map(Option::take);
        let next = match begun {
            Some(piece) => Poll::Ready(Some(piece)),
            None => self.written.poll_recv(context),
        };
        next.map(|piece| match piece {
            Some(Some(piece)) => Some(Ok(Frame::data(piece))),
            Some(None) => None,
            // Whoever reads must not take a part for the whole.
            None => Some(Err(io::Error::other("the exposition has no end"))),
        })
    }
}

/// A client may send the header in several lines.
fn accepted(headers: &HeaderMap) -> Option<String> {
    let lines: Vec<&str> = headers
        .get_all(header::ACCEPT)
        .iter()
        .filter_map(|line| line.to_str().ok())
        .collect();
    (!lines.is_empty()).then(|| lines.join(","))
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt;

    use super::*;

    /// What a client reads of these pieces, the sender being gone.
    async fn read(begun: [Option<Piece>; 2], pieces: Vec<Piece>) -> Result<String, String> {
        let (send, written) = mpsc::channel(pieces.len().max(1));
        for piece in pieces {
            send.send(piece).await.unwrap();
        }
        drop(send);
        let read = Body::new(Rest { begun, written }).collect().await;
        let text = |bytes: Bytes| String::from_utf8(bytes.to_vec()).unwrap();
        read.map(|whole| text(whole.to_bytes()))
            .map_err(|error| error.to_string())
    }

    const A: Piece = Some(Bytes::from_static(b"a"));
    const B: Piece = Some(Bytes::from_static(b"b"));
    const C: Piece = Some(Bytes::from_static(b"c"));

    #[tokio::test]
    async fn pieces_are_read_in_order_up_to_the_end() {
        let begun = [Some(B), Some(A)];
        let whole = read(begun, vec![C, None]).await;
        assert_eq!(whole, Ok("abc".to_owned()));
    }

    #[tokio::test]
    async fn an_exposition_that_was_cut_is_not_taken_for_the_whole() {
        let begun = [Some(B), Some(A)];
        let cut = read(begun, vec![C]).await;
        assert!(cut.unwrap_err().contains("has no end"));
    }
}
