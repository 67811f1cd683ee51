//! Expectations against mpmath, the printed formula's limits, and one method against the other.

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use super::*;

fn assert_close(found: f64, wanted: f64, precision: f64, what: &str) {
    let error = (found - wanted).abs();
    assert!(
        error <= precision * wanted.abs(),
        "{what}: {found} is not {wanted}"
    );
}

/// r, α, a, b, t, x, t_x and T, with the purchases expected in t and P(alive) that the printed
/// formulas give in arithmetic of 60 digits (mpmath 1.4.1, its `hyp2f1`). The first is the
/// paper's example, 1.226.
#[test]
fn high_precision_values() {
    let cases: &[([f64; 8], f64, f64)] = &[
        (
            [0.243, 4.414, 0.793, 2.426, 39.0, 2.0, 30.43, 38.86],
            1.2260281747671444,
            0.726578570080673,
        ),
        (
            [0.243, 4.414, 0.793, 2.426, 39.0, 0.0, 0.0, 38.86],
            0.19509805201126265,
            1.0,
        ),
        (
            [0.243, 4.414, 0.793, 2.426, 1e-06, 2.0, 30.43, 38.86],
            3.766039015141282e-08,
            0.726578570080673,
        ),
        (
            [0.243, 4.414, 0.793, 2.426, 1000000.0, 2.0, 30.43, 38.86],
            87.32804004651051,
            0.726578570080673,
        ),
        (
            [0.243, 4.414, 0.793, 2.426, 520.0, 0.0, 0.0, 0.0],
            4.9746178618496595,
            1.0,
        ),
        (
            [0.243, 4.414, 1.000000000001, 2.426, 39.0, 2.0, 30.43, 38.86],
            1.1021367860394096,
            0.6781756148541856,
        ),
        (
            [0.5, 10.0, 1.5, 0.25, 52.0, 0.0, 0.0, 10.0],
            0.5339822235889169,
            1.0,
        ),
        (
            [0.5, 10.0, 0.25, 0.5, 52.0, 0.0, 0.0, 10.0],
            0.9350405491351343,
            1.0,
        ),
        (
            [3.0, 20.0, 2.5, 4.0, 365.0, 17.0, 300.0, 310.0],
            7.808946335798939,
            0.8121449788458588,
        ),
        (
            [3.0, 20.0, 2.5, 4.0, 3650.0, 150.0, 300.0, 300.5],
            99.17730105690352,
            0.979673049223652,
        ),
        (
            [0.01, 0.5, 0.02, 0.03, 100.0, 1.0, 2.0, 50.0],
            0.13162166972104994,
            0.0672152492592034,
        ),
        (
            [2.0, 5.0, 0.001, 0.5, 1000.0, 4.0, 80.0, 100.0],
            56.972265868607415,
            0.9989858235514225,
        ),
        (
            [50.0, 100.0, 5.0, 60.0, 52.0, 40.0, 50.0, 52.0],
            14.385018089066254,
            0.8573694901475849,
        ),
        (
            [1000.0, 2000.0, 30.0, 4000.0, 100.0, 30.0, 60.0, 65.0],
            38.27982539170381,
            0.9170637830130389,
        ),
        (
            [0.8, 3.0, 0.7, 1.9, 30.0, 1000.0, 500.0, 501.0],
            58.07509357294711,
            0.9949214750950389,
        ),
        (
            [0.8, 3.0, 0.7, 1.9, 2000.0, 1000.0, 500.0, 501.0],
            2050.336217738259,
            0.9949214750950389,
        ),
        (
            [0.8, 3.0, 0.7, 1.9, 100000.0, 100000.0, 500.0, 500.001],
            1299956.8107726946,
            0.9999914605110896,
        ),
        (
            [1e-06, 1000.0, 5.0, 0.001, 10.0, 0.0, 0.0, 100.0],
            9.049843650846397e-09,
            1.0,
        ),
        (
            [2.5, 7.0, 300.0, 20.0, 60.0, 3.0, 10.0, 11.0],
            0.054715933201941014,
            0.05082951221382831,
        ),
        (
            [10.0, 0.001, 0.6, 0.8, 10000.0, 0.0, 0.0, 0.5],
            247.19442837850414,
            1.0,
        ),
        (
            [10.0, 0.001, 3.0, 0.8, 10000.0, 2.0, 0.4, 0.5],
            0.09558541426753059,
            0.039827255954473735,
        ),
        (
            [30.0, 70.0, 300.0, 2000.0, 60.0, 3.0, 10.0, 11.0],
            5.974024223162983,
            0.8158043911906404,
        ),
    ];
    for ([r, alpha, a, b, time, frequency, recency, age], expected, alive) in cases {
        let (r, alpha, a, b) = (*r, *alpha, *a, *b);
        let model = BgNbd { r, alpha, a, b };
        let customer = Customer {
            frequency: *frequency,
            recency: *recency,
            age: *age,
        };
        let what = format!("{model:?} {customer:?}");
        assert_close(model.alive(&customer), *alive, 1e-13, &what);
        assert_close(model.expected(*time, &customer), *expected, 1e-12, &what);
    }
}

