//! The program alone: for a systemd that is not Debian's, or for no service manager at all.

use std::{
    env,
    path::{Path, PathBuf},
};

use super::{PROGRAM, tool};
use crate::failure::Failure;

/// Writes the program, which must need nothing of the machine that it runs on, into a folder.
pub(super) fn write(program: &Path, folder: &Path) -> Result<PathBuf, Failure> {
    let needed = tool::libraries(program)?;
    if !needed.is_empty() {
        return Err(Failure::new(format!(
            "`{}` needs libraries of this machine: {}",
            program.display(),
            needed.join(", ")
        )));
    }
    let (version, architecture) = (env!("CARGO_PKG_VERSION"), env::consts::ARCH);
    let name = format!("{PROGRAM}_{version}_linux_{architecture}");
    tool::strip(program, &folder.join(name))
}

#[cfg(test)]
mod tests {
    use std::{fs, process::Command};

    use super::*;
    use crate::{build, cargo};

    /// A program as the daemon is linked when it is shipped.
    fn linked(folder: &Path) -> PathBuf {
        let (source, program) = (folder.join("main.rs"), folder.join("program"));
        fs::write(&source, "fn main() { println!(\"well\"); }").unwrap();
        let mut compile = Command::new("rustc");
        compile
            .args(build::STATIC)
            .args([&source])
            .arg("-o")
            .arg(&program);
        tool::output(compile.current_dir(cargo::root())).unwrap();
        program
    }

    #[test]
    fn a_program_that_is_shipped_alone_needs_no_library_and_runs() {
        let folder = tempfile::tempdir().unwrap();
        let written = write(&linked(folder.path()), folder.path()).unwrap();
        assert_eq!(tool::libraries(&written).unwrap(), Vec::<String>::new());
        let said = tool::output(Command::new(&written).env_clear().current_dir("/")).unwrap();
        assert_eq!(said, "well\n");
    }

    #[test]
    fn a_program_that_needs_libraries_is_not_shipped_alone() {
        let folder = tempfile::tempdir().unwrap();
        let refused = write(Path::new("/bin/echo"), folder.path()).unwrap_err();
        assert!(refused.to_string().contains("libc.so.6"), "{refused}");
    }
}
