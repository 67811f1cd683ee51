//! Credit for many touches in order, given to ranges of them at once.
//!
//! A range gets its credit in proportion to weights that halve with age: a touch that is `t` ticks
//! before the last of the range weighs 2^(-t / half_life). Credit is kept at the nodes of a tree,
//! each of which stands for the touches below it and the weights from its own last one back, so
//! that a range takes a number of nodes that grows with its logarithm. Nothing is ever subtracted,
//! as it would be with prefix sums, and each sum carries the error of its additions along, so that
//! a touch with little credit has it as exactly as one with much.

use std::ops::Range;

use crate::math::sessions::elapsed;

/// The credits of some touches.
#[derive(Debug)]
pub(crate) struct Credits {
    /// In ticks; without end, all touches of a range weigh the same.
    half_life: f64,
    /// How many touches the lowest level has room for: a power of two.
    width: usize,
    /// Node 1 stands for all, nodes 2k and 2k + 1 for the halves of node k, and node width + i for
    /// touch i.
    nodes: Vec<Node>,
}

#[derive(Debug, Clone, Copy, Default)]
struct Node {
    /// The time of its last touch.
    last: i64,
    /// The weights of its touches, with the last one's as 1.
    weight: f64,
    /// The credit of a weight of 1.
    credit: Sum,
}

/// A sum with the error that its rounding left.
#[derive(Debug, Clone, Copy, Default)]
struct Sum {
    high: f64,
    low: f64,
}

impl Sum {
    fn add(&mut self, value: f64) {
        let sum = self.high + value;
        let rounded = sum - self.high;
        // Knuth's two-sum: what the addition lost, exactly.
        self.low += (self.high - (sum - rounded)) + (value - rounded);
        self.high = sum;
    }

    fn value(self) -> f64 {
        self.high + self.low
    }
}

impl Credits {
    /// No touches yet.
    pub(crate) fn new(half_life: f64) -> Self {
        Self {
            half_life,
            width: 0,
            nodes: Vec::new(),
        }
    }

    /// Begins anew with touches at `times`, which ascend.
    pub(crate) fn begin(&mut self, times: &[i64]) {
        self.width = times.len().next_power_of_two();
        self.nodes.clear();
        self.nodes.resize(2 * self.width, Node::default());
        // The places that stay free are as if at the last time, but weigh nothing.
        let last = times.last().copied().unwrap_or_default();
        for (place, node) in self.nodes[self.width..].iter_mut().enumerate() {
            (node.last, node.weight) = match times.get(place) {
                Some(&time) => (time, 1.0),
                None => (last, 0.0),
            };
        }
        for number in (1..self.width).rev() {
            let [left, right] = [self.nodes[2 * number], self.nodes[2 * number + 1]];
            self.nodes[number] = Node {
                last: right.last,
                weight: right.weight + left.weight * self.decay(left.last, right.last),
                credit: Sum::default(),
            };
        }
    }

    /// What is left of a weight after the time between the two.
    fn decay(&self, from: i64, to: i64) -> f64 {
        match self.half_life.is_finite() {
            true => (-(elapsed(from, to) as f64) / self.half_life).exp2(),
            false => 1.0,
        }
    }

    /// Divides `credit` among the touches of a range that is not empty.
    pub(crate) fn add(&mut self, range: Range<usize>, credit: f64) {
        let last = self.nodes[self.width + range.end - 1].last;
        let mut weight = 0.0;
        self.for_each_node(range.clone(), |credits, number| {
            let node = credits.nodes[number];
            weight += node.weight * credits.decay(node.last, last);
        });
        self.for_each_node(range, |credits, number| {
            let decay = credits.decay(credits.nodes[number].last, last);
            credits.nodes[number].credit.add(credit * decay / weight);
        });
    }

