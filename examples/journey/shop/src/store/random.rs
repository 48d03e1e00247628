//! Names that nobody can guess.

use std::{fmt::Write, io};

use rustix::rand::{GetRandomFlags, getrandom};

/// Sixteen random hexadecimal digits after a prefix.
pub(crate) fn random(prefix: &str) -> io::Result<String> {
    let mut bytes = [0; 8];
    let filled = getrandom(&mut bytes, GetRandomFlags::empty())?;
    if filled < bytes.len() {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    let mut text = prefix.to_owned();
    for byte in bytes {
        write!(text, "{byte:02x}").map_err(io::Error::other)?;
    }
    Ok(text)
}
