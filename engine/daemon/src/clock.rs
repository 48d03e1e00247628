//! The clocks that the dispatcher is told.

use leadsman_core::dispatch::Now;
use rustix::time::{ClockId, Timespec, clock_gettime};

/// Reads the wall clock, the monotonic one and the one that runs on in suspend.
pub fn now() -> Now {
    Now {
        unix_ms: millis(clock_gettime(ClockId::Realtime)),
        monotonic_ms: millis(clock_gettime(ClockId::Monotonic)),
        boot_ms: millis(clock_gettime(ClockId::Boottime)),
    }
}

/// Nanoseconds since the Unix epoch.
pub fn unix_ns() -> i64 {
    let now = clock_gettime(ClockId::Realtime);
    now.tv_sec
        .saturating_mul(1_000_000_000)
        .saturating_add(now.tv_nsec)
}

fn millis(time: Timespec) -> i64 {
    time.tv_sec
        .saturating_mul(1_000)
        .saturating_add(time.tv_nsec / 1_000_000)
}
