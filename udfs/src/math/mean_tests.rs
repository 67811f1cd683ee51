//! Tests of what two variants have on average, from exact sums over their rows.
//!
//! Each takes the control first, and the sums that it says of the columns it says. Everything
//! is exact up to the last step: differences between large numbers lose nothing.

use crate::math::comparison::Comparison;
use crate::math::expansion::Exact;

/// A variant's rows: how many they are, and sums over them.
#[derive(Debug, Clone)]
pub(crate) struct Sample {
    pub(crate) n: i64,
    pub(crate) sums: Vec<Exact>,
}

impl Sample {
    fn size(&self) -> f64 {
        self.n as f64
    }

    /// n·Σxy − Σx·Σy, n(n − 1) times the covariance, of the sums at these places.
    fn spread(&self, product: usize, x: usize, y: usize) -> Exact {
        let [xy, x, y] = [product, x, y].map(|place| &self.sums[place]);
        &(&Exact::from(self.size()) * xy) - &(x * y)
    }

    /// The spread of x − k·y, from Σx, Σy, Σx², Σy², Σxy.
    fn unexplained(&self, k: &Exact) -> Exact {
        let shared = self.spread(4, 0, 1);
        let explained = &(&(k * &self.spread(3, 1, 1)) - &shared) - &shared;
        &self.spread(2, 0, 0) + &(k * &explained)
    }

    /// What divides a [`Sample::spread`] for the squared standard error of a mean.
    fn spread_scale(&self) -> f64 {
        self.size() * self.size() * (self.size() - 1.0)
    }

    /// This sample and another as one.
    fn with(&self, other: &Self) -> Self {
        let sums = self.sums.iter().zip(&other.sums);
        Self {
            n: self.n.saturating_add(other.n),
            sums: sums.map(|(own, other)| own + other).collect(),
        }
    }
}

/// The difference of two means of the sum at `place`, times both sizes.
fn difference(a: &Sample, b: &Sample, place: usize) -> Exact {
    let [size_a, size_b] = [a, b].map(|sample| Exact::from(sample.size()));
    &(&size_a * &b.sums[place]) - &(&size_b * &a.sums[place])
}

/// Welch's test of two means, from Σx, Σx².
pub(crate) fn welch(a: &Sample, b: &Sample) -> Comparison {
    let spreads = [a, b].map(|sample| sample.spread(1, 0, 0));
    of_means(a, b, difference(a, b, 0).value(), &spreads)
}

/// Welch's test of two means without the part that a covariate explains, from Σx, Σc, Σx², Σc²,
/// Σxc: of x − θ·c with θ = cov(x, c) / var(c) over both variants, 0 where c is constant.
pub(crate) fn cuped(a: &Sample, b: &Sample) -> Comparison {
    let both = a.with(b);
    let [shared, own] = [both.spread(4, 0, 1), both.spread(3, 1, 1)];
    let theta = shared.value() / own.value();
    if own.value() == 0.0 || !theta.is_finite() {
        let spreads = [a, b].map(|sample| sample.spread(2, 0, 0));
        return of_means(a, b, difference(a, b, 0).value(), &spreads);
    }
    // Where θ explains the whole difference, nothing may remain, as its rounding would.
    let adjusted = &(&difference(a, b, 0) * &own) - &(&difference(a, b, 1) * &shared);
    let adjusted = adjusted.value() / own.value();
    let theta = Exact::from(theta);
    let spreads = [a, b].map(|sample| sample.unexplained(&theta));
    of_means(a, b, adjusted, &spreads)
}

/// Of a difference of means times both sizes, and the spreads of both.
fn of_means(a: &Sample, b: &Sample, difference: f64, spreads: &[Exact; 2]) -> Comparison {
    let effect = difference / (a.size() * b.size());
    let squares = [
        spreads[0].value() / a.spread_scale(),
        spreads[1].value() / b.spread_scale(),
    ];
    Comparison::student(effect, squares, [a.size() - 1.0, b.size() - 1.0])
}

/// How the variance of a difference of two proportions is estimated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ProportionVariance {
    /// From the proportion of both variants together, as it is without a difference.
    Pooled,
    /// From each variant's own.
    Unpooled,
}

/// The z test of two proportions, from how many rows converted. The interval is Wald's, whose
/// variance is not pooled.
pub(crate) fn proportions(a: &Sample, b: &Sample, variance: ProportionVariance) -> Comparison {
    let [converted_a, converted_b] = [a, b].map(|sample| sample.sums[0].value());
    let effect = difference(a, b, 0).value() / (a.size() * b.size());
    let own = |n: f64, converted: f64| converted * (n - converted) / (n * n * n);
    let unpooled = own(a.size(), converted_a) + own(b.size(), converted_b);
    let wald = Comparison::normal(effect, unpooled.sqrt());
    match variance {
        ProportionVariance::Unpooled => wald,
        ProportionVariance::Pooled => {
            let (n, converted) = (a.size() + b.size(), converted_a + converted_b);
            let pooled = converted * (n - converted) / (n * a.size() * b.size());
            let tested = Comparison::normal(effect, pooled.sqrt());
            Comparison {
                lower: wald.lower,
                upper: wald.upper,
                ..tested
            }
        }
    }
}

/// The z test of two ratios of sums by the delta method, from Σx, Σy, Σx², Σy², Σxy: of
/// r = Σx / Σy, whose variance is that of (x − r·y) over n·ȳ².
pub(crate) fn ratios(a: &Sample, b: &Sample) -> Comparison {
    let cross = &(&b.sums[0] * &a.sums[1]) - &(&a.sums[0] * &b.sums[1]);
    let [of_a, of_b] = [a, b].map(|sample| sample.sums[1].value());
    let effect = cross.value() / of_a / of_b;
    let square = |sample: &Sample| {
        let of = sample.sums[1].value();
        let ratio = Exact::from(sample.sums[0].value() / of);
        let spread = sample.unexplained(&ratio);
        spread.value() / (sample.size() - 1.0) / of / of
    };
    Comparison::normal(effect, (square(a) + square(b)).sqrt())
}

#[cfg(test)]
mod tests;
