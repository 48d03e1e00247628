//! File descriptors: as many as the system gives, and no more runs at once than they allow.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Descriptors kept for listeners, logs, files and resolvers.
const RESERVED: u64 = 64;

/// Descriptors that one run may use at a time, as a rule.
const PER_RUN: u64 = 2;

/// Raises the soft limit to the hard one and returns what is in force.
pub fn raise() -> u64 {
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit {
        current: limit.maximum,
        maximum: limit.maximum,
    };
    if let Err(error) = setrlimit(Resource::Nofile, raised) {
        tracing::warn!(%error, "the limit of file descriptors cannot be raised");
    }
    getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX)
}

/// How many runs may be under way at once with so many descriptors.
pub fn concurrent_runs(wanted: u32, descriptors: u64) -> u32 {
    let affordable = descriptors.saturating_sub(RESERVED) / PER_RUN;
    let allowed = u32::try_from(affordable)
        .unwrap_or(u32::MAX)
        .clamp(1, wanted);
    if allowed < wanted {
        tracing::warn!(
            wanted,
            allowed,
            descriptors,
            "fewer runs at once than wanted: raise the limit of open files"
        );
    }
    allowed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_descriptors_allow_few_runs_but_always_one() {
        assert_eq!(concurrent_runs(4_000, 1_024), 480);
        assert_eq!(concurrent_runs(4_000, 1_000_000), 4_000);
        assert_eq!(concurrent_runs(4_000, 10), 1);
    }
}
