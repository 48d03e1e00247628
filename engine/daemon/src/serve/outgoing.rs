//! An answer's body in pieces, so that its end is near when the last piece is handed over.

use std::{
    pin::Pin,
    task::{Context, Poll},
};

use axum::body::Body;
use bytes::Bytes;
use hyper::body::{Frame, SizeHint};

use super::{limits::PIECE_BYTES, pulse::Asked};

/// A body; the request counts as answered when this is dropped.
#[derive(Debug)]
pub(super) struct Outgoing {
    body: Body,
    rest: Bytes,
    _asked: Asked,
}

impl Outgoing {
    pub(super) const fn new(body: Body, asked: Asked) -> Self {
        Self {
            body,
            rest: Bytes::new(),
            _asked: asked,
        }
    }

    fn piece(&mut self) -> Bytes {
        let length = self.rest.len().min(PIECE_BYTES);
        self.rest.split_to(length)
    }
}

impl hyper::body::Body for Outgoing {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        if self.rest.is_empty() {
            let frame = match Pin::new(&mut self.body).poll_frame(context) {
                Poll::Ready(Some(Ok(frame))) => frame,
                other => return other,
            };
            match frame.into_data() {
                Ok(data) => self.rest = data,
                Err(frame) => return Poll::Ready(Some(Ok(frame))),
            }
        }
        Poll::Ready(Some(Ok(Frame::data(self.piece()))))
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty() && self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        let rest = u64::try_from(self.rest.len()).unwrap_or(u64::MAX);
        let body = self.body.size_hint();
        let mut hint = SizeHint::new();
        hint.set_lower(body.lower().saturating_add(rest));
        if let Some(upper) = body.upper() {
            hint.set_upper(upper.saturating_add(rest));
        }
        hint
    }
}
