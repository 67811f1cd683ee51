//! All values of each of many groups, as they come.

use crate::math::counting_sort::starts;

/// The values of many groups in one list: twelve bytes a value, nothing for a group.
#[derive(Debug, Default)]
pub(crate) struct ValueLists {
    /// The group of each value.
    owners: Vec<u32>,
    values: Vec<f64>,
    groups: usize,
}

impl ValueLists {
    /// Makes it `groups` groups, the new ones without values.
    pub(crate) fn grow(&mut self, groups: usize) {
        self.groups = groups;
    }

    /// Adds a value to a group, which must exist and whose number must fit 32 bits.
    #[inline]
    pub(crate) fn add(&mut self, group: usize, value: f64) {
        self.owners.push(group as u32);
        self.values.push(value);
    }

    /// Where the values of each of the first `groups` groups end, and these values, a group's
    /// after another's.
    pub(crate) fn by_group(&self, groups: usize) -> (Vec<usize>, Vec<f64>) {
        let mut ends = vec![0; groups];
        for owner in &self.owners {
            if let Some(end) = ends.get_mut(*owner as usize) {
                *end += 1;
            }
        }
        let mut sorted = vec![0.0; starts(&mut ends)];
        for (owner, value) in self.owners.iter().zip(&self.values) {
            if let Some(end) = ends.get_mut(*owner as usize) {
                sorted[*end] = *value;
                *end += 1;
            }
        }
        (ends, sorted)
    }

    /// Forgets the first `groups` groups; the next one becomes number 0.
    pub(crate) fn discard(&mut self, groups: usize) {
        let mut kept = 0;
        for index in 0..self.owners.len() {
            if let Some(owner) = (self.owners[index] as usize).checked_sub(groups) {
                self.owners[kept] = owner as u32;
                self.values[kept] = self.values[index];
                kept += 1;
            }
        }
        self.owners.truncate(kept);
        self.values.truncate(kept);
        self.groups -= groups;
    }

    /// How many groups there are.
    pub(crate) fn len(&self) -> usize {
        self.groups
    }

    /// Bytes on the heap, with those that it takes to put the values in groups.
    pub(crate) fn heap_size(&self) -> usize {
        self.owners.capacity() * size_of::<u32>()
            + (self.values.capacity() + self.values.len()) * size_of::<f64>()
            + self.groups * size_of::<usize>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_come_back_by_group() {
        let mut lists = ValueLists::default();
        lists.grow(3);
        for (group, value) in [(2, 1.0), (0, 2.0), (2, 3.0), (0, 4.0)] {
            lists.add(group, value);
        }
        assert_eq!(lists.by_group(1), (vec![2], vec![2.0, 4.0]));
        assert_eq!(lists.by_group(3), (vec![2, 2, 4], vec![2.0, 4.0, 1.0, 3.0]));
        lists.discard(1);
        assert_eq!(
            (lists.len(), lists.by_group(2)),
            (2, (vec![0, 2], vec![1.0, 3.0]))
        );
        assert!(lists.heap_size() >= 2 * (4 + 8 + 8) + 2 * 8);
    }
}
