//! Builds the misbehaving guests for `wasm32-wasip2`, each into a finished component.

use std::{
    env,
    error::Error,
    path::{Path, PathBuf},
    process::Command,
};

/// Flags and wrappers are meant for this machine's code, not for the guests'.
const LEAKING: [&str; 6] = [
    "RUSTFLAGS",
    "CARGO_ENCODED_RUSTFLAGS",
    "RUSTC",
    "RUSTC_WRAPPER",
    "RUSTC_WORKSPACE_WRAPPER",
    "CARGO_BUILD_TARGET",
];

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
    for leaking in LEAKING {
        cargo.env_remove(leaking);
    }
    if !cargo.status()?.success() {
        return Err("the guests could not be built; if the target is missing, run `rustup target add wasm32-wasip2`".into());
    }
    example(&here, &target, "journey/rust", "order")?;
    example(&here, &target, "s3", "s3")?;
    let built = target.join("wasm32-wasip2/release/examples");
    println!("cargo:rustc-env=LEADSMAN_GUESTS={}", built.display());
    Ok(())
}

/// A probe of `examples/`, as its author would build it; `LEADSMAN_EXAMPLE_…` says where it is.
fn example(here: &Path, target: &Path, folder: &str, name: &str) -> Result<(), Box<dyn Error>> {
    let root = here.join("..");
    let sources = root.join("examples").join(folder);
    println!("cargo:rerun-if-changed={}", sources.display());
    let mut cargo = Command::new(env::var("CARGO")?);
    cargo
        .current_dir(&root)
        .args(["build", "--profile", "guest", "--package"])
        .arg(format!("leadsman-example-{name}"))
        .args(["--target", "wasm32-wasip2", "--target-dir"])
        .arg(target);
    for leaking in LEAKING {
        cargo.env_remove(leaking);
    }
    if !cargo.status()?.success() {
        return Err(format!("the example `{folder}` could not be built").into());
    }
    let built = format!("wasm32-wasip2/guest/leadsman_example_{name}.wasm");
    let (variable, built) = (name.to_uppercase(), target.join(built));
    println!(
        "cargo:rustc-env=LEADSMAN_EXAMPLE_{variable}={}",
        built.display()
    );
    Ok(())
}
