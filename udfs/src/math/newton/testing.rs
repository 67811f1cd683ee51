//! For tests: what a likelihood and its fit must satisfy, whatever the model.

use super::{Fit, Surface};

/// Asserts that the derivatives at `at` are the slopes of the value and of the gradient, by
/// differences.
pub(crate) fn assert_slopes<const K: usize>(
    at: [f64; K],
    surface: impl Fn([f64; K]) -> Surface<K>,
) {
    let here = surface(at);
    for i in 0..K {
        let step = 1e-5 * at[i];
        let moved = |by: f64| {
            let mut at = at;
            at[i] += by;
            surface(at)
        };
        let (above, below) = (moved(step), moved(-step));
        let close = |found: f64, up: f64, down: f64| {
            let slope = (up - down) / (2.0 * step);
            let error = (found - slope).abs();
            assert!(
                error < 1e-5 * slope.abs().max(1.0),
                "{found} {slope} by {i}"
            );
        };
        close(here.gradient[i], above.value, below.value);
        for j in i..K {
            close(here.hessian[i][j], above.gradient[j], below.gradient[j]);
        }
    }
}

/// Asserts that a fit has numbers, and that nothing near a maximum is likelier; `case` names it
/// in messages. Whether it is said to be a maximum.
pub(crate) fn assert_maximum<const K: usize>(
    fit: &Fit<K>,
    likelihood: impl Fn([f64; K]) -> f64,
    case: u64,
) -> bool {
    assert!(fit.log_likelihood.is_finite());
    assert!(fit.parameters.iter().all(|p| p.is_finite() && *p > 0.0));
    if fit.converged {
        for i in 0..K {
            for factor in [0.99, 1.01] {
                let mut at = fit.parameters;
                at[i] *= factor;
                assert!(likelihood(at) < fit.log_likelihood, "case {case}");
            }
        }
    }
    fit.converged
}

/// Asserts that a fit has finite parameters and no maximum.
pub(crate) fn assert_no_maximum<const K: usize>(fit: &Fit<K>, rows: &[impl std::fmt::Debug]) {
    assert!(!fit.converged, "{rows:?}: {fit:?}");
    assert!(fit.parameters.iter().all(|p| p.is_finite()), "{fit:?}");
}
