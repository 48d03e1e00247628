//! `leadsman validate`.

use std::{
    io::{self, Write},
    path::PathBuf,
    process::ExitCode,
    sync::Arc,
};

use serde_json::json;

use super::{CONFIGURATION, CommandError};
use crate::{
    app::{self, AppError},
    args::{Format, Validate},
    catalog::Probes,
};

/// Checks a configuration and says what it found.
pub(super) fn validate(
    arguments: &Validate,
    cache: Option<PathBuf>,
) -> Result<ExitCode, CommandError> {
    let io = app::io_runtime()?;
    let probes = Probes::new(Arc::clone(&app::sandbox(cache, 16, &io)?));
    let loaded = app::load(&arguments.config, &probes);
    match (loaded, arguments.format) {
        (Ok(plan), Format::Text) => {
            let targets: usize = plan
                .checks
                .iter()
                .map(|check| check.assignments.len())
                .sum();
            let (file, checks, location) = (
                arguments.config.display(),
                plan.checks.len(),
                &plan.location,
            );
            writeln!(
                io::stdout(),
                "{file}: ok, {checks} checks on {targets} targets at {location}"
            )?;
            Ok(ExitCode::SUCCESS)
        }
        (Ok(plan), Format::Json) => {
            writeln!(
                io::stdout(),
                "{}",
                json!({"ok": true, "checks": plan.checks.len(), "problems": []})
            )?;
            Ok(ExitCode::SUCCESS)
        }
        (Err(AppError::Configuration(problems)), Format::Json) => {
            writeln!(
                io::stdout(),
                "{}",
                json!({"ok": false, "problems": problems})
            )?;
            Ok(ExitCode::from(CONFIGURATION))
        }
        (Err(error), _) => Err(error.into()),
    }
}
