//! Room for a body, and no more.

use std::io::{self, Write};

/// Takes no more than its cap.
#[derive(Debug, Default)]
pub(super) struct Capped {
    pub(super) out: Vec<u8>,
    pub(super) cap: u64,
    pub(super) over: bool,
}

impl Write for Capped {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if super::size(self.out.len()) + super::size(bytes.len()) > self.cap {
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
