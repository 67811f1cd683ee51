//! Distinct pairs of numbers, as one sorted list.

/// A list is put in order, and what it has twice dropped, when it is twice as long as at the
/// last time and at least so long.
const LEAST_TO_SORT: usize = 1 << 16;

/// Distinct pairs (owner, member), eight bytes each.
#[derive(Debug, Default)]
pub(crate) struct Distinct {
    /// The owner in the upper half of each, the member in the lower.
    pairs: Vec<u64>,
    /// How many of `pairs`, from the first, are in order and distinct.
    sorted: usize,
}

/// One number of two.
pub(crate) const fn pair(owner: u32, member: u32) -> u64 {
    (owner as u64) << 32 | member as u64
}

/// The owner of a pair.
pub(crate) const fn owner(pair: u64) -> u32 {
    (pair >> 32) as u32
}

/// The member of a pair.
pub(crate) const fn member(pair: u64) -> u32 {
    pair as u32
}

impl Distinct {
    /// Adds pairs.
    pub(crate) fn extend(&mut self, pairs: impl Iterator<Item = u64>) {
        self.pairs.extend(pairs);
        if self.pairs.len() >= LEAST_TO_SORT.max(self.sorted * 2) {
            self.sort();
        }
    }

    fn sort(&mut self) {
        if self.sorted < self.pairs.len() {
            // What is sorted already is a run, which a stable sort only merges.
            self.pairs.sort();
            self.pairs.dedup();
            self.sorted = self.pairs.len();
        }
    }

    /// The pairs by owner, then by member.
    pub(crate) fn sorted(&mut self) -> &[u64] {
        self.sort();
        &self.pairs
    }

    /// How many pairs there are, at most.
    pub(crate) fn len(&self) -> usize {
        self.pairs.len()
    }

    /// The members of all pairs.
    pub(crate) fn members(&self) -> impl Iterator<Item = u32> {
        self.pairs.iter().map(|&pair| member(pair))
    }

    /// Gives every pair the owner and the member that `renamed` says, or drops it. Names must
    /// keep their order.
    pub(crate) fn rename(&mut self, renamed: impl Fn(u32, u32) -> Option<(u32, u32)>) {
        self.sort();
        self.pairs
            .retain_mut(|entry| match renamed(owner(*entry), member(*entry)) {
                Some((owner, member)) => {
                    *entry = pair(owner, member);
                    true
                }
                None => false,
            });
        self.pairs.shrink_to(2 * self.pairs.len());
        self.sorted = self.pairs.len();
    }

    /// Bytes on the heap.
    pub(crate) fn heap_size(&self) -> usize {
        self.pairs.capacity() * size_of::<u64>()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use rand::rngs::StdRng;
    use rand::{Rng, SeedableRng};

    use super::*;

    #[test]
    fn pairs_equal_a_tree() {
        let random = &mut StdRng::seed_from_u64(5);
        for rows in [0, 1, 1_000, 3 * LEAST_TO_SORT] {
            let mut distinct = Distinct::default();
            let mut tree = BTreeSet::new();
            for _ in 0..rows {
                let (owner, member) = (random.random_range(0..50), random.random_range(0..90));
                distinct.extend(std::iter::once(pair(owner, member)));
                tree.insert((owner, member));
            }
            assert!(distinct.len() >= tree.len());
            let wanted: Vec<u64> = tree.iter().map(|&(o, m)| pair(o, m)).collect();
            assert_eq!(distinct.sorted(), wanted);
            distinct.rename(|owner, member| Some((owner.checked_sub(10)?, member)));
            let wanted: Vec<u64> = tree
                .iter()
                .filter_map(|&(owner, member)| Some(pair(owner.checked_sub(10)?, member)))
                .collect();
            assert_eq!(distinct.sorted(), wanted);
            assert!(distinct.heap_size() >= 8 * wanted.len());
        }
    }
}
