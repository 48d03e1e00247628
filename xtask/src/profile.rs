//! What the compiler knows of runs when it builds what is shipped: how often each piece of code was run, gathered by
//! `cargo xtask train` and kept beside the daemon.
//!
//! Source: <https://doc.rust-lang.org/rustc/profile-guided-optimization.html>.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use sha2::{Digest, Sha256};

use crate::{cargo, failure::Failure};

/// Where it is kept.
const FILE: &str = "engine/daemon/dist.profdata";

/// What a build of what is shipped has to do with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Profile {
    /// The code is laid out as the kept one says.
    Used,
    /// The programs write one into this folder whenever they end.
    Gathered(PathBuf),
}

impl Profile {
    /// What the compiler is told.
    pub(crate) fn flags(&self) -> Result<Vec<String>, Failure> {
        let flags = match self {
            Self::Used => used()?,
            Self::Gathered(folder) => vec![
                "-C".to_owned(),
                format!("profile-generate={}", folder.display()),
            ],
        };
        Ok(flags)
    }
}

/// The kept profile is always a little older than the code: what has changed since is built as without it. Cargo looks
/// at flags, not into the file: its digest is one of them.
fn used() -> Result<Vec<String>, Failure> {
    let file = kept();
    let bytes = fs::read(&file).map_err(|error| Failure::file(&file, &error))?;
    Ok(vec![
        "-C".to_owned(),
        format!("profile-use={}", file.display()),
        "-C".to_owned(),
        "llvm-args=-no-pgo-warn-mismatch".to_owned(),
        "--cfg".to_owned(),
        format!("leadsman_profile=\"{:x}\"", Sha256::digest(&bytes)),
    ])
}

fn kept() -> PathBuf {
    cargo::root().join(FILE)
}

/// The toolchain's own program for profiles, added where it is missing: others read other formats.
pub(crate) fn tool() -> Result<PathBuf, Failure> {
    let find = || {
        let libraries = cargo::libraries(&[])?;
        let tool = libraries.parent()?.join("bin/llvm-profdata");
        tool.is_file().then_some(tool)
    };
    if find().is_none() {
        let why = "profiles are merged by `llvm-profdata` of the component `llvm-tools`";
        cargo::rustup(["component", "add", "llvm-tools"], why)?;
    }
    find().ok_or_else(|| {
        Failure::new("rustup has added `llvm-tools`, and `llvm-profdata` is not in it")
    })
}

/// Makes one of all that the programs wrote, and keeps it. Code that never ran is left out: it is most of it.
pub(crate) fn keep(tool: &Path, folder: &Path) -> Result<PathBuf, Failure> {
    let written = fs::read_dir(folder).map_err(|error| Failure::file(folder, &error))?;
    let written: Vec<PathBuf> = written
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "profraw")
        })
        .collect();
    if written.is_empty() {
        return Err(Failure::new(format!(
            "no program has written a profile into {}",
            folder.display()
        )));
    }
    let file = kept();
    let mut merge = Command::new(tool);
    merge
        .args(["merge", "--sparse", "-o"])
        .arg(&file)
        .args(written);
    if merge.status()?.success() {
        return Ok(file);
    }
    Err(Failure::new(
        "the profiles cannot be merged: the message is above",
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A program that is built as what is shipped is.
    fn built(folder: &Path, profile: &Profile) -> PathBuf {
        let (source, program) = (folder.join("main.rs"), folder.join("program"));
        fs::write(&source, "fn main() {}").unwrap();
        let mut compile = Command::new("rustc");
        compile.args(profile.flags().unwrap()).arg(&source);
        compile.arg("-o").arg(&program).current_dir(cargo::root());
        let output = compile.output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success() && said.is_empty(), "{said}");
        program
    }

    #[test]
    fn the_kept_profile_is_one_that_this_compiler_reads_and_has_runs_in_it() {
        let folder = tempfile::tempdir().unwrap();
        built(folder.path(), &Profile::Used);
        let kept = fs::read(kept()).unwrap();
        assert!(kept.len() > 1 << 20, "{} bytes", kept.len());
    }

    #[test]
    fn a_program_that_gathers_writes_a_profile_when_it_ends() {
        let folder = tempfile::tempdir().unwrap();
        let gathered = folder.path().join("gathered");
        let program = built(folder.path(), &Profile::Gathered(gathered.clone()));
        assert!(Command::new(program).status().unwrap().success());
        let written = fs::read_dir(gathered).unwrap().count();
        assert_eq!(written, 1);
    }

    #[test]
    fn nothing_is_kept_of_programs_that_wrote_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let failure = keep(Path::new("/bin/false"), folder.path()).unwrap_err();
        assert!(
            failure.to_string().contains("no program has written"),
            "{failure}"
        );
    }
}
