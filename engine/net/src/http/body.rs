//! An answer's body, bounded while it comes in, and decompressed.

use std::io::{self, Write};

use bytes::Bytes;
use flate2::write::MultiGzDecoder;
use hyper::{
    HeaderMap,
    header::{self, HeaderValue},
};
use leadsman_core::failure::FailureKind;

use crate::fault::Fault;

/// From here on, more than this many bytes out of one byte in is a bomb.
const FREE: u64 = 64 << 10;
const RATIO: u64 = 100;

/// The body so far.
#[derive(Debug)]
pub(crate) struct Content {
    wire: u64,
    max: u64,
    announced: Option<u64>,
    sink: Sink,
}

#[derive(Debug)]
enum Sink {
    Plain(Vec<Bytes>, u64),
    Gzip(Box<MultiGzDecoder<Capped>>),
    Ended(Bytes),
}

/// Takes no more than its cap.
#[derive(Debug, Default)]
struct Capped {
    out: Vec<u8>,
    cap: u64,
    over: bool,
}

impl Content {
    pub(crate) fn new(headers: &HeaderMap, decompress: bool, max: u64) -> Self {
        let encoding = headers
            .get(header::CONTENT_ENCODING)
            .map(HeaderValue::as_bytes);
        let gzip = decompress
            && encoding.is_some_and(|name| {
                name.eq_ignore_ascii_case(b"gzip") || name.eq_ignore_ascii_case(b"x-gzip")
            });
        let sink = if gzip {
            Sink::Gzip(Box::new(MultiGzDecoder::new(Capped::default())))
        } else {
            Sink::Plain(Vec::new(), 0)
        };
        let announced = headers
            .get(header::CONTENT_LENGTH)
            .and_then(|value| value.to_str().ok()?.parse().ok());
        Self {
            wire: 0,
            max,
            announced: announced.filter(|_| !gzip),
            sink,
        }
    }

    /// Refuses what announces itself as too large, before it is read.
    pub(crate) fn check(&self, has_body: bool) -> Result<(), Fault> {
        match self.announced {
            Some(length) if has_body && length > self.max => Err(self.too_large()),
            _ => Ok(()),
        }
    }

    /// Takes what came.
    pub(crate) fn push(&mut self, chunk: Bytes) -> Result<(), Fault> {
        self.wire += size(chunk.len());
        let (wire, max) = (self.wire, self.max);
        match &mut self.sink {
            Sink::Plain(chunks, length) => {
                *length += size(chunk.len());
                chunks.push(chunk);
                if wire > max {
                    Err(self.too_large())
                } else {
                    Ok(())
                }
            }
            Sink::Gzip(decoder) => {
                decoder.get_mut().cap = max.min(FREE.max(wire.saturating_mul(RATIO)));
                let written = decoder.write_all(&chunk);
                self.judge(written)
            }
            Sink::Ended(_) => Ok(()),
        }
    }

    /// Ends the body: nothing may be missing.
    pub(crate) fn end(&mut self) -> Result<(), Fault> {
        let whole = match &mut self.sink {
            Sink::Plain(chunks, length) => joined(chunks, *length),
            Sink::Gzip(_) if self.wire == 0 => Bytes::new(),
            Sink::Gzip(decoder) => {
                let ended = decoder.try_finish();
                let out = std::mem::take(&mut decoder.get_mut().out);
                self.judge(ended)?;
                out.into()
            }
            Sink::Ended(_) => return Ok(()),
        };
        self.sink = Sink::Ended(whole);
        Ok(())
    }

    pub(crate) fn finish(self) -> Result<Bytes, Fault> {
        match self.sink {
            Sink::Ended(whole) => Ok(whole),
            _ => Err(Fault::new(
                FailureKind::Internal,
                "the body was not read to its end",
            )),
        }
    }

    pub(crate) fn wire_bytes(&self) -> u64 {
        self.wire
    }

    pub(crate) fn body_bytes(&self) -> u64 {
        match &self.sink {
            Sink::Plain(_, length) => *length,
            Sink::Gzip(decoder) => size(decoder.get_ref().out.len()),
            Sink::Ended(whole) => size(whole.len()),
        }
    }

    fn judge(&self, outcome: io::Result<()>) -> Result<(), Fault> {
        let Err(error) = outcome else { return Ok(()) };
        let Sink::Gzip(decoder) = &self.sink else {
            return Ok(());
        };
        if decoder.get_ref().over {
            return Err(self.too_large());
        }
        Err(match error.kind() {
            io::ErrorKind::UnexpectedEof => Fault::new(
                FailureKind::ResponseTruncated,
                "the compressed body ends before its end",
            ),
            _ => Fault::new(
                FailureKind::HttpProtocol,
                format!("the body is no gzip: {error}"),
            ),
        })
    }

    fn too_large(&self) -> Fault {
        let bomb = matches!(&self.sink, Sink::Gzip(decoder) if decoder.get_ref().cap < self.max);
        let message = if bomb {
            format!(
                "the body unfolds to more than {RATIO} times its {} bytes",
                self.wire
            )
        } else {
            format!("the body is larger than {} bytes", self.max)
        };
        Fault::new(FailureKind::ResponseTooLarge, message)
    }
}

fn joined(chunks: &mut Vec<Bytes>, length: u64) -> Bytes {
    if chunks.len() < 2 {
        return chunks.pop().unwrap_or_default();
    }
    let mut whole = Vec::with_capacity(usize::try_from(length).unwrap_or(0));
    chunks
        .drain(..)
        .for_each(|chunk| whole.extend_from_slice(&chunk));
    whole.into()
}

fn size(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}

impl Write for Capped {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if size(self.out.len()) + size(bytes.len()) > self.cap {
            self.over = true;
            return Err(io::Error::other("beyond the cap"));
        }
        self.out.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
