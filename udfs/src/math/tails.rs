//! How likely the distributions of test statistics are to go further: the normal, Student's t
//! and chi-square, to 1e-12 relative, also where nearly nothing is left.
//!
//! The t distribution is the incomplete beta function I_x(df/2, 1/2) at x = df / (df + t²). Where
//! `statrs`, whose continued fraction ends after 140 steps, gets no further, near x = 1 with many
//! degrees of freedom, it is DiDonato and Morris's expansion for a ≫ b (1992, *Algorithm 708*,
//! §9), a series about what the normal distribution leaves.

use std::f64::consts::PI;

use statrs::function::beta::checked_beta_reg;
use statrs::function::gamma::{checked_gamma_ur, ln_gamma};

/// What a normal variable exceeds, in magnitude, five times in a hundred.
pub(crate) const NORMAL_CRITICAL: f64 = 1.959_963_984_540_054;

/// From which a = df/2 on the expansion holds; where x is below [`EXPANDED_X`] it does not.
const EXPANDED_A: f64 = 15.0;
const EXPANDED_X: f64 = 0.7;

/// The expansion's terms, of which few are ever needed.
const TERMS: usize = 30;

/// How likely a standard normal variable is to be at least as far from 0 as `z`.
pub(crate) fn normal_two_sided(z: f64) -> f64 {
    // The error function of `statrs` is good to ten digits, its gamma functions to all.
    chi_square_upper(z * z, 1.0)
}

/// How likely Student's t with `df` degrees of freedom, at least one, is to be at least as far
/// from 0 as `t`.
pub(crate) fn student_two_sided(t: f64, df: f64) -> f64 {
    if t == 0.0 {
        return 1.0;
    }
    let (a, ratio) = (df / 2.0, t / df * t);
    let x = 1.0 / (1.0 + ratio);
    if a >= EXPANDED_A && x >= EXPANDED_X {
        return near_one(a, -ratio.ln_1p());
    }
    let y = ratio / (1.0 + ratio);
    if ratio.is_infinite() {
        return 0.0;
    }
    // The continued fraction converges fast on this side of the mean.
    if y < 1.5 / (a + 2.5) {
        1.0 - checked_beta_reg(0.5, a, y).unwrap_or(f64::NAN)
    } else {
        checked_beta_reg(a, 0.5, x).unwrap_or(f64::NAN)
    }
}

/// I_x(a, 1/2) by DiDonato and Morris's expansion, with the logarithm of x.
fn near_one(a: f64, ln_x: f64) -> f64 {
    let b = 0.5;
    let nu = a - 0.25;
    let z = -nu * ln_x;
    let scale = (-z).exp() * (z / PI).sqrt();
    if scale == 0.0 {
        return 0.0;
    }
    let first = chi_square_upper(2.0 * z, 1.0);
    let (v, t_squared) = (0.25 / (nu * nu), 0.25 * ln_x * ln_x);
    let (mut c, mut d) = ([0.0; TERMS], [0.0; TERMS]);
    let (mut j, mut t, mut cn, mut n2) = (first / scale, 1.0, 1.0, 0.0);
    let mut sum = j;
    for n in 0..TERMS {
        let grown = b + n2;
        j = (grown * (grown + 1.0) * j + (z + grown + 1.0) * t) * v;
        n2 += 2.0;
        t *= t_squared;
        cn /= n2 * (n2 + 1.0);
        c[n] = cn;
        let order = (n + 1) as f64;
        let mut coefficient = b - order;
        let mut s = 0.0;
        for i in 0..n {
            s += coefficient * c[i] * d[n - 1 - i];
            coefficient += b;
        }
        d[n] = (b - 1.0) * cn + s / order;
        let term = d[n] * j;
        sum += term;
        if term.abs() <= f64::EPSILON * 0.1 * sum {
            break;
        }
    }
    gamma_ratio(a) / nu.sqrt() * (scale * sum)
}

/// Γ(a + 1/2) / Γ(a).
fn gamma_ratio(a: f64) -> f64 {
    if a < EXPANDED_A {
        return (ln_gamma(a + 0.5) - ln_gamma(a)).exp();
    }
    // Stirling's series of both; what they share is left out, as it would cost the digits.
    let stirling = |z: f64| {
        let w = 1.0 / (z * z);
        let series = 1.0 / 1_188.0 - w * 691.0 / 360_360.0;
        let series = 1.0 / 1_260.0 - w * (1.0 / 1_680.0 - w * series);
        (1.0 / 12.0 - w * (1.0 / 360.0 - w * series)) / z
    };
    let logarithm = a * (0.5 / a).ln_1p() - 0.5 + stirling(a + 0.5) - stirling(a);
    a.sqrt() * logarithm.exp()
}

/// What Student's t with `df` degrees of freedom, at least one, exceeds, in magnitude, five
/// times in a hundred.
pub(crate) fn student_critical(df: f64) -> f64 {
    let peak = gamma_ratio(df / 2.0) / (df * PI).sqrt();
    let mut t = NORMAL_CRITICAL;
    // The tail is convex and the normal quantile below the root: Newton's steps only go up.
    for _ in 0..60 {
        let density = peak * (-(df + 1.0) / 2.0 * (t / df * t).ln_1p()).exp();
        let step = (student_two_sided(t, df) - 0.05) / (2.0 * density);
        t += step;
        if step.is_nan() || step <= t * f64::EPSILON {
            break;
        }
    }
    t
}

/// How likely chi-square with `df` degrees of freedom, at least one, is to reach `statistic`.
pub(crate) fn chi_square_upper(statistic: f64, df: f64) -> f64 {
    if statistic <= 0.0 {
        1.0
    } else if statistic.is_infinite() {
        0.0
    } else {
        checked_gamma_ur(df / 2.0, statistic / 2.0).unwrap_or(f64::NAN)
    }
}

#[cfg(test)]
mod tests;
