//! The n smallest numbers of each group, in a pool from which a group takes room as it grows.
//!
//! A group with fewer than n numbers has them in any order, in a room of a power of two; when it
//! outgrows that, it moves to one twice as large and leaves the old one to others. With n of
//! them it is a heap with the largest on top, which a smaller one replaces: a row costs O(log n)
//! at most, and the n-th smallest is known at any time.

/// The room of a group with its first number.
pub(super) const LEAST_ROOM: usize = 4;

/// The n smallest numbers of many groups: at most 32 bytes a number, and 12 a group.
#[derive(Debug)]
pub(crate) struct ManySmallest {
    n: usize,
    /// Where the room of each group begins.
    starts: Vec<usize>,
    /// How many numbers each group has.
    counts: Vec<u32>,
    pool: Vec<i64>,
    /// Where rooms begin that were left, by the power of two of their size.
    free: Vec<Vec<usize>>,
}

impl ManySmallest {
    /// `n` fits 32 bits and is at least [`LEAST_ROOM`].
    pub(super) fn new(n: usize) -> Self {
        Self {
            n,
            starts: Vec::new(),
            counts: Vec::new(),
            pool: Vec::new(),
            free: vec![Vec::new(); usize::BITS as usize],
        }
    }

    pub(super) fn grow(&mut self, groups: usize) {
        self.starts.resize(groups, 0);
        self.counts.resize(groups, 0);
    }

    /// Adds a number to a group, which must exist.
    #[inline]
    pub(crate) fn add(&mut self, group: usize, number: i64) {
        let count = self.counts[group] as usize;
        if count == self.n {
            let heap = &mut self.pool[self.starts[group]..][..count];
            if number < heap[0] {
                heap[0] = number;
                sift_down(heap, 0);
            }
            return;
        }
        if count == self.room(count) {
            self.move_to_larger(group, count);
        }
        let start = self.starts[group];
        self.pool[start + count] = number;
        self.counts[group] += 1;
        if count + 1 == self.n {
            let heap = &mut self.pool[start..][..self.n];
            for parent in (0..heap.len() / 2).rev() {
                sift_down(heap, parent);
            }
        }
    }

    /// The room of a group with `count` numbers.
    fn room(&self, count: usize) -> usize {
        match count {
            0 => 0,
            _ => count.next_power_of_two().max(LEAST_ROOM).min(self.n),
        }
    }

    fn move_to_larger(&mut self, group: usize, count: usize) {
        let room = self.room(count + 1);
        let start = self.free[power(room)].pop().unwrap_or_else(|| {
            let start = self.pool.len();
            self.pool.resize(start + room, 0);
            start
        });
        let old = std::mem::replace(&mut self.starts[group], start);
        if count > 0 {
            self.pool.copy_within(old..old + count, start);
            self.free[power(count)].push(old);
        }
    }

    pub(super) fn nth(&self, group: usize) -> Option<i64> {
        let kept = self.kept(group);
        (kept.len() == self.n).then(|| kept[0])
    }

    /// The numbers kept of a group.
    pub(super) fn kept(&self, group: usize) -> &[i64] {
        &self.pool[self.starts[group]..][..self.counts[group] as usize]
    }

    pub(super) fn discard(&mut self, groups: usize) {
        self.starts.drain(..groups);
        self.counts.drain(..groups);
        let old = std::mem::take(&mut self.pool);
        self.free.iter_mut().for_each(Vec::clear);
        for group in 0..self.counts.len() {
            let count = self.counts[group] as usize;
            let start = self.pool.len();
            self.pool.resize(start + self.room(count), 0);
            let kept = &old[self.starts[group]..][..count];
            self.pool[start..][..count].copy_from_slice(kept);
            self.starts[group] = start;
        }
    }

    pub(super) fn len(&self) -> usize {
        self.counts.len()
    }

    pub(super) fn heap_size(&self) -> usize {
        let free = self.free.iter().map(Vec::capacity).sum::<usize>();
        self.pool.capacity() * size_of::<i64>()
            + (self.starts.capacity() + free) * size_of::<usize>()
            + self.counts.capacity() * size_of::<u32>()
            + self.free.capacity() * size_of::<Vec<usize>>()
    }
}

/// The power of two that is a room's size; that of n counts as the next one.
fn power(room: usize) -> usize {
    room.next_power_of_two().trailing_zeros() as usize
}

/// Moves a number down until none below it is larger.
fn sift_down(heap: &mut [i64], mut parent: usize) {
    let number = heap[parent];
    loop {
        let left = 2 * parent + 1;
        let Some(&(mut largest)) = heap.get(left) else {
            break;
        };
        let mut child = left;
        if let Some(&right) = heap.get(left + 1)
            && right > largest
        {
            (child, largest) = (left + 1, right);
        }
        if largest <= number {
            break;
        }
        heap[parent] = largest;
        parent = child;
    }
    heap[parent] = number;
}
