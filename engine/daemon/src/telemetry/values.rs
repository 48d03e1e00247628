//! Integers of time as the floating-point seconds of an exposition.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Nanoseconds as seconds.
pub(super) fn seconds(nanos: u64) -> f64 {
    Duration::from_nanos(nanos).as_secs_f64()
}

/// Unix nanoseconds as seconds.
pub(super) fn unix_ns_seconds(unix_ns: i64) -> f64 {
    signed(unix_ns, Duration::from_nanos(unix_ns.unsigned_abs()))
}

/// Unix seconds.
pub(super) fn unix_seconds(unix: i64) -> f64 {
    signed(unix, Duration::from_secs(unix.unsigned_abs()))
}

/// A moment in Unix milliseconds.
pub(super) fn unix_ms(at: SystemTime) -> i64 {
    let since = at.duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

/// A moment in Unix nanoseconds.
pub(super) fn at_unix_ns(unix_ns: i64) -> SystemTime {
    UNIX_EPOCH + Duration::from_nanos(u64::try_from(unix_ns).unwrap_or(0))
}

fn signed(value: i64, magnitude: Duration) -> f64 {
    if value < 0 {
        -magnitude.as_secs_f64()
    } else {
        magnitude.as_secs_f64()
    }
}
