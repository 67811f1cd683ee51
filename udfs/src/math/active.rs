//! Sets of small numbers, one for each of many groups: in which periods each was seen.
//!
//! A group's numbers lie near one another as a rule, so a set is 64 bits from a base that
//! follows the least of them; numbers that do not fit beside the others go to a list that all
//! groups share. Twelve bytes a group, and sixteen for each number that is far away.

use hashbrown::HashSet;

/// Numbers that fit into the bits of one group.
const WIDTH: u32 = u64::BITS;

/// The sets of many groups.
#[derive(Debug, Default)]
pub(crate) struct NumberSets {
    /// The number that the lowest bit stands for.
    bases: Vec<i32>,
    /// Which numbers from the base are in the set; none for an empty set.
    bits: Vec<u64>,
    /// Group and number of those that did not fit.
    far: HashSet<(usize, i32)>,
}

impl NumberSets {
    /// Makes it `groups` groups, the new ones empty.
    pub(crate) fn grow(&mut self, groups: usize) {
        self.bases.resize(groups, 0);
        self.bits.resize(groups, 0);
    }

    /// Adds a number to the set of a group, which must exist.
    #[inline]
    pub(crate) fn add(&mut self, group: usize, number: i32) {
        let offset = number.wrapping_sub(self.bases[group]).cast_unsigned();
        if self.bits[group] != 0 && offset < WIDTH {
            self.bits[group] |= 1 << offset;
        } else {
            self.add_many(group, number, 1);
        }
    }

    /// Adds the numbers that `bits` stands for from `base` on.
    pub(crate) fn add_many(&mut self, group: usize, base: i32, bits: u64) {
        if bits == 0 {
            return;
        }
        let (own_base, own) = (self.bases[group], self.bits[group]);
        if own == 0 {
            self.bases[group] = base;
            self.bits[group] = bits;
            return;
        }
        let least = base.min(own_base);
        match (shifted(own, own_base, least), shifted(bits, base, least)) {
            (Some(own), Some(bits)) => {
                self.bases[group] = least;
                self.bits[group] = own | bits;
            }
            _ => self.far.extend(
                numbers(base, bits)
                    .filter(|number| !within(*number, own_base, own))
                    .map(|number| (group, number)),
            ),
        }
    }

    /// Adds a number that another such set could not fit.
    pub(crate) fn add_far(&mut self, group: usize, number: i32) {
        self.far.insert((group, number));
    }

    /// The numbers of each of the first `groups` groups, from the least up.
    pub(crate) fn sorted(&self, groups: usize) -> impl Iterator<Item = Vec<i32>> {
        let far = self.far_of(groups);
        let mut rest = 0;
        (0..groups).map(move |group| {
            let mut found: Vec<i32> = numbers(self.bases[group], self.bits[group]).collect();
            let begin = rest;
            while far.get(rest).is_some_and(|(of, _)| *of == group) {
                rest += 1;
            }
            if rest > begin {
                found.extend(far[begin..rest].iter().map(|(_, number)| *number));
                found.sort_unstable();
                found.dedup();
            }
            found
        })
    }

    /// Base and bits of each of the first `groups` groups; no bits for an empty one.
    pub(crate) fn compact(&self, groups: usize) -> (&[i32], &[u64]) {
        (&self.bases[..groups], &self.bits[..groups])
    }

    /// The numbers of the first `groups` groups that their bits do not hold, by group.
    pub(crate) fn far_of(&self, groups: usize) -> Vec<(usize, i32)> {
        let mut far: Vec<(usize, i32)> = self
            .far
            .iter()
            .filter(|(group, _)| *group < groups)
            .copied()
            .collect();
        far.sort_unstable();
        far
    }

    /// Forgets the first `groups` groups; the next one becomes number 0.
    pub(crate) fn discard(&mut self, groups: usize) {
        self.bases.drain(..groups);
        self.bits.drain(..groups);
        self.far = std::mem::take(&mut self.far)
            .into_iter()
            .filter_map(|(group, number)| Some((group.checked_sub(groups)?, number)))
            .collect();
    }

    /// How many groups there are.
    pub(crate) fn len(&self) -> usize {
        self.bits.len()
    }

    /// Bytes on the heap.
    pub(crate) fn heap_size(&self) -> usize {
        self.bases.capacity() * size_of::<i32>()
            + self.bits.capacity() * size_of::<u64>()
            + self.far.capacity() * (size_of::<(usize, i32)>() + 1)
    }
}

/// Bits from `base` as bits from `least`, which is not above it, if they fit.
fn shifted(bits: u64, base: i32, least: i32) -> Option<u64> {
    let shift = base.wrapping_sub(least).cast_unsigned();
    (shift <= bits.leading_zeros() && shift < WIDTH).then(|| bits << shift)
}

fn within(number: i32, base: i32, bits: u64) -> bool {
    let offset = number.wrapping_sub(base).cast_unsigned();
    offset < WIDTH && bits >> offset & 1 == 1
}

fn numbers(base: i32, mut bits: u64) -> impl Iterator<Item = i32> {
    std::iter::from_fn(move || {
        (bits != 0).then(|| {
            let offset = bits.trailing_zeros();
            bits &= bits - 1;
            base.wrapping_add(offset.cast_signed())
        })
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use rand::rngs::StdRng;
    use rand::{Rng, SeedableRng};

    use super::*;

    const GROUPS: usize = 4;

    /// Numbers near and far, added one by one and through other sets, against trees.
    #[test]
    fn sets_equal_trees_on_random_numbers() {
        for seed in 0..300 {
            let random = &mut StdRng::seed_from_u64(seed);
            let mut trees = vec![BTreeSet::new(); GROUPS];
            let mut merged = NumberSets::default();
            merged.grow(GROUPS);
            let reach = [3, 70, 1_000, i32::MAX][random.random_range(0..4)];
            for _ in 0..random.random_range(1..4) {
                let mut part = NumberSets::default();
                part.grow(GROUPS);
                for _ in 0..random.random_range(0..60) {
                    let group = random.random_range(0..GROUPS);
                    let number = random.random_range(-reach..reach);
                    trees[group].insert(number);
                    part.add(group, number);
                }
                let (bases, bits) = part.compact(GROUPS);
                for group in 0..GROUPS {
                    merged.add_many(group, bases[group], bits[group]);
                }
                for (group, number) in part.far_of(GROUPS) {
                    merged.add_far(group, number);
                }
            }
            let wanted: Vec<Vec<i32>> = trees
                .iter()
                .map(|tree| tree.iter().copied().collect())
                .collect();
            assert_eq!(
                merged.sorted(GROUPS).collect::<Vec<_>>(),
                wanted,
                "seed {seed}"
            );
            merged.discard(1);
            assert_eq!(merged.len(), GROUPS - 1);
            assert_eq!(
                merged.sorted(GROUPS - 1).collect::<Vec<_>>(),
                wanted[1..],
                "seed {seed}"
            );
        }
    }
}
