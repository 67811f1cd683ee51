//! The n smallest numbers of each group in n slots, in order.

use std::collections::HashMap;

/// What an empty slot holds: it sorts after every number that takes a slot.
const EMPTY: i64 = i64::MAX;

/// The n smallest numbers of many groups, for small n: 8·n bytes a group.
#[derive(Debug)]
pub(crate) struct FewSmallest {
    n: usize,
    /// The slots of one group after another's, each group's ascending.
    slots: Vec<i64>,
    /// How often a group had the one number that an empty slot looks like.
    largest: HashMap<usize, usize>,
}

impl FewSmallest {
    pub(super) fn new(n: usize) -> Self {
        Self {
            n,
            slots: Vec::new(),
            largest: HashMap::new(),
        }
    }

    pub(super) fn grow(&mut self, groups: usize) {
        self.slots.resize(groups * self.n, EMPTY);
    }

    /// Adds a number to a group, which must exist.
    #[inline]
    pub(crate) fn add(&mut self, group: usize, number: i64) {
        let slots = &mut self.slots[group * self.n..][..self.n];
        if number >= slots[slots.len() - 1] {
            if number == EMPTY {
                *self.largest.entry(group).or_default() += 1;
            }
            return;
        }
        // Without branches, which random times would have a processor guess wrong.
        let mut carried = number;
        for slot in slots {
            (*slot, carried) = (carried.min(*slot), carried.max(*slot));
        }
    }

    pub(super) fn nth(&self, group: usize) -> Option<i64> {
        let last = self.slots[(group + 1) * self.n - 1];
        if last < EMPTY {
            return Some(last);
        }
        (self.kept(group).count() == self.n).then_some(EMPTY)
    }

    /// The numbers kept of a group, ascending.
    pub(super) fn kept(&self, group: usize) -> impl Iterator<Item = i64> {
        let slots = &self.slots[group * self.n..][..self.n];
        let taken = slots.partition_point(|number| *number < EMPTY);
        let largest = match taken == self.n {
            true => 0,
            false => self.largest.get(&group).copied().unwrap_or_default(),
        };
        let largest = std::iter::repeat_n(EMPTY, largest.min(self.n - taken));
        slots[..taken].iter().copied().chain(largest)
    }

    pub(super) fn discard(&mut self, groups: usize) {
        self.slots.drain(..groups * self.n);
        self.largest = std::mem::take(&mut self.largest)
            .into_iter()
            .filter_map(|(group, times)| Some((group.checked_sub(groups)?, times)))
            .collect();
    }

    pub(super) fn len(&self) -> usize {
        self.slots.len() / self.n
    }

    pub(super) fn heap_size(&self) -> usize {
        self.slots.capacity() * size_of::<i64>()
            + self.largest.capacity() * (size_of::<(usize, usize)>() + 1)
    }
}
