//! The Gamma-Gamma model of how much customers spend: its likelihood, fit and expectation.
//!
//! A customer's amounts are Gamma(p, ν), and ν is Gamma(q, v) among customers. The mean m of x
//! amounts has the density, with y = x·m,
//!
//! ```text
//! Γ(px+q) / (Γ(px) Γ(q)) · (v/(v+y))^q · (y/(v+y))^(px) / m
//! ```
//!
//! and the mean of a customer's amounts, given those, is expected to be p·(v+y)/(px+q−1), which
//! for x = 0 is that of the population, p·v/(q−1). It is infinite where px + q ≤ 1.
//!
//! Source: P. S. Fader and B. G. S. Hardie (2013), *The Gamma-Gamma Model of Monetary Value*,
//! equations 1a and 5.

use crate::math::log_gamma::log_gamma;
use crate::math::newton::{Fit, Surface, maximise};
use crate::math::tally::Tallied;

/// Where searches begin: p, q, and v where 1 is what customers spend.
const STARTS: [[f64; 3]; 3] = [[2.0, 3.0, 1.0], [8.0, 4.0, 0.4], [0.6, 1.5, 1.0]];

/// The parameters of the model, each greater than 0.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct GammaGamma {
    /// The shape of a customer's amounts.
    pub(crate) p: f64,
    /// The shape of their rates among customers.
    pub(crate) q: f64,
    /// The scale of these, in units of money.
    pub(crate) v: f64,
}

impl GammaGamma {
    /// The mean amount expected of a customer with `frequency` amounts of mean `monetary`.
    pub(crate) fn expected(&self, frequency: f64, monetary: f64) -> f64 {
        let Self { p, q, v } = *self;
        let shape = p * frequency + q - 1.0;
        if shape <= 0.0 {
            return f64::INFINITY;
        }
        p * (v + frequency * monetary) / shape
    }
}

/// What is wrong with a customer's history, if anything is.
pub(crate) fn fault(frequency: f64, monetary: f64) -> Option<&'static str> {
    let known = |number: f64| number.is_finite() && number >= 0.0;
    if !known(frequency) || frequency.fract() != 0.0 {
        Some("frequency must be a whole number and not negative")
    } else if !known(monetary) {
        Some("monetary must be finite and not negative")
    } else {
        None
    }
}

/// The parameters under which rows of frequency and monetary value, both greater than 0 and in
/// order, are likeliest; `None` without rows.
pub(crate) fn fit(rows: &[Tallied<2>]) -> Option<Fit<3>> {
    let customers: f64 = rows.iter().map(|row| row.count as f64).sum();
    // The geometric mean, which no single customer can carry away.
    let logarithms = rows.iter().map(|row| row.count as f64 * row.row[1].ln());
    let typical = (logarithms.sum::<f64>() / customers).exp();
    let at = |logarithms: &[f64; 3]| {
        let [p, q, v] = logarithms.map(f64::exp);
        [p, q, v * typical]
    };
    let summit = maximise(&STARTS.map(|start| start.map(f64::ln)), |logarithms| {
        let at = at(logarithms);
        log_likelihood(rows, at).by_logarithms(&at, customers.recip())
    })
    .filter(|_| customers > 0.0)?;
    Some(Fit {
        parameters: at(&summit.at),
        log_likelihood: summit.value * customers,
        converged: summit.converged,
    })
}

/// The logarithm of the likelihood as a function of p, q and v.
fn log_likelihood(rows: &[Tallied<2>], [p, q, v]: [f64; 3]) -> Surface<3> {
    let mut sum = Surface::ZERO;
    let rates = log_gamma(q);
    for same in rows.chunk_by(|one, next| one.row[0] == next.row[0]) {
        let x = same[0].row[0];
        let shape = p * x;
        let (both, own) = (log_gamma(shape + q), log_gamma(shape));
        for Tallied { row, count, .. } in same {
            let n = *count as f64;
            let spent = x * row[1];
            let total = v + spent;
            let (above, below) = ((spent / v).ln_1p(), (v / spent).ln_1p());
            sum.value += n
                * (both.value - own.value - rates.value - q * above - shape * below - row[1].ln());
            sum.gradient[0] += n * x * (both.first - own.first - below);
            sum.gradient[1] += n * (both.first - rates.first - above);
            sum.gradient[2] += n * (q * spent / v - shape) / total;
            sum.hessian[0][0] += n * x * x * (both.second - own.second);
            sum.hessian[0][1] += n * x * both.second;
            sum.hessian[0][2] -= n * x / total;
            sum.hessian[1][1] += n * (both.second - rates.second);
            sum.hessian[1][2] += n * spent / (v * total);
            sum.hessian[2][2] += n * ((q + shape) / (total * total) - q / (v * v));
        }
    }
    sum
}

#[cfg(test)]
mod tests;
