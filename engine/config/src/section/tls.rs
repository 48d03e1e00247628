//! `tls`: trust stores and client identities, by name.

use leadsman_core::plan::{CaSource, Identity, Tls};

use super::{each, named};
use crate::{
    element::name::path,
    notes::{Notes, Wrong, wrong},
    table::{Keys, Table},
    tree::Node,
};

const TLS: Keys = Keys {
    known: &["ca", "trust", "identities"],
    later: &[],
};
const IDENTITY: Keys = Keys {
    known: &["certificate", "key"],
    later: &[],
};

pub(super) fn read(node: Option<&Node>, notes: &Notes<'_>) -> Tls {
    let Some(table) = node.and_then(|node| Table::open(node, TLS, notes)) else {
        return Tls::default();
    };
    Tls {
        ca: table
            .get("ca")
            .map_or_else(|| Tls::default().ca, |node| sources(node, notes)),
        trust: named(table.get("trust"), notes)
            .into_iter()
            .map(|(name, entry)| (name, sources(&entry.node, notes)))
            .collect(),
        identities: named(table.get("identities"), notes)
            .into_iter()
            .filter_map(|(name, entry)| {
                identity(&entry.node, notes).map(|identity| (name, identity))
            })
            .collect(),
    }
}

fn sources(node: &Node, notes: &Notes<'_>) -> Vec<CaSource> {
    let before = notes.count();
    let list = each(Some(node), "authorities", notes, |item| source(item, notes));
    if list.is_empty() && notes.count() == before {
        notes.say(
            node,
            wrong(
                "a trust store without authorities verifies nothing",
                "list `system`, or the path of a PEM file",
            ),
        );
    }
    list
}

fn source(item: &Node, notes: &Notes<'_>) -> Result<CaSource, Wrong> {
    match item.text() {
        Some("system") => Ok(CaSource::System),
        _ => path(item, notes.folder()).map(CaSource::File),
    }
}

fn identity(node: &Node, notes: &Notes<'_>) -> Option<Identity> {
    let table = Table::open(node, IDENTITY, notes)?;
    let file = |key, what| {
        let node = table.require(key, what, notes)?;
        notes.read(node, |node| path(node, notes.folder()))
    };
    let (certificate, key) = (
        file("certificate", "the path of a PEM file"),
        file("key", "the path of a PEM file"),
    );
    Some(Identity {
        certificate: certificate?,
        key: key?,
    })
}
