//! The likelihood against its definition, and fits against what they must satisfy.

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use super::*;
use crate::math::newton::testing::{assert_maximum, assert_no_maximum, assert_slopes};
use crate::math::tally::tallied;

/// Frequencies and means of amounts whose spread grows with `spread`.
fn random_rows(seed: u64, customers: usize, spread: f64) -> Vec<[f64; 2]> {
    let random = &mut StdRng::seed_from_u64(seed);
    (0..customers)
        .map(|_| {
            let frequency = f64::from(random.random_range(1..12_u32));
            let mean = 35.0 * (spread * random.random_range(-1.0..1.0_f64)).exp();
            let noise: f64 = (0..frequency as usize)
                .map(|_| random.random_range(0.2..1.8))
                .sum();
            [frequency, mean * noise / frequency]
        })
        .collect()
}

/// Equation 1a as it stands in the note.
#[test]
fn the_likelihood_is_the_notes() {
    let rows = random_rows(1, 100, 0.8);
    for [p, q, v] in [[6.25, 3.744, 15.44], [0.3, 11.0, 2.0], [40.0, 0.5, 100.0]] {
        let gamma = |z: f64| log_gamma(z).value;
        let of_row = |[x, m]: [f64; 2]| {
            gamma(p * x + q) - gamma(p * x) - gamma(q)
                + q * v.ln()
                + (p * x - 1.0) * m.ln()
                + p * x * x.ln()
                - (p * x + q) * (x * m + v).ln()
        };
        let wanted: f64 = rows.iter().map(|row| of_row(*row)).sum();
        let found = log_likelihood(&tallied(&rows), [p, q, v]).value;
        assert!(
            (found - wanted).abs() < 1e-10 * wanted.abs(),
            "{found} {wanted}"
        );
    }
}

/// Differences of the value, and of the gradient, are what the derivatives say.
#[test]
fn the_derivatives_are_slopes() {
    let rows = tallied(&random_rows(2, 100, 0.8));
    for at in [[6.0, 4.0, 15.0], [0.7, 1.2, 80.0]] {
        assert_slopes(at, |at| log_likelihood(&rows, at));
    }
}

/// Of random customers, in cents and in millions: whatever is said to be a maximum is one, and
/// units change v alone.
#[test]
fn what_converged_is_a_maximum() {
    let mut maxima = 0;
    for seed in 0..40 {
        let customers = [1, 2, 20, 500][seed as usize % 4];
        let rows = random_rows(seed, customers, 0.9);
        let tallied_rows = tallied(&rows);
        let found = fit(&tallied_rows).unwrap();
        let likelihood = |at| log_likelihood(&tallied_rows, at).value;
        if !assert_maximum(&found, likelihood, seed) {
            continue;
        }
        maxima += 1;
        for unit in [0.01, 1e6] {
            let rows: Vec<[f64; 2]> = rows.iter().map(|[x, m]| [*x, m * unit]).collect();
            let again = fit(&tallied(&rows)).unwrap();
            let [p, q, v] = again.parameters;
            for (again, first) in [p, q, v / unit].iter().zip(found.parameters) {
                assert!((again / first - 1.0).abs() < 1e-7, "seed {seed}");
            }
        }
    }
    assert!(maxima >= 8, "{maxima} of 40 populations have a maximum");
}

#[test]
fn degenerate_rows_have_no_maximum() {
    assert_eq!(fit(&[]), None);
    for degenerate in [
        vec![[1.0, 10.0]],
        vec![[3.0, 10.0]; 20],
        vec![[1.0, 10.0], [2.0, 10.0], [5.0, 10.0]],
        vec![[1.0, 1e-300], [1e15, 1e300]],
    ] {
        let found = fit(&tallied(&degenerate)).unwrap();
        assert_no_maximum(&found, &degenerate);
    }
}

/// A mean of two: the note's weighted mean (equation 5), and what q ≤ 1 makes of it.
#[test]
fn expectations_lie_between_own_and_all() {
    let model = GammaGamma {
        p: 6.25,
        q: 3.744,
        v: 15.44,
    };
    let population = 15.44 * 6.25 / 2.744;
    let close = |found: f64, wanted: f64| assert!((found / wanted - 1.0).abs() < 1e-14);
    close(model.expected(0.0, 0.0), population);
    let weight = 6.25 * 2.0 / (6.25 * 2.0 + 2.744);
    close(
        model.expected(2.0, 22.35),
        weight * 22.35 + (1.0 - weight) * population,
    );
    let heavy = GammaGamma { q: 0.9, ..model };
    assert_eq!(heavy.expected(0.0, 0.0), f64::INFINITY);
    assert!(heavy.expected(1.0, 10.0).is_finite());
}

#[test]
fn faults_are_named() {
    assert_eq!(fault(0.0, 0.0), None);
    assert_eq!(fault(3.0, 12.5), None);
    for (frequency, monetary) in [(-1.0, 1.0), (1.5, 1.0), (1.0, -0.1), (1.0, f64::NAN)] {
        assert!(fault(frequency, monetary).is_some());
    }
}
