//! Text to a validated plan, or every error at once.
//!
//! The file is read into a tree that remembers where each value stands; the sections walk
//! that tree and collect what is wrong instead of stopping at the first mistake; settings are judged by
//! the schema of the probe that they are for. Nothing is opened here but what `${file:…}` names, and
//! that by the caller's own function.

mod element;
mod layers;
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

use std::{io, path::Path, time::Duration};

use leadsman_core::{
    egress::HostPattern,
    plan::{Catalog, Plan},
};

use crate::{notes::Notes, reference::Surroundings};
pub use crate::{
    problem::{Problem, Problems},
    schema::schema,
    settings::{coerce::coerce_set, judge::check_settings},
    web::{ClientAuth, Hidden, Pem, PemSource, RateLimit, TlsVersion, Web, WebTls, load_web},
};

/// The largest file accepted, in bytes.
pub const LARGEST_FILE: usize = 1 << 20;

/// The probes that every binary carries; a configuration may not redefine them.
pub const BUNDLED_PROBES: [&str; 4] = ["http", "dns", "tls", "tcp"];

/// Turns the text of the file at `path` into a plan.
///
/// `env` and `read` answer `${env:NAME}` and `${file:PATH}`; `catalog` knows the probes. Relative paths
/// are resolved against the folder of `path`.
pub fn load(
    path: &Path,
    text: &str,
    env: &dyn Fn(&str) -> Option<String>,
    read: &dyn Fn(&Path) -> io::Result<String>,
    catalog: &dyn Catalog,
) -> Result<Plan, Problems> {
    let notes = Notes::new(path, text);
    let plan = tree::parse(text, &notes).and_then(|mut root| {
        reference::substitute(
            &mut root,
            &Surroundings {
                folder: notes.folder(),
                env,
                read,
            },
            &notes,
        );
        section::plan(&root, catalog, &notes)
    });
    notes.conclude(plan)
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