    /// Calls `each` with the largest nodes that make up a range.
    fn for_each_node(&mut self, range: Range<usize>, mut each: impl FnMut(&mut Self, usize)) {
        let (mut low, mut high) = (self.width + range.start, self.width + range.end);
        while low < high {
            if low % 2 == 1 {
                each(self, low);
                low += 1;
            }
            if high % 2 == 1 {
                high -= 1;
                each(self, high);
            }
            low /= 2;
            high /= 2;
        }
    }

    /// Hands the credit of all nodes down to the touches.
    pub(crate) fn settle(&mut self) {
        for number in 1..self.width {
            let node = self.nodes[number];
            if node.credit.high == 0.0 {
                continue;
            }
            for half in [2 * number, 2 * number + 1] {
                let decay = self.decay(self.nodes[half].last, node.last);
                let credit = &mut self.nodes[half].credit;
                credit.add(node.credit.high * decay);
                credit.low += node.credit.low * decay;
            }
        }
    }

    /// What some touches have together, once it is settled.
    pub(crate) fn total(&self, touches: impl Iterator<Item = usize>) -> f64 {
        let mut total = Sum::default();
        for touch in touches {
            let Sum { high, low } = self.nodes[self.width + touch].credit;
            total.add(high);
            total.low += low;
        }
        total.value()
    }

    /// Bytes on the heap.
    pub(crate) fn heap_size(&self) -> usize {
        self.nodes.capacity() * size_of::<Node>()
    }
}

#[cfg(test)]
mod tests {
    use rand::rngs::StdRng;
    use rand::{Rng, SeedableRng};

    use super::*;

    /// Random ranges against a loop over each.
    #[test]
    fn ranges_have_their_credit() {
        for seed in 0..300 {
            let random = &mut StdRng::seed_from_u64(seed);
            let half_life = [f64::INFINITY, 1.0, 30.0][random.random_range(0..3)];
            let touches = random.random_range(1..70);
            let mut times: Vec<i64> = (0..touches).map(|_| random.random_range(0..500)).collect();
            times.sort_unstable();
            let mut credits = Credits::new(half_life);
            credits.begin(&[7; 99]);
            credits.add(3..80, 5.0);
            credits.begin(&times);
            let mut wanted = vec![0.0; touches];
            for _ in 0..random.random_range(0..40) {
                let first = random.random_range(0..touches);
                let end = random.random_range(first + 1..=touches);
                credits.add(first..end, 0.4);
                let weight = |touch: usize| {
                    let age = (times[end - 1] - times[touch]) as f64;
                    (-age / half_life).exp2()
                };
                let total: f64 = (first..end).map(weight).sum();
                for (touch, wanted) in wanted.iter_mut().enumerate().take(end).skip(first) {
                    *wanted += 0.4 * weight(touch) / total;
                }
            }
            credits.settle();
            for (touch, wanted) in wanted.iter().enumerate() {
                let found = credits.total(std::iter::once(touch));
                let near = (found - wanted).abs() <= 1e-13 * wanted;
                assert!(near, "seed {seed}, touch {touch}: {found} for {wanted}");
            }
        }
    }

    /// A million tenths: adding them up plainly is off by a part in 10^11.
    #[test]
    fn sums_carry_their_error() {
        let mut credits = Credits::new(f64::INFINITY);
        credits.begin(&[0; 10]);
        for _ in 0..1_000_000 {
            credits.add(0..10, 1.0);
        }
        credits.settle();
        let tenth = credits.total(std::iter::once(9));
        assert!(
            (tenth / 100_000.0 - 1.0).abs() <= 2.0 * f64::EPSILON,
            "{tenth}"
        );
        assert_eq!(credits.total(0..10), 1_000_000.0);
    }

    #[test]
    fn the_ends_of_time_are_apart() {
        let mut credits = Credits::new(7.0);
        credits.begin(&[i64::MIN, i64::MAX, i64::MAX]);
        credits.add(0..3, 1.0);
        credits.add(0..1, 1.0);
        credits.settle();
        assert_eq!(credits.total(0..1), 1.0);
        assert_eq!(credits.total(1..3), 1.0);
    }
}
