//! `network`: what all checks share of it.

use std::sync::Arc;

use leadsman_core::{
    egress::{EgressRules, PrivateRule},
    plan::{Network, Resolver},
    seam::Family,
};

use super::each;
use crate::{
    element::{address, duration::duration, whole::choice},
    notes::{Notes, wrong},
    table::{Keys, Table},
    tree::{Node, Tree},
};

const NETWORK: Keys = Keys {
    known: &["private", "allow", "deny", "resolver", "family", "dns"],
    later: &[],
};
const DNS: Keys = Keys {
    known: &["cache"],
    later: &[],
};

const PRIVATE: [(&str, PrivateRule); 2] = [
    ("targets", PrivateRule::Targets),
    ("deny", PrivateRule::Deny),
];
const FAMILY: [(&str, Family); 5] = [
    ("auto", Family::Auto),
    ("v4", Family::V4),
    ("v6", Family::V6),
    ("prefer-v4", Family::PreferV4),
    ("prefer-v6", Family::PreferV6),
];

pub(super) fn read(node: Option<&Node>, notes: &Notes<'_>) -> Network {
    let Some(table) = node.and_then(|node| Table::open(node, NETWORK, notes)) else {
        return Network::default();
    };
    let rules = EgressRules {
        private: table
            .get("private")
            .and_then(|node| notes.read(node, |node| choice(node, &PRIVATE)))
            .unwrap_or_default(),
        allow: each(table.get("allow"), "address ranges", notes, address::cidr),
        deny: each(table.get("deny"), "address ranges", notes, address::cidr),
    };
    Network {
        rules: Arc::new(rules),
        resolver: table
            .get("resolver")
            .map(|node| resolver(node, notes))
            .unwrap_or_default(),
        family: table
            .get("family")
            .and_then(|node| notes.read(node, |node| choice(node, &FAMILY)))
            .unwrap_or_default(),
        dns_cache: table
            .get("dns")
            .and_then(|node| Table::open(node, DNS, notes))
            .and_then(|dns| dns.get("cache"))
            .and_then(|node| notes.read(node, duration))
            .filter(|cache| !cache.is_zero()),
    }
}

fn resolver(node: &Node, notes: &Notes<'_>) -> Resolver {
    match &node.value {
        Tree::Text(text) if text == "system" => Resolver::System,
        Tree::List(items) if !items.is_empty() => {
            Resolver::Servers(each(Some(node), "servers", notes, address::resolver))
        }
        _ => {
            let message = format!(
                "expected `system` or a list of servers, got {}",
                node.shown()
            );
            notes.say(
                node,
                wrong(message, "write `system`, or for example `[192.0.2.53]`"),
            );
            Resolver::System
        }
    }
}
