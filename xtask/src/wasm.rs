//! The target that probes are built for.

use std::process::Command;

use crate::{cargo, failure::Failure};

const TARGET: &str = "wasm32-wasip2";

/// Adds the target where it is missing.
pub(crate) fn ensure() -> Result<(), Failure> {
    if installed() {
        return Ok(());
    }
    println!("==> rustup target add {TARGET}");
    let added = Command::new("rustup")
        .args(["target", "add", TARGET])
        .current_dir(cargo::root())
        .status();
    match added {
        Ok(status) if status.success() => Ok(()),
        Ok(_) => Err(Failure::new(format!(
            "rustup could not add the target `{TARGET}`, which the probes are built for: its message is above"
        ))),
        Err(error) => Err(Failure::new(format!(
            "the probes are built for `{TARGET}`, which this toolchain does not have, and rustup cannot be run to add it ({error}); install that target's standard library"
        ))),
    }
}

/// Asks the compiler itself, so that toolchains without rustup count too.
fn installed() -> bool {
    let libraries = Command::new("rustc")
        .args(["--print", "target-libdir", "--target", TARGET])
        .current_dir(cargo::root())
        .output();
    libraries.is_ok_and(|output| {
        let path = String::from_utf8_lossy(&output.stdout);
        output.status.success() && std::path::Path::new(path.trim()).is_dir()
    })
}
