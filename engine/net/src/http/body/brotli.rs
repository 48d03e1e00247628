//! The coding `br` (RFC 7932).

use std::{
    fmt,
    io::{self, Write},
};

use brotli_decompressor::{BrotliDecompressStream, BrotliResult, BrotliState, StandardAlloc};

use super::{capped::Capped, coding::nothing_left};

/// How much is unfolded at once.
const ROOM: usize = 8 << 10;

/// A stream that is being unfolded.
pub(super) struct Brotli {
    state: BrotliState<StandardAlloc, StandardAlloc, StandardAlloc>,
    has_ended: bool,
    pub(super) undone: Capped,
}

impl Default for Brotli {
    fn default() -> Self {
        let memory = StandardAlloc::default;
        Self {
            // Strict: the large windows that browsers do not know either would let a peer take a gigabyte.
            state: BrotliState::new_strict(memory(), memory(), memory()),
            has_ended: false,
            undone: Capped::default(),
        }
    }
}

impl Brotli {
    pub(super) fn push(&mut self, bytes: &[u8]) -> io::Result<()> {
        let (mut at, mut left, mut room) = (0, bytes.len(), [0; ROOM]);
        while !self.has_ended {
            let (mut free, mut written, mut total) = (ROOM, 0, 0);
            let result = BrotliDecompressStream(
                &mut left,
                &mut at,
                bytes,
                &mut free,
                &mut written,
                &mut room,
                &mut total,
                &mut self.state,
            );
            let unfolded = room.get(..written).unwrap_or_default();
            self.undone.write_all(unfolded)?;
            match result {
                BrotliResult::ResultSuccess => self.has_ended = true,
                BrotliResult::NeedsMoreOutput => {}
                BrotliResult::NeedsMoreInput => return Ok(()),
                BrotliResult::ResultFailure => {
                    return Err(io::Error::new(io::ErrorKind::InvalidData, "invalid data"));
                }
            }
        }
        nothing_left(bytes.get(at..).unwrap_or_default())
    }

    pub(super) fn end(&self) -> io::Result<()> {
        if self.has_ended {
            Ok(())
        } else {
            Err(io::ErrorKind::UnexpectedEof.into())
        }
    }
}

impl fmt::Debug for Brotli {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Brotli")
            .field("has_ended", &self.has_ended)
            .finish_non_exhaustive()
    }
}
