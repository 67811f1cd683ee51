//! Exact arithmetic on doubles: sums, differences and products without rounding.
//!
//! A number is an expansion, doubles that do not overlap and whose exact total it is (Shewchuk
//! 1997, *Adaptive Precision Floating-Point Arithmetic*). Only [`Exact::value`] rounds, once. So
//! n·Σx² − (Σx)² loses nothing, however far from zero the values lie. (What leaves the range of a
//! double is no finite number any more; below 1e-290 the last digits of products are lost.)

use std::ops::{Add, Mul, Sub};

use crate::math::exact_sum::{grow, rounded};

/// A number without rounding error.
#[derive(Debug, Clone, Default)]
pub(crate) struct Exact {
    /// From the smallest in magnitude up.
    parts: Vec<f64>,
}

impl Exact {
    /// The exact total of some doubles.
    pub(crate) fn total(doubles: impl IntoIterator<Item = f64>) -> Self {
        let mut parts = Vec::new();
        for double in doubles {
            grow(&mut parts, double);
        }
        Self { parts }
    }

    /// The number, rounded to the nearest double; not finite when a part of it is not.
    pub(crate) fn value(&self) -> f64 {
        rounded(self.parts.clone())
    }
}

impl From<f64> for Exact {
    fn from(double: f64) -> Self {
        Self::total([double])
    }
}

impl Add for &Exact {
    type Output = Exact;

    fn add(self, other: Self) -> Exact {
        let mut parts = self.parts.clone();
        other.parts.iter().for_each(|part| grow(&mut parts, *part));
        Exact { parts }
    }
}

impl Sub for &Exact {
    type Output = Exact;

    fn sub(self, other: Self) -> Exact {
        let mut parts = self.parts.clone();
        other.parts.iter().for_each(|part| grow(&mut parts, -part));
        Exact { parts }
    }
}

impl Mul for &Exact {
    type Output = Exact;

    fn mul(self, other: Self) -> Exact {
        let pairs = self
            .parts
            .iter()
            .flat_map(|a| other.parts.iter().map(|b| two_product(*a, *b)));
        Exact::total(pairs.flat_map(|(product, error)| [error, product]))
    }
}

/// The rounded product and what the rounding lost, exactly.
pub(crate) fn two_product(a: f64, b: f64) -> (f64, f64) {
    let product = a * b;
    (product, a.mul_add(b, -product))
}

#[cfg(test)]
mod tests {
    use rand::rngs::StdRng;
    use rand::{Rng, SeedableRng};

    use super::*;

    /// Whole numbers of up to 40 bits, so that all that is made of them fits an i128.
    #[test]
    fn arithmetic_is_that_of_whole_numbers() {
        let random = &mut StdRng::seed_from_u64(3);
        for _ in 0..500 {
            let bits = random.random_range(1..40);
            let mut whole = || i128::from(random.random_range(-(1_i64 << bits)..1 << bits));
            let [a, b, c, d] = [whole(), whole(), whole(), whole()];
            let exact = |whole: i128| Exact::from(whole as f64);
            let found = &(&exact(a) * &exact(b)) - &(&exact(c) * &exact(d));
            assert_eq!(found.value(), (a * b - c * d) as f64);
            let cubed = &(&found * &exact(a)) + &exact(d);
            assert_eq!(cubed.value(), ((a * b - c * d) * a + d) as f64);
        }
    }

    #[test]
    fn cancellation_loses_nothing() {
        let tenth = Exact::from(0.1);
        let square = &tenth * &tenth;
        // What rounding 0.1² loses.
        assert_eq!(
            (&square - &Exact::from(0.1 * 0.1)).value(),
            0.1_f64.mul_add(0.1, -(0.1 * 0.1))
        );
        assert_eq!((&square - &square).value(), 0.0);
    }

    #[test]
    fn beyond_the_range_nothing_is_finite() {
        let huge = Exact::from(1e300);
        let beyond = &huge * &huge;
        assert!(!beyond.value().is_finite());
        assert!(!(&beyond - &beyond).value().is_finite());
        assert!(!(&Exact::from(f64::NAN) + &huge).value().is_finite());
    }
}
