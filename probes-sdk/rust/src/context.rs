//! What this attempt is.

use std::{collections::BTreeMap, time::Duration};

use crate::{raw::probe::context as raw, steps};

/// The check's id.
pub fn check() -> String {
    raw::check()
}

/// The target's name, as in the label.
pub fn target_name() -> String {
    raw::target_name()
}

/// The target's labels.
pub fn labels() -> BTreeMap<String, String> {
    raw::labels().into_iter().collect()
}

/// The run's id; all attempts of a run share it.
pub fn run_id() -> String {
    raw::run_id()
}

/// Which attempt of the run this is; the first is 1.
pub fn attempt() -> u32 {
    raw::attempt()
}

/// Where the prober stands.
pub fn location() -> String {
    raw::location()
}

/// The planned instant, since the Unix epoch.
pub fn scheduled_at() -> Duration {
    Duration::from_nanos(raw::scheduled_at())
}

/// Since the attempt began; for arithmetic only, the host measures operations itself.
pub fn now() -> Duration {
    Duration::from_nanos(raw::now())
}

/// Since the Unix epoch.
pub fn wall_clock() -> Duration {
    Duration::from_nanos(raw::wall_clock())
}

/// What is left of the attempt.
pub fn remaining() -> Duration {
    Duration::from_nanos(raw::remaining())
}

/// Waits.
pub fn sleep(duration: Duration) {
    steps::settle();
    raw::sleep(u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX));
}

/// Unpredictable bytes, at most 4096.
pub fn random(length: u32) -> Vec<u8> {
    raw::random(length)
}
