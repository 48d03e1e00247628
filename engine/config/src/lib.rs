//! Text to a validated plan, or every error at once.
//!
//! A file is read into a tree that remembers where each value stands; the sections walk
//! that tree and collect what is wrong instead of stopping at the first mistake; settings are judged by
//! the schema of the probe that they are for. Nothing is opened here but through the caller's [`Files`].
//!
//! A fleet's configuration is the platform's file and the team files that it includes. Each team file
//! is read against the platform alone, so that a mistake in one never concerns another.

mod conflicts;
mod discovery;
mod element;
mod files;
mod fleet;
mod layers;
mod names;
mod nearest;
mod notes;
mod problem;
mod reference;
mod schema;
mod section;
mod settings;
mod table;
mod tree;
mod web;

#[cfg(test)]
mod tests;

use std::{path::Path, time::Duration};

use leadsman_core::{
    egress::HostPattern,
    plan::{Catalog, Plan},
};

pub use crate::{
    conflicts::conflicts,
    discovery::{Group, Undiscovered, parse as parse_discovered},
    files::{Disk, Files},
    fleet::{Fleet, Platform, Sheet},
    names::{Names, strangers},
    problem::{Problem, Problems},
    schema::schema,
    settings::{coerce::coerce_set, judge::check_settings},
    web::{ClientAuth, Hidden, Pem, PemSource, RateLimit, TlsVersion, Web, WebTls, load_web},
};

/// The largest file accepted, in bytes.
pub const LARGEST_FILE: usize = 1 << 20;

/// The probes that every binary carries; a configuration may not redefine them.
pub const BUNDLED_PROBES: [&str; 5] = ["http", "dns", "tls", "tcp", "journey"];

/// Turns the text of the file at `path`, and of the files that it includes, into a plan.
///
/// `files` answers `${env:NAME}`, `${file:PATH}`, `include` and `file_sd`; `catalog` knows the probes.
/// Relative paths are resolved against the folder of the file that they stand in.
pub fn load(
    path: &Path,
    text: &str,
    files: &dyn Files,
    catalog: &dyn Catalog,
) -> Result<Plan, Problems> {
    Fleet::read(path, text, files, catalog, true).plan()
}

/// Reads a duration as the configuration writes it (`10s`, `1h30m`), for the command line.
pub fn duration(text: &str) -> Result<Duration, String> {
    element::duration::parse(text).map_err(|wrong| format!("{}; {}", wrong.message, wrong.mend))
}

/// The pattern that grants a target's own address, for the command line; `system`, the machine's own
/// resolvers, needs none.
pub fn target_pattern(address: &str) -> Result<Option<HostPattern>, String> {
    if address == "system" {
        return Ok(None);
    }
    let pattern = element::address::target(address);
    pattern
        .map(Some)
        .map_err(|wrong| format!("{}; {}", wrong.message, wrong.mend))
}
