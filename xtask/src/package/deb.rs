//! The Debian package: what `packaging/debian` says, with what the program says of itself.

use std::{
    fs,
    io::Write,
    path::{Path, PathBuf},
    process::Command,
};

use flate2::{Compression, GzBuilder};

use super::{PROGRAM, read, source, tool, tree::Tree};
use crate::{cargo, failure::Failure, test::packages};

/// Where a package's files on itself are.
const DOC: &str = "usr/share/doc/leadsman";

/// Scripts that dpkg runs.
const SCRIPTS: [&str; 3] = ["postinst", "prerm", "postrm"];

/// What is copied as it is: from the repository, to the package.
const COPIED: [(&str, &str); 5] = [
    (
        "packaging/systemd/leadsman.service",
        "usr/lib/systemd/system/leadsman.service",
    ),
    (
        "packaging/systemd/leadsman.socket",
        "usr/lib/systemd/system/leadsman.socket",
    ),
    (
        "packaging/config/leadsman.yaml",
        "etc/leadsman/leadsman.yaml",
    ),
    ("packaging/debian/leadsman.default", "etc/default/leadsman"),
    (
        "packaging/debian/copyright",
        "usr/share/doc/leadsman/copyright",
    ),
];

/// Each shell, and where it looks for completions.
const COMPLETIONS: [(&str, &str); 3] = [
    ("bash", "usr/share/bash-completion/completions/leadsman"),
    ("zsh", "usr/share/zsh/vendor-completions/_leadsman"),
    ("fish", "usr/share/fish/vendor_completions.d/leadsman.fish"),
];

/// Builds the package in a folder and returns its file.
pub(super) fn build(program: &Path, folder: &Path, compression: &str) -> Result<PathBuf, Failure> {
    let work = folder.join("deb");
    // What an earlier build left would be packaged too.
    if work.exists() {
        fs::remove_dir_all(&work).map_err(|error| Failure::file(&work, &error))?;
    }
    fs::create_dir(&work).map_err(|error| Failure::file(&work, &error))?;
    let stripped = tool::strip(program, &work.join(PROGRAM))?;
    let mut tree = contents(program, &stripped, &work)?;
    let version = changelog("Version")?;
    let architecture = tool::output(Command::new("dpkg").arg("--print-architecture"))?;
    let architecture = architecture.trim();
    let fields = [
        ("@VERSION@", version.clone()),
        ("@ARCHITECTURE@", architecture.to_owned()),
        ("@SIZE@", tree.kibibytes().to_string()),
        ("@DEPENDS@", dependencies(&stripped, &work)?),
    ];
    describe(&mut tree, &fields)?;
    let root = work.join("root");
    fs::create_dir(&root).map_err(|error| Failure::file(&root, &error))?;
    tree.write(&root)?;
    let package = folder.join(format!("{PROGRAM}_{version}_{architecture}.deb"));
    let mut pack = Command::new("dpkg-deb");
    pack.args(["--root-owner-group", &format!("-Z{compression}"), "--build"])
        .args([&root, &package])
        .env("SOURCE_DATE_EPOCH", changelog("Timestamp")?);
    tool::output(&mut pack)?;
    Ok(package)
}

/// Lets lintian look at it, where there is one; its errors are failures.
pub(super) fn check(package: &Path) -> Result<(), Failure> {
    let Some(lintian) = packages::find("lintian") else {
        println!("==> not checked: lintian is not installed (`apt-get install lintian`)");
        return Ok(());
    };
    let mut lint = Command::new(lintian);
    lint.args(["--fail-on", "error", "--allow-root"])
        .arg(package);
    println!("==> lintian {}", package.display());
    match lint.status()? {
        status if status.success() => Ok(()),
        _ => Err(Failure::new("lintian found errors in the package")),
    }
}

fn contents(program: &Path, stripped: &Path, work: &Path) -> Result<Tree, Failure> {
    let mut tree = Tree::default();
    tree.program("usr/bin/leadsman", read(stripped)?);
    for (from, to) in COPIED {
        tree.file(to, source(from)?);
    }
    for (shell, to) in COMPLETIONS {
        let mut ask = Command::new(program);
        tree.file(to, tool::output(ask.args(["completions", shell]))?);
    }
    for (page, text) in manual(program, work)? {
        tree.file(&format!("usr/share/man/man1/{page}.gz"), gzip(&text)?);
    }
    let changes = [
        ("changelog.gz", "CHANGELOG.md"),
        ("changelog.Debian.gz", "packaging/debian/changelog"),
    ];
    for (name, from) in changes {
        tree.file(&format!("{DOC}/{name}"), gzip(&source(from)?)?);
    }
    Ok(tree)
}

/// The manual pages that the program writes of itself.
fn manual(program: &Path, work: &Path) -> Result<Vec<(String, Vec<u8>)>, Failure> {
    let folder = work.join("man");
    fs::create_dir(&folder).map_err(|error| Failure::file(&folder, &error))?;
    tool::output(Command::new(program).arg("man").arg(&folder))?;
    let pages = fs::read_dir(&folder)?.map(|page| {
        let page = page?;
        Ok((
            page.file_name().to_string_lossy().into_owned(),
            read(&page.path())?,
        ))
    });
    pages.collect()
}

/// The files that dpkg itself reads.
fn describe(tree: &mut Tree, fields: &[(&str, String)]) -> Result<(), Failure> {
    let conffiles: Vec<String> = COPIED
        .iter()
        .filter(|(_, to)| to.starts_with("etc/"))
        .map(|(_, to)| format!("/{to}\n"))
        .collect();
    let control = String::from_utf8(source("packaging/debian/control")?)?;
    let control = fields
        .iter()
        .fold(control, |text, (name, value)| text.replace(name, value));
    tree.file("DEBIAN/control", control);
    tree.file("DEBIAN/conffiles", conffiles.concat());
    for script in SCRIPTS {
        tree.program(
            &format!("DEBIAN/{script}"),
            source(&format!("packaging/debian/{script}"))?,
        );
    }
    Ok(())
}

/// The packages whose libraries the program needs, with the oldest version that will do.
fn dependencies(program: &Path, work: &Path) -> Result<String, Failure> {
    let folder = work.join("debian");
    fs::create_dir(&folder).map_err(|error| Failure::file(&folder, &error))?;
    fs::write(
        folder.join("control"),
        "Source: leadsman\n\nPackage: leadsman\nArchitecture: any\n",
    )?;
    let mut ask = Command::new("dpkg-shlibdeps");
    let said = tool::output(ask.current_dir(work).args(["-O", "-e"]).arg(program))?;
    let found = said
        .lines()
        .find_map(|line| line.strip_prefix("shlibs:Depends="));
    found
        .map(str::to_owned)
        .ok_or_else(|| Failure::new("dpkg-shlibdeps named no package"))
}

/// A field of the newest entry of Debian's changelog.
fn changelog(field: &str) -> Result<String, Failure> {
    let mut ask = Command::new("dpkg-parsechangelog");
    ask.arg("--file")
        .arg(cargo::root().join("packaging/debian/changelog"));
    Ok(tool::output(ask.args(["--show-field", field]))?
        .trim()
        .to_owned())
}

/// The same bytes give the same bytes: no name, no time.
fn gzip(bytes: &[u8]) -> Result<Vec<u8>, Failure> {
    let mut packed = GzBuilder::new()
        .mtime(0)
        .write(Vec::new(), Compression::best());
    packed.write_all(bytes)?;
    Ok(packed.finish()?)
}

#[cfg(test)]
mod tests;
