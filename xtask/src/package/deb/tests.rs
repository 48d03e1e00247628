//! The package is built from the daemon that the tests run, and read with dpkg's own tools.

use std::env;

use super::*;

/// The daemon beside this test binary's folder.
fn daemon() -> PathBuf {
    let here = env::current_exe().unwrap();
    here.ancestors().nth(2).unwrap().join(PROGRAM)
}

fn dpkg_deb(arguments: &[&str], package: &Path) -> String {
    tool::output(Command::new("dpkg-deb").args(arguments).arg(package)).unwrap()
}

#[test]
fn the_debian_package_has_the_program_its_units_its_configuration_and_its_pages() {
    let folder = tempfile::tempdir().unwrap();
    let package = build(&daemon(), folder.path(), "none").unwrap();
    let fields = dpkg_deb(&["--field"], &package);
    assert!(fields.contains("Package: leadsman\n"), "{fields}");
    assert!(fields.contains("libc6 (>= "), "{fields}");
    assert!(
        !fields.contains('@') || !fields.contains("@SIZE@"),
        "{fields}"
    );
    let listed = dpkg_deb(&["--contents"], &package);
    let all = COPIED
        .map(|(_, to)| to)
        .into_iter()
        .chain(COMPLETIONS.map(|(_, to)| to));
    let pages = [
        "usr/bin/leadsman",
        "usr/share/man/man1/leadsman.1.gz",
        "usr/share/man/man1/leadsman-run.1.gz",
    ];
    for path in all.chain(pages) {
        let line = listed
            .lines()
            .find(|line| line.ends_with(&format!(" ./{path}")));
        let line = line.unwrap_or_else(|| panic!("{path} is in the package:\n{listed}"));
        let mode = if path.starts_with("usr/bin") {
            "-rwxr-xr-x root/root"
        } else {
            "-rw-r--r-- root/root"
        };
        assert!(line.starts_with(mode), "{line}");
    }
    let conffiles = dpkg_deb(&["--info"], &package);
    assert!(
        conffiles.contains("conffiles") && conffiles.contains("postinst"),
        "{conffiles}"
    );
}

#[test]
fn the_debian_changelog_is_of_this_version() {
    let version = changelog("Version").unwrap();
    assert_eq!(version.split('-').next(), Some(env!("CARGO_PKG_VERSION")));
}

#[test]
fn maintainer_scripts_are_shell_that_can_be_read() {
    for script in SCRIPTS {
        let path = cargo::root().join("packaging/debian").join(script);
        tool::output(Command::new("sh").arg("-n").arg(path)).unwrap();
    }
}
