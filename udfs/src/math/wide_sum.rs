//! Exact sums of doubles and of products of two, by index.
//!
//! As [`crate::math::exact_sum`] has them, but with room for four doubles a sum: squares have
//! twice the digits of money, and measurements spread over more magnitudes. 32 bytes a sum; what
//! four doubles do not hold lives in a table on the side. A sum with a summand that is not finite,
//! or a partial sum beyond the range of a double, is not finite.

use hashbrown::HashMap;

use crate::math::exact_sum::{grow, two_sum};
use crate::math::expansion::{Exact, two_product};

/// Doubles that each sum has room for.
const WIDTH: usize = 4;

/// Exact sums by index.
#[derive(Debug, Default)]
pub(crate) struct WideSums {
    sums: Vec<[f64; WIDTH]>,
    rest: HashMap<usize, Vec<f64>>,
}

impl WideSums {
    /// Makes room for `n` sums; new ones are 0.
    pub(crate) fn resize(&mut self, n: usize) {
        self.sums.resize(n, [0.0; WIDTH]);
    }

    /// Adds to the sum at `index`.
    #[inline]
    pub(crate) fn add(&mut self, index: usize, mut value: f64) {
        for slot in &mut self.sums[index] {
            let (sum, error) = two_sum(*slot, value);
            *slot = sum;
            if error == 0.0 {
                return;
            }
            value = error;
        }
        self.spread(index, value);
    }

    /// Adds the product of two doubles to the sum at `index`.
    #[inline]
    pub(crate) fn add_product(&mut self, index: usize, a: f64, b: f64) {
        let (product, error) = two_product(a, b);
        self.add(index, product);
        if error != 0.0 {
            self.add(index, error);
        }
    }

    /// Packs the sum at `index` and `value`, for which it has no room, as tightly as it goes.
    #[cold]
    fn spread(&mut self, index: usize, value: f64) {
        let slots = &mut self.sums[index];
        if !(value.is_finite() && slots[0].is_finite()) {
            *slots = [f64::NAN, 0.0, 0.0, 0.0];
            self.rest.remove(&index);
            return;
        }
        let mut parts = self.rest.remove(&index).unwrap_or_default();
        grow(&mut parts, value);
        for slot in slots.iter().rev() {
            grow(&mut parts, *slot);
        }
        for slot in slots {
            *slot = leading(&mut parts);
        }
        if !parts.is_empty() {
            self.rest.insert(index, parts);
        }
    }

    /// The sum at `index`.
    pub(crate) fn exact(&self, index: usize) -> Exact {
        Exact::total(self.parts(index))
    }

    /// The doubles whose exact total is the sum at `index`: adding them to another sum merges
    /// the two.
    pub(crate) fn parts(&self, index: usize) -> impl Iterator<Item = f64> {
        let rest = self.rest.get(&index).into_iter().flatten().copied();
        self.sums[index]
            .into_iter()
            .chain(rest)
            .filter(|part| *part != 0.0)
    }

    /// Keeps the sums at the given indices, in that order.
    pub(crate) fn keep(&mut self, indices: &[u32]) {
        let mut rest = HashMap::new();
        for (new, old) in indices.iter().enumerate() {
            if let Some(parts) = self.rest.remove(&(*old as usize)) {
                rest.insert(new, parts);
            }
        }
        self.rest = rest;
        self.sums = indices.iter().map(|i| self.sums[*i as usize]).collect();
    }

    /// Bytes on the heap.
    pub(crate) fn heap_size(&self) -> usize {
        // Expansions on the side are short: a few doubles each.
        self.sums.capacity() * size_of::<[f64; WIDTH]>()
            + self.rest.capacity() * (size_of::<(usize, Vec<f64>)>() + 4 * size_of::<f64>())
    }
}

/// Takes from an expansion the double that holds as much of it as one can.
fn leading(parts: &mut Vec<f64>) -> f64 {
    let Some(mut sum) = parts.pop() else {
        return 0.0;
    };
    while let Some(part) = parts.pop() {
        let error;
        (sum, error) = two_sum(sum, part);
        if error != 0.0 {
            parts.push(error);
            break;
        }
    }
    sum
}

#[cfg(test)]
mod tests {
    use rand::rngs::StdRng;
    use rand::seq::SliceRandom;
    use rand::{Rng, SeedableRng};

    use super::*;

    /// Values of the most different magnitudes, and their squares, split at random among sums
    /// that are then merged.
    #[test]
    fn any_order_and_any_merge_gives_the_same_bits() {
        let random = &mut StdRng::seed_from_u64(17);
        for round in 0..300 {
            let spread = [0, 3, 40, 130][round % 4];
            let mut values: Vec<f64> = (0..random.random_range(1..200))
                .map(|_| {
                    let scale = 10_f64.powi(random.random_range(-spread..=spread));
                    random.random_range(-1.0..1.0) * scale
                })
                .collect();
            let sum_of = |values: &[f64]| {
                let mut sums = WideSums::default();
                sums.resize(2);
                for value in values {
                    sums.add(0, *value);
                    sums.add_product(1, *value, *value);
                }
                sums
            };
            let expected = sum_of(&values);
            let products = values.iter().map(|value| two_product(*value, *value));
            let naive = Exact::total(products.flat_map(|(product, error)| [product, error]));
            assert_eq!(expected.exact(1).value(), naive.value());
            values.shuffle(random);
            let mut merged = WideSums::default();
            merged.resize(3);
            for chunk in values.chunks(random.random_range(1..60)) {
                let part = sum_of(chunk);
                for index in 0..2 {
                    part.parts(index).for_each(|part| merged.add(index, part));
                }
            }
            for index in 0..2 {
                let [found, expected] = [&merged, &expected].map(|sums| sums.exact(index));
                assert_eq!((&found - &expected).value(), 0.0, "round {round}");
                assert_eq!(found.value().to_bits(), expected.value().to_bits());
            }
        }
    }

    #[test]
    fn what_is_not_finite_stays_so() {
        for value in [f64::INFINITY, f64::NEG_INFINITY, f64::NAN] {
            let mut sums = WideSums::default();
            sums.resize(1);
            for value in [1.0, value, 2.0, 1e300, -1e300] {
                sums.add(0, value);
            }
            assert!(!sums.exact(0).value().is_finite());
        }
        let mut sums = WideSums::default();
        sums.resize(1);
        sums.add_product(0, 1e200, 1e200);
        assert!(!sums.exact(0).value().is_finite());
    }

    #[test]
    fn kept_sums_move_with_their_remainders() {
        let mut sums = WideSums::default();
        sums.resize(3);
        let magnitudes = [1e300, 1e200, 1e100, 1.0, 1e-100, 1e-200];
        magnitudes.iter().for_each(|value| sums.add(2, *value));
        let before = sums.heap_size();
        assert!(before >= 3 * 32 + 8);
        sums.keep(&[2, 0]);
        for value in &magnitudes[..5] {
            sums.add(0, -value);
        }
        assert_eq!(sums.exact(0).value(), 1e-200);
        assert_eq!(sums.exact(1).value(), 0.0);
    }
}
