//! The days on which each of many customers bought.
//!
//! A customer's first day is kept beside the sorted list of all (customer, day) pairs, since it
//! decides at once what a purchase counts for: eight bytes a customer and eight a day.

use crate::math::distinct::{Distinct, member, owner, pair};

/// The first day of a customer without purchases: later than every day.
const NEVER: i64 = i64::MAX;

/// The days of many customers, numbered from 0.
#[derive(Debug, Default)]
pub(crate) struct PurchaseDays {
    firsts: Vec<i64>,
    days: Distinct,
}

/// What a customer's days come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct History {
    /// The first day.
    pub(crate) first: i32,
    /// The last day.
    pub(crate) last: i32,
    /// How many there are.
    pub(crate) days: i64,
}

impl PurchaseDays {
    /// Makes it `customers` customers, the new ones without purchases.
    pub(crate) fn grow(&mut self, customers: usize) {
        self.firsts.resize(customers, NEVER);
    }

    /// Adds a day to each of `customers`. Returns those whose first day is an earlier one than
    /// before, each once and in order.
    pub(crate) fn add(&mut self, customers: &[u32], days: &[i32]) -> Vec<usize> {
        let mut preceded = Vec::new();
        for (customer, day) in customers.iter().zip(days) {
            let first = &mut self.firsts[*customer as usize];
            if i64::from(*day) < *first {
                if *first != NEVER {
                    preceded.push(*customer as usize);
                }
                *first = i64::from(*day);
            }
        }
        preceded.sort_unstable();
        preceded.dedup();
        let pairs = customers.iter().zip(days);
        self.days
            .extend(pairs.map(|(customer, day)| pair(*customer, ordered(*day))));
        preceded
    }

    /// Whether a day on which a customer bought was the first.
    pub(crate) fn is_first(&self, customer: u32, day: i32) -> bool {
        self.firsts[customer as usize] == i64::from(day)
    }

    /// The days of each of the first `customers` customers, in order.
    pub(crate) fn lists(&mut self, customers: usize) -> impl Iterator<Item = &[u64]> {
        let mut rest = self.days.sorted();
        (0..customers).map(move |customer| {
            let own = rest
                .iter()
                .take_while(|pair| owner(**pair) as usize == customer);
            let (list, others) = rest.split_at(own.count());
            rest = others;
            list
        })
    }

    /// What the days of each of the first `customers` customers come to; `None` without any.
    pub(crate) fn histories(&mut self, customers: usize) -> impl Iterator<Item = Option<History>> {
        self.lists(customers).map(|list| {
            Some(History {
                first: day(*list.first()?),
                last: day(*list.last()?),
                days: i64::try_from(list.len()).unwrap_or(i64::MAX),
            })
        })
    }

    /// Forgets the first `customers` customers; the next one becomes number 0.
    pub(crate) fn discard(&mut self, customers: usize) {
        self.firsts.drain(..customers);
        let gone = u32::try_from(customers).unwrap_or(u32::MAX);
        self.days
            .rename(|customer, day| Some((customer.checked_sub(gone)?, day)));
    }

    /// How many customers there are.
    pub(crate) fn len(&self) -> usize {
        self.firsts.len()
    }

    /// Bytes on the heap.
    pub(crate) fn heap_size(&self) -> usize {
        self.firsts.capacity() * size_of::<i64>() + self.days.heap_size()
    }
}

/// The day of an entry of [`PurchaseDays::lists`].
pub(crate) fn day(entry: u64) -> i32 {
    (member(entry) ^ SIGN).cast_signed()
}

/// A day as a number that grows with it.
fn ordered(day: i32) -> u32 {
    day.cast_unsigned() ^ SIGN
}

const SIGN: u32 = 1 << 31;

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use rand::rngs::StdRng;
    use rand::{Rng, SeedableRng};

    use super::*;

    const CUSTOMERS: u32 = 5;

    /// In parts of random size, against trees; extremes among the days.
    #[test]
    fn days_equal_trees() {
        for seed in 0..200 {
            let random = &mut StdRng::seed_from_u64(seed);
            let reach = [3, 1_000, i32::MAX][random.random_range(0..3)];
            let mut trees = vec![BTreeSet::new(); CUSTOMERS as usize];
            let mut found = PurchaseDays::default();
            found.grow(CUSTOMERS as usize);
            for _ in 0..random.random_range(1..5) {
                let rows = random.random_range(0..30);
                let mut customers = Vec::new();
                let mut days = Vec::new();
                for _ in 0..rows {
                    customers.push(random.random_range(0..CUSTOMERS));
                    days.push(random.random_range(-reach - 1..=reach));
                }
                let before: Vec<Option<i32>> = trees.iter().map(|t| t.first().copied()).collect();
                for (customer, day) in customers.iter().zip(&days) {
                    trees[*customer as usize].insert(*day);
                }
                let preceded = found.add(&customers, &days);
                for (customer, tree) in trees.iter().enumerate() {
                    if before[customer].is_some_and(|day| tree.first() != Some(&day)) {
                        assert!(preceded.contains(&customer), "seed {seed}");
                    }
                }
                for (customer, day) in customers.iter().zip(&days) {
                    let is_first = trees[*customer as usize].first() == Some(day);
                    assert_eq!(found.is_first(*customer, *day), is_first);
                }
            }
            let wanted: Vec<Option<History>> = trees.iter().map(history).collect();
            let histories = |days: &mut PurchaseDays, n| days.histories(n).collect::<Vec<_>>();
            assert_eq!(histories(&mut found, 5), wanted, "seed {seed}");
            assert_eq!(histories(&mut found, 2), wanted[..2], "seed {seed}");
            found.discard(2);
            assert_eq!(found.len(), 3);
            assert_eq!(histories(&mut found, 3), wanted[2..], "seed {seed}");
        }
    }

    fn history(tree: &BTreeSet<i32>) -> Option<History> {
        Some(History {
            first: *tree.first()?,
            last: *tree.last()?,
            days: tree.len() as i64,
        })
    }
}
