//! The target that probes are built for.

use crate::{cargo, failure::Failure};

const TARGET: &str = "wasm32-wasip2";

/// Adds the target where it is missing.
pub(crate) fn ensure() -> Result<(), Failure> {
    // The compiler itself is asked, so that toolchains without rustup count too.
    let there = cargo::libraries(&["--target", TARGET]).is_some_and(|path| path.is_dir());
    if there {
        return Ok(());
    }
    let why = format!("the probes are built for `{TARGET}`");
    cargo::rustup(["target", "add", TARGET], &why)
}
