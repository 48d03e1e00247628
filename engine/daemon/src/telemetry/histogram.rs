//! Durations, counted in classic and in native buckets at once.
//!
//! Native buckets have schema 3 (factor 2^(1/8), about 1.09). What is shorter than 2⁻¹³ s, about
//! 0.12 ms, falls into the zero bucket: so a run of up to 64 s can touch at most 152 buckets, and
//! no target can inflate them by the latencies it chooses.

use std::sync::LazyLock;

use leadsman_core::{few::Few, phase::Nanos};

use super::values::seconds;

/// The upper bounds of the classic buckets, in milliseconds.
const CLASSIC_MS: [u64; 11] = [5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000];

/// 8 buckets to each doubling.
pub(super) const SCHEMA: i32 = 3;

/// 2⁻¹³ s.
pub(super) const ZERO_THRESHOLD: f64 = 1.0 / 8192.0;

/// The first native bucket above the zero bucket.
const FIRST_INDEX: i32 = -103;

/// The upper bound of each native bucket in seconds, from the first one to 2¹⁶ s.
static NATIVE: LazyLock<Vec<f64>> = LazyLock::new(|| {
    (FIRST_INDEX..=128)
        .map(|index| (f64::from(index) / 8.0).exp2())
        .collect()
});

/// A distribution of durations. One that nothing was observed in takes no room: a check-target has
/// four, and most never fail.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Histogram(Option<Box<Buckets>>);

#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Buckets {
    count: u64,
    sum: Nanos,
    classic: [u64; CLASSIC_MS.len() + 1],
    zero: u64,
    native: Few<i32, u64>,
}

/// Native buckets as the protobuf format has them: runs of neighbours, and differences of counts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Sparse {
    pub(super) zero: u64,
    pub(super) spans: Vec<(i32, u32)>,
    pub(super) deltas: Vec<i64>,
}

impl Histogram {
    pub(super) fn observe(&mut self, nanos: Nanos) {
        self.0.get_or_insert_default().observe(nanos);
    }

    pub(super) fn merge(&mut self, other: &Self) {
        if let Some(other) = &other.0 {
            self.0.get_or_insert_default().merge(other);
        }
    }

    pub(super) fn count(&self) -> u64 {
        self.0.as_ref().map_or(0, |buckets| buckets.count)
    }

    pub(super) fn sum_seconds(&self) -> f64 {
        seconds(self.0.as_ref().map_or(0, |buckets| buckets.sum))
    }

    /// Each classic bucket's upper bound in seconds and its own count, the infinite one last.
    pub(super) fn classic(&self) -> Vec<(f64, u64)> {
        let bounds = CLASSIC_MS
            .into_iter()
            .map(|ms| seconds(ms * 1_000_000))
            .chain([f64::INFINITY]);
        let counts = self.0.as_ref().map(|buckets| buckets.classic);
        bounds.zip(counts.unwrap_or_default()).collect()
    }

    pub(super) fn sparse(&self) -> Sparse {
        self.0.as_deref().map(Buckets::sparse).unwrap_or_default()
    }
}

impl Buckets {
    fn observe(&mut self, nanos: Nanos) {
        self.count += 1;
        self.sum = self.sum.saturating_add(nanos);
        let classic = CLASSIC_MS.partition_point(|bound| bound * 1_000_000 < nanos);
        if let Some(bucket) = self.classic.get_mut(classic) {
            *bucket += 1;
        }
        let seconds = seconds(nanos);
        if seconds <= ZERO_THRESHOLD {
            self.zero += 1;
            return;
        }
        let place = NATIVE.partition_point(|bound| *bound < seconds);
        let index = FIRST_INDEX + i32::try_from(place).unwrap_or(0);
        self.native.add(index, 1);
    }

    fn merge(&mut self, other: &Self) {
        self.count += other.count;
        self.sum = self.sum.saturating_add(other.sum);
        self.zero += other.zero;
        self.classic
            .iter_mut()
            .zip(other.classic)
            .for_each(|(bucket, more)| *bucket += more);
        self.native.add_all(&other.native);
    }

    fn sparse(&self) -> Sparse {
        let mut sparse = Sparse {
            zero: self.zero,
            ..Sparse::default()
        };
        let (mut next, mut before) = (0, 0);
        for (index, count) in self.native.iter() {
            match sparse.spans.last_mut().filter(|_| index == next) {
                Some((_, length)) => *length += 1,
                None => sparse.spans.push((index - next, 1)),
            }
            let count = i64::try_from(count).unwrap_or(i64::MAX);
            sparse.deltas.push(count - before);
            (next, before) = (index + 1, count);
        }
        sparse
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    const MS: u64 = 1_000_000;

    fn of(values: &[u64]) -> Histogram {
        let mut histogram = Histogram::default();
        for value in values {
            histogram.observe(*value);
        }
        histogram
    }

    #[test]
    fn a_value_on_a_bound_belongs_below_it() {
        let classic = of(&[5 * MS, 5 * MS + 1, 10_000 * MS, 10_000 * MS + 1]).classic();
        let counts: Vec<u64> = classic.iter().map(|(_, count)| *count).collect();
        assert_eq!(counts, [1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1]);
        let native = native(&of(&[1_000 * MS, 1_000 * MS + 1, 500 * MS]));
        assert_eq!(native, BTreeMap::from([(-8, 1), (0, 1), (1, 1)]));
    }

    #[test]
    fn neighbours_share_a_span() {
        let sparse = of(&[MS / 10, 1_000 * MS, 1_050 * MS, 1_051 * MS, 4_000 * MS]).sparse();
        assert_eq!(
            sparse,
            Sparse {
                zero: 1,
                spans: vec![(0, 2), (14, 1)],
                deltas: vec![1, 1, -1]
            }
        );
    }

    #[test]
    fn a_minute_of_latencies_touches_no_more_than_152_buckets() {
        let values: Vec<u64> = (0..100_000).map(|step| step * 640_000).collect();
        assert!(native(&of(&values)).len() <= 152);
    }

    #[test]
    fn one_that_nothing_was_observed_in_takes_no_room() {
        let mut histogram = Histogram::default();
        histogram.merge(&Histogram::default());
        assert!(histogram.0.is_none() && size_of::<Histogram>() == size_of::<usize>());
        assert_eq!((histogram.count(), histogram.classic().len()), (0, 12));
    }

    fn native(histogram: &Histogram) -> BTreeMap<i32, u64> {
        let buckets = histogram.0.as_ref();
        buckets
            .map(|buckets| buckets.native.iter().collect())
            .unwrap_or_default()
    }

    proptest! {
        #[test]
        fn every_bucketing_counts_every_value(left in prop::collection::vec(0_u64..1 << 36, 0..50), right in prop::collection::vec(0_u64..1 << 36, 0..50)) {
            let mut merged = of(&left);
            merged.merge(&of(&right));
            let all: Vec<u64> = left.iter().chain(&right).copied().collect();
            prop_assert_eq!(&merged, &of(&all));
            let classic: u64 = merged.classic().iter().map(|(_, count)| *count).sum();
            prop_assert_eq!(classic, merged.count());
            let zero = merged.sparse().zero;
            prop_assert_eq!(zero + native(&merged).values().sum::<u64>(), merged.count());
        }
    }
}
