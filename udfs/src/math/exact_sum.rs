//! Sums of doubles that do not depend on the order of the summands.
//!
//! A sum is kept as an expansion: doubles that do not overlap and whose exact
//! total is the exact sum so far (Shewchuk 1997, *Adaptive Precision
//! Floating-Point Arithmetic*, grow-expansion). Rounding happens once, at the
//! end, to the nearest double, ties to even. So the same summands give the same
//! bits whatever their order and however they were split and merged. (Sums
//! whose parts leave the range of a double are infinite.)
//!
//! Two doubles a sum hold 106 bits in a row, which is all that amounts of money
//! ever need; the rare third and further ones live in a table on the side.

use std::collections::HashMap;

/// Exact sums by index.
#[derive(Debug, Default)]
pub(crate) struct ExactSums {
    high: Vec<f64>,
    low: Vec<f64>,
    rest: HashMap<usize, Vec<f64>>,
}

impl ExactSums {
    /// Makes room for `n` sums; new ones are 0.
    pub(crate) fn resize(&mut self, n: usize) {
        self.high.resize(n, 0.0);
        self.low.resize(n, 0.0);
    }

    /// Adds to the sum at `index`.
    pub(crate) fn add(&mut self, index: usize, value: f64) {
        let (high, error) = two_sum(self.high[index], value);
        self.high[index] = high;
        if !high.is_finite() {
            self.low[index] = 0.0;
            self.rest.remove(&index);
            return;
        }
        if error == 0.0 {
            return;
        }
        let (low, error) = two_sum(self.low[index], error);
        self.low[index] = low;
        if error != 0.0 {
            grow(self.rest.entry(index).or_default(), error);
        }
    }

    /// The sum at `index`, rounded once.
    pub(crate) fn value(&self, index: usize) -> f64 {
        let (high, low) = (self.high[index], self.low[index]);
        match self.rest.get(&index) {
            // high + low is their exact sum, rounded to nearest.
            None => high + low,
            Some(rest) => round(high, low, rest),
        }
    }

    /// The doubles whose exact total is the sum at `index`: adding them to
    /// another sum merges the two.
    pub(crate) fn parts(&self, index: usize) -> impl Iterator<Item = f64> {
        let rest = self.rest.get(&index).into_iter().flatten().copied();
        [self.high[index], self.low[index]]
            .into_iter()
            .chain(rest)
            .filter(|part| *part != 0.0)
    }

    /// Makes the sum at `index` 0 again.
    pub(crate) fn reset(&mut self, index: usize) {
        self.high[index] = 0.0;
        self.low[index] = 0.0;
        self.rest.remove(&index);
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
        self.high = indices.iter().map(|i| self.high[*i as usize]).collect();
        self.low = indices.iter().map(|i| self.low[*i as usize]).collect();
    }

    /// Bytes held.
    pub(crate) fn size(&self) -> usize {
        // Expansions on the side are short: a few doubles each.
        (self.high.capacity() + self.low.capacity()) * size_of::<f64>()
            + self.rest.capacity() * (size_of::<(usize, Vec<f64>)>() + 4 * size_of::<f64>())
    }
}

/// The rounded sum and what the rounding lost, exactly (Knuth).
pub(crate) fn two_sum(a: f64, b: f64) -> (f64, f64) {
    let sum = a + b;
    let b_part = sum - a;
    (sum, (a - (sum - b_part)) + (b - b_part))
}

/// Adds to an expansion whose parts do not overlap and grow in magnitude.
pub(crate) fn grow(parts: &mut Vec<f64>, mut value: f64) {
    let mut kept = 0;
    for index in 0..parts.len() {
        let (sum, error) = two_sum(parts[index], value);
        if error != 0.0 {
            parts[kept] = error;
            kept += 1;
        }
        value = sum;
    }
    parts.truncate(kept);
    if value != 0.0 {
        parts.push(value);
    }
}

/// Rounds the exact total of all parts to the nearest double, ties to even.
fn round(high: f64, low: f64, rest: &[f64]) -> f64 {
    let mut parts = Vec::new();
    for part in rest.iter().copied().chain([low, high]) {
        grow(&mut parts, part);
    }
    rounded(parts)
}

