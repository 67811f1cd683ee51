//! Pairs of items that are often in one basket.
//!
//! First the frequent items are found and all others dropped, since a pair is no more
//! frequent than either of its items (Agrawal & Srikant 1994); then the pairs of what is
//! left are counted.

use std::cmp::Ordering;

use super::cooccurrence::Kept;
use super::support::least_count;

/// The most pairs that one search may find: some hundred megabytes as a result.
pub(crate) const MOST_PAIRS: usize = 1 << 20;

/// No number of an item among the frequent ones.
const INFREQUENT: u32 = u32::MAX;

/// Two items and how many baskets hold them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Pair {
    /// The lesser item.
    pub(crate) a: u32,
    /// The greater item.
    pub(crate) b: u32,
    /// Baskets that hold `a`.
    pub(crate) baskets_a: u32,
    /// Baskets that hold `b`.
    pub(crate) baskets_b: u32,
    /// Baskets that hold both.
    pub(crate) both: u32,
}

impl Pair {
    /// By lift, exactly: both / (a · b), the number of baskets being the same for all.
    fn compare_lift(&self, other: &Self) -> Ordering {
        let cross = |pair: &Self, other: &Self| {
            u128::from(pair.both) * u128::from(other.baskets_a) * u128::from(other.baskets_b)
        };
        cross(self, other).cmp(&cross(other, self))
    }

    /// How much more often the two are together among `baskets` than they would be by
    /// chance.
    pub(crate) fn lift(&self, baskets: u64) -> f64 {
        let together = u128::from(self.both) * u128::from(baskets);
        let by_chance = u128::from(self.baskets_a) * u128::from(self.baskets_b);
        together as f64 / by_chance as f64
    }
}

/// Which pairs are wanted.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wanted {
    /// The least fraction of baskets that hold both, above 0 and at most 1.
    pub(crate) min_support: f64,
    /// Larger baskets are left out.
    pub(crate) max_basket: Option<usize>,
}

impl Wanted {
    fn holds(&self, basket: &[u32]) -> bool {
        !basket.is_empty() && self.max_basket.is_none_or(|most| basket.len() <= most)
    }
}

/// A search for pairs, again and again, over items with numbers below a bound.
#[derive(Debug)]
pub(crate) struct PairSearch {
    wanted: Wanted,
    /// Baskets that hold each item; 0 between searches.
    counts: Vec<u32>,
    /// The number of each item among the frequent ones; INFREQUENT between searches.
    ranks: Vec<u32>,
}

impl PairSearch {
    /// A search among items numbered below `items`.
    pub(crate) fn new(wanted: Wanted, items: usize) -> Self {
        Self {
            wanted,
            counts: vec![0; items],
            ranks: vec![INFREQUENT; items],
        }
    }

    /// The number of baskets that count, and their wanted pairs by falling lift, then by
    /// items; `None` for more than [`MOST_PAIRS`]. A basket holds each item once; `compare` is the
    /// order of items.
    pub(crate) fn search<'a>(
        &mut self,
        baskets: impl Iterator<Item = &'a [u32]> + Clone,
        compare: impl Fn(u32, u32) -> Ordering,
    ) -> Option<(u64, Vec<Pair>)> {
        let wanted = self.wanted;
        let baskets = baskets.filter(move |basket| wanted.holds(basket));
        let mut total = 0;
        let mut items = Vec::new();
        for basket in baskets.clone() {
            total += 1;
            for &item in basket {
                let count = &mut self.counts[item as usize];
                if *count == 0 {
                    items.push(item);
                }
                *count += 1;
            }
        }
        let least = least_count(wanted.min_support, total);
        let mut frequent = items.clone();
        frequent.retain(|&item| u64::from(self.counts[item as usize]) >= least);
        frequent.sort_unstable_by(|&a, &b| compare(a, b));
        for (rank, &item) in (0..).zip(&frequent) {
            self.ranks[item as usize] = rank;
        }

        let mut kept = Kept::default();
        for basket in baskets {
            let ranks = basket.iter().map(|&item| self.ranks[item as usize]);
            kept.add(ranks.filter(|&rank| rank != INFREQUENT));
        }
        let mut pairs = Vec::new();
        let mut too_many = false;
        kept.count_pairs(frequent.len(), |rank_a, rank_b, both| {
            if u64::from(both) < least {
                return;
            }
            if pairs.len() == MOST_PAIRS {
                too_many = true;
            } else {
                let (a, b) = (frequent[rank_a as usize], frequent[rank_b as usize]);
                pairs.push(Pair {
                    a,
                    b,
                    baskets_a: self.counts[a as usize],
                    baskets_b: self.counts[b as usize],
                    both,
                });
            }
        });
        let rank = |item: u32| self.ranks[item as usize];
        pairs.sort_unstable_by(|left, right| {
            right
                .compare_lift(left)
                .then_with(|| (rank(left.a), rank(left.b)).cmp(&(rank(right.a), rank(right.b))))
        });
        for item in items {
            self.counts[item as usize] = 0;
            self.ranks[item as usize] = INFREQUENT;
        }
        (!too_many).then_some((total, pairs))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn wanted(min_support: f64) -> Wanted {
        Wanted {
            min_support,
            max_basket: None,
        }
    }

    /// {1, 2} thrice, {1} and {3} once: together 3 of 5, by chance 4/5 · 3/5.
    #[test]
    fn lift_is_together_over_by_chance() {
        let baskets: [&[u32]; 5] = [&[1, 2], &[2, 1], &[1, 2], &[1], &[3]];
        let mut search = PairSearch::new(wanted(0.6), 4);
        for _ in 0..2 {
            let found = search.search(baskets.into_iter(), |a, b| a.cmp(&b));
            let (total, pairs) = found.unwrap();
            assert_eq!((total, pairs.len()), (5, 1));
            assert_eq!((pairs[0].a, pairs[0].b, pairs[0].both), (1, 2, 3));
            assert!((pairs[0].lift(total) - 3.0 / 5.0 / (4.0 / 5.0 * 3.0 / 5.0)).abs() < 1e-15);
        }
    }

    #[test]
    fn larger_baskets_are_left_out_of_the_total_too() {
        let baskets: [&[u32]; 3] = [&[0, 1], &[0, 1, 2], &[]];
        let most = Wanted {
            min_support: 1.0,
            max_basket: Some(2),
        };
        let found = PairSearch::new(most, 3).search(baskets.into_iter(), |a, b| a.cmp(&b));
        let (total, pairs) = found.unwrap();
        assert_eq!((total, pairs.len()), (1, 1));
    }
}
