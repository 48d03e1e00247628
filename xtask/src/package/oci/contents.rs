//! What is in the image: the program, the libraries that it needs, and what it reads of a system.

use std::path::Path;

use super::super::{read, source, tool, tree::Tree};
use crate::failure::Failure;

/// The user that the program runs as: a number that no system gives to anybody.
pub(super) const USER: u64 = 65_532;

/// Where compiled probes are kept. One folder deeper than what is mounted: a mounted one may be open
/// to others, and compiled code is not loaded from there.
pub(super) const CACHE: &str = "/var/cache/leadsman/compiled";

/// Where the daemon keeps its state.
pub(super) const STATE: &str = "/var/lib/leadsman";

/// The authorities that a Debian system trusts.
const AUTHORITIES: &str = "/etc/ssl/certs/ca-certificates.crt";

/// Everything that does not change with the program.
pub(super) fn base(program: &Path) -> Result<Tree, Failure> {
    let mut tree = Tree::default();
    for library in tool::libraries(program)? {
        tree.program(library.trim_start_matches('/'), read(Path::new(&library))?);
    }
    let authorities = Path::new(AUTHORITIES);
    if authorities.exists() {
        tree.file(AUTHORITIES.trim_start_matches('/'), read(authorities)?);
    } else {
        println!(
            "==> `{AUTHORITIES}` is missing, so the image trusts no authority: `apt-get install ca-certificates`"
        );
    }
    let passwd = format!(
        "root:x:0:0:root:/nonexistent:/nonexistent\nleadsman:x:{USER}:{USER}:leadsman:/nonexistent:/nonexistent\n"
    );
    tree.file("etc/passwd", passwd);
    tree.file("etc/group", format!("root:x:0:\nleadsman:x:{USER}:\n"));
    tree.file("etc/nsswitch.conf", "hosts: files dns\n");
    tree.folder("var/cache/leadsman", 0o700, USER);
    tree.folder("var/lib/leadsman", 0o700, USER);
    Ok(tree)
}

/// The program, and a configuration to start with.
pub(super) fn program(program: &Path) -> Result<Tree, Failure> {
    let mut tree = Tree::default();
    tree.program("usr/bin/leadsman", read(program)?);
    tree.file(
        "etc/leadsman/leadsman.yaml",
        source("packaging/config/leadsman.yaml")?,
    );
    tree.file("usr/share/doc/leadsman/LICENSE", source("LICENSE")?);
    Ok(tree)
}
