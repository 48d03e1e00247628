//! Builds the bundled probes for `wasm32-wasip2`, each into a finished component.

use std::{
    env,
    error::Error,
    path::{Path, PathBuf},
    process::Command,
};

const PROBES: [&str; 5] = ["http", "dns", "tls", "tcp", "journey"];

/// The guest's stack lies before its data; kept small, all that a run touches lies close together, and
/// clearing it after the run is one short copy.
const STACK: &str = "-Clink-arg=-zstack-size=131072";

/// The guest's data begins as far behind its stack as puts what the `http` probe writes at the begin of a page: the first
/// allocations of a run have room behind it there, and thousands of runs that wait each hold a page less.
const DATA: &str = "-Clink-arg=--global-base=134192";

/// A component is linked once and never moved. The target's default is code that could be, which finds each text and
/// each function by way of a global that every sandbox has to carry.
const PLACED: &str = "-Crelocation-model=static";

fn main() -> Result<(), Box<dyn Error>> {
    let here = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?);
    let root = here
        .parent()
        .and_then(Path::parent)
        .ok_or("the crate lies two folders below the workspace")?;
    let out = PathBuf::from(env::var("OUT_DIR")?);
    for watched in ["probes", "probes-sdk", "wit", "Cargo.toml", "Cargo.lock"] {
        println!("cargo:rerun-if-changed={}", root.join(watched).display());
    }
    build(root, &out.join("guests"))?;
    for probe in PROBES {
        let built = out
            .join("guests/wasm32-wasip2/guest")
            .join(format!("leadsman_probe_{probe}.wasm"));
        println!(
            "cargo:rustc-env=LEADSMAN_PROBE_{}={}",
            probe.to_uppercase(),
            built.display()
        );
    }
    Ok(())
}

fn build(root: &Path, target: &Path) -> Result<(), Box<dyn Error>> {
    let mut cargo = Command::new(env::var("CARGO")?);
    cargo
        .current_dir(root)
        .args([
            "build",
            "--profile",
            "guest",
            "--target",
            "wasm32-wasip2",
            "--target-dir",
        ])
        .arg(target);
    for probe in PROBES {
        cargo
            .arg("--package")
            .arg(format!("leadsman-probe-{probe}"));
    }
    // Flags and wrappers are meant for this machine's code, not for the guests'.
    for leaking in [
        "RUSTFLAGS",
        "RUSTC",
        "RUSTC_WRAPPER",
        "RUSTC_WORKSPACE_WRAPPER",
        "CARGO_BUILD_TARGET",
    ] {
        cargo.env_remove(leaking);
    }
    cargo.env(
        "CARGO_ENCODED_RUSTFLAGS",
        [STACK, DATA, PLACED].join("\u{1f}"),
    );
    if cargo.status()?.success() {
        return Ok(());
    }
    Err("the bundled probes could not be built; if the target is missing, run `rustup target add wasm32-wasip2`".into())
}
