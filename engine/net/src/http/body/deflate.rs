//! The coding `deflate`.

use std::io::{self, Write};

use flate2::{Decompress, FlushDecompress, Status};

use super::{capped::Capped, coding::nothing_left};

/// How much is unfolded at once.
const ROOM: usize = 8 << 10;

/// Zlib's format, as RFC 9110 §8.4.1.2 wants it, or the bare one, which some servers send under that name.
#[derive(Debug, Default)]
pub(super) struct Deflate {
    decoder: Option<Decompress>,
    has_ended: bool,
    pub(super) undone: Capped,
}

impl Deflate {
    pub(super) fn push(&mut self, bytes: &[u8]) -> io::Result<()> {
        let Some(first) = bytes.first() else {
            return Ok(());
        };
        let decoder = (self.decoder).get_or_insert_with(|| Decompress::new(is_zlib(*first)));
        let (mut bytes, mut room) = (bytes, [0; ROOM]);
        while !self.has_ended {
            let before = (decoder.total_in(), decoder.total_out());
            let status = decoder.decompress(bytes, &mut room, FlushDecompress::None)?;
            let read = length(decoder.total_in() - before.0);
            let written = length(decoder.total_out() - before.1);
            let unfolded = room.get(..written).unwrap_or_default();
            self.undone.write_all(unfolded)?;
            bytes = bytes.get(read..).unwrap_or_default();
            self.has_ended = status == Status::StreamEnd;
            if !self.has_ended && read == 0 && written == 0 {
                return Ok(());
            }
        }
        nothing_left(bytes)
    }

    pub(super) fn end(&self) -> io::Result<()> {
        if self.has_ended {
            Ok(())
        } else {
            Err(io::ErrorKind::UnexpectedEof.into())
        }
    }
}

/// Zlib's first byte names the method 8 in its low half (RFC 1950 §2.2). A bare stream would have to begin with a
/// stored block and a bit of padding that is set: nobody writes that.
const fn is_zlib(first: u8) -> bool {
    first & 0x0f == 8
}

fn length(bytes: u64) -> usize {
    usize::try_from(bytes).unwrap_or(usize::MAX)
}