/// The total of an expansion whose parts do not overlap and grow in magnitude, rounded to the
/// nearest double, ties to even.
pub(crate) fn rounded(mut parts: Vec<f64>) -> f64 {
    let Some(mut sum) = parts.pop() else {
        return 0.0;
    };
    let mut error = 0.0;
    while let Some(part) = parts.pop() {
        (sum, error) = two_sum(sum, part);
        if error != 0.0 {
            break;
        }
    }
    // A remainder of exactly half a unit was rounded to even without regard to
    // what lies below it: go the other way if that points there.
    if let Some(below) = parts.last()
        && (error < 0.0) == (*below < 0.0)
    {
        let (doubled, up) = (error * 2.0, sum + error * 2.0);
        if doubled == up - sum {
            return up;
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

    fn sum(values: &[f64]) -> f64 {
        let mut sums = ExactSums::default();
        sums.resize(1);
        values.iter().for_each(|value| sums.add(0, *value));
        sums.value(0)
    }

    #[test]
    fn any_order_and_any_merge_gives_the_same_bits() {
        let mut random = StdRng::seed_from_u64(11);
        for _ in 0..300 {
            let spread = random.random_range(0..280);
            let mut values: Vec<f64> = (0..random.random_range(1..60))
                .map(|_| {
                    let scale = 10f64.powi(random.random_range(-spread..=spread));
                    random.random_range(-1.0..1.0) * scale
                })
                .collect();
            let expected = sum(&values);
            values.shuffle(&mut random);
            assert_eq!(sum(&values).to_bits(), expected.to_bits());

            let mut sums = ExactSums::default();
            sums.resize(3);
            for value in &values {
                sums.add(random.random_range(0..3), *value);
            }
            for from in [1, 2] {
                let parts: Vec<f64> = sums.parts(from).collect();
                parts.iter().for_each(|part| sums.add(0, *part));
            }
            assert_eq!(sums.value(0).to_bits(), expected.to_bits());
        }
    }

    #[test]
    fn whole_multiples_of_a_power_of_two_are_summed_as_integers_are() {
        // 2^-40 and 2^70 apart: more than two doubles hold.
        let mut random = StdRng::seed_from_u64(13);
        for _ in 0..300 {
            let whole: Vec<i128> = (0..20)
                .map(|_| {
                    i128::from(random.random_range(-(1i64 << 52)..1 << 52))
                        << random.random_range(0..68)
                })
                .collect();
            let values: Vec<f64> = whole.iter().map(|value| *value as f64).collect();
            // A cast from an integer rounds to nearest, ties to even.
            assert_eq!(sum(&values), whole.iter().sum::<i128>() as f64);
        }
    }

    #[test]
    fn cancellation_loses_nothing() {
        assert_eq!(sum(&[1e16, 1.0, -1e16]), 1.0);
        assert_eq!(sum(&[1e300, 1.0, 1e-300, -1e300, -1.0]), 1e-300);
        assert_eq!(sum(&[]), 0.0);
        // Half a unit and a little more rounds up, though half alone rounds to even.
        assert_eq!(sum(&[1.0, f64::EPSILON / 2.0]), 1.0);
        assert_eq!(sum(&[1.0, f64::EPSILON / 2.0, 1e-300]), 1.0 + f64::EPSILON);
    }

    #[test]
    fn values_that_are_not_finite_stay() {
        assert_eq!(sum(&[1.0, f64::INFINITY, 2.0]), f64::INFINITY);
        assert!(sum(&[f64::INFINITY, 1.0, f64::NEG_INFINITY]).is_nan());
        assert!(sum(&[f64::NAN, 1.0]).is_nan());
    }

    #[test]
    fn kept_sums_move_with_their_remainders() {
        let mut sums = ExactSums::default();
        sums.resize(3);
        for value in [1e300, 1.0, 1e-300, -1e300] {
            sums.add(2, value);
        }
        sums.keep(&[2, 0]);
        sums.add(0, -1.0);
        assert_eq!((sums.value(0), sums.value(1)), (1e-300, 0.0));
        sums.reset(0);
        assert_eq!((sums.value(0), sums.parts(0).count()), (0.0, 0));
    }

    #[test]
    fn what_is_kept_is_counted() {
        let mut sums = ExactSums::default();
        let mut sizes = vec![sums.size()];
        sums.resize(1_000);
        sizes.push(sums.size());
        assert!(sums.size() >= 1_000 * 2 * size_of::<f64>());
        // Three doubles and more each, of which one is kept on the side at least.
        for index in 0..1_000 {
            for value in [1e300, 1.0, 1e-300] {
                sums.add(index, value);
            }
        }
        sizes.push(sums.size());
        assert!(sums.size() >= 1_000 * 3 * size_of::<f64>());
        assert!(sizes.is_sorted_by(|less, more| less < more), "{sizes:?}");
    }
}
