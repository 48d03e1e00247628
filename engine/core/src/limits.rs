//! The ceilings of one attempt: each a field with a default and a highest value.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// A limit's name, as it appears in configuration, metrics and records.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Limit {
    /// CPU time of the guest.
    Cpu,
    /// Linear memory of the guest.
    Memory,
    /// Handles held by the guest at once.
    Handles,
    /// Network calls.
    Requests,
    /// Network calls in flight.
    InFlight,
    /// Bytes passed from guest to host in one call.
    CallBytes,
    /// Log bytes and lines; what is beyond is dropped and counted.
    Log,
    /// Measures; what is beyond is dropped and counted.
    Measures,
    /// Steps; what is beyond is dropped and counted.
    Steps,
    /// Assertions and causes; what is beyond is dropped and counted.
    Causes,
}

impl Limit {
    /// Every limit.
    pub const ALL: [Self; 10] = [
        Self::Cpu,
        Self::Memory,
        Self::Handles,
        Self::Requests,
        Self::InFlight,
        Self::CallBytes,
        Self::Log,
        Self::Measures,
        Self::Steps,
        Self::Causes,
    ];

    /// The name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Cpu => "cpu",
            Self::Memory => "memory",
            Self::Handles => "handles",
            Self::Requests => "requests",
            Self::InFlight => "in_flight",
            Self::CallBytes => "call_bytes",
            Self::Log => "log",
            Self::Measures => "measures",
            Self::Steps => "steps",
            Self::Causes => "causes",
        }
    }
}

/// Everything that one attempt may use. Hard limits end the attempt; soft ones truncate and count.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// CPU time of the guest in milliseconds; hard.
    pub cpu_ms: u64,
    /// Linear memory of the guest in bytes; hard.
    pub memory_bytes: u64,
    /// Handles held by the guest at once; hard.
    pub handles: u32,
    /// Network calls. The first beyond them fails as `quota`; a guest that goes on, but to clean up, is stopped.
    pub requests: u32,
    /// Network calls in flight at once; hard.
    pub in_flight: u32,
    /// Bytes passed from guest to host in one call; hard.
    pub call_bytes: u32,
    /// Log bytes; soft.
    pub log_bytes: u32,
    /// Log lines; soft.
    pub log_lines: u32,
    /// Measures; soft.
    pub measures: u32,
    /// Steps; soft.
    pub steps: u32,
    /// Assertions and causes; soft.
    pub causes: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            cpu_ms: 100,
            memory_bytes: 64 << 20,
            handles: 2_000,
            requests: 50,
            in_flight: 8,
            call_bytes: 8 << 20,
            log_bytes: 64 << 10,
            log_lines: 200,
            measures: 50,
            steps: 50,
            causes: 20,
        }
    }
}

impl Limits {
    /// The highest values that a configuration may set.
    pub const CEILING: Self = Self {
        cpu_ms: 5_000,
        memory_bytes: 256 << 20,
        handles: 20_000,
        requests: 500,
        in_flight: 64,
        call_bytes: 32 << 20,
        log_bytes: 1 << 20,
        log_lines: 5_000,
        measures: 200,
        steps: 500,
        causes: 100,
    };

    /// Each field with its name, its value and its ceiling.
    pub fn fields(&self) -> [(&'static str, u64, u64); 11] {
        let top = Self::CEILING;
        [
            ("cpu_ms", self.cpu_ms, top.cpu_ms),
            ("memory_bytes", self.memory_bytes, top.memory_bytes),
            ("handles", self.handles.into(), top.handles.into()),
            ("requests", self.requests.into(), top.requests.into()),
            ("in_flight", self.in_flight.into(), top.in_flight.into()),
            ("call_bytes", self.call_bytes.into(), top.call_bytes.into()),
            ("log_bytes", self.log_bytes.into(), top.log_bytes.into()),
            ("log_lines", self.log_lines.into(), top.log_lines.into()),
            ("measures", self.measures.into(), top.measures.into()),
            ("steps", self.steps.into(), top.steps.into()),
            ("causes", self.causes.into(), top.causes.into()),
        ]
    }

    /// The guest's CPU budget.
    pub const fn cpu(&self) -> Duration {
        Duration::from_millis(self.cpu_ms)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_default_is_below_its_ceiling_and_above_zero() {
        for (name, value, ceiling) in Limits::default().fields() {
            assert!(
                0 < value && value <= ceiling,
                "{name}: {value} of {ceiling}"
            );
        }
    }
}
