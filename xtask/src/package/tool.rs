//! Programs of the system that packages are built with.

use std::process::Command;

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
