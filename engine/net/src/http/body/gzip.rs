//! The coding `gzip` (RFC 1952).

use std::{
    io::{self, Write},
    mem,
};

use flate2::write::GzDecoder;

use super::{capped::Capped, coding::nothing_left};

/// What every member begins with: its identification and its only method (RFC 1952 §2.3.1).
const BEGIN: &[u8] = &[0x1f, 0x8b, 8];

/// A stream of members: they are one body, one behind the other (RFC 1952 §2.2).
#[derive(Debug)]
pub(super) struct Gzip {
    member: GzDecoder<Capped>,
    /// How much of its begin was seen: the decoder looks only when it has a whole header.
    begun: usize,
    is_first: bool,
}

impl Default for Gzip {
    fn default() -> Self {
        Self {
            member: GzDecoder::new(Capped::default()),
            begun: 0,
            is_first: true,
        }
    }
}

impl Gzip {
    pub(super) fn push(&mut self, mut bytes: &[u8]) -> io::Result<()> {
        while !bytes.is_empty() {
            self.begin(bytes)?;
            let read = self.member.write(bytes)?;
            if read == 0 {
                self.start_next()?;
            }
            bytes = bytes.get(read..).unwrap_or_default();
        }
        Ok(())
    }

    pub(super) fn end(&mut self) -> io::Result<()> {
        let ended = self.member.try_finish();
        ended.map_err(|error| self.cut(error))
    }

    pub(super) fn undone(&self) -> &Capped {
        self.member.get_ref()
    }

    pub(super) fn undone_mut(&mut self) -> &mut Capped {
        self.member.get_mut()
    }

    /// What does not begin as a member does is no header that is cut, however short it is.
    fn begin(&mut self, bytes: &[u8]) -> io::Result<()> {
        let missing = BEGIN.get(self.begun..).unwrap_or_default();
        if missing
            .iter()
            .zip(bytes)
            .all(|(wanted, byte)| wanted == byte)
        {
            self.begun += missing.len().min(bytes.len());
            return Ok(());
        }
        if self.is_first {
            let message = "invalid gzip header";
            return Err(io::Error::new(io::ErrorKind::InvalidData, message));
        }
        nothing_left(bytes)
    }

    /// The decoder reads nothing behind the end of its member.
    fn start_next(&mut self) -> io::Result<()> {
        self.member.try_finish()?;
        let undone = mem::take(self.member.get_mut());
        self.member = GzDecoder::new(undone);
        (self.begun, self.is_first) = (0, false);
        Ok(())
    }

    /// The library takes a trailer that is not whole for a wrong one. It has room for another byte; a wrong one has not.
    fn cut(&mut self, error: io::Error) -> io::Error {
        let is_cut = error.kind() == io::ErrorKind::InvalidInput
            && self.member.write(&[0]).is_ok_and(|read| read > 0);
        if is_cut {
            io::ErrorKind::UnexpectedEof.into()
        } else {
            error
        }
    }
}
