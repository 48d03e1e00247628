//! `objectives`: what is promised.

use std::time::Duration;

use leadsman_core::plan::{LatencyObjective, Objectives};

use crate::{
    element::{duration, percent::percent, whole::choice},
    layers::{Found, Layers, Origins},
    notes::{Notes, wrong},
    table::{Keys, Table},
    tree::Node,
};

const OBJECTIVES: Keys = Keys {
    known: &["availability", "latency", "unknown", "window", "over"],
    later: &[],
};
const LATENCY: Keys = Keys {
    known: &["under", "at_least"],
    later: &[],
};
const UNKNOWN: [(&str, bool); 2] = [("bad", true), ("excluded", false)];
const OVER: [(&str, bool); 2] = [("check", true), ("target", false)];
const SHORTEST_WINDOW: Duration = Duration::from_hours(24);
const LONGEST_WINDOW: Duration = Duration::from_hours(90 * 24);

pub(super) fn read(
    layers: &Layers<'_>,
    timeout: Duration,
    origins: &mut Origins,
    notes: &Notes<'_>,
) -> Objectives {
    let inner = layers.inner(|node| Table::open(node, OBJECTIVES, notes), "objectives");
    let mut find = |key: &str| -> Option<Found<'_>> {
        let found = inner.get(key);
        origins.found(|| format!("objectives.{key}"), found, notes);
        found
    };
    Objectives {
        availability: find("availability").and_then(|found| notes.read(found.node, percent)),
        latency: find("latency").and_then(|found| latency(found.node, timeout, notes)),
        unknown_is_bad: find("unknown")
            .and_then(|found| notes.read(found.node, |node| choice(node, &UNKNOWN)))
            .unwrap_or_default(),
        window: find("window").and_then(|found| notes.read(found.node, window)),
        over_check: find("over")
            .and_then(|found| notes.read(found.node, |node| choice(node, &OVER)))
            .unwrap_or_default(),
    }
}

fn window(node: &Node) -> Result<Duration, crate::notes::Wrong> {
    duration::within(node, SHORTEST_WINDOW, LONGEST_WINDOW, "window")
}

fn latency(node: &Node, timeout: Duration, notes: &Notes<'_>) -> Option<LatencyObjective> {
    let table = Table::open(node, LATENCY, notes)?;
    let mend = "for example `latency: {under: 500ms, at_least: 95%}`";
    let at_least = table
        .require("at_least", mend, notes)
        .and_then(|node| notes.read(node, percent));
    let under = table
        .require("under", mend, notes)
        .and_then(|node| notes.read(node, |node| below(node, timeout)));
    Some(LatencyObjective {
        under: under?,
        at_least: at_least?,
    })
}

fn below(node: &Node, timeout: Duration) -> Result<Duration, crate::notes::Wrong> {
    let under = duration::duration(node)?;
    if under.is_zero() || under >= timeout {
        let timeout = duration::shown(timeout);
        let message = format!(
            "expected more than 0 and less than the timeout of {timeout}, got {}",
            node.shown()
        );
        let mend = if under.is_zero() {
            "write more than `0s`"
        } else {
            "lower `under`, or raise `timeout`: a run that takes that long has already timed out"
        };
        return Err(wrong(message, mend));
    }
    Ok(under)
}
