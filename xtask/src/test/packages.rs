//! The Debian packages that tests and benchmark talk to.

use std::{
    env, fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::Command,
};

use crate::failure::Failure;

/// Each binary, and the package that has it.
const NEEDED: [(&str, &str); 13] = [
    ("prometheus", "prometheus"),
    ("promtool", "prometheus"),
    ("nginx", "nginx"),
    ("knotd", "knot"),
    ("docker-registry", "docker-registry"),
    ("skopeo", "skopeo"),
    ("openssl", "openssl"),
    ("curl", "curl"),
    (
        "prometheus-blackbox-exporter",
        "prometheus-blackbox-exporter",
    ),
    ("systemd-analyze", "systemd"),
    ("dpkg-shlibdeps", "dpkg-dev"),
    ("strip", "binutils"),
    ("chromium", "chromium"),
];

/// Asked by Debian's packages whether a service may be started.
const POLICY: &str = "/usr/sbin/policy-rc.d";

/// Brings what tests and benchmark run.
pub(crate) fn ensure() -> Result<(), Failure> {
    ensure_with(Vec::new())
}

/// The same and more, in one go: who may not install is told of all of it at once.
pub(super) fn ensure_with(more: Vec<&'static str>) -> Result<(), Failure> {
    let mut missing = missing();
    missing.extend(more);
    if missing.is_empty() {
        return Ok(());
    }
    if !rustix::process::geteuid().is_root() {
        return Err(Failure::new(needs(&missing)));
    }
    println!("==> apt-get update && {}", install(&missing));
    let _policy = NoServices::declare()?;
    apt(&["update"])?;
    let mut arguments = vec!["install", "-y", "--no-install-recommends"];
    arguments.extend(missing);
    apt(&arguments)
}

fn install(packages: &[&str]) -> String {
    let packages = packages.join(" ");
    format!("apt-get install -y --no-install-recommends {packages}")
}

/// What is told to who may not install.
fn needs(packages: &[&str]) -> String {
    let (all, install) = (packages.join(", "), install(packages));
    format!("the tests need Debian's {all}: `sudo {install}`")
}

fn missing() -> Vec<&'static str> {
    let mut packages: Vec<&str> = NEEDED
        .iter()
        .filter(|(binary, _)| find(binary).is_none())
        .map(|(_, package)| *package)
        .collect();
    packages.dedup();
    packages
}

/// Where a binary is; servers live where not everybody looks.
pub(crate) fn find(binary: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    let more = ["/usr/sbin", "/sbin"].map(PathBuf::from);
    env::split_paths(&path)
        .chain(more)
        .map(|folder| folder.join(binary))
        .find(|file| file.is_file())
}

fn apt(arguments: &[&str]) -> Result<(), Failure> {
    let status = Command::new("apt-get")
        .args(arguments)
        .env("DEBIAN_FRONTEND", "noninteractive")
        .status()
        .map_err(|error| {
            Failure::new(format!(
                "apt-get cannot be run ({error}); install what this machine calls: {}",
                arguments.join(" ")
            ))
        })?;
    if status.success() {
        return Ok(());
    }
    Err(Failure::new(format!(
        "`apt-get {}` failed",
        arguments.join(" ")
    )))
}

/// While it lives, installing a package starts no service: the tests start their own.
struct NoServices {
    written: bool,
}

impl NoServices {
    fn declare() -> Result<Self, Failure> {
        let policy = Path::new(POLICY);
        if policy.exists() {
            return Ok(Self { written: false });
        }
        let declared = fs::write(policy, "#!/bin/sh\nexit 101\n")
            .and_then(|()| fs::set_permissions(policy, fs::Permissions::from_mode(0o755)));
        declared.map_err(|error| Failure::file(policy, &error))?;
        Ok(Self { written: true })
    }
}

impl Drop for NoServices {
    fn drop(&mut self) {
        if self.written
            && let Err(error) = fs::remove_file(POLICY)
        {
            eprintln!("warning: `{POLICY}` could not be removed: {error}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_that_is_missing_is_named_in_one_line_with_the_command_that_brings_it() {
        assert_eq!(
            needs(&["knot", "pkg-config"]),
            "the tests need Debian's knot, pkg-config: `sudo apt-get install -y --no-install-recommends knot pkg-config`"
        );
    }
}
