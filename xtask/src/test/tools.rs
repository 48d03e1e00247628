//! Programs that Debian 12 has no package of: built once, below the build's own folder.

use std::{env, ffi::OsString, path::PathBuf, time::Instant};

use crate::{cargo, failure::Failure, span};

/// They are run a few dozen times, so they are built as fast as they can be, not to be fast.
const CHEAP: [(&str, &str); 4] = [
    ("CARGO_PROFILE_DEV_DEBUG", "none"),
    ("CARGO_PROFILE_DEV_OPT_LEVEL", "0"),
    ("CARGO_PROFILE_DEV_INCREMENTAL", "false"),
    ("CARGO_PROFILE_DEV_STRIP", "debuginfo"),
];

/// Where they are.
pub(super) fn folder() -> PathBuf {
    cargo::root().join("target/tools")
}

/// Where programs are looked for: here last.
pub(super) fn path() -> Result<OsString, Failure> {
    let known = env::var_os("PATH").unwrap_or_default();
    let folders = env::split_paths(&known).chain([folder().join("bin")]);
    env::join_paths(folders).map_err(|error| Failure::new(format!("PATH: {error}")))
}

/// Builds a version of one.
pub(super) fn install(package: &str, version: &str) -> Result<(), Failure> {
    let start = Instant::now();
    println!("==> {package} {version} is missing: cargo install {package} --root target/tools");
    let mut install = cargo::command();
    install
        .args(["install", package, "--locked", "--debug", "--force"])
        .arg("--version")
        .arg(format!("={version}"))
        .arg("--root")
        .arg(folder())
        .envs(CHEAP);
    let status = install
        .status()
        .map_err(|error| Failure::new(format!("cargo cannot be run: {error}")))?;
    if !status.success() {
        return Err(Failure::new(format!(
            "{package} could not be built; its message is above"
        )));
    }
    println!("==> {package}: built in {}", span::shown(start.elapsed()));
    Ok(())
}