fn active(random: &mut StdRng) -> Active {
    let mut between = |low: f64, high: f64| {
        let logarithm = random.random_range(low..high);
        10_f64.powf(logarithm)
    };
    Active {
        shape: between(-3.0, 3.0),
        time: between(-6.0, 1.0),
        ends: between(-3.0, 3.0),
        stays: between(-3.0, 3.0),
    }
}

/// Wherever the sum is short, the integral is the same.
#[test]
fn the_sum_is_the_integral() {
    let random = &mut StdRng::seed_from_u64(1);
    let mut compared = 0;
    while compared < 4_000 {
        let active = active(random);
        if active.is_summed() {
            compared += 1;
            let what = format!("{active:?}");
            assert_close(active.by_integral(), active.by_sum(), 1e-11, &what);
        }
    }
}

/// Where the sum is long, its value still grows with time, more and more slowly, and stays
/// below what is bought by somebody who never becomes inactive.
#[test]
fn expectations_grow_ever_more_slowly() {
    let random = &mut StdRng::seed_from_u64(2);
    for _ in 0..300 {
        let start = active(random);
        let (mut last, mut slope) = (0.0, f64::INFINITY);
        for step in 1..20 {
            let time = start.time * 4_f64.powi(step);
            let now = Active { time, ..start };
            let purchases = now.purchases();
            let steepness = (purchases - last) / (time - time / 4.0);
            let what = format!("{now:?}");
            assert!(purchases >= last * (1.0 - 1e-12), "{what}");
            assert!(
                step == 1 || steepness <= slope + 1e-11 * purchases / time,
                "{what}"
            );
            assert!(purchases <= now.shape * now.time * (1.0 + 1e-12), "{what}");
            (last, slope) = (purchases, steepness);
        }
    }
}

/// R·y·a′ as time goes to 0, and the printed formula's limit at a = 1, R → 1 and B = 1, which
/// is (1 + 1/y) ln(1+y) − 1 by the integral's own terms.
#[test]
fn limits() {
    let near = Active {
        shape: 2.5,
        time: 1e-12,
        ends: 0.8,
        stays: 3.0,
    };
    assert_close(near.purchases(), 2.5e-12, 1e-11, "a short time");
    let one = Active {
        shape: 1.0,
        time: 3.0,
        ends: 1.0,
        stays: 1.0,
    };
    // ∫ y/(1+py) dp = ln(1+y).
    assert_close(one.by_sum(), 4_f64.ln(), 1e-14, "the sum");
    assert_close(one.by_integral(), 4_f64.ln(), 1e-13, "the integral");
    let none = Active { time: 0.0, ..one };
    assert_eq!(none.purchases(), 0.0);
}

/// No parameters and no customers at the ends of what doubles hold give anything but numbers.
#[test]
fn extremes_are_numbers() {
    let sizes = [1e-12, 1e-3, 1.0, 1e3, 1e10];
    for r in sizes {
        for a in sizes {
            for b in sizes {
                let model = BgNbd {
                    r,
                    alpha: 1.0,
                    a,
                    b,
                };
                for (frequency, age) in [(0.0, 0.0), (1.0, 10.0), (1e9, 1e300)] {
                    let customer = Customer {
                        frequency,
                        recency: if frequency == 0.0 { 0.0 } else { age / 2.0 },
                        age,
                    };
                    for time in [0.0, 1e-300, 1.0, 1e200] {
                        let expected = model.expected(time, &customer);
                        let what = format!("{model:?} {customer:?} {time}: {expected}");
                        assert!(expected >= 0.0 && expected.is_finite(), "{what}");
                    }
                    let alive = model.alive(&customer);
                    assert!((0.0..=1.0).contains(&alive), "{model:?} {customer:?}");
                }
            }
        }
    }
}
