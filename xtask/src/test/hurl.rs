//! The `hurl` program, which imported Hurl files are held against: Debian 12 has no package of it.

use std::{path::Path, process::Command};

use super::tools;
use crate::failure::Failure;

/// The version that the importer was written for.
const VERSION: &str = "8.0.1";

/// What its build needs, by a file that the Debian package brings.
const NEEDED: [(&str, &str); 4] = [
    ("/usr/bin/pkg-config", "pkg-config"),
    ("/usr/bin/xml2-config", "libxml2-dev"),
    ("/usr/bin/curl-config", "libcurl4-openssl-dev"),
    ("/usr/lib/llvm-14/lib/libclang.so", "libclang-dev"),
];

/// The packages that its build lacks, where it has to be built.
pub(super) fn lacks() -> Vec<&'static str> {
    if is_there() { Vec::new() } else { missing() }
}

/// Builds it once, where it is missing; the tests look for it there. Its packages have been brought.
pub(super) fn ensure() -> Result<(), Failure> {
    if is_there() {
        return Ok(());
    }
    tools::install("hurl", VERSION)
}

fn is_there() -> bool {
    let program = tools::folder().join("bin/hurl");
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
