//! The likelihood against its definition, and fits against what they must satisfy.

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use super::*;
use crate::math::log_gamma::log_gamma;
use crate::math::newton::testing::{assert_maximum, assert_no_maximum, assert_slopes};
use crate::math::tally::tallied;

/// A simulated population: rates and dropout drawn from the model's own distributions.
fn simulated(seed: u64, customers: usize, model: BgNbd) -> Vec<[f64; 3]> {
    let random = &mut StdRng::seed_from_u64(seed);
    let exponential = |random: &mut StdRng| -(1.0 - random.random::<f64>()).ln();
    (0..customers)
        .map(|_| {
            let rate = gamma_sample(random, model.r) / model.alpha;
            let (one, other) = (gamma_sample(random, model.a), gamma_sample(random, model.b));
            let dropout = one / (one + other);
            let age = random.random_range(20.0..60.0_f64).round();
            let (mut frequency, mut recency) = (0.0, 0.0);
            let mut now = exponential(random) / rate;
            while now < age {
                (frequency, recency) = (frequency + 1.0, now);
                if random.random_bool(dropout) {
                    break;
                }
                now += exponential(random) / rate;
            }
            [frequency, recency, age]
        })
        .collect()
}

/// A draw from Gamma(shape, 1): G. Marsaglia and W. W. Tsang (2000), raised by one where the
/// shape is below 1.
fn gamma_sample(random: &mut StdRng, shape: f64) -> f64 {
    if shape < 1.0 {
        let power = random.random::<f64>().powf(1.0 / shape);
        return gamma_sample(random, shape + 1.0) * power;
    }
    let d = shape - 1.0 / 3.0;
    loop {
        let normal = (-2.0 * (1.0 - random.random::<f64>()).ln()).sqrt()
            * (std::f64::consts::TAU * random.random::<f64>()).cos();
        let cube = (1.0 + normal / (9.0 * d).sqrt()).powi(3);
        if cube > 0.0
            && random.random::<f64>().ln() < 0.5 * normal * normal + d * (1.0 - cube + cube.ln())
        {
            return d * cube;
        }
    }
}

/// Equation 6 as it stands in the paper.
fn by_definition(rows: &[[f64; 3]], [r, alpha, a, b]: [f64; 4]) -> f64 {
    let gamma = |z: f64| log_gamma(z).value;
    let of_row = |[x, recency, age]: [f64; 3]| {
        let ratio = gamma(r + x) - gamma(r) + gamma(a + b) + gamma(b + x) - gamma(b);
        let alive = (alpha + age).powf(-r - x);
        let gone = if x > 0.0 {
            a / (b + x - 1.0) * (alpha + recency).powf(-r - x)
        } else {
            0.0
        };
        ratio - gamma(a + b + x) + r * alpha.ln() + (alive + gone).ln()
    };
    rows.iter().map(|row| of_row(*row)).sum()
}

const MODEL: BgNbd = BgNbd {
    r: 0.243,
    alpha: 4.414,
    a: 0.793,
    b: 2.426,
};

#[test]
fn the_likelihood_is_the_papers() {
    let rows = simulated(1, 200, MODEL);
    for at in [
        [0.2, 4.0, 0.8, 2.4],
        [3.0, 0.1, 0.01, 9.0],
        [1e-3, 50.0, 20.0, 0.3],
    ] {
        let wanted = by_definition(&rows, at);
        let found = log_likelihood(&tallied(&rows), at).value;
        assert!(
            (found - wanted).abs() < 1e-11 * wanted.abs(),
            "{found} {wanted}"
        );
    }
}

/// Differences of the value, and of the gradient, are what the derivatives say.
#[test]
fn the_derivatives_are_slopes() {
    let rows = tallied(&simulated(2, 100, MODEL));
    for at in [[0.25, 4.0, 0.8, 2.4], [2.0, 30.0, 0.2, 0.5]] {
        assert_slopes(at, |at| log_likelihood(&rows, at));
    }
}

