//! What journeys cost, and whether many of them keep their schedule.

use std::{
    process::{Command, Stdio},
    time::Duration,
};

use serde_json::Value;

use super::{
    Bench,
    configuration::{self, Load},
    contender::Target,
    endurance, figures,
    plain::Protocol,
    report::{Bar, Figure},
};
use crate::failure::Failure;

/// Journeys of so many steps.
const JOURNEYS: usize = 200;
const STEPS: usize = 5;

/// Both.
pub(super) async fn all(bench: &Bench, target: &mut Target) -> Result<Vec<Figure>, Failure> {
    let mut figures = vec![cost(bench)?];
    if bench.quick {
        let why = "left out by --quick";
        figures.push(Figure::absent("journeys", why));
        return Ok(figures);
    }
    figures.extend(scheduled(bench, target).await?);
    Ok(figures)
}

/// CPU of ten requests on one connection, from the proving ground's own measurement.
pub(super) fn cost(bench: &Bench) -> Result<Figure, Failure> {
    println!("==> journey_of_ten");
    let output = Command::new(bench.programs.named("journey")?)
        .stderr(Stdio::inherit())
        .output()?;
    if !output.status.success() {
        return Err(Failure::new("the measurement of journeys failed"));
    }
    let told: Value = serde_json::from_slice(&output.stdout)?;
    let figure = |key: &str| {
        told.get(key)
            .and_then(Value::as_f64)
            .unwrap_or(f64::INFINITY)
    };
    let (ours, plain) = (figure("journey_cpu_ns") / 1e6, figure("plain_cpu_ns") / 1e6);
    let mut shown = Figure::new("journey_of_ten", "CPU ms");
    (shown.ours, shown.native) = (Some(ours), Some(plain));
    shown.ratio = Some(ours / plain);
    shown
        .bars
        .push(Bar::at_most("of plain Rust's", 2.5, ours / plain));
    let crossings = figure("host_calls");
    // One for each request; that nothing else is asked of the host but twice is what keeps a step cheap.
    shown
        .bars
        .push(Bar::at_most("crossings for ten requests", 12.0, crossings));
    shown.remark = format!("{crossings} crossings into the host for 10 requests");
    Ok(shown)
}

/// 200 journeys of 5 steps, each every 10 seconds.
async fn scheduled(bench: &Bench, target: &mut Target) -> Result<Vec<Figure>, Failure> {
    println!("==> journeys");
    let steps = (0..STEPS).map(|step| format!("{{name: step {step}, request: {{path: /}}}}"));
    let steps = steps.collect::<Vec<_>>().join(", ");
    let address = target.places.http;
    let check = format!(
        "{{probe: journey, targets: [\"http://{address}/\"], settings: {{steps: [{steps}]}}}}"
    );
    let mut text = configuration::head("10s", "9s");
    for number in 0..JOURNEYS {
        text += &["  journey-", &number.to_string(), ": ", &check, "\n"].concat();
    }
    let http = Load::of(Protocol::Http);
    let kept = figures::kept(bench, target, http, &text, Duration::from_mins(1)).await?;
    let names = ["journeys_missed", "journeys_lag_p99", "journeys_memory"];
    Ok(endurance::scheduled(names, &kept, None))
}
