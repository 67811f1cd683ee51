//! How unequally a total is held by its members: the Gini coefficient and top shares.
//!
//! Both read the Lorenz curve of values x₍₁₎ ≤ … ≤ x₍ₙ₎. They take them in order, so that the
//! same values give the same bits however they were split and merged.

use super::exact_sum::ExactSums;

/// Values above it are made smaller by [`SHRINK`], lest a sum overflow.
const LARGE: f64 = 1e150;
/// A power of two, which changes no digit. What vanishes by it is nothing beside [`LARGE`].
const SHRINK: f64 = f64::MIN_POSITIVE;

/// The Gini coefficient Σ (2i − n − 1)·x₍ᵢ₎ / (n·Σ x₍ᵢ₎) of values that are not negative and in
/// ascending order; `None` where there are none, or their total is 0.
///
/// The numerator is summed as Σ i·(n − i)·(x₍ᵢ₊₁₎ − x₍ᵢ₎), which is the same and adds nothing
/// negative: equal values give exactly 0, and nearly equal ones lose no digits.
pub(crate) fn gini(sorted: &[f64]) -> Option<f64> {
    let scale = scale(sorted);
    let total = total(sorted, scale)?;
    let n = sorted.len();
    let gaps = sorted.windows(2).zip(1..).map(|(pair, i)| {
        // Exact up to some 190 million members, and then rounded once.
        i as f64 * (n - i) as f64 * (pair[1] * scale - pair[0] * scale)
    });
    Some(sum(gaps) / (n as f64 * total))
}

/// The share of the total that the top `fraction` of the members hold, of values that are not
/// negative and in ascending order; `None` where there are none, or their total is 0.
///
/// Where `fraction`·n is no whole number, the next member counts in part: 1 − L(1 − `fraction`)
/// on the Lorenz curve L, which is straight between two members.
pub(crate) fn top_share(sorted: &[f64], fraction: f64) -> Option<f64> {
    let scale = scale(sorted);
    let total = total(sorted, scale)?;
    let members = (fraction * sorted.len() as f64).min(sorted.len() as f64);
    let whole = members.floor();
    let mut from_top = sorted.iter().rev().map(|value| value * scale);
    let top = sum(from_top.by_ref().take(whole as usize));
    let next = from_top.next().unwrap_or_default();
    Some(((top + (members - whole) * next) / total).min(1.0))
}

fn scale(sorted: &[f64]) -> f64 {
    match sorted.last() {
        Some(largest) if *largest > LARGE => SHRINK,
        _ => 1.0,
    }
}

/// The total, unless it is 0.
fn total(sorted: &[f64], scale: f64) -> Option<f64> {
    let total = sum(sorted.iter().map(|value| value * scale));
    (total > 0.0).then_some(total)
}

fn sum(values: impl Iterator<Item = f64>) -> f64 {
    let mut sums = ExactSums::default();
    sums.resize(1);
    values.for_each(|value| sums.add(0, value));
    sums.value(0)
}

#[cfg(test)]
mod tests {
    use rand::rngs::StdRng;
    use rand::{Rng, SeedableRng};

    use super::*;

    fn sorted(values: &[f64]) -> Vec<f64> {
        let mut sorted = values.to_vec();
        sorted.sort_by(f64::total_cmp);
        sorted
    }

    /// By hand: 1, 2, 3, 4 have (−3·1 − 1·2 + 1·3 + 3·4) / (4·10) = 10/40; one of four who has
    /// everything has (n − 1)/n.
    #[test]
    fn gini_of_a_few() {
        assert_eq!(gini(&[1.0, 2.0, 3.0, 4.0]), Some(0.25));
        assert_eq!(gini(&[0.0, 0.0, 0.0, 7.0]), Some(0.75));
        assert_eq!(gini(&[0.1; 7]), Some(0.0));
        assert_eq!(gini(&[5.0]), Some(0.0));
        assert_eq!(gini(&[]), None);
        assert_eq!(gini(&[0.0, 0.0]), None);
    }

    /// Eighty of a hundred lie with one of five: 80 %; of two of ten with 40 each likewise, and
    /// a fifth of four members is four fifths of the top one.
    #[test]
    fn top_shares_of_a_few() {
        assert_eq!(top_share(&[5.0, 5.0, 5.0, 5.0, 80.0], 0.2), Some(0.8));
        let ten = sorted(&[40.0, 40.0, 2.5, 2.5, 2.5, 2.5, 2.5, 2.5, 2.5, 2.5]);
        assert_eq!(top_share(&ten, 0.2), Some(0.8));
        assert_eq!(
            top_share(&[1.0, 1.0, 1.0, 7.0], 0.2),
            Some(0.8 * 7.0 / 10.0)
        );
        assert_eq!(top_share(&[1.0, 3.0], 0.75), Some(3.5 / 4.0));
        assert_eq!(top_share(&[1.0, 3.0], 1.0), Some(1.0));
        assert_eq!(top_share(&[0.0], 0.5), None);
        assert_eq!(top_share(&[], 0.5), None);
    }

    /// Against the mean absolute difference of all pairs, Σᵢ Σⱼ |xᵢ − xⱼ| / (2·n·Σ x), and a
    /// scan of the members one by one.
    #[test]
    fn both_agree_with_their_definitions_on_random_values() {
        for seed in 0..200 {
            let rng = &mut StdRng::seed_from_u64(seed);
            let n = rng.random_range(1..60);
            let spread = rng.random_range(0.1..6.0);
            let values: Vec<f64> = (0..n)
                .map(|_| f64::exp(spread * rng.random_range(-1.0..1.0)))
                .collect();
            let total: f64 = values.iter().sum();
            let pairs = values
                .iter()
                .flat_map(|a| values.iter().map(move |b| (a - b).abs()));
            let expected = pairs.sum::<f64>() / (2.0 * n as f64 * total);
            let values = sorted(&values);
            assert!((gini(&values).unwrap() - expected).abs() < 1e-12, "{seed}");
            let fraction = rng.random_range(0.001..=1.0);
            let mut left = fraction * n as f64;
            let mut held = 0.0;
            for value in values.iter().rev() {
                held += left.clamp(0.0, 1.0) * value;
                left -= 1.0;
            }
            let found = top_share(&values, fraction).unwrap();
            assert!((found - held / total).abs() < 1e-12, "{seed}");
        }
    }

    /// A common factor changes nothing, also where the sums of the values would be infinite.
    #[test]
    fn size_does_not_matter() {
        let values = [1.0, 2.0, 3.0, 10.0];
        for factor in [1e-300, 1e160, 1e307] {
            let scaled = values.map(|value| value * factor);
            assert!((gini(&scaled).unwrap() - gini(&values).unwrap()).abs() < 1e-12);
            let [found, expected] = [scaled, values].map(|v| top_share(&v, 0.3).unwrap());
            assert!((found - expected).abs() < 1e-12);
        }
        assert_eq!(gini(&[f64::MAX; 5]), Some(0.0));
        assert_eq!(gini(&[0.0, f64::MIN_POSITIVE]), Some(0.5));
    }
}
