//! What a check costs in series, by what is known before it runs.

use super::Check;

/// Series of a passing histogram in text: 12 buckets, count and sum.
const HISTOGRAM: usize = 14;

/// Phases that a run of a probe may report: two series each, for all targets together.
fn phases(probe: &str, is_secure: bool) -> usize {
    2 * match (probe, is_secure) {
        ("http", false) => 4,
        ("http", true) => 5,
        ("journey", _) => 6,
        ("tls", _) => 2,
        ("dns", _) => 3,
        _ => 1,
    }
}

/// At most so many series a check exports while all is well, in text.
pub fn series(check: &Check) -> usize {
    let targets = check.assignments.len();
    let probe = check.assignments.first();
    let secure = |address: &str| address.starts_with("https://");
    let is_secure = check
        .assignments
        .iter()
        .any(|assignment| secure(&assignment.address));
    let certificates = match probe.map(|assignment| assignment.probe.as_str()) {
        Some("tls") => 3,
        Some("http" | "journey") if is_secure => 3,
        _ => 0,
    };
    let latency = check.objectives.latency.is_some();
    let slis = 2 * (1 + usize::from(latency));
    // Ticks, runs by outcome, one reason, attempts, and the three of the last run.
    let target = slis + 1 + 3 + 1 + 1 + 3 + HISTOGRAM + certificates;
    let promised = usize::from(check.objectives.availability.is_some()) + 2 * usize::from(latency);
    let spans = probe.map_or(0, |assignment| phases(assignment.probe.as_str(), is_secure));
    // Three outcomes, and the count and sum of the duration.
    let steps = 5 * check.steps.len();
    // Info, interval, timeout, locations, page locations, series.
    6 + promised + spans + targets * (target + steps)
}
