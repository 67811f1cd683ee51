//! Sets of items that are often in one basket: FP-growth (Han, Pei & Yin 2000).
//!
//! Baskets are kept as a tree of common beginnings, their most frequent items first. The sets that
//! end in an item are found among what lies above it, which is a smaller tree of the same kind.
//! No set is looked at that no basket holds, and no infrequent one is extended.

use std::cmp::Reverse;

use super::prefix_tree::PrefixTree;

/// No number of an item among the frequent ones.
const INFREQUENT: u32 = u32::MAX;

/// Which sets are wanted.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    /// The least number of baskets that hold a set.
    pub(crate) least: u64,
    /// The most items of a set, at least 1.
    pub(crate) longest: usize,
    /// The most sets.
    pub(crate) most: usize,
}

/// Sets of items, each with the number of baskets that hold it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Itemsets {
    items: Vec<u32>,
    ends: Vec<usize>,
    baskets: Vec<u64>,
}

impl Itemsets {
    fn push(&mut self, items: &[u32], last: u32, baskets: u64) {
        self.items.extend_from_slice(items);
        self.items.push(last);
        self.ends.push(self.items.len());
        self.baskets.push(baskets);
    }

    /// Adds other sets.
    pub(crate) fn append(&mut self, other: &Self) {
        let before = self.items.len();
        self.items.extend_from_slice(&other.items);
        self.ends.extend(other.ends.iter().map(|end| before + end));
        self.baskets.extend_from_slice(&other.baskets);
    }

    /// How many sets there are.
    pub(crate) fn len(&self) -> usize {
        self.baskets.len()
    }

    /// The items of all sets, one set's after another's.
    pub(crate) fn items(&self) -> &[u32] {
        &self.items
    }

    /// How many items each set has.
    pub(crate) fn lengths(&self) -> impl Iterator<Item = usize> {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        self.ends.iter().zip(starts).map(|(end, start)| end - start)
    }

    /// The number of baskets of each set.
    pub(crate) fn baskets(&self) -> &[u64] {
        &self.baskets
    }

    /// The items of a set.
    fn set(&self, number: usize) -> &[u32] {
        let start = number.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.items[start..self.ends[number]]
    }

    /// The same sets with items renamed, which ascend in each: `renamed` gives their new numbers.
    /// Of every run of so many sets, those of fewer items come first, then by their items.
    pub(crate) fn ordered(mut self, runs: &[usize], renamed: impl Fn(u32) -> u32) -> Self {
        let mut start = 0;
        for &end in &self.ends {
            let set = &mut self.items[start..end];
            set.iter_mut().for_each(|item| *item = renamed(*item));
            set.sort_unstable();
            start = end;
        }
        let mut ordered = Self::default();
        let mut order: Vec<usize> = Vec::new();
        let mut first = 0;
        for run in runs {
            order.clear();
            order.extend(first..first + run);
            first += run;
            let key = |&number: &usize| (self.set(number).len(), self.set(number));
            order.sort_unstable_by(|one, other| key(one).cmp(&key(other)));
            for &number in &order {
                if let Some((&last, items)) = self.set(number).split_last() {
                    ordered.push(items, last, self.baskets[number]);
                }
            }
        }
        ordered
    }
}

/// A search for sets, again and again, over items with numbers below a bound.
#[derive(Debug)]
pub(crate) struct SetSearch {
    /// Baskets that hold each item; 0 between searches.
    counts: Vec<u64>,
    /// The number of each item among the frequent ones; INFREQUENT between searches.
    ranks: Vec<u32>,
}

impl SetSearch {
    /// A search among items numbered below `items`.
    pub(crate) fn new(items: usize) -> Self {
        Self {
            counts: vec![0; items],
            ranks: vec![INFREQUENT; items],
        }
    }

    /// The wanted sets of `baskets`, which hold each item once and come so many times each, in no
    /// order; `None` for more than are wanted. With `also`, an item beside those of the baskets,
    /// the sets that hold it.
    pub(crate) fn search<'a>(
        &mut self,
        baskets: impl Iterator<Item = (&'a [u32], u64)> + Clone,
        limits: Limits,
        also: Option<u32>,
    ) -> Option<Itemsets> {
        let (all, items) = self.count(baskets.clone());
        let mut frequent = items.clone();
        frequent.retain(|&item| self.counts[item as usize] >= limits.least);
        // The most frequent first, so that the tree shares the most.
        let rarity = |item: u32| (Reverse(self.counts[item as usize]), item);
        frequent.sort_unstable_by_key(|&item| rarity(item));
        for (rank, &item) in (0..).zip(&frequent) {
            self.ranks[item as usize] = rank;
        }
        let mut growth = Growth {
            limits,
            held: Vec::new(),
            found: Itemsets::default(),
        };
        let also = also.map(|item| (item, all));
        let grown = self.grow(baskets, also, &frequent, &mut growth);
        for item in items {
            self.counts[item as usize] = 0;
            self.ranks[item as usize] = INFREQUENT;
        }
        grown.map(|()| growth.found)
    }

