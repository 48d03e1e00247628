//! `cargo nextest`, which runs the tests.

use std::process::Stdio;

use super::tools;
use crate::{cargo, failure::Failure};

/// What is built where none is installed; any other does as well.
const VERSION: &str = "0.9.143";

/// Builds it once, where it is missing.
pub(super) fn ensure() -> Result<(), Failure> {
    let mut asked = cargo::command();
    asked
        .args(["nextest", "--version"])
        .env("PATH", tools::path()?)
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    if asked.status().is_ok_and(|status| status.success()) {
        return Ok(());
    }
    tools::install("cargo-nextest", VERSION)
}
