//! The tests on small experiments, against scipy 1.17 and statsmodels 0.14, and what they must
//! keep when the rows are moved or stretched.

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use super::*;

/// The sums of rows of one column or of two, in the order that the tests take them.
fn sample(rows: &[[f64; 2]]) -> Sample {
    let sum = |of: fn(&[f64; 2]) -> (f64, f64)| {
        let products = rows.iter().map(of);
        products.fold(Exact::default(), |sum, (a, b)| {
            &sum + &(&Exact::from(a) * &Exact::from(b))
        })
    };
    Sample {
        n: rows.len() as i64,
        sums: vec![
            sum(|row| (row[0], 1.0)),
            sum(|row| (row[1], 1.0)),
            sum(|row| (row[0], row[0])),
            sum(|row| (row[1], row[1])),
            sum(|row| (row[0], row[1])),
        ],
    }
}

fn single(values: &[f64]) -> Sample {
    let rows: Vec<[f64; 2]> = values.iter().map(|value| [*value, 0.0]).collect();
    let mut sample = sample(&rows);
    sample.sums = vec![sample.sums[0].clone(), sample.sums[2].clone()];
    sample
}

fn numbers(comparison: Comparison) -> [f64; 5] {
    [
        comparison.effect,
        comparison.statistic,
        comparison.p_value,
        comparison.lower,
        comparison.upper,
    ]
    .map(|number| number.unwrap_or(f64::NAN))
}

#[track_caller]
fn assert_close(found: Comparison, expected: [f64; 5], most: f64) {
    for (found, expected) in numbers(found).into_iter().zip(expected) {
        let off = (found / expected - 1.0).abs();
        assert!(off < most, "{found} is not {expected}: {off:e}");
    }
}

const A: [f64; 4] = [10.0, 12.0, 14.0, 9.5];
const B: [f64; 3] = [13.0, 15.0, 20.0];

/// `ttest_ind(b, a, equal_var=False)` and its `confidence_interval()`.
const WELCH: [f64; 5] = [
    4.625,
    1.9920130376152125,
    0.14112026460042676,
    -2.796486673353254,
    12.046486673353254,
];

#[test]
fn welch_of_a_few() {
    assert_close(welch(&single(&A), &single(&B)), WELCH, 1e-12);
    let turned = welch(&single(&B), &single(&A));
    assert_close(
        turned,
        [-WELCH[0], -WELCH[1], WELCH[2], -WELCH[4], -WELCH[3]],
        1e-12,
    );
}

/// The difference neither knows where the values lie nor, but for its unit, how they are measured.
#[test]
fn welch_far_from_zero() {
    for (offset, scale) in [
        (1e9, 1.0),
        (-1e13, 1.0),
        (1e9, 0.25),
        (0.0, 1e120),
        (0.0, 1e-120),
    ] {
        let moved = |values: &[f64]| -> Sample {
            let moved = values.iter().map(|value| value * scale + offset);
            single(&moved.collect::<Vec<f64>>())
        };
        let mut expected = WELCH;
        [0, 3, 4]
            .into_iter()
            .for_each(|place| expected[place] *= scale);
        assert_close(welch(&moved(&A), &moved(&B)), expected, 1e-12);
    }
}

#[test]
fn what_is_not_defined_is_nothing() {
    let effect_only = |effect| Comparison {
        effect: Some(effect),
        ..Comparison::default()
    };
    let [one, same] = [single(&[5.0]), single(&[7.0, 7.0, 7.0])];
    assert_eq!(welch(&one, &single(&B)), effect_only(11.0));
    assert_eq!(welch(&same, &same), effect_only(0.0));
    assert_eq!(welch(&same, &single(&[9.0, 9.0])), effect_only(2.0));
    // One variant alone may stand still.
    assert!(welch(&same, &single(&B)).p_value.is_some());
    let broken = single(&[f64::NAN, 1.0, 2.0]);
    assert_eq!(welch(&broken, &single(&B)), Comparison::default());
    let huge = single(&[1e200, 2e200, 3e200]);
    assert_eq!(welch(&huge, &single(&B)).p_value, None);
}

const COVARIED: [[[f64; 2]; 3]; 2] = [
    [[10.0, 8.0], [21.0, 20.0], [33.0, 31.0]],
    [[15.0, 9.0], [24.0, 19.0], [35.0, 30.0]],
];

/// θ = cov(x, c) / var(c) by numpy, then `ttest_ind` of x − θ(c − c̄).
#[test]
fn cuped_of_a_few() {
    let expected = [
        3.6580844490216258,
        8.521032491478323,
        0.0025793788411010835,
        2.3432469183415643,
        4.972921979701687,
    ];
    let [a, b] = COVARIED;
    assert_close(cuped(&sample(&a), &sample(&b)), expected, 1e-12);
    let far = |rows: [[f64; 2]; 3]| sample(&rows.map(|[x, c]| [x + 1e9, c - 1e9]));
    assert_close(cuped(&far(a), &far(b)), expected, 1e-12);
}

