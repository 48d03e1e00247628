//! Memory: no more runs at once than the limit in force allows.

mod groups;

use std::path::Path;

use rustix::process::{Resource, getrlimit};

/// What the daemon needs before the first run: code, compiled probes, the series.
const BASE: u64 = 64 << 20;

/// What a run under way costs at most, as a rule: stack, memory of the guest, buffers.
const PER_RUN: u64 = 256 << 10;

/// The least limit that holds for this process, in bytes; `u64::MAX` where there is none.
pub fn limit() -> u64 {
    let address_space = getrlimit(Resource::As).current;
    let groups = groups::limit(Path::new("/"));
    groups
        .into_iter()
        .chain(address_space)
        .min()
        .unwrap_or(u64::MAX)
}

/// How many runs may be under way at once in so many bytes.
pub fn concurrent_runs(wanted: u32, limit_bytes: u64) -> u32 {
    let affordable = limit_bytes.saturating_sub(BASE) / PER_RUN;
    let allowed = u32::try_from(affordable)
        .unwrap_or(u32::MAX)
        .clamp(1, wanted.max(1));
    if allowed < wanted {
        tracing::warn!(
            wanted,
            allowed,
            limit_bytes,
            "fewer runs at once than wanted: raise the memory limit, or lower `--runs.concurrent`"
        );
    }
    allowed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn little_memory_allows_few_runs_but_always_one() {
        assert_eq!(concurrent_runs(4_000, u64::MAX), 4_000);
        assert_eq!(concurrent_runs(4_000, 64 << 20), 1);
        assert_eq!(concurrent_runs(4_000, 0), 1);
        assert_eq!(concurrent_runs(4_000, 128 << 20), 256);
    }

    #[test]
    fn the_packaged_units_limit_allows_what_is_wanted_by_default() {
        assert_eq!(concurrent_runs(4_000, 1_280 << 20), 4_000);
    }

    #[test]
    fn this_process_has_a_limit_that_can_be_read() {
        assert!(limit() > BASE, "the tests themselves need more");
    }
}
