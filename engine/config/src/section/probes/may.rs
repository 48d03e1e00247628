//! `may`: what checks can at most let a probe do.

use std::sync::Arc;

use leadsman_core::{egress::HostPattern, id::ResourceName};

use crate::{
    element::address::pattern,
    notes::{Notes, wrong},
    section::{each, known},
    table::{Keys, Table},
    tree::Node,
};

const MAY: Keys = Keys {
    known: &["hosts", "secrets"],
    later: &[],
};

/// The ceiling of a probe's grants.
#[derive(Debug, Clone)]
pub(crate) struct May {
    /// The hosts that it may ask: targets, grants and redirects alike.
    pub(crate) hosts: Arc<[HostPattern]>,
    secrets: Vec<ResourceName>,
}

impl May {
    pub(super) fn read(node: &Node, secrets: &[ResourceName], notes: &Notes<'_>) -> Self {
        let table = Table::open(node, MAY, notes);
        let hosts = table.and_then(|table| {
            let mend = "list the hosts that the probe may ask, targets included";
            table.require("hosts", mend, notes)
        });
        let all = || secrets.iter().map(|name| (name.as_str(), name.clone()));
        let listed = table.and_then(|table| table.get("secrets"));
        let listed = listed.and_then(|node| notes.keep(node, node.items("secrets")));
        let named = listed.into_iter().flatten().filter_map(|item| {
            let text = notes.keep(item, item.expect_text("a secret's name"))?;
            known(item, text, "secret", all(), notes)
        });
        Self {
            secrets: named.collect(),
            hosts: each(hosts, "hosts", notes, pattern).into(),
        }
    }

    /// Notes at a check what its probe may not.
    pub(in crate::section) fn judge(
        &self,
        probe: &str,
        hosts: &[&HostPattern],
        secrets: &[ResourceName],
        (node, notes): (&Node, &Notes<'_>),
    ) {
        let is_beyond = |host: &&HostPattern| !self.hosts.iter().any(|may| may.includes(host));
        for host in hosts.iter().copied().filter(is_beyond) {
            let message = format!("the check asks `{host}`, which the probe `{probe}` may not");
            let mend = format!("change it, or add it to `probes.{probe}.may.hosts`");
            notes.say(node, wrong(message, mend));
        }
        for secret in secrets.iter().filter(|name| !self.secrets.contains(name)) {
            let message = format!(
                "the check grants the secret `{secret}`, which the probe `{probe}` may not have"
            );
            let mend = format!("remove it, or add it to `probes.{probe}.may.secrets`");
            notes.say(node, wrong(message, mend));
        }
    }
}
