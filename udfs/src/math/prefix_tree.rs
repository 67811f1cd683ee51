//! Lists of small numbers as a tree of their common beginnings: the FP-tree of Han, Pei & Yin 2000.

use std::hash::BuildHasher;

use hashbrown::hash_table::Entry;
use hashbrown::{DefaultHashBuilder, HashTable};

/// The number of no node: above a list's first item, and after the last node of an item.
const NONE: u32 = u32::MAX;

/// How many lists go through an item, after the items above it.
#[derive(Debug)]
struct Node {
    count: u64,
    item: u32,
    above: u32,
    /// The next node of the same item.
    next: u32,
}

/// Lists of ascending items; at most 24 bytes an item of each.
#[derive(Debug)]
pub(crate) struct PrefixTree {
    nodes: Vec<Node>,
    /// For each item its first node.
    first: Vec<u32>,
}

impl PrefixTree {
    /// The tree of lists of ascending items below `items`, each so many times; `each_list` calls
    /// what it is given with every list. `None` beyond four billion nodes.
    pub(crate) fn new(
        items: usize,
        each_list: impl FnOnce(&mut dyn FnMut(&[u32], u64)),
    ) -> Option<Self> {
        let mut tree = Self {
            nodes: Vec::new(),
            first: vec![NONE; items],
        };
        let mut below: HashTable<u32> = HashTable::new();
        let hasher = DefaultHashBuilder::default();
        let mut full = false;
        each_list(&mut |list, count| {
            let mut above = NONE;
            for &item in list {
                match tree.below(&mut below, &hasher, above, item) {
                    Some(node) => above = node,
                    None => {
                        full = true;
                        return;
                    }
                }
                tree.nodes[above as usize].count += count;
            }
        });
        (!full).then_some(tree)
    }

    /// The node of `item` below another, added if need be.
    fn below(
        &mut self,
        below: &mut HashTable<u32>,
        hasher: &DefaultHashBuilder,
        above: u32,
        item: u32,
    ) -> Option<u32> {
        let key = |node: u32| {
            let node = &self.nodes[node as usize];
            (node.above, node.item)
        };
        let hash = hasher.hash_one((above, item));
        let same = |&node: &u32| key(node) == (above, item);
        match below.entry(hash, same, |&node| hasher.hash_one(key(node))) {
            Entry::Occupied(found) => Some(*found.get()),
            Entry::Vacant(vacant) => {
                let number = u32::try_from(self.nodes.len()).ok();
                let number = number.filter(|&number| number != NONE)?;
                vacant.insert(number);
                let next = std::mem::replace(&mut self.first[item as usize], number);
                self.nodes.push(Node {
                    count: 0,
                    item,
                    above,
                    next,
                });
                Some(number)
            }
        }
    }

    /// How many different items there may be.
    pub(crate) fn items(&self) -> u32 {
        self.first.len() as u32
    }

    /// Calls `each` for every way that leads to `item`, with how many lists take it and the items
    /// above, from the nearest up.
    pub(crate) fn ways(&self, item: u32, mut each: impl FnMut(u64, Ancestors<'_>)) {
        let mut node = self.first[item as usize];
        while let Some(here) = self.nodes.get(node as usize) {
            let ancestors = Ancestors {
                nodes: &self.nodes,
                above: here.above,
            };
            each(here.count, ancestors);
            node = here.next;
        }
    }
}

/// The items above a node, from the nearest up.
pub(crate) struct Ancestors<'a> {
    nodes: &'a [Node],
    above: u32,
}

impl Iterator for Ancestors<'_> {
    type Item = u32;

    fn next(&mut self) -> Option<u32> {
        // NONE is beyond the last node there can be.
        let node = self.nodes.get(self.above as usize)?;
        self.above = node.above;
        Some(node.item)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// [0, 1, 2] twice, [0, 2] and [1, 2] once: three ways lead to 2, one of them alone to 1.
    #[test]
    fn ways_are_the_lists_that_end_there() {
        let lists: [(&[u32], u64); 4] = [(&[0, 1, 2], 2), (&[0, 2], 1), (&[], 5), (&[1, 2], 1)];
        let tree = PrefixTree::new(3, |add| {
            lists.iter().for_each(|(list, count)| add(list, *count));
        });
        let tree = tree.unwrap();
        let ways = |item| {
            let mut ways = Vec::new();
            tree.ways(item, |count, above| {
                ways.push((count, above.collect::<Vec<u32>>()))
            });
            ways.sort();
            ways
        };
        assert_eq!(
            ways(2),
            [(1, vec![0]), (1, vec![1]), (2, vec![1, 0])].to_vec()
        );
        assert_eq!(ways(1), [(1, vec![]), (2, vec![0])].to_vec());
        assert_eq!(ways(0), [(3, vec![])].to_vec());
        assert_eq!(tree.items(), 3);
    }
}
