//! The body that goes out with a request, in as little room as a connection can be made to keep for it.

use std::{
    convert::Infallible,
    pin::Pin,
    task::{Context, Poll},
};

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};

/// A body in one piece; most requests have none. One pointer: the queue of each connection has room for 32
/// requests, which a larger body would lift into the allocator's next size.
#[derive(Debug)]
pub(crate) struct Outgoing(Option<Box<Bytes>>);

impl From<Bytes> for Outgoing {
    fn from(bytes: Bytes) -> Self {
        Self((!bytes.is_empty()).then(|| Box::new(bytes)))
    }
}

impl Body for Outgoing {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Ready(self.0.take().map(|bytes| Ok(Frame::data(*bytes))))
    }

    fn is_end_stream(&self) -> bool {
        self.0.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        let bytes = self.0.as_ref().map_or(0, |bytes| bytes.len());
        SizeHint::with_exact(u64::try_from(bytes).unwrap_or(u64::MAX))
    }
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt;
    use hyper::Request;

    use super::*;

    #[test]
    fn thirty_two_requests_fit_into_eight_kilobytes() {
        // Beside each request lies where its answer goes: a tag and a pointer.
        assert!(32 * (size_of::<Request<Outgoing>>() + 2 * size_of::<usize>()) <= 8_000);
    }

    #[tokio::test]
    async fn a_body_is_sent_in_one_piece_and_nothing_is_none() {
        let body = Outgoing::from(Bytes::from_static(b"order=7"));
        assert_eq!(
            (body.size_hint().exact(), body.is_end_stream()),
            (Some(7), false)
        );
        assert_eq!(body.collect().await.unwrap().to_bytes(), "order=7");
        let none = Outgoing::from(Bytes::new());
        assert_eq!(
            (none.size_hint().exact(), none.is_end_stream()),
            (Some(0), true)
        );
        assert!(none.collect().await.unwrap().to_bytes().is_empty());
    }
}
