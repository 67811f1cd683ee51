//! A list that grows without being moved.
//!
//! To double a vector takes fresh memory for all of it each time, which costs more than filling it
//! once millions of items are in it. A long list is many vectors of one length instead; a short one
//! is a single vector.

/// Items of a full vector.
const LENGTH: usize = 1 << 12;

/// The list.
#[derive(Debug)]
pub(crate) struct Chunked<T> {
    full: Vec<Vec<T>>,
    end: Vec<T>,
}

impl<T> Default for Chunked<T> {
    fn default() -> Self {
        Self {
            full: Vec::new(),
            end: Vec::new(),
        }
    }
}

impl<T: Copy> Chunked<T> {
    /// How many items there are.
    pub(crate) fn len(&self) -> usize {
        self.full.iter().map(Vec::len).sum::<usize>() + self.end.len()
    }

    /// For how many there is memory.
    pub(crate) fn capacity(&self) -> usize {
        self.full.iter().map(Vec::capacity).sum::<usize>() + self.end.capacity()
    }

    /// Where `more` items can be appended.
    pub(crate) fn end(&mut self, more: usize) -> &mut Vec<T> {
        if !self.end.is_empty() && self.end.len() + more > LENGTH {
            let next = Vec::with_capacity(LENGTH.max(more));
            self.full.push(std::mem::replace(&mut self.end, next));
        }
        &mut self.end
    }

    /// All items, in order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &T> {
        self.full.iter().flatten().chain(&self.end)
    }

    /// All items, to be changed.
    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = &mut T> {
        self.full.iter_mut().flatten().chain(&mut self.end)
    }

    /// Keeps those items for which `keep` holds, which may change them.
    pub(crate) fn retain_mut(&mut self, mut keep: impl FnMut(&mut T) -> bool) {
        for chunk in &mut self.full {
            chunk.retain_mut(&mut keep);
        }
        self.end.retain_mut(&mut keep);
        // What is left of many may be few.
        if self.capacity() > 2 * self.len() + LENGTH {
            let left: Vec<T> = self.iter().copied().collect();
            *self = Self {
                full: Vec::new(),
                end: left,
            };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_one_list() {
        let mut list = Chunked::default();
        let mut wanted: Vec<usize> = Vec::new();
        for more in [1, LENGTH - 1, 1, LENGTH + 5, 7, 3 * LENGTH, 2] {
            let from = wanted.len();
            list.end(more).extend(from..from + more);
            wanted.extend(from..from + more);
            assert_eq!(list.len(), wanted.len());
            assert!(list.capacity() >= wanted.len());
            assert!(list.iter().eq(&wanted));
        }
        list.iter_mut().for_each(|item| *item += 1);
        list.retain_mut(|item| *item % (2 * LENGTH) == 1);
        assert!(list.iter().copied().eq((0..3).map(|k| 2 * LENGTH * k + 1)));
        assert!(list.capacity() <= 2 * list.len() + LENGTH);
    }
}
