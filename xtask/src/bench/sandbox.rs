//! What the sandbox itself costs: an attempt that does nothing, and loading a probe.

use std::process::{Command, Stdio};

use serde_json::Value;

use super::{Bench, report::Figure};
use crate::failure::Failure;

/// Both, from the proving ground's own measurement in a process of its own.
pub(super) fn all(bench: &Bench) -> Result<Vec<Figure>, Failure> {
    println!("==> sandbox");
    let output = Command::new(bench.programs.named("attempt")?)
        .stderr(Stdio::inherit())
        .output()?;
    if !output.status.success() {
        return Err(Failure::new("the measurement of the sandbox failed"));
    }
    let told: Value = serde_json::from_slice(&output.stdout)?;
    let figure = |key: &str| {
        told.get(key)
            .and_then(Value::as_f64)
            .unwrap_or(f64::INFINITY)
    };
    Ok(vec![
        Figure::own(
            "attempt_that_does_nothing_p50",
            "us",
            figure("attempt_p50_ns") / 1e3,
            40.0,
        ),
        Figure::told(
            "attempt_that_does_nothing_p99",
            "us",
            figure("attempt_p99_ns") / 1e3,
        ),
        Figure::own("probe_load_warm", "ms", figure("load_warm_ns") / 1e6, 5.0),
    ])
}
