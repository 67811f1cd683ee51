//! Lists of small numbers that are counted: each distinct one is kept once.

use std::hash::BuildHasher;

use hashbrown::hash_table::Entry;
use hashbrown::{DefaultHashBuilder, HashTable};

/// How often each owner has each list. Four bytes a number of a list, and some 30 a list.
#[derive(Debug, Default)]
pub(crate) struct CountedLists {
    numbers: Vec<u32>,
    /// Where each list's numbers end.
    ends: Vec<usize>,
    owners: Vec<u32>,
    counts: Vec<u64>,
    /// Lists by owner and numbers.
    table: HashTable<u32>,
    hasher: DefaultHashBuilder,
}

impl CountedLists {
    /// Adds a list so many times. `None` beyond four billion distinct lists.
    pub(crate) fn add(&mut self, owner: u32, list: &[u32], times: u64) -> Option<()> {
        let Self {
            numbers,
            ends,
            owners,
            table,
            hasher,
            ..
        } = self;
        let key = |list: u32| (owners[list as usize], list_of(numbers, ends, list));
        let hash = hasher.hash_one((owner, list));
        let same = |&other: &u32| key(other) == (owner, list);
        match table.entry(hash, same, |&other| hasher.hash_one(key(other))) {
            Entry::Occupied(found) => self.counts[*found.get() as usize] += times,
            Entry::Vacant(vacant) => {
                vacant.insert(u32::try_from(ends.len()).ok()?);
                self.numbers.extend_from_slice(list);
                self.ends.push(self.numbers.len());
                self.owners.push(owner);
                self.counts.push(times);
            }
        }
        Some(())
    }

    /// The distinct lists of the owners below `owners`, by owner, in no order else.
    pub(crate) fn by_owner(&self, owners: u32) -> Vec<u32> {
        let mut lists: Vec<u32> = (0..self.ends.len() as u32)
            .filter(|&list| self.owner(list) < owners)
            .collect();
        lists.sort_by_key(|&list| self.owner(list));
        lists
    }

    /// The owner of a list.
    pub(crate) fn owner(&self, list: u32) -> u32 {
        self.owners[list as usize]
    }

    /// The numbers of a list.
    pub(crate) fn list(&self, list: u32) -> &[u32] {
        list_of(&self.numbers, &self.ends, list)
    }

    /// How often its owner has it.
    pub(crate) fn count(&self, list: u32) -> u64 {
        self.counts[list as usize]
    }

    /// Forgets the owners below `owners`; the next one becomes number 0.
    pub(crate) fn discard(&mut self, owners: u32) {
        let old = std::mem::take(self);
        for list in 0..old.ends.len() as u32 {
            if let Some(owner) = old.owner(list).checked_sub(owners) {
                // There are no more than there were.
                let _ = self.add(owner, old.list(list), old.count(list));
            }
        }
    }

    /// Bytes on the heap.
    pub(crate) fn heap_size(&self) -> usize {
        self.numbers.capacity() * size_of::<u32>()
            + self.ends.capacity() * size_of::<usize>()
            + self.owners.capacity() * size_of::<u32>()
            + self.counts.capacity() * size_of::<u64>()
            + self.table.allocation_size()
    }
}

fn list_of<'a>(numbers: &'a [u32], ends: &[usize], list: u32) -> &'a [u32] {
    let list = list as usize;
    let start = list.checked_sub(1).map_or(0, |before| ends[before]);
    &numbers[start..ends[list]]
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use rand::rngs::StdRng;
    use rand::{Rng, SeedableRng};

    use super::*;

    #[test]
    fn lists_equal_a_tree() {
        let random = &mut StdRng::seed_from_u64(11);
        let mut lists = CountedLists::default();
        let mut tree: BTreeMap<(u32, Vec<u32>), u64> = BTreeMap::new();
        for _ in 0..5_000 {
            let owner = random.random_range(0..5);
            let length = random.random_range(0..4);
            let list: Vec<u32> = (0..length).map(|_| random.random_range(0..6)).collect();
            let times = random.random_range(1..3);
            lists.add(owner, &list, times).unwrap();
            *tree.entry((owner, list)).or_default() += times;
        }
        let found = |lists: &CountedLists, owners| -> Vec<((u32, Vec<u32>), u64)> {
            let numbers = lists.by_owner(owners);
            assert!(numbers.is_sorted_by_key(|&list| lists.owner(list)));
            let mut found: Vec<_> = numbers
                .into_iter()
                .map(|list| {
                    (
                        (lists.owner(list), lists.list(list).to_vec()),
                        lists.count(list),
                    )
                })
                .collect();
            found.sort();
            found
        };
        assert_eq!(
            found(&lists, 5),
            tree.clone().into_iter().collect::<Vec<_>>()
        );
        lists.discard(2);
        let rest = tree
            .into_iter()
            .filter_map(|((owner, list), count)| Some(((owner.checked_sub(2)?, list), count)));
        assert_eq!(found(&lists, 3), rest.collect::<Vec<_>>());
        lists.discard(3);
        assert!(lists.by_owner(9).is_empty());
    }
}
