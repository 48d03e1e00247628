//! The `hurl` program, which imported Hurl files are held against: Debian 12 has no package of it.

use std::{path::Path, process::Command, time::Instant};

use super::packages;
use crate::{cargo, failure::Failure, span};

/// The version that the importer was written for.
const VERSION: &str = "8.0.1";

/// What its build needs, by a file that the Debian package brings.
const NEEDED: [(&str, &str); 4] = [
    ("/usr/bin/pkg-config", "pkg-config"),
    ("/usr/bin/xml2-config", "libxml2-dev"),
    ("/usr/bin/curl-config", "libcurl4-openssl-dev"),
    ("/usr/lib/llvm-14/lib/libclang.so", "libclang-dev"),
];

/// It is run a few dozen times, so it is built as fast as it can be, not to be fast.
const CHEAP: [(&str, &str); 4] = [
    ("CARGO_PROFILE_DEV_DEBUG", "none"),
    ("CARGO_PROFILE_DEV_OPT_LEVEL", "0"),
    ("CARGO_PROFILE_DEV_INCREMENTAL", "false"),
    ("CARGO_PROFILE_DEV_STRIP", "debuginfo"),
];

/// Builds it once, where it is missing; the tests look for it there.
pub(crate) fn ensure() -> Result<(), Failure> {
    let folder = cargo::root().join("target/tools");
    if is_there(&folder.join("bin/hurl")) {
        return Ok(());
    }
    packages::bring(missing())?;
    let start = Instant::now();
    println!("==> hurl {VERSION} is missing: cargo install hurl --root target/tools");
    let mut install = cargo::command();
    install
        .args([
            "install",
            "hurl",
            "--locked",
            "--debug",
            "--force",
            "--version",
        ])
        .arg(format!("={VERSION}"))
        .arg("--root")
        .arg(&folder)
        .envs(CHEAP);
    let status = install
        .status()
        .map_err(|error| Failure::new(format!("cargo cannot be run: {error}")))?;
    if !status.success() {
        return Err(Failure::new(
            "hurl could not be built; its message is above",
        ));
    }
    println!("==> hurl: built in {}", span::shown(start.elapsed()));
    Ok(())
}

fn is_there(program: &Path) -> bool {
    let asked = Command::new(program).arg("--version").output();
    asked.is_ok_and(|output| {
        let told = String::from_utf8_lossy(&output.stdout);
        told.starts_with(&format!("hurl {VERSION} "))
    })
}

fn missing() -> Vec<&'static str> {
    let missing = NEEDED.iter().filter(|(file, _)| !Path::new(file).exists());
    missing.map(|(_, package)| *package).collect()
}
