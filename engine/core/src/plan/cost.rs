//! What a check costs in series, by what is known before it runs: an upper bound, in text, while all is
//! well. A redirect from http to https, and what a probe that is not bundled measures, come on top.

use serde_json::Value;

use super::Check;
use crate::{attempt::Assignment, phase::Phase, schedule::Rule};

/// Series of a passing histogram in text: 12 buckets, count and sum.
const HISTOGRAM: usize = 14;

/// Leaf, earliest, and the whole chain.
const CERTIFICATES: usize = 3;

/// At most so many series a check exports while all is well, in text.
pub fn series(check: &Check) -> usize {
    let costs: Vec<Cost> = check.assignments.iter().map(|one| Cost::of(one)).collect();
    let latency = usize::from(check.objectives.latency.is_some());
    // Ticks, runs by outcome, one reason, attempts, and the three of the last run.
    let target = 2 * (1 + latency) + 1 + 3 + 1 + 1 + 3 + HISTOGRAM;
    // Three outcomes, and the count and sum of the duration.
    let steps = 5 * check.steps.len();
    let targets: usize = costs.iter().map(|cost| target + steps + cost.own).sum();
    // A phase has a sum and a count for all targets together.
    let reached = |phase: &&Phase| costs.iter().any(|cost| cost.phases.contains(phase));
    let phases = 2 * Phase::ALL.iter().filter(reached).count();
    // Info, timeout, locations, page locations, series.
    let always = 5 + usize::from(matches!(check.rule, Rule::Every(_)));
    let promised = usize::from(check.objectives.availability.is_some()) + 2 * latency;
    let care = usize::from(!check.maintenance.is_empty()) + check.depends_on.len();
    always + promised + care + phases + targets
}

/// What one target adds.
struct Cost {
    /// Certificates and measures.
    own: usize,
    phases: Vec<Phase>,
}

impl Cost {
    fn of(assignment: &Assignment) -> Self {
        let settings: Value = serde_json::from_str(&assignment.settings).unwrap_or_default();
        let mut phases = spoken(assignment, &settings);
        let target = assignment.egress.target.as_ref();
        if target.is_some_and(|target| target.literal().is_none()) {
            phases.push(Phase::Resolve);
        }
        let certificates = if phases.contains(&Phase::Tls) {
            CERTIFICATES
        } else {
            0
        };
        Self {
            own: certificates + measures(assignment, &settings),
            phases,
        }
    }
}

/// The phases that a run may reach once the address is known.
fn spoken(assignment: &Assignment, settings: &Value) -> Vec<Phase> {
    let exchange = [Phase::Connect, Phase::Send, Phase::Wait, Phase::Receive];
    let is_on = |key: &str| settings.get(key).and_then(Value::as_bool) == Some(true);
    let (mut phases, is_secure) = match assignment.probe.as_str() {
        "http" => (exchange.to_vec(), assignment.address.starts_with("https:")),
        // What is truncated is asked for over TCP.
        "dns" => (exchange.to_vec(), false),
        "tls" => (vec![Phase::Connect], true),
        "tcp" if dialogue(settings).is_empty() => (vec![Phase::Connect], is_on("tls")),
        "tcp" => (exchange.to_vec(), is_on("tls")),
        _ => (exchange.to_vec(), true),
    };
    phases.extend(is_secure.then_some(Phase::Tls));
    phases
}

/// What the bundled probes measure.
fn measures(assignment: &Assignment, settings: &Value) -> usize {
    match assignment.probe.as_str() {
        // Status, redirects, size, and when it was modified.
        "http" => 4,
        // The records of three sections, and the serial of an SOA.
        "dns" => 3 + usize::from(settings.get("type").and_then(Value::as_str) == Some("SOA")),
        "tcp" => dialogue(settings).iter().map(captures).sum(),
        // What loops left out.
        "journey" => usize::from(loops(settings)),
        _ => 0,
    }
}

fn loops(settings: &Value) -> bool {
    let fragments = settings.get("fragments").and_then(Value::as_object);
    let fragments = fragments.into_iter().flat_map(serde_json::Map::values);
    let lists = ["steps", "cleanup"].into_iter();
    let lists = lists.filter_map(|key| settings.get(key)).chain(fragments);
    let mut steps = lists.filter_map(Value::as_array).flatten();
    steps.any(|step| step.get("each").is_some_and(Value::is_object))
}

fn dialogue(settings: &Value) -> &[Value] {
    let dialogue = settings.get("dialogue").and_then(Value::as_array);
    dialogue.map(Vec::as_slice).unwrap_or_default()
}

fn captures(exchange: &Value) -> usize {
    let captures = exchange.get("captures").and_then(Value::as_object);
    captures.map_or(0, serde_json::Map::len)
}