#[test]
fn simulated_parameters_are_found_again() {
    let rows = tallied(&simulated(3, 20_000, MODEL));
    let found = fit(&rows).unwrap();
    assert!(found.converged);
    let wanted = [MODEL.r, MODEL.alpha, MODEL.a, MODEL.b];
    for (found, wanted) in found.parameters.iter().zip(wanted) {
        assert!((found / wanted - 1.0).abs() < 0.15, "{found} {wanted}");
    }
    assert!(found.log_likelihood > log_likelihood(&rows, wanted).value);
}

/// Other units of time change alpha alone, and the likelihood by their density.
#[test]
fn units_of_time_do_not_matter() {
    let rows = simulated(4, 2_000, MODEL);
    let weeks = fit(&tallied(&rows)).unwrap();
    let days = rows
        .iter()
        .map(|[x, recency, age]| [*x, recency * 7.0, age * 7.0]);
    let days = fit(&tallied(&days.collect::<Vec<_>>())).unwrap();
    assert!(weeks.converged && days.converged);
    let [r, alpha, a, b] = days.parameters;
    for (found, wanted) in [r, alpha / 7.0, a, b].iter().zip(weeks.parameters) {
        assert!((found / wanted - 1.0).abs() < 1e-8, "{found} {wanted}");
    }
    let purchases: f64 = rows.iter().map(|row| row[0]).sum();
    let density = purchases * 7_f64.ln();
    let shifted = days.log_likelihood + density;
    assert!((shifted / weeks.log_likelihood - 1.0).abs() < 1e-12);
}

/// Of small random populations, many without a maximum: whatever is said to be one has no
/// slope, and nothing nearby is likelier.
#[test]
fn what_converged_is_a_maximum() {
    let mut maxima = 0;
    for seed in 0..60 {
        let random = &mut StdRng::seed_from_u64(seed);
        let model = BgNbd {
            r: random.random_range(0.1..4.0),
            alpha: random.random_range(1.0..20.0),
            a: random.random_range(0.2..3.0),
            b: random.random_range(0.5..6.0),
        };
        let customers = [1, 2, 5, 40, 300][seed as usize % 5];
        let rows = tallied(&simulated(seed, customers, model));
        let found = fit(&rows).unwrap();
        let likelihood = |at| log_likelihood(&rows, at).value;
        maxima += u32::from(assert_maximum(&found, likelihood, seed));
    }
    assert!(maxima >= 15, "{maxima} of 60 populations have a maximum");
}

#[test]
fn degenerate_rows_have_no_maximum() {
    let rows = |rows: &[[f64; 3]]| fit(&tallied(rows)).unwrap();
    assert_eq!(fit(&[]), None);
    for degenerate in [
        vec![[0.0, 0.0, 10.0]],
        vec![[0.0, 0.0, 0.0]],
        vec![[0.0, 0.0, 10.0], [0.0, 0.0, 30.0], [0.0, 0.0, 7.0]],
        vec![[3.0, 10.0, 30.0]],
        vec![[3.0, 10.0, 30.0]; 50],
        vec![[1e15, 1e15, 1e15], [0.0, 0.0, 1e-300]],
        vec![[2.0, 0.0, 0.0]],
    ] {
        let found = rows(&degenerate);
        assert_no_maximum(&found, &degenerate);
    }
}

#[test]
fn faults_are_named() {
    let fault = |frequency, recency, age| {
        let customer = Customer {
            frequency,
            recency,
            age,
        };
        customer.fault()
    };
    assert_eq!(fault(2.0, 3.0, 3.0), None);
    assert_eq!(fault(0.0, 0.0, 0.0), None);
    for (frequency, recency, age) in [
        (-1.0, 0.0, 1.0),
        (0.5, 0.0, 1.0),
        (f64::NAN, 0.0, 1.0),
        (1.0, -1.0, 1.0),
        (1.0, 1.0, f64::INFINITY),
        (1.0, 2.0, 1.0),
        (0.0, 1.0, 2.0),
    ] {
        assert!(fault(frequency, recency, age).is_some());
    }
}
