//! The probes that checks use.

use serde::Serialize;

/// One probe.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ProbeState {
    /// Its name in the configuration.
    pub name: String,
    /// What it says its version is; empty where it cannot be loaded.
    pub version: String,
    /// `bundled`, or the component file.
    pub source: String,
    /// The digest that the configuration pins the file to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
    /// What it imports: its capability manifest.
    pub imports: Vec<String>,
    /// How many checks use it.
    pub checks: usize,
}
