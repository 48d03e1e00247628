//! A map of few keys: a sorted list, as long as its keys are many.
//!
//! A daemon keeps half a dozen such maps for each of its check-targets, most with one or two keys in them. A node
//! of a tree has room for eleven.

use serde::{Serialize, Serializer};

/// A map of few keys, in their order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Few<K, V>(Vec<(K, V)>);

impl<K, V> Default for Few<K, V> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<K: Ord + Copy, V: Default + Copy> Few<K, V> {
    /// Changes the value of a key, which is the default where it has none yet.
    pub fn change(&mut self, key: K, how: impl FnOnce(&mut V)) {
        let at = self.0.partition_point(|(known, _)| *known < key);
        if let Some((_, value)) = self.0.get_mut(at).filter(|(known, _)| *known == key) {
            return how(value);
        }
        let mut value = V::default();
        how(&mut value);
        self.0.reserve_exact(1);
        self.0.insert(at, (key, value));
    }

    /// The value of a key; the default where it has none.
    pub fn get(&self, key: K) -> V {
        let at = self.0.binary_search_by_key(&key, |(known, _)| *known);
        let found = at.ok().and_then(|at| self.0.get(at));
        found.map_or_else(V::default, |(_, value)| *value)
    }

    /// Every key with its value, in order.
    pub fn iter(&self) -> impl Iterator<Item = (K, V)> + '_ {
        self.0.iter().copied()
    }
}

impl<K: Ord + Copy> Few<K, u64> {
    /// Adds to a count.
    pub fn add(&mut self, key: K, more: u64) {
        self.change(key, |count| *count += more);
    }

    /// Adds each count of another.
    pub fn add_all(&mut self, other: &Self) {
        other.iter().for_each(|(key, more)| self.add(key, more));
    }

    /// The sum of all counts.
    pub fn total(&self) -> u64 {
        self.iter().map(|(_, count)| count).sum()
    }
}

impl<K: Serialize, V: Serialize> Serialize for Few<K, V> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(key, value)| (key, value)))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn it_has_no_room_to_spare() {
        let mut few = Few::default();
        for key in [3, 1, 2] {
            few.add(key, 1_u64);
        }
        assert_eq!((few.0.len(), few.0.capacity()), (3, 3));
    }

    proptest! {
        #[test]
        fn it_counts_as_a_tree_does(added in prop::collection::vec((0_u8..12, 0_u64..9), 0..40)) {
            let (mut few, mut tree) = (Few::default(), BTreeMap::new());
            for (key, more) in added {
                few.add(key, more);
                *tree.entry(key).or_insert(0) += more;
            }
            prop_assert!(few.iter().eq(tree.clone()));
            prop_assert!((0..12).all(|key| few.get(key) == tree.get(&key).copied().unwrap_or(0)));
            prop_assert_eq!(few.total(), tree.values().sum::<u64>());
            let mut both = few.clone();
            both.add_all(&few);
            prop_assert_eq!(both.total(), 2 * few.total());
            prop_assert_eq!(serde_json::to_value(&few).unwrap(), serde_json::to_value(&tree).unwrap());
        }
    }
}
