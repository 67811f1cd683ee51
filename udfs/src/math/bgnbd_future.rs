//! What a customer of the BG/NBD model will do: whether still active, and how many purchases.
//!
//! P(alive) = 1 / (1 + δ a/(b+x−1) ((α+T)/(α+t_x))^(r+x)), with δ = 1 where x > 0.
//!
//! Of an active customer, the rate λ is Gamma(R, α+T) and the probability p to become inactive
//! Beta(a, B), with R = r+x and B = b+x. With y = t/(α+T), the purchases expected in the next t
//! are
//!
//! ```text
//! ∫ (1 − (1+py)^−R)/p · Beta(p; a, B) dp  =  Σ_k P(N > k) · (B)_k/(a+B)_k,
//! ```
//!
//! N being negative binomial with R and y/(1+y): purchase k + 1 comes if there is time for it
//! and none of the k before was the last. It is equal to (a+b+x−1)/(a−1) · [1 −
//! ((α+T)/(α+T+t))^R ₂F₁(R, B; a+b+x−1; t/(α+T+t))], the form that is printed, which loses all
//! digits at a = 1, at a+b+x = 1, and where t is small. The sum has no term that is negative and
//! no such place. Where it needs too many terms (R·y is large), the integral is taken by the
//! trapezoidal rule in a variable in which it decays doubly exponentially, with half the step
//! until that changes nothing; weights are normalised by their own sum.
//!
//! Source: Fader, Hardie and Lee (2005), equation 10; Takahasi and Mori (1974) for the rule.

use crate::math::bgnbd::{BgNbd, Customer};

/// The sum is preferred while it takes fewer terms.
const MOST_TERMS: f64 = 1_500.0;

/// Powers of e beyond this one are, or soon will be, beyond a double.
const LARGEST_EXPONENT: f64 = 700.0;

/// The part of a result that is left out.
const PRECISION: f64 = 1e-16;

/// Halving the step squares the error: when it changes no more than this, the result is as
/// precise as it gets.
const CHANGE: f64 = 1e-12;

/// Steps are halved at most so often.
const MOST_HALVINGS: i32 = 9;

impl BgNbd {
    /// The probability that a customer is still active.
    pub(crate) fn alive(&self, customer: &Customer) -> f64 {
        let Customer {
            frequency,
            recency,
            age,
        } = *customer;
        if frequency == 0.0 {
            return 1.0;
        }
        let since = ((age - recency) / (self.alpha + recency)).ln_1p();
        let odds = (self.a / (self.b + (frequency - 1.0))).ln() + (self.r + frequency) * since;
        (odds.exp() + 1.0).recip()
    }

    /// The purchases expected of a customer in the next `time`, which is not negative.
    pub(crate) fn expected(&self, time: f64, customer: &Customer) -> f64 {
        let active = Active {
            shape: self.r + customer.frequency,
            time: time / (self.alpha + customer.age),
            ends: self.a,
            stays: self.b + customer.frequency,
        };
        active.purchases() * self.alive(customer)
    }
}

/// A customer known to be active.
#[derive(Debug, Clone, Copy)]
struct Active {
    /// R, the shape of the rate.
    shape: f64,
    /// y, the time ahead where 1 is what went into the rate's scale.
    time: f64,
    /// a.
    ends: f64,
    /// B.
    stays: f64,
}

impl Active {
    fn purchases(&self) -> f64 {
        if self.time == 0.0 {
            return 0.0;
        }
        if self.is_summed() {
            self.by_sum()
        } else {
            self.by_integral()
        }
    }

    /// Whether the sum has few terms, of which the first is within a double's reach.
    fn is_summed(&self) -> bool {
        let mean = self.shape * self.time;
        let deviation = (mean * (1.0 + self.time)).sqrt();
        let terms = mean + 10.0 * deviation + 40.0 * (1.0 + self.time);
        terms < MOST_TERMS && self.shape * self.time.ln_1p() < LARGEST_EXPONENT
    }

