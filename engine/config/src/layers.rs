//! A check's own keys above its templates' and the files' defaults.

use std::{collections::BTreeMap, iter};

use crate::{notes::Notes, table::Table, tree::Node};

/// One place where values are looked for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Layer<'a> {
    pub(crate) table: Table<'a>,
    /// How an origin names it; a check's own keys need no name.
    pub(crate) name: Option<&'a str>,
}

/// Where an effective value is looked for, in this order.
#[derive(Debug, Clone, Default)]
pub(crate) struct Layers<'a>(pub(crate) Vec<Layer<'a>>);

/// A value and the layer that it comes from.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Found<'a> {
    pub(crate) node: &'a Node,
    layer: Option<&'a str>,
}

/// Where the effective values come from, for whoever wants to know.
#[derive(Debug, Default)]
pub(crate) struct Origins {
    pub(crate) wanted: bool,
    pub(crate) map: BTreeMap<String, String>,
}

impl Origins {
    /// Keeps the origin of `key`; it is only made where it is wanted.
    pub(crate) fn keep(&mut self, key: impl FnOnce() -> String, origin: impl FnOnce() -> String) {
        if self.wanted {
            self.map.insert(key(), origin());
        }
    }

    /// Keeps where `found` was found, or that it is the default.
    pub(crate) fn found(
        &mut self,
        key: impl FnOnce() -> String,
        found: Option<Found<'_>>,
        notes: &Notes<'_>,
    ) {
        self.keep(key, || {
            found.map_or_else(|| "default".to_owned(), |found| found.origin(notes))
        });
    }
}

impl Found<'_> {
    /// `file:line`, or `template web (file:line)`.
    pub(crate) fn origin(&self, notes: &Notes<'_>) -> String {
        self.named(notes.origin(self.node.at))
    }

    /// The place with the layer's name, where it has one.
    pub(crate) fn named(&self, place: String) -> String {
        match self.layer {
            Some(name) => format!("{name} ({place})"),
            None => place,
        }
    }
}

impl<'a> Layers<'a> {
    /// The value of `key` in the first layer that has it.
    pub(crate) fn get(&self, key: &str) -> Option<Found<'a>> {
        self.0.iter().find_map(|layer| layer.get(key))
    }

    /// The value of `key` in every layer that has it, the outermost first.
    pub(crate) fn all(&self, key: &str) -> impl Iterator<Item = Found<'a>> {
        self.0.iter().rev().filter_map(move |layer| layer.get(key))
    }

    /// The check's own keys.
    pub(crate) fn own(&self) -> Option<Table<'a>> {
        let first = self.0.first().filter(|layer| layer.name.is_none());
        first.map(|layer| layer.table)
    }

    /// Two keys that exclude each other, from the first layer that has either.
    pub(crate) fn either(&self, one: &str, other: &str) -> (Option<Found<'a>>, Option<Found<'a>>) {
        let found = self
            .0
            .iter()
            .map(|layer| (layer.get(one), layer.get(other)));
        found
            .chain(iter::once((None, None)))
            .find(|(one, other)| one.is_some() || other.is_some())
            .unwrap_or_default()
    }

    /// The mapping of `key` in each layer, key by key.
    pub(crate) fn inner(&self, open: impl Fn(&'a Node) -> Option<Table<'a>>, key: &str) -> Self {
        let inner = self.0.iter().filter_map(|layer| {
            let table = layer.table.get(key).and_then(&open)?;
            Some(Layer { table, ..*layer })
        });
        Self(inner.collect())
    }
}

impl<'a> Layer<'a> {
    fn get(&self, key: &str) -> Option<Found<'a>> {
        self.table.get(key).map(|node| Found {
            node,
            layer: self.name,
        })
    }
}
