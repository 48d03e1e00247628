//! A check's own keys above the file's defaults.

use crate::{notes::Notes, table::Table, tree::Node};

/// Where an effective value is looked for, in this order.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Layers<'a> {
    pub(crate) own: Option<Table<'a>>,
    pub(crate) defaults: Option<Table<'a>>,
}

/// A value and the layer that it comes from.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Found<'a> {
    pub(crate) node: &'a Node,
    inherited: bool,
}

impl Found<'_> {
    /// `file:line`, or `defaults (file:line)`.
    pub(crate) fn origin(&self, notes: &Notes<'_>) -> String {
        let place = notes.origin(self.node.at);
        if self.inherited {
            format!("defaults ({place})")
        } else {
            place
        }
    }
}

impl<'a> Layers<'a> {
    /// The value of `key` in the first layer that has it.
    pub(crate) fn get(&self, key: &str) -> Option<Found<'a>> {
        let own = self.own.and_then(|table| table.get(key));
        let inherited = || self.defaults.and_then(|table| table.get(key));
        own.map(|node| Found {
            node,
            inherited: false,
        })
        .or_else(|| {
            inherited().map(|node| Found {
                node,
                inherited: true,
            })
        })
    }

    /// Two keys that exclude each other, from the first layer that has either.
    pub(crate) fn either(&self, one: &str, other: &str) -> (Option<Found<'a>>, Option<Found<'a>>) {
        let has = |table: &Table<'a>| table.get(one).is_some() || table.get(other).is_some();
        let (layer, inherited) = match self.own.filter(has) {
            Some(own) => (Some(own), false),
            None => (self.defaults, true),
        };
        let get = |key| {
            layer
                .and_then(|table| table.get(key))
                .map(|node| Found { node, inherited })
        };
        (get(one), get(other))
    }

    /// The mapping of `key` in both layers, key by key.
    pub(crate) fn inner(&self, open: impl Fn(&'a Node) -> Option<Table<'a>>, key: &str) -> Self {
        let table =
            |layer: Option<Table<'a>>| layer.and_then(|table| table.get(key)).and_then(&open);
        Self {
            own: table(self.own),
            defaults: table(self.defaults),
        }
    }
}
