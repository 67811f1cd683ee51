//! The n smallest numbers of each of many groups, equal ones counted separately.
//!
//! A few are kept in slots, n a group and in order, so that a row touches one place in memory.
//! More are kept in a pool from which each group has room for what it has, as its rows come.

use few::FewSmallest;
use many::ManySmallest;

mod few;
mod many;

/// Up to how many numbers a group are kept in slots: two lines of a processor's cache.
const MOST_SLOTS: usize = 16;

/// The n smallest numbers of many groups.
#[derive(Debug)]
pub(crate) enum Smallest {
    /// A few a group.
    Few(FewSmallest),
    /// Any number a group.
    Many(ManySmallest),
}

impl Smallest {
    /// No groups yet, of which the `n` smallest numbers will be kept, at least one.
    pub(crate) fn new(n: usize) -> Self {
        match n {
            ..=MOST_SLOTS => Self::Few(FewSmallest::new(n)),
            _ => Self::Many(ManySmallest::new(n)),
        }
    }

    /// Makes it `groups` groups, the new ones without numbers.
    pub(crate) fn grow(&mut self, groups: usize) {
        match self {
            Self::Few(few) => few.grow(groups),
            Self::Many(many) => many.grow(groups),
        }
    }

    /// The n-th smallest number of a group; `None` when it had fewer.
    pub(crate) fn nth(&self, group: usize) -> Option<i64> {
        match self {
            Self::Few(few) => few.nth(group),
            Self::Many(many) => many.nth(group),
        }
    }

    /// Calls `each` with the numbers kept of a group, in any order.
    pub(crate) fn for_each(&self, group: usize, each: impl FnMut(i64)) {
        match self {
            Self::Few(few) => few.kept(group).for_each(each),
            Self::Many(many) => many.kept(group).iter().copied().for_each(each),
        }
    }

    /// Forgets the first `groups` groups; the next one becomes number 0.
    pub(crate) fn discard(&mut self, groups: usize) {
        match self {
            Self::Few(few) => few.discard(groups),
            Self::Many(many) => many.discard(groups),
        }
    }

    /// How many groups there are.
    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Few(few) => few.len(),
            Self::Many(many) => many.len(),
        }
    }

    /// Bytes on the heap.
    pub(crate) fn heap_size(&self) -> usize {
        match self {
            Self::Few(few) => few.heap_size(),
            Self::Many(many) => many.heap_size(),
        }
    }
}

#[cfg(test)]
mod tests {
    use rand::rngs::StdRng;
    use rand::{Rng, SeedableRng};

    use super::*;

    fn add(smallest: &mut Smallest, group: usize, number: i64) {
        match smallest {
            Smallest::Few(few) => few.add(group, number),
            Smallest::Many(many) => many.add(group, number),
        }
    }

    /// Random numbers with many ties and the ends of their range, split, merged and discarded,
    /// against sorted lists; in slots and in the pool, for few and for many numbers.
    #[test]
    fn what_is_kept_equals_the_head_of_a_sorted_list() {
        for seed in 0..400 {
            let rng = &mut StdRng::seed_from_u64(seed);
            let n = [1, 2, 3, 7, 16, 17, 40, 300][rng.random_range(0..8)];
            let pooled = rng.random_bool(0.5) && n >= many::LEAST_ROOM;
            let make = || match pooled {
                true => Smallest::Many(ManySmallest::new(n)),
                false => Smallest::new(n),
            };
            let groups = rng.random_range(1..6);
            let reach = [2, 100, i64::MAX][rng.random_range(0..3)];
            let mut sorted = vec![Vec::new(); groups];
            let mut parts = [make(), make()];
            for part in &mut parts {
                for _ in 0..rng.random_range(0..600) {
                    let group = rng.random_range(0..groups);
                    let number = match rng.random_range(0..20) {
                        0 => i64::MAX,
                        1 => i64::MIN,
                        _ => rng.random_range(-reach..=reach),
                    };
                    part.grow(groups);
                    add(part, group, number);
                    sorted[group].push(number);
                }
            }
            let [mut all, other] = parts;
            all.grow(groups);
            for group in 0..other.len() {
                other.for_each(group, |number| add(&mut all, group, number));
            }
            sorted
                .iter_mut()
                .for_each(|numbers| numbers.sort_unstable());
            let gone = rng.random_range(0..groups);
            all.discard(gone);
            assert_eq!(all.len(), groups - gone);
            for (group, numbers) in sorted[gone..].iter().enumerate() {
                assert_eq!(all.nth(group), numbers.get(n - 1).copied(), "seed {seed}");
                let mut kept = Vec::new();
                all.for_each(group, |number| kept.push(number));
                kept.sort_unstable();
                assert_eq!(kept, numbers[..n.min(numbers.len())], "seed {seed}");
            }
            // What is left after a discard goes on.
            all.grow(groups + 1);
            add(&mut all, groups, 5);
            assert_eq!(all.nth(groups), (n == 1).then_some(5));
        }
    }

    /// Room follows the numbers that there are, not n, and what is given up is used again.
    #[test]
    fn room_follows_the_rows() {
        let mut few_rows = Smallest::new(1_000_000);
        few_rows.grow(1_000);
        for number in 0..8_000 {
            add(&mut few_rows, number % 1_000, number as i64);
        }
        assert!(few_rows.heap_size() >= 8_000 * size_of::<i64>());
        assert!(
            few_rows.heap_size() < 1_000 * 400,
            "{}",
            few_rows.heap_size()
        );
    }
}
