//! The misbehaving guests, as components; each file in `guests/examples` is one.

use std::{fs, io, path::PathBuf};

/// Where the guests were built.
pub fn folder() -> PathBuf {
    PathBuf::from(env!("LEADSMAN_GUESTS"))
}

/// The component of a guest.
pub fn component(name: &str) -> io::Result<Vec<u8>> {
    fs::read(folder().join(format!("{name}.wasm")))
}
