//! What telemetry is told at the start.

use std::time::SystemTime;

use leadsman_core::evidence::EvidenceLimits;

/// Which binary this is; what is empty is left out.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BuildInfo {
    /// The daemon's version.
    pub version: String,
    /// The commit it was built from.
    pub commit: String,
    /// The compiler it was built with.
    pub rustc: String,
}

/// How the numbers are told.
#[derive(Debug, Clone)]
pub struct TelemetrySettings {
    /// Whether durations have classic buckets beside the native ones.
    pub classic_histograms: bool,
    /// The wall clock.
    pub clock: fn() -> SystemTime,
    /// How often a runtime was seen standing still: `leadsman_host`'s watchdog counts it.
    pub stalls: fn() -> u64,
    /// How many connections of clients were closed on our side, by why.
    pub closed: fn() -> Vec<(&'static str, u64)>,
    /// How the daemon is reached from outside, where somebody has said so.
    pub external_url: Option<String>,
    /// How much is kept of runs.
    pub evidence: EvidenceLimits,
}

impl Default for TelemetrySettings {
    fn default() -> Self {
        Self {
            classic_histograms: true,
            clock: SystemTime::now,
            stalls: || 0,
            closed: Vec::new,
            external_url: None,
            evidence: EvidenceLimits::default(),
        }
    }
}
