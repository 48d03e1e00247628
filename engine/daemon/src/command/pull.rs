//! `leadsman pull`: fetches the probes that a configuration names in registries.

use std::{
    io::{self, Write},
    path::PathBuf,
    process::ExitCode,
    sync::Arc,
};

use leadsman_config::Disk;
use leadsman_core::plan::{Image, Plan, ProbeSource};
use serde_json::json;

use super::{CommandError, UNAVAILABLE};
use crate::{
    app::{self, AppError},
    args::Pull,
    fetch::{Fetched, Fetcher},
    ground::Ground,
};

/// Fetches what is not here, and says what came of each image; one that cannot be had ends with 69.
pub(super) fn pull(arguments: &Pull, cache: Option<PathBuf>) -> Result<ExitCode, CommandError> {
    let io = app::io_runtime()?;
    let probes = Arc::new(app::probes(cache, 16, &io)?);
    let (plan, _) = app::read(&arguments.config, &Disk, &probes)?;
    let ground = Ground::read(&plan).map_err(AppError::from)?;
    let fetched = Fetcher::new(probes).all(&plan, &ground, io.handle());
    let mut out = io::stdout().lock();
    for image in images(&plan) {
        let came = fetched
            .iter()
            .find(|(of, _)| of.reference == image.reference);
        let line = if arguments.json {
            as_json(image, came).to_string()
        } else {
            told(image, came)
        };
        writeln!(out, "{line}")?;
    }
    let is_whole = fetched.iter().all(|(_, came)| came.is_ok());
    Ok(if is_whole {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(UNAVAILABLE)
    })
}

fn images(plan: &Plan) -> impl Iterator<Item = &Image> {
    plan.probes.values().filter_map(|source| match source {
        ProbeSource::Image(image) => Some(image.as_ref()),
        _ => None,
    })
}

fn told(image: &Image, came: Option<&Fetched>) -> String {
    let signed = image.signed_by.as_ref();
    let signed = signed.map(|key| format!(", signed by {}", key.display()));
    let signed = signed.unwrap_or_default();
    match came {
        Some((_, Ok(bytes))) => format!("{}: fetched, {bytes} bytes{signed}", image.reference),
        Some((_, Err(why))) => format!("{}: {why}", image.reference),
        None => format!("{}: here already{signed}", image.reference),
    }
}

fn as_json(image: &Image, came: Option<&Fetched>) -> serde_json::Value {
    json!({
        "image": image.reference.to_string(),
        "signed_by": image.signed_by,
        "ok": came.is_none_or(|(_, came)| came.is_ok()),
        "bytes": came.and_then(|(_, came)| came.as_ref().ok()),
        "error": came.and_then(|(_, came)| came.as_ref().err()),
    })
}
