//! The BG/NBD model of repeat purchases: its likelihood and the fit of its parameters.
//!
//! While active, a customer buys at random at a rate λ that is Gamma(r, α) among customers, and
//! after each purchase becomes inactive for good with a probability p that is Beta(a, b) among
//! them. Of x purchases until T, the last at t_x, the likelihood is, with δ = 1 where x > 0,
//!
//! ```text
//! Γ(r+x) α^r / Γ(r) · Γ(a+b) Γ(b+x) / (Γ(b) Γ(a+b+x))
//!   · [ (α+T)^−(r+x) + δ a/(b+x−1) (α+t_x)^−(r+x) ]
//! ```
//!
//! and its logarithm is summed over customers. Rising factorials depend on x alone and are
//! worked out once for each x; powers are taken together, as (α/(α+T))^r and the like, so that
//! large r and α do not cost digits.
//!
//! Source: P. S. Fader, B. G. S. Hardie and K. L. Lee (2005), *"Counting Your Customers" the
//! Easy Way: An Alternative to the Pareto/NBD Model*, Marketing Science 24 (2), equation 6.

use crate::math::log_gamma::log_rising;
use crate::math::newton::{Fit, Summit, Surface, maximise};
use crate::math::tally::Tallied;

/// Where searches begin: r, α where 1 is as fast as all customers together, a, b.
const STARTS: [[f64; 4]; 3] = [
    [0.5, 0.5, 0.8, 2.0],
    [2.0, 2.0, 0.3, 3.0],
    [0.1, 0.1, 3.0, 3.0],
];

/// The parameters of the model, each greater than 0.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct BgNbd {
    /// The shape of the rates.
    pub(crate) r: f64,
    /// Their scale, in units of time.
    pub(crate) alpha: f64,
    /// The first shape of the probabilities to become inactive.
    pub(crate) a: f64,
    /// The second.
    pub(crate) b: f64,
}

/// What is known of a customer.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Customer {
    /// Repeat purchases.
    pub(crate) frequency: f64,
    /// From the first purchase to the last.
    pub(crate) recency: f64,
    /// From the first purchase until now.
    pub(crate) age: f64,
}

impl Customer {
    /// What is wrong with it, if anything is.
    pub(crate) fn fault(&self) -> Option<&'static str> {
        let Self {
            frequency,
            recency,
            age,
        } = *self;
        let known = |number: f64| number.is_finite() && number >= 0.0;
        if !known(frequency) || frequency.fract() != 0.0 {
            Some("frequency must be a whole number and not negative")
        } else if !known(recency) || !known(age) {
            Some("recency and age must be finite and not negative")
        } else if recency > age {
            Some("recency must not be more than age")
        } else if frequency == 0.0 && recency > 0.0 {
            Some("recency must be 0 where frequency is 0")
        } else {
            None
        }
    }
}

/// The parameters under which rows of frequency, recency and age are likeliest, in order and
/// without [fault](Customer::fault); `None` without rows.
pub(crate) fn fit(rows: &[Tallied<3>]) -> Option<Fit<4>> {
    let customers = customers(rows);
    let weighted = |part: usize| -> f64 {
        let parts = rows.iter().map(|row| row.count as f64 * row.row[part]);
        parts.sum()
    };
    let (purchases, time) = (weighted(0), weighted(2));
    let pace = if purchases > 0.0 && time > 0.0 {
        time / purchases
    } else {
        1.0
    };
    let at = |logarithms: &[f64; 4]| {
        let [r, alpha, a, b] = logarithms.map(f64::exp);
        [r, alpha * pace, a, b]
    };
    let Summit {
        at: summit,
        value,
        converged,
    } = maximise(&STARTS.map(|start| start.map(f64::ln)), |logarithms| {
        let at = at(logarithms);
        log_likelihood(rows, at).by_logarithms(&at, customers.recip())
    })
    .filter(|_| customers > 0.0)?;
    Some(Fit {
        parameters: at(&summit),
        log_likelihood: value * customers,
        converged,
    })
}

fn customers(rows: &[Tallied<3>]) -> f64 {
    rows.iter().map(|row| row.count as f64).sum()
}

/// The logarithm of the likelihood as a function of r, α, a and b.
fn log_likelihood(rows: &[Tallied<3>], at: [f64; 4]) -> Surface<4> {
    let [r, alpha, a, b] = at;
    let mut sum = Surface::ZERO;
    for same in rows.chunk_by(|one, next| one.row[0] == next.row[0]) {
        let x = same[0].row[0];
        let n = customers(same);
        let (rate, drop, stay) = (log_rising(r, x), log_rising(a + b, x), log_rising(b, x));
        sum.value += n * (rate.value - drop.value + stay.value - x * alpha.ln());
        sum.gradient[0] += n * rate.first;
        sum.gradient[2] -= n * drop.first;
        sum.gradient[3] += n * (stay.first - drop.first);
        sum.hessian[0][0] += n * rate.second;
        sum.hessian[2][2] -= n * drop.second;
        sum.hessian[2][3] -= n * drop.second;
        sum.hessian[3][3] += n * (stay.second - drop.second);
        let events = r + x;
        for Tallied { row, count, .. } in same {
            let [_, recency, age] = *row;
            let n = *count as f64;
            let (whole, log_whole) = (alpha + age, (age / alpha).ln_1p());
            // Alive until T.
            sum.value -= n * events * log_whole;
            sum.gradient[0] -= n * log_whole;
            sum.gradient[1] += n * (r * age / alpha - x) / whole;
            sum.hessian[0][1] += n * age / (alpha * whole);
            sum.hessian[1][1] += n * (events / (whole * whole) - r / (alpha * alpha));
            if x == 0.0 {
                continue;
            }
            // Or inactive since t_x, which is `odds` times as likely.
            let part = alpha + recency;
            let log_part = ((age - recency) / part).ln_1p();
            let last = b + (x - 1.0);
            let odds = (a / last).ln() + events * log_part;
            // Of the two terms, ln(e^A + e^B) is the larger and ln(1 + e^−|difference|).
            sum.value += n * (odds.max(0.0) + (-odds.abs()).exp().ln_1p());
            let inactive = ((-odds).exp() + 1.0).recip();
            let slower = (age - recency) / (whole * part);
            let slope = [log_part, -events * slower, a.recip(), -last.recip()];
            let spread = inactive * (1.0 - inactive);
            for i in 0..4 {
                sum.gradient[i] += n * inactive * slope[i];
                for j in i..4 {
                    sum.hessian[i][j] += n * spread * slope[i] * slope[j];
                }
            }
            let n = n * inactive;
            sum.hessian[0][1] -= n * slower;
            sum.hessian[1][1] += n * events * slower * (whole.recip() + part.recip());
            sum.hessian[2][2] -= n / (a * a);
            sum.hessian[3][3] += n / (last * last);
        }
    }
    sum
}

#[cfg(test)]
mod tests;
