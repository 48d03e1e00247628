//! What `packaging/` ships: units, manifests and the chart are read by what will read them, or as they will be.

mod kubernetes;
mod units;

use std::{
    fs,
    path::{Path, PathBuf},
};

fn packaging(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../packaging")
        .join(path)
}

fn text(path: &str) -> String {
    fs::read_to_string(packaging(path)).expect(path)
}