    /// Counts the baskets of each item. Returns how many baskets and which items there are.
    fn count<'a>(&mut self, baskets: impl Iterator<Item = (&'a [u32], u64)>) -> (u64, Vec<u32>) {
        let (mut all, mut items) = (0, Vec::new());
        for (basket, times) in baskets {
            all += times;
            for &item in basket {
                let count = &mut self.counts[item as usize];
                if *count == 0 {
                    items.push(item);
                }
                *count += times;
            }
        }
        (all, items)
    }

    fn grow<'a>(
        &self,
        baskets: impl Iterator<Item = (&'a [u32], u64)>,
        also: Option<(u32, u64)>,
        frequent: &[u32],
        growth: &mut Growth,
    ) -> Option<()> {
        if let Some((item, all)) = also {
            if all < growth.limits.least {
                return Some(());
            }
            growth.note(&[item], &[all])?;
            growth.held.push(item);
        }
        if growth.has_room_for(1) {
            let counts = frequent.iter().map(|&item| self.counts[item as usize]);
            growth.note(frequent, &counts.collect::<Vec<u64>>())?;
        }
        if frequent.len() < 2 || !growth.has_room_for(2) {
            return Some(());
        }
        let mut list = Vec::new();
        let tree = PrefixTree::new(frequent.len(), |add| {
            for (basket, times) in baskets {
                list.clear();
                let ranks = basket.iter().map(|&item| self.ranks[item as usize]);
                list.extend(ranks.filter(|&rank| rank != INFREQUENT));
                list.sort_unstable();
                add(&list, times);
            }
        })?;
        growth.extend(&tree, frequent)
    }
}

/// Sets that grow by an item at a time.
struct Growth {
    limits: Limits,
    /// The items that all sets now looked for hold.
    held: Vec<u32>,
    found: Itemsets,
}

impl Growth {
    /// Whether so many items more than are held make a set.
    fn has_room_for(&self, more: usize) -> bool {
        self.held.len() + more <= self.limits.longest
    }

    /// Notes what is held together with each of `items`; `None` if that is too much.
    fn note(&mut self, items: &[u32], baskets: &[u64]) -> Option<()> {
        if items.len() > self.limits.most - self.found.len() {
            return None;
        }
        for (&item, &baskets) in items.iter().zip(baskets) {
            self.found.push(&self.held, item, baskets);
        }
        Some(())
    }

    /// Adds what is held together with two or more of the items of `tree`, which `names` tells.
    fn extend(&mut self, tree: &PrefixTree, names: &[u32]) -> Option<()> {
        let mut counts = vec![0; names.len()];
        let mut ranks = vec![INFREQUENT; names.len()];
        let mut above = Vec::new();
        for item in 1..tree.items() {
            tree.ways(item, |times, ancestors| {
                for other in ancestors {
                    let count = &mut counts[other as usize];
                    if *count == 0 {
                        above.push(other);
                    }
                    *count += times;
                }
            });
            above.sort_unstable();
            let (mut kept, mut kept_counts) = (Vec::new(), Vec::new());
            for other in above.drain(..) {
                let count = std::mem::take(&mut counts[other as usize]);
                ranks[other as usize] = if count >= self.limits.least {
                    kept.push(names[other as usize]);
                    kept_counts.push(count);
                    kept.len() as u32 - 1
                } else {
                    INFREQUENT
                };
            }
            self.held.push(names[item as usize]);
            self.note(&kept, &kept_counts)?;
            if kept.len() >= 2 && self.has_room_for(2) {
                let mut list = Vec::new();
                let smaller = PrefixTree::new(kept.len(), |add| {
                    tree.ways(item, |times, ancestors| {
                        list.clear();
                        let ranks = ancestors.map(|other| ranks[other as usize]);
                        list.extend(ranks.filter(|&rank| rank != INFREQUENT));
                        list.reverse();
                        add(&list, times);
                    });
                })?;
                self.extend(&smaller, &kept)?;
            }
            self.held.pop();
        }
        Some(())
    }
}

#[cfg(test)]
mod tests;
