//! An answer's body, bounded while it comes in, and decompressed.

mod brotli;
mod capped;
mod coding;
mod deflate;
mod gzip;

use std::io;

use bytes::Bytes;
use hyper::{HeaderMap, header};
use leadsman_core::failure::FailureKind;

pub(super) use coding::OFFERED;

use crate::fault::Fault;
use coding::Coding;

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
    /// The coding that is being undone, and those under it, which wait for all that comes of it.
    Coded(Coding, Vec<Coding>),
    Ended(Bytes),
}

impl Content {
    pub(crate) fn new(headers: &HeaderMap, decompress: bool, max: u64) -> Self {
        let mut codings = if decompress {
            coding::applied(headers)
        } else {
            Vec::new()
        };
        let sink = match codings.pop() {
            Some(last) => Sink::Coded(last, codings),
            None => Sink::Plain(Vec::new(), 0),
        };
        let announced = headers
            .get(header::CONTENT_LENGTH)
            .and_then(|value| value.to_str().ok()?.parse().ok());
        Self {
            wire: 0,
            max,
            announced: announced.filter(|_| matches!(sink, Sink::Plain(..))),
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
            Sink::Coded(..) => self.undo(&chunk),
            Sink::Ended(_) => Ok(()),
        }
    }

    /// Ends the body: nothing may be missing.
    pub(crate) fn end(&mut self) -> Result<(), Fault> {
        let whole = match &mut self.sink {
            Sink::Plain(chunks, length) => joined(chunks, *length),
            Sink::Coded(..) if self.wire == 0 => Bytes::new(),
            Sink::Coded(..) => self.undo_rest()?,
            Sink::Ended(_) => return Ok(()),
        };
        self.sink = Sink::Ended(whole);
        Ok(())
    }

    /// Undoes what came of the coding on top.
    fn undo(&mut self, bytes: &[u8]) -> Result<(), Fault> {
        let Sink::Coded(coding, under) = &mut self.sink else {
            return Ok(());
        };
        // What is coded once more may be a little larger than the body that comes of it.
        let slack = if under.is_empty() { 0 } else { FREE };
        let max = self.max.saturating_add(slack);
        coding.undone_mut().cap = max.min(FREE.max(self.wire.saturating_mul(RATIO)));
        let undone = coding.push(bytes);
        self.judge(undone)
    }

    /// Ends the coding on top, and undoes those under it.
    fn undo_rest(&mut self) -> Result<Bytes, Fault> {
        loop {
            let Sink::Coded(coding, _) = &mut self.sink else {
                return Ok(Bytes::new());
            };
            let ended = coding.end();
            // What was undone counts, also where the rest is missing.
            self.judge(ended)?;
            let undone = self.take_undone();
            if !self.go_under() {
                return Ok(undone.into());
            }
            self.undo(&undone)?;
        }
    }

    fn take_undone(&mut self) -> Vec<u8> {
        match &mut self.sink {
            Sink::Coded(coding, _) => std::mem::take(&mut coding.undone_mut().out),
            Sink::Plain(..) | Sink::Ended(_) => Vec::new(),
        }
    }

    /// Takes the next coding for the one on top; `false` where there is none.
    fn go_under(&mut self) -> bool {
        let Sink::Coded(coding, under) = &mut self.sink else {
            return false;
        };
        let Some(next) = under.pop() else {
            return false;
        };
        *coding = next;
        true
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
            Sink::Coded(coding, _) => size(coding.undone().out.len()),
            Sink::Ended(whole) => size(whole.len()),
        }
    }

    fn judge(&self, outcome: io::Result<()>) -> Result<(), Fault> {
        let Err(error) = outcome else { return Ok(()) };
        let Sink::Coded(coding, _) = &self.sink else {
            return Ok(());
        };
        if coding.undone().over {
            return Err(self.too_large());
        }
        Err(match error.kind() {
            io::ErrorKind::UnexpectedEof => Fault::new(
                FailureKind::ResponseTruncated,
                "the compressed body ends before its end",
            ),
            _ => Fault::new(
                FailureKind::HttpProtocol,
                format!("the body is no {}: {error}", coding.name()),
            ),
        })
    }

    fn too_large(&self) -> Fault {
        let bomb = matches!(&self.sink, Sink::Coded(coding, _) if coding.undone().cap < self.max);
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
