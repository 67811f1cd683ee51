//! The logarithm of the gamma function, and of rising factorials, with two derivatives.
//!
//! Fits of likelihoods made of gamma functions need first and second derivatives. All come from
//! Stirling's series beyond 16, to which smaller arguments are raised step by step. A rising
//! factorial is not the difference of two logarithms, which would lose all digits where the
//! argument is large: it is summed up, or its leading terms are subtracted by hand.
//!
//! Source: *NIST Digital Library of Mathematical Functions*, 5.11.1, 5.11.2, 5.15.8.

/// Where Stirling's series is good to the last bit.
const STIRLING_FROM: f64 = 16.0;

/// Half of ln 2π.
const HALF_LN_TAU: f64 = 0.918_938_533_204_672_8;

/// A function's value with its first and second derivative.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Derived {
    /// The value.
    pub(crate) value: f64,
    /// The first derivative.
    pub(crate) first: f64,
    /// The second derivative.
    pub(crate) second: f64,
}

impl Derived {
    const ZERO: Self = Self {
        value: 0.0,
        first: 0.0,
        second: 0.0,
    };

    /// Adds ln(z) with its derivatives.
    fn add_ln(&mut self, z: f64) {
        self.value += z.ln();
        self.first += z.recip();
        self.second -= (z * z).recip();
    }
}

/// ln Γ(z), its derivatives the digamma and trigamma function. z > 0.
pub(crate) fn log_gamma(z: f64) -> Derived {
    let mut below = Derived::ZERO;
    let mut raised = z;
    while raised < STIRLING_FROM {
        below.add_ln(raised);
        raised += 1.0;
    }
    let rest = remainder(raised);
    Derived {
        value: (raised - 0.5) * raised.ln() - raised + HALF_LN_TAU + rest.value - below.value,
        first: raised.ln() + rest.first - below.first,
        second: raised.recip() + rest.second - below.second,
    }
}

/// ln Γ(z + n) − ln Γ(z) and its derivatives by z. z > 0 and n a whole number, not negative.
pub(crate) fn log_rising(z: f64, n: f64) -> Derived {
    let mut sum = Derived::ZERO;
    let mut low = z;
    let mut left = n;
    while left > 0.0 && (low < STIRLING_FROM || left <= STIRLING_FROM) {
        sum.add_ln(low);
        low += 1.0;
        left -= 1.0;
    }
    if left > 0.0 {
        let high = low + left;
        let (above, below) = (remainder(high), remainder(low));
        let ratio = (left / low).ln_1p();
        sum.value += (low - 0.5) * ratio + left * (high.ln() - 1.0) + above.value - below.value;
        sum.first += ratio + above.first - below.first;
        sum.second += -left / (low * high) + above.second - below.second;
    }
    sum
}

/// What Stirling's series has beyond (z − ½) ln z − z + ½ ln 2π, and beyond ln z and 1/z among
/// the derivatives.
fn remainder(z: f64) -> Derived {
    let inverse = z.recip();
    let square = inverse * inverse;
    let series = |terms: [f64; 6]| {
        terms
            .iter()
            .rev()
            .fold(0.0, |sum, term| sum * square + term)
    };
    let value = series([
        1.0 / 12.0,
        -1.0 / 360.0,
        1.0 / 1_260.0,
        -1.0 / 1_680.0,
        1.0 / 1_188.0,
        -691.0 / 360_360.0,
    ]);
    let first = series([
        -1.0 / 12.0,
        1.0 / 120.0,
        -1.0 / 252.0,
        1.0 / 240.0,
        -1.0 / 132.0,
        691.0 / 32_760.0,
    ]);
    let second = series([
        1.0 / 6.0,
        -1.0 / 30.0,
        1.0 / 42.0,
        -1.0 / 30.0,
        5.0 / 66.0,
        -691.0 / 2_730.0,
    ]);
    Derived {
        value: inverse * value,
        first: square * first - 0.5 * inverse,
        second: square * (inverse * second + 0.5),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn assert_close(found: f64, wanted: f64, what: &str) {
        let error = (found - wanted).abs();
        assert!(
            error <= 4e-15 * wanted.abs().max(1.0),
            "{what}: {found} is not {wanted}"
        );
    }

    /// Γ(1) = 1, Γ(½) = √π, Γ(5) = 24; ψ(1) = −γ, ψ(½) = −γ − 2 ln 2; ψ′(1) = π²/6,
    /// ψ′(½) = π²/2 (DLMF 5.4).
    #[test]
    fn known_values() {
        let euler = 0.577_215_664_901_532_9;
        let square = std::f64::consts::PI * std::f64::consts::PI;
        let one = log_gamma(1.0);
        assert_close(one.value, 0.0, "ln Γ(1)");
        assert_close(one.first, -euler, "ψ(1)");
        assert_close(one.second, square / 6.0, "ψ′(1)");
        let half = log_gamma(0.5);
        assert_close(half.value, std::f64::consts::PI.ln() / 2.0, "ln Γ(½)");
        assert_close(half.first, -euler - 2.0 * 2_f64.ln(), "ψ(½)");
        assert_close(half.second, square / 2.0, "ψ′(½)");
        assert_close(log_gamma(5.0).value, 24_f64.ln(), "ln Γ(5)");
        // 170! is the largest factorial that a double holds.
        let product: f64 = (1..=170).map(f64::from).product();
        assert_close(log_gamma(171.0).value, product.ln(), "ln Γ(171)");
    }

    /// Each against the product or sum that defines it, and large arguments too.
    #[test]
    fn rising_factorials_are_products() {
        for z in [1e-9_f64, 0.3, 1.0, 7.5, 15.9, 16.0, 300.0, 1e9] {
            for n in [0_u32, 1, 2, 15, 16, 17, 33, 400] {
                let mut wanted = Derived::ZERO;
                (0..n).for_each(|step| wanted.add_ln(z + f64::from(step)));
                let found = log_rising(z, n.into());
                let what = format!("({z})_{n}");
                let near = |found: f64, wanted: f64| {
                    assert!((found - wanted).abs() <= 1e-13 * wanted.abs(), "{what}");
                };
                near(found.value, wanted.value);
                near(found.first, wanted.first);
                near(found.second, wanted.second);
            }
        }
    }
}
