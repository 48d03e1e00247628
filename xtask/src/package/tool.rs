//! Programs of the system that packages are built with.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use crate::failure::Failure;

/// Runs a command to its end and returns what it printed.
pub(super) fn output(command: &mut Command) -> Result<String, Failure> {
    let name = command.get_program().to_string_lossy().into_owned();
    let output = command.output().map_err(|error| {
        Failure::new(format!(
            "`{name}` cannot be run: {error}; Debian's `build-essential` has what builds packages"
        ))
    })?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    Err(Failure::new(format!(
        "`{name}` failed ({}): {}",
        output.status,
        said.trim_end()
    )))
}

/// Writes a program without what only a debugger reads, and returns where.
pub(super) fn strip(program: &Path, to: &Path) -> Result<PathBuf, Failure> {
    let mut strip = Command::new("strip");
    strip
        .args([
            "--strip-unneeded",
            "--remove-section=.comment",
            "--remove-section=.note",
            "-o",
        ])
        .args([to, program]);
    output(&mut strip)?;
    Ok(to.to_owned())
}

/// The loader and the libraries that the loader would take, as `ldd` tells them; of a static program none.
pub(super) fn libraries(program: &Path) -> Result<Vec<String>, Failure> {
    match output(Command::new("ldd").arg(program)) {
        Ok(listed) => named(&listed),
        Err(failure) if failure.to_string().contains("not a dynamic executable") => Ok(Vec::new()),
        Err(failure) => Err(failure),
    }
}

/// Lines are `name => path (address)`, `path (address)`, or `name (address)` for what the kernel brings.
fn named(listed: &str) -> Result<Vec<String>, Failure> {
    let mut paths = Vec::new();
    for line in listed.lines() {
        let found = line.rsplit("=>").next().unwrap_or(line).trim();
        if found == "not found" {
            return Err(Failure::new(format!(
                "a library of the program is missing: {}",
                line.trim()
            )));
        }
        let path = found.split(" (").next().unwrap_or(found);
        if path.starts_with('/') {
            paths.push(path.to_owned());
        }
    }
    Ok(paths)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn libraries_are_those_that_the_loader_names() {
        let listed = "\tlinux-vdso.so.1 (0x00007ffd)\n\tlibc.so.6 => /lib/x86_64-linux-gnu/libc.so.6 (0x00007f)\n\t/lib64/ld-linux-x86-64.so.2 (0x00007f)\n";
        let expected = [
            "/lib/x86_64-linux-gnu/libc.so.6",
            "/lib64/ld-linux-x86-64.so.2",
        ];
        assert_eq!(named(listed).unwrap(), expected);
        assert_eq!(
            named("\tstatically linked\n").unwrap(),
            Vec::<String>::new()
        );
        assert!(named("\tlibmissing.so => not found\n").is_err());
    }
}
