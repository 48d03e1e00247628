//! Cargo, as this program calls it.

use std::{
    env,
    path::{Path, PathBuf},
    process::Command,
};

use crate::failure::Failure;

/// The repository's root.
pub(crate) fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here).to_owned()
}

/// Cargo in the repository's root. What cargo told this program about its own package is taken out
/// of the environment: some build scripts would take it for a change and build anew.
pub(crate) fn command() -> Command {
    let mut cargo = Command::new("cargo");
    cargo.current_dir(root());
    for (name, _) in env::vars_os() {
        let own = name.to_str().is_some_and(|name| {
            ["CARGO_PKG_", "CARGO_MANIFEST_"]
                .iter()
                .any(|prefix| name.starts_with(prefix))
        });
        if own {
            cargo.env_remove(name);
        }
    }
    cargo
}

/// Has rustup add what the toolchain lacks; `why` says what it is needed for.
pub(crate) fn rustup(arguments: [&str; 3], why: &str) -> Result<(), Failure> {
    let told = arguments.join(" ");
    println!("==> rustup {told}");
    let added = Command::new("rustup")
        .args(arguments)
        .current_dir(root())
        .status();
    match added {
        Ok(status) if status.success() => Ok(()),
        Ok(_) => Err(Failure::new(format!(
            "`rustup {told}` failed, and it is needed: {why}; its message is above"
        ))),
        Err(error) => Err(Failure::new(format!(
            "{why}, which this toolchain does not have, and rustup cannot be run to add it ({error}); install it as this toolchain was installed"
        ))),
    }
}

/// Where the compiler keeps what it links into programs for a target; `None` where there is no compiler.
pub(crate) fn libraries(target: &[&str]) -> Option<PathBuf> {
    let mut ask = Command::new("rustc");
    let asked = ask
        .args(["--print", "target-libdir"])
        .args(target)
        .current_dir(root());
    let output = asked.output().ok()?;
    let told = String::from_utf8_lossy(&output.stdout);
    output.status.success().then(|| PathBuf::from(told.trim()))
}

/// The target that this machine's compiler builds for by itself.
pub(crate) fn host() -> Result<String, Failure> {
    let mut ask = Command::new("rustc");
    let output = ask.arg("-vV").current_dir(root()).output();
    let output = output.map_err(|error| Failure::new(format!("rustc cannot be run: {error}")))?;
    let told = String::from_utf8_lossy(&output.stdout).into_owned();
    let host = told.lines().find_map(|line| line.strip_prefix("host: "));
    host.map(str::to_owned)
        .ok_or_else(|| Failure::new("`rustc -vV` names no host"))
}
