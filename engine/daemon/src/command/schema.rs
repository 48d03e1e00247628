//! `leadsman schema`.

use std::{
    io::{self, Write},
    path::PathBuf,
    process::ExitCode,
    sync::Arc,
};

use leadsman_core::{
    id::ProbeName,
    plan::{Catalog, ProbeDescription, ProbeSource},
};

use super::CommandError;
use crate::{app, args::Schema, catalog::Probes};

/// Prints the JSON Schema of the configuration.
pub(super) fn schema(arguments: &Schema, cache: Option<PathBuf>) -> Result<ExitCode, CommandError> {
    let io = app::io_runtime()?;
    let probes = app::probes(cache, 16, &io)?;
    let mut described = Vec::new();
    for bundled in leadsman_probes::ALL {
        described.push(describe(&probes, bundled.name, &ProbeSource::Bundled)?);
    }
    if let Some(config) = &arguments.config {
        let plan = app::load(config, &probes)?;
        for (name, source) in plan
            .probes
            .iter()
            .filter(|(_, source)| **source != ProbeSource::Bundled)
        {
            described.push(describe(&probes, name.as_str(), source)?);
        }
    }
    let named: Vec<(&str, Arc<ProbeDescription>)> = described
        .iter()
        .map(|(name, description)| (name.as_str(), Arc::clone(description)))
        .collect();
    writeln!(io::stdout(), "{:#}", leadsman_config::schema(&named))?;
    Ok(ExitCode::SUCCESS)
}

fn describe(
    probes: &Probes,
    name: &str,
    source: &ProbeSource,
) -> Result<(String, Arc<ProbeDescription>), CommandError> {
    let probe = ProbeName::new(name).map_err(|error| CommandError::Usage(error.to_string()))?;
    let described = probes.describe(&probe, source);
    let description = described.map_err(|why| CommandError::of_probe(name, why))?;
    Ok((name.to_owned(), description))
}
