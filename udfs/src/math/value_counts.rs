//! How often each value came to each of many owners, as one list.
//!
//! Rows are appended as they come; when the list has doubled it is sorted and equal rows become
//! one that says how many they are. Sixteen bytes a distinct value, at most twice as many between
//! sorts, and values that come often cost little.

/// A list is put in order when it is twice as long as the last time and at least so long.
const LEAST_TO_SORT: usize = 1 << 16;

/// A value of an owner, and how often it came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Count {
    /// Whose it is.
    pub(crate) owner: u32,
    /// How often it came, in this entry: what a `u32` does not hold goes to another one.
    pub(crate) times: u32,
    /// The value, as an integer that orders like it.
    pub(crate) value: i64,
}

/// The values of many owners.
#[derive(Debug, Default)]
pub(crate) struct ValueCounts {
    counts: Vec<Count>,
    /// How many of `counts`, from the first, are in order and distinct.
    sorted: usize,
}

impl ValueCounts {
    /// Adds values.
    pub(crate) fn extend(&mut self, counts: impl Iterator<Item = Count>) {
        self.counts.extend(counts);
        if self.counts.len() >= LEAST_TO_SORT.max(self.sorted.saturating_mul(2)) {
            self.sort();
        }
    }

    fn sort(&mut self) {
        if self.sorted == self.counts.len() {
            return;
        }
        // What is sorted already is a run, which a stable sort only merges.
        self.counts.sort_by_key(|count| (count.owner, count.value));
        self.counts.dedup_by(|next, kept| {
            let same = (next.owner, next.value) == (kept.owner, kept.value);
            match kept.times.checked_add(next.times).filter(|_| same) {
                Some(times) => {
                    kept.times = times;
                    true
                }
                None => false,
            }
        });
        self.sorted = self.counts.len();
    }

    /// The values by owner, then by value; one more often than a `u32` says comes again.
    pub(crate) fn sorted(&mut self) -> &[Count] {
        self.sort();
        &self.counts
    }

    /// Gives the values of every owner to the one that `renamed` says, or drops them. Names must
    /// keep their order.
    pub(crate) fn rename(&mut self, renamed: impl Fn(u32) -> Option<u32>) {
        self.sort();
        self.counts.retain_mut(|count| match renamed(count.owner) {
            Some(owner) => {
                count.owner = owner;
                true
            }
            None => false,
        });
        self.counts.shrink_to(2 * self.counts.len());
        self.sorted = self.counts.len();
    }

    /// Bytes on the heap, with those that it takes to sort the values.
    pub(crate) fn heap_size(&self) -> usize {
        (self.counts.capacity() + self.counts.len()) * size_of::<Count>()
    }
}

/// The values of `owner` among sorted ones.
pub(crate) fn of_owner(sorted: &[Count], owner: u32) -> &[Count] {
    let start = sorted.partition_point(|count| count.owner < owner);
    let rest = &sorted[start..];
    &rest[..rest.partition_point(|count| count.owner == owner)]
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use rand::rngs::StdRng;
    use rand::{Rng, SeedableRng};

    use super::*;

    #[test]
    fn counts_equal_a_tree() {
        let random = &mut StdRng::seed_from_u64(5);
        for rows in [0, 1, 1_000, 3 * LEAST_TO_SORT] {
            let mut found = ValueCounts::default();
            let mut tree = BTreeMap::new();
            for _ in 0..rows {
                let (owner, value) = (random.random_range(0..9), random.random_range(-60..60));
                let times = random.random_range(1..4);
                found.extend(std::iter::once(Count {
                    owner,
                    times,
                    value,
                }));
                *tree.entry((owner, value)).or_insert(0) += times;
            }
            let wanted = |gone: u32| -> Vec<Count> {
                tree.iter()
                    .filter_map(|(&(owner, value), &times)| {
                        let owner = owner.checked_sub(gone)?;
                        Some(Count {
                            owner,
                            times,
                            value,
                        })
                    })
                    .collect()
            };
            assert_eq!(found.sorted(), wanted(0));
            found.rename(|owner| owner.checked_sub(4));
            assert_eq!(found.sorted(), wanted(4));
            let third = wanted(4).into_iter().filter(|count| count.owner == 3);
            assert_eq!(of_owner(found.sorted(), 3), third.collect::<Vec<_>>());
            assert!(found.heap_size() >= 16 * wanted(4).len());
        }
    }

    #[test]
    fn what_a_count_does_not_hold_is_counted_beside_it() {
        let mut found = ValueCounts::default();
        let count = |times| Count {
            owner: 1,
            times,
            value: 7,
        };
        found.extend([u32::MAX - 1, 1, 5].map(count).into_iter());
        let times = found.sorted().iter().map(|count| u64::from(count.times));
        assert_eq!(times.sum::<u64>(), u64::from(u32::MAX) + 5);
    }
}
