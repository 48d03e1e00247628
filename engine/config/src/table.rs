//! A mapping whose keys are known: an unknown one is a mistake.

use crate::{
    nearest,
    notes::{Notes, wrong},
    tree::{Entry, Node},
};

/// The keys that a mapping may have.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Keys {
    pub(crate) known: &'static [&'static str],
    /// Keys of the model that this version does not have yet.
    pub(crate) later: &'static [&'static str],
}

/// A mapping, opened.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Table<'a> {
    pub(crate) node: &'a Node,
    entries: &'a [Entry],
}

impl<'a> Table<'a> {
    /// The mapping at `node`; unknown keys are noted.
    pub(crate) fn open(node: &'a Node, keys: Keys, notes: &Notes<'_>) -> Option<Self> {
        let entries = notes.read(node, |_| node.entries())?;
        for entry in entries
            .iter()
            .filter(|entry| !keys.known.contains(&entry.key.as_str()))
        {
            notes.say_at(entry.at, &entry.node.path, stranger(&entry.key, keys));
        }
        Some(Self { node, entries })
    }

    /// The mapping at `node`, whose keys have been looked at before.
    pub(crate) fn known(node: &'a Node) -> Option<Self> {
        let entries = node.entries().ok()?;
        Some(Self { node, entries })
    }

    /// The value of `key`; nothing written is no value.
    pub(crate) fn get(&self, key: &str) -> Option<&'a Node> {
        self.entries
            .iter()
            .find(|entry| entry.key == key)
            .map(|entry| &entry.node)
            .filter(|node| !node.is_null())
    }

    /// The value of a key that has to be there.
    pub(crate) fn require(&self, key: &str, mend: &str, notes: &Notes<'_>) -> Option<&'a Node> {
        let found = self.get(key);
        if found.is_none() {
            notes.say(self.node, wrong(format!("`{key}` is missing"), mend));
        }
        found
    }
}

fn stranger(key: &str, keys: Keys) -> crate::notes::Wrong {
    if keys.later.contains(&key) {
        return wrong(
            format!("`{key}` is not supported yet by this version"),
            "remove it",
        );
    }
    wrong(
        format!("unknown key `{key}`"),
        nearest::suggestion(key, keys.known.iter().copied()),
    )
}
