//! Rows of numbers, by group, counted where they are equal: what likelihoods are summed over.
//!
//! One flat list, put in order and counted together whenever it has doubled, so that the result
//! knows neither the order of the rows nor how they were split.

use std::cmp::Ordering;

/// A list is put in order when it is twice as long as at the last time and at least so long.
const LEAST_TO_SORT: usize = 1 << 14;

/// Equal rows of a group.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Tallied<const N: usize> {
    group: usize,
    /// The numbers of each.
    pub(crate) row: [f64; N],
    /// How many there are.
    pub(crate) count: u64,
}

impl<const N: usize> Tallied<N> {
    fn order(&self, other: &Self) -> Ordering {
        let mut order = self.group.cmp(&other.group);
        for (own, others) in self.row.iter().zip(&other.row) {
            order = order.then(own.total_cmp(others));
        }
        order
    }
}

/// The rows of many groups.
#[derive(Debug, Default)]
pub(crate) struct Tally<const N: usize> {
    groups: usize,
    rows: Vec<Tallied<N>>,
    /// How many of `rows`, from the first, are in order and distinct.
    sorted: usize,
}

impl<const N: usize> Tally<N> {
    /// Makes it `groups` groups, the new ones without rows.
    pub(crate) fn grow(&mut self, groups: usize) {
        self.groups = self.groups.max(groups);
    }

    /// Adds a row `count` times to a group.
    pub(crate) fn add(&mut self, group: usize, row: [f64; N], count: u64) {
        // Minus zero is zero.
        let row = row.map(|number| number + 0.0);
        self.rows.push(Tallied { group, row, count });
        if self.rows.len() >= LEAST_TO_SORT.max(self.sorted * 2) {
            self.sort();
        }
    }

    fn sort(&mut self) {
        if self.sorted == self.rows.len() {
            return;
        }
        // What is sorted already is a run, which a stable sort only merges.
        self.rows.sort_by(Tallied::order);
        self.rows.dedup_by(|later, kept| {
            let equal = later.order(kept).is_eq();
            if equal {
                kept.count = kept.count.saturating_add(later.count);
            }
            equal
        });
        self.sorted = self.rows.len();
    }

    /// The rows of each of the first `groups` groups, in order and distinct.
    pub(crate) fn of_groups(&mut self, groups: usize) -> impl Iterator<Item = &[Tallied<N>]> {
        self.sort();
        let mut rest = self.rows.as_slice();
        (0..groups).map(move |group| {
            let own = rest.iter().take_while(|row| row.group == group).count();
            let (rows, others) = rest.split_at(own);
            rest = others;
            rows
        })
    }

    /// Forgets the first `groups` groups; the next one becomes number 0.
    pub(crate) fn discard(&mut self, groups: usize) {
        self.sort();
        let gone = self.rows.partition_point(|row| row.group < groups);
        self.rows.drain(..gone);
        for row in &mut self.rows {
            row.group -= groups;
        }
        self.rows.shrink_to(2 * self.rows.len());
        self.sorted = self.rows.len();
        self.groups -= groups;
    }

    /// How many groups there are.
    pub(crate) fn groups(&self) -> usize {
        self.groups
    }

    /// Bytes on the heap, with those that it takes to sort the rows.
    pub(crate) fn heap_size(&self) -> usize {
        (self.rows.capacity() + self.rows.len()) * size_of::<Tallied<N>>()
    }
}

/// Rows as a fit takes them, for tests: each once, in order.
#[cfg(test)]
pub(crate) fn tallied<const N: usize>(rows: &[[f64; N]]) -> Vec<Tallied<N>> {
    let mut tally = Tally::default();
    rows.iter().for_each(|row| tally.add(0, *row, 1));
    tally
        .of_groups(1)
        .next()
        .map(<[_]>::to_vec)
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use rand::rngs::StdRng;
    use rand::{Rng, SeedableRng};

    use super::*;

    #[test]
    fn tallies_equal_trees() {
        for (seed, rows) in [(1, 0), (2, 5), (3, 1_000), (4, 3 * LEAST_TO_SORT)] {
            let random = &mut StdRng::seed_from_u64(seed);
            let mut trees = vec![BTreeMap::new(); 4];
            let mut tally = Tally::default();
            tally.grow(4);
            for _ in 0..rows {
                let group = random.random_range(0..4);
                let numbers = [random.random_range(-2_i32..9), random.random_range(0..7)];
                let count = random.random_range(1..4);
                *trees[group].entry(numbers).or_insert(0) += count;
                tally.add(group, numbers.map(|number| -f64::from(-number)), count);
            }
            let wanted: Vec<Vec<([f64; 2], u64)>> = trees
                .iter()
                .map(|tree| {
                    tree.iter()
                        .map(|(row, n)| (row.map(f64::from), *n))
                        .collect()
                })
                .collect();
            let found = |tally: &mut Tally<2>, groups| -> Vec<Vec<([f64; 2], u64)>> {
                let rows = tally.of_groups(groups);
                rows.map(|rows| rows.iter().map(|row| (row.row, row.count)).collect())
                    .collect()
            };
            assert_eq!(found(&mut tally, 2), wanted[..2]);
            assert_eq!(found(&mut tally, 4), wanted);
            tally.discard(3);
            assert_eq!(found(&mut tally, 1), wanted[3..]);
            assert_eq!(tally.groups(), 1);
        }
    }
}
