//! `--resolve`: where every target leads, and what the network policy makes of it.

use std::{collections::BTreeMap, net::IpAddr};

use comfy_table::{Table, presets};
use leadsman_core::{
    attempt::Assignment,
    egress::{Destination, Via},
    plan::Plan,
};
use leadsman_net::Network;
use serde::Serialize;

/// One target of one check.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Resolved {
    check: String,
    target: String,
    host: String,
    addresses: Vec<IpAddr>,
    /// Why it cannot be reached, with the line that would allow it where there is one.
    refusal: Option<String>,
}

impl Resolved {
    pub(super) const fn is_reachable(&self) -> bool {
        self.refusal.is_none()
    }
}

/// Looks every host up once, by the resolver that the runs would ask.
pub(super) async fn resolve(plan: &Plan, network: &Network) -> Vec<Resolved> {
    let mut known: BTreeMap<String, Result<Vec<IpAddr>, String>> = BTreeMap::new();
    let mut resolved = Vec::new();
    for assignment in plan.checks.iter().flat_map(|check| &check.assignments) {
        let Some(pattern) = &assignment.egress.target else {
            continue;
        };
        let host = pattern.host.clone();
        let looked_up = match known.get(&host) {
            Some(found) => found.clone(),
            None => addresses(&host, network).await,
        };
        known.insert(host.clone(), looked_up.clone());
        resolved.push(judged(assignment, host, looked_up));
    }
    resolved
}

async fn addresses(host: &str, network: &Network) -> Result<Vec<IpAddr>, String> {
    if let Ok(address) = host.parse() {
        return Ok(vec![address]);
    }
    let found = network.addresses(host).await;
    let mut addresses = found.map_err(|failure| failure.message)?;
    addresses.sort();
    addresses.dedup();
    Ok(addresses)
}

fn judged(
    assignment: &Assignment,
    host: String,
    looked_up: Result<Vec<IpAddr>, String>,
) -> Resolved {
    let egress = &assignment.egress;
    let target = egress.target.as_ref();
    let destination = Destination {
        scheme: target
            .and_then(|target| target.scheme.as_deref())
            .unwrap_or("tcp"),
        host: &host,
        port: target.and_then(|target| target.port).unwrap_or(0),
    };
    let (addresses, refusal) = match looked_up {
        Ok(addresses) => {
            let verdict = egress.judge(&destination, Via::Call, &addresses);
            (addresses, verdict.err().map(|refusal| refusal.message))
        }
        Err(why) => (Vec::new(), Some(why)),
    };
    Resolved {
        check: assignment.check.to_string(),
        target: assignment.target.to_string(),
        host,
        addresses,
        refusal,
    }
}

/// For people.
pub(super) fn table(resolved: &[Resolved]) -> String {
    let mut table = Table::new();
    table
        .load_preset(presets::NOTHING)
        .set_header(["check", "target", "addresses", "policy"]);
    for target in resolved {
        let addresses: Vec<String> = target.addresses.iter().map(ToString::to_string).collect();
        table.add_row([
            target.check.as_str(),
            &target.target,
            &addresses.join(" "),
            target.refusal.as_deref().unwrap_or("allowed"),
        ]);
    }
    format!("{}\n", table.trim_fmt())
}
