//! The smallest number seen in each of many groups.

/// The minimum of each group, in flat vectors: nine bytes a group.
#[derive(Debug, Default)]
pub(crate) struct Earliest {
    least: Vec<i64>,
    seen: Vec<bool>,
}

impl Earliest {
    /// Makes it `groups` groups, the new ones without a number.
    pub(crate) fn grow(&mut self, groups: usize) {
        self.least.resize(groups, i64::MAX);
        self.seen.resize(groups, false);
    }

    /// Adds a number to a group, which must exist.
    #[inline]
    pub(crate) fn add(&mut self, group: usize, number: i64) {
        let least = &mut self.least[group];
        *least = (*least).min(number);
        self.seen[group] = true;
    }

    /// The minimum of each of the first `groups` groups, `None` for one without numbers.
    pub(crate) fn first(&self, groups: usize) -> impl ExactSizeIterator<Item = Option<i64>> {
        self.least[..groups]
            .iter()
            .zip(&self.seen[..groups])
            .map(|(&least, &seen)| seen.then_some(least))
    }

    /// Forgets the first `groups` groups; the next one becomes number 0.
    pub(crate) fn discard(&mut self, groups: usize) {
        self.least.drain(..groups);
        self.seen.drain(..groups);
    }

    /// How many groups there are.
    pub(crate) fn len(&self) -> usize {
        self.least.len()
    }

    /// Bytes on the heap.
    pub(crate) fn heap_size(&self) -> usize {
        self.least.capacity() * size_of::<i64>() + self.seen.capacity()
    }
}

#[cfg(test)]
mod tests {
    use super::Earliest;

    #[test]
    fn the_largest_number_is_not_nothing() {
        let mut earliest = Earliest::default();
        earliest.grow(3);
        earliest.add(0, i64::MAX);
        earliest.add(1, 5);
        earliest.add(1, i64::MIN);
        let found: Vec<_> = earliest.first(3).collect();
        assert_eq!(found, [Some(i64::MAX), Some(i64::MIN), None]);
        earliest.discard(1);
        assert_eq!(earliest.first(1).next(), Some(Some(i64::MIN)));
        assert_eq!(earliest.len(), 2);
    }
}