/// A covariate that stands still adjusts nothing; one that is the value itself leaves nothing.
#[test]
fn cuped_without_and_with_all_of_the_covariate() {
    let still = |values: &[f64]| {
        let rows: Vec<[f64; 2]> = values.iter().map(|value| [*value, 3.0]).collect();
        sample(&rows)
    };
    assert_close(cuped(&still(&A), &still(&B)), WELCH, 1e-12);
    let itself = |values: &[f64]| {
        let rows: Vec<[f64; 2]> = values.iter().map(|value| [*value, *value]).collect();
        sample(&rows)
    };
    let nothing = cuped(&itself(&A), &itself(&B));
    assert_eq!((nothing.effect, nothing.p_value), (Some(0.0), None));
}

/// The delta method by numpy's `cov`, p-value and interval by `norm`.
#[test]
fn ratios_of_a_few() {
    let a = [[1.0, 9.0], [2.0, 11.0], [0.0, 4.0]];
    let b = [[3.0, 10.0], [4.0, 12.0], [1.0, 5.0]];
    let expected = [
        0.17129629629629628,
        3.3624670781252806,
        0.0007724933682908957,
        0.07144860600663284,
        0.27114398658595973,
    ];
    assert_close(ratios(&sample(&a), &sample(&b)), expected, 1e-12);
    // Negative denominators turn the ratio and nothing else.
    let turned = |rows: [[f64; 2]; 3]| sample(&rows.map(|[x, y]| [-x, -y]));
    assert_close(ratios(&turned(a), &turned(b)), expected, 1e-12);
}

#[test]
fn ratios_without_a_denominator() {
    let none = sample(&[[1.0, 1.0], [2.0, -1.0]]);
    let some = sample(&[[1.0, 2.0], [2.0, 3.0]]);
    assert_eq!(ratios(&none, &some), Comparison::default());
    // Multiples of one another do not vary.
    let even = sample(&[[1.0, 2.0], [2.0, 4.0]]);
    let still = ratios(&even, &even);
    assert_eq!((still.effect, still.statistic), (Some(0.0), None));
    let one = sample(&[[1.0, 2.0]]);
    assert_eq!(ratios(&one, &some).p_value, None);
}

fn converted(k: i64, n: i64) -> Sample {
    Sample {
        n,
        sums: vec![Exact::from(k as f64)],
    }
}

/// `test_proportions_2indep(11, 101, 10, 100, method='wald')`, `proportions_ztest` and
/// `confint_proportions_2indep(…, method='wald')`.
#[test]
fn proportions_of_two_hundred() {
    let [a, b] = [converted(10, 100), converted(11, 101)];
    let effect = 11.0 / 101.0 - 0.1;
    let [lower, upper] = [-0.07563797172293504, 0.09345975390115285];
    assert_close(
        proportions(&a, &b, ProportionVariance::Unpooled),
        [
            effect,
            0.20656724435948853,
            0.8363478437079653,
            lower,
            upper,
        ],
        1e-12,
    );
    assert_close(
        proportions(&a, &b, ProportionVariance::Pooled),
        [
            effect,
            0.20650660711849533,
            0.8363952042359353,
            lower,
            upper,
        ],
        1e-12,
    );
}

#[test]
fn proportions_without_variance() {
    let [none, all] = [converted(0, 5), converted(7, 7)];
    for variance in [ProportionVariance::Pooled, ProportionVariance::Unpooled] {
        let found = proportions(&none, &none, variance);
        assert_eq!(found, Comparison::of_effect(0.0));
    }
    let pooled = proportions(&none, &all, ProportionVariance::Pooled);
    // √12, as 5·7/(12·12) / ((1/5 + 1/7)·35/144) has it.
    assert!((pooled.statistic.unwrap() - 12.0_f64.sqrt()).abs() < 1e-12);
    assert_eq!((pooled.effect, pooled.lower), (Some(1.0), None));
}

/// A thousand rows with mean 1e9 and standard deviation 1, against sums around the mean, which
/// are exact enough there.
#[test]
fn welch_equals_two_passes() {
    let random = &mut StdRng::seed_from_u64(1);
    for _ in 0..20 {
        let mut arm = || -> Vec<f64> {
            let n = random.random_range(2..500);
            (0..n)
                .map(|_| 1e9 + random.random_range(-1.7..1.7))
                .collect()
        };
        let [a, b] = [arm(), arm()];
        let near = |values: &[f64]| -> (f64, f64, f64) {
            let n = values.len() as f64;
            let mean = values.iter().map(|value| value - 1e9).sum::<f64>() / n;
            let squares = values.iter().map(|value| (value - 1e9 - mean).powi(2));
            (n, mean, squares.sum::<f64>() / (n - 1.0) / n)
        };
        let [(n_a, mean_a, square_a), (n_b, mean_b, square_b)] = [near(&a), near(&b)];
        let t = (mean_b - mean_a) / (square_a + square_b).sqrt();
        let found = welch(&single(&a), &single(&b));
        assert!((found.effect.unwrap() - (mean_b - mean_a)).abs() < 1e-14 * (n_a + n_b));
        assert!((found.statistic.unwrap() - t).abs() < 1e-10);
    }
}
