//! How many baskets hold each two of their items.

/// Up to so many items, pairs are counted in one triangle, which then fits a
/// processor's cache.
const TRIANGLE_ITEMS: usize = 2_048;
/// A triangle is worth its zeroing when it has at most so many cells a line.
const CELLS_PER_LINE: usize = 64;

/// The items of each basket, ascending, one basket after another.
#[derive(Debug, Default)]
pub(crate) struct Kept {
    items: Vec<u32>,
    ends: Vec<usize>,
}

impl Kept {
    /// Adds a basket, unless it is too small to hold a pair.
    pub(crate) fn add(&mut self, items: impl Iterator<Item = u32>) {
        let start = self.items.len();
        self.items.extend(items);
        if self.items.len() - start < 2 {
            self.items.truncate(start);
        } else {
            self.items[start..].sort_unstable();
            self.ends.push(self.items.len());
        }
    }

    fn baskets(&self) -> impl Iterator<Item = &[u32]> {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        starts
            .zip(&self.ends)
            .map(|(start, &end)| &self.items[start..end])
    }

    /// Calls `each` with two items below `items` and in how many baskets both are, for
    /// all that are together at least once.
    pub(crate) fn count_pairs(&self, items: usize, each: impl FnMut(u32, u32, u32)) {
        let cells = items * items.saturating_sub(1) / 2;
        if items <= TRIANGLE_ITEMS && cells <= self.items.len().saturating_mul(CELLS_PER_LINE) {
            self.count_in_triangle(items, each);
        } else {
            self.count_item_by_item(items, each);
        }
    }

    fn count_in_triangle(&self, items: usize, mut each: impl FnMut(u32, u32, u32)) {
        if items == 0 {
            return;
        }
        // The row of item a has a cell for each item above it.
        let row = |a: usize| a * (2 * items - a - 1) / 2;
        let mut together = vec![0u32; row(items.saturating_sub(1)) + 1];
        for basket in self.baskets() {
            for (index, &a) in basket.iter().enumerate() {
                let counts = &mut together[row(a as usize)..];
                for &b in &basket[index + 1..] {
                    counts[(b - a - 1) as usize] += 1;
                }
            }
        }
        for a in 0..items {
            for b in a + 1..items {
                let both = together[row(a) + b - a - 1];
                if both > 0 {
                    each(a as u32, b as u32, both);
                }
            }
        }
    }

    /// For each item, walks the rest of every basket that holds it: memory is that of the
    /// lines, however many pairs there are.
    fn count_item_by_item(&self, items: usize, mut each: impl FnMut(u32, u32, u32)) {
        let postings = self.postings(items);
        let mut together = vec![0u32; items];
        let mut touched = Vec::new();
        for a in 0..items {
            for rest in postings.of(a) {
                for &b in &self.items[rest] {
                    let both = &mut together[b as usize];
                    if *both == 0 {
                        touched.push(b);
                    }
                    *both += 1;
                }
            }
            for b in touched.drain(..) {
                each(a as u32, b, std::mem::take(&mut together[b as usize]));
            }
        }
    }

    fn postings(&self, items: usize) -> Postings {
        let mut starts = vec![0usize; items + 1];
        for &item in &self.items {
            starts[item as usize + 1] += 1;
        }
        for item in 0..items {
            starts[item + 1] += starts[item];
        }
        let mut next = starts.clone();
        let mut rests = vec![(0, 0); self.items.len()];
        let mut position = 0;
        for &end in &self.ends {
            for line in position..end {
                let slot = &mut next[self.items[line] as usize];
                rests[*slot] = (line + 1, end);
                *slot += 1;
            }
            position = end;
        }
        Postings { starts, rests }
    }
}

/// For each item, what follows it in the baskets that hold it.
struct Postings {
    starts: Vec<usize>,
    rests: Vec<(usize, usize)>,
}

impl Postings {
    fn of(&self, item: usize) -> impl Iterator<Item = std::ops::Range<usize>> {
        self.rests[self.starts[item]..self.starts[item + 1]]
            .iter()
            .map(|&(start, end)| start..end)
    }
}

#[cfg(test)]
mod tests {
    use rand::rngs::StdRng;
    use rand::{Rng, SeedableRng};

    use super::Kept;

    #[test]
    fn both_ways_of_counting_agree() {
        let rng = &mut StdRng::seed_from_u64(7);
        for _ in 0..50 {
            let items = rng.random_range(0..40u32);
            let mut kept = Kept::default();
            for _ in 0..rng.random_range(0..60) {
                kept.add((0..items).filter(|_| rng.random_bool(0.2)));
            }
            let (mut dense, mut sparse) = (Vec::new(), Vec::new());
            kept.count_in_triangle(items as usize, |a, b, both| dense.push((a, b, both)));
            kept.count_item_by_item(items as usize, |a, b, both| sparse.push((a, b, both)));
            sparse.sort_unstable();
            assert_eq!(dense, sparse);
        }
    }
}
