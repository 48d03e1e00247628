//! Builds the misbehaving guests for `wasm32-wasip2`, each into a finished component.

use std::{env, error::Error, path::PathBuf, process::Command};

fn main() -> Result<(), Box<dyn Error>> {
    let here = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?);
    let target = PathBuf::from(env::var("OUT_DIR")?).join("guests");
    for watched in [
        "guests/Cargo.toml",
        "guests/examples",
        "guests/src",
        "../probes-sdk",
        "../wit",
    ] {
        println!("cargo:rerun-if-changed={}", here.join(watched).display());
    }
    let mut cargo = Command::new(env::var("CARGO")?);
    cargo
        .current_dir(here.join("guests"))
        .args(["build", "--locked", "--release", "--examples"]);
    cargo
        .args(["--target", "wasm32-wasip2", "--target-dir"])
        .arg(&target);
    // Flags and wrappers are meant for this machine's code, not for the guests'.
    for leaking in [
        "RUSTFLAGS",
        "CARGO_ENCODED_RUSTFLAGS",
        "RUSTC",
        "RUSTC_WRAPPER",
        "RUSTC_WORKSPACE_WRAPPER",
        "CARGO_BUILD_TARGET",
    ] {
        cargo.env_remove(leaking);
    }
    if !cargo.status()?.success() {
        return Err("the guests could not be built; if the target is missing, run `rustup target add wasm32-wasip2`".into());
    }
    let built = target.join("wasm32-wasip2/release/examples");
    println!("cargo:rustc-env=LEADSMAN_GUESTS={}", built.display());
    Ok(())
}
