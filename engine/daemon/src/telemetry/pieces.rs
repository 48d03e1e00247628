//! A large text in pieces: a scrape of many checks must not hold all of its text at once.

use std::fmt;

use bytes::Bytes;

/// Bytes of a piece, roughly: what is written in one go stays together.
const PIECE: usize = 128 << 10;

/// Gathers what is written, and hands it over piece by piece.
pub(super) struct Pieces<'a> {
    gathered: Vec<u8>,
    /// Takes a piece; says whether anybody wants more.
    take: &'a mut dyn FnMut(Bytes) -> bool,
}

impl<'a> Pieces<'a> {
    /// Nothing is gathered yet.
    pub(super) fn new(take: &'a mut dyn FnMut(Bytes) -> bool) -> Self {
        Self {
            gathered: Vec::new(),
            take,
        }
    }

    /// Adds bytes; the error says that nobody wants more.
    pub(super) fn add(&mut self, bytes: &[u8]) -> fmt::Result {
        self.gathered.extend_from_slice(bytes);
        if self.gathered.len() < PIECE {
            return Ok(());
        }
        self.hand_over()
    }

    /// Hands over what is left.
    pub(super) fn finish(mut self) -> fmt::Result {
        self.hand_over()
    }

    fn hand_over(&mut self) -> fmt::Result {
        let next = Vec::with_capacity(PIECE + PIECE / 8);
        let piece = std::mem::replace(&mut self.gathered, next);
        if (self.take)(Bytes::from(piece)) {
            Ok(())
        } else {
            Err(fmt::Error)
        }
    }
}

impl fmt::Write for Pieces<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.add(text.as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write;

    use super::*;

    fn handed_over(lines: usize, wanted: usize) -> (fmt::Result, Vec<usize>) {
        let mut sizes = Vec::new();
        let mut take = |piece: Bytes| {
            sizes.push(piece.len());
            sizes.len() < wanted
        };
        let mut pieces = Pieces::new(&mut take);
        let written = (0..lines).try_for_each(|_| pieces.write_str("123456789\n"));
        let ended = written.and_then(|()| pieces.finish());
        (ended, sizes)
    }

    #[test]
    fn all_that_is_written_is_handed_over_in_pieces() {
        let (ended, sizes) = handed_over(100_000, usize::MAX);
        assert_eq!(ended, Ok(()));
        assert_eq!(sizes.iter().sum::<usize>(), 1_000_000);
        assert!(sizes.iter().all(|size| *size < PIECE + 10), "{sizes:?}");
    }

    #[test]
    fn nothing_more_is_written_once_nobody_wants_it() {
        let (ended, sizes) = handed_over(100_000, 2);
        assert_eq!((ended, sizes.len()), (Err(fmt::Error), 2));
    }
}