    fn by_sum(&self) -> f64 {
        let chance = self.time / (1.0 + self.time);
        let none = -self.shape * self.time.ln_1p();
        // P(N = k), P(N > k), and the chance that no purchase before k + 1 is the last.
        let mut exactly = none.exp();
        let mut more = -none.exp_m1();
        let mut stayed = 1.0;
        let mut sum = more;
        let mut k = 0.0;
        while k < MOST_TERMS {
            let ratio = chance * (self.shape + k) / (k + 1.0);
            exactly *= ratio;
            more -= exactly;
            stayed *= (self.stays + k) / (self.ends + self.stays + k);
            sum += more * stayed;
            k += 1.0;
            // From here on probabilities fall at least as fast as this power does.
            let falls = 1.0 - (chance * (self.shape + k) / (k + 1.0)).max(chance);
            if falls > 0.0 && exactly * stayed <= PRECISION * sum * falls * falls {
                break;
            }
        }
        sum
    }

    fn by_integral(&self) -> f64 {
        let mut rule = Rule::new(self);
        let mut step = 0.25;
        rule.add(0.0, step);
        let mut found = rule.mean();
        for _ in 0..MOST_HALVINGS {
            rule.add(step / 2.0, step);
            step /= 2.0;
            let finer = rule.mean();
            if (finer - found).abs() <= CHANGE * finer {
                found = finer;
                break;
            }
            found = finer;
        }
        found * self.shape * self.time
    }

    /// (1 − (1+py)^−R)/p as a part of R·y, which it is at p = 0.
    fn given(&self, p: f64) -> f64 {
        let time = p * self.time;
        if time < f64::MIN_POSITIVE {
            return 1.0;
        }
        -(-self.shape * time.ln_1p()).exp_m1() / (self.shape * time)
    }
}

/// The trapezoidal rule for the mean over p, in v with ln(p/(1−p)) = ln(a/B) + τ sinh v.
struct Rule<'a> {
    of: &'a Active,
    /// The mode of p and of 1 − p in that variable, and their spread τ.
    mode: (f64, f64),
    spread: f64,
    weights: f64,
    sum: f64,
}

impl<'a> Rule<'a> {
    fn new(of: &'a Active) -> Self {
        let (a, b) = (of.ends, of.stays);
        Self {
            of,
            mode: (a / (a + b), b / (a + b)),
            // Where p is near both 0 and 1, its step between them is what has to be met.
            spread: (a.recip() + b.recip()).sqrt().min(1.0),
            weights: 0.0,
            sum: 0.0,
        }
    }

    /// Adds the nodes `from`, `from` + `step` and so on, and those on the other side of 0: of
    /// two that are the same, one.
    fn add(&mut self, from: f64, step: f64) {
        for side in [1.0, -1.0] {
            let begin = if side < 0.0 && from == 0.0 {
                step
            } else {
                from
            };
            let mut last = f64::INFINITY;
            let mut v = begin;
            loop {
                let (weight, value) = self.node(side * v);
                self.weights += weight;
                self.sum += value;
                let falls = value <= last;
                let small = weight <= PRECISION * 0.01 * self.weights
                    && value <= PRECISION * 0.01 * self.sum;
                if falls && small || v > 20.0 {
                    break;
                }
                last = value;
                v += step;
            }
        }
    }

    /// The weight of a node, and that times the integrand.
    fn node(&self, v: f64) -> (f64, f64) {
        let (a, b) = (self.of.ends, self.of.stays);
        let distance = self.spread * v.sinh();
        // Written from the less likely end, where nothing cancels.
        let (p, exponent) = if self.mode.0 <= self.mode.1 {
            let raised = log_raised(self.mode.0, distance);
            let p = self.mode.0 * (distance - raised).exp();
            (p, a * distance - (a + b) * raised)
        } else {
            let raised = log_raised(self.mode.1, -distance);
            let p = self.mode.0 * (-raised).exp();
            (p, -b * distance - (a + b) * raised)
        };
        let weight = exponent.exp() * v.cosh();
        if weight > 0.0 {
            (weight, weight * self.of.given(p))
        } else {
            (0.0, 0.0)
        }
    }

    fn mean(&self) -> f64 {
        self.sum / self.weights
    }
}

/// ln(1 + part·(e^distance − 1)), also where that power is beyond a double.
fn log_raised(part: f64, distance: f64) -> f64 {
    if distance > LARGEST_EXPONENT {
        part.ln() + distance
    } else {
        (part * distance.exp_m1()).ln_1p()
    }
}

#[cfg(test)]
mod tests;
