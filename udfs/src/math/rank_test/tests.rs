//! The rank test against scipy and statsmodels, and against all pairs.

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use super::*;

fn counts(values: &[i64]) -> Vec<Count> {
    let mut values = values.to_vec();
    values.sort_unstable();
    let count = |value: i64| Count {
        owner: 0,
        times: 1,
        value,
    };
    values.into_iter().map(count).collect()
}

fn together(values: &[i64]) -> Vec<Count> {
    let mut together: Vec<Count> = Vec::new();
    for count in counts(values) {
        match together.last_mut() {
            Some(last) if last.value == count.value => last.times += 1,
            _ => together.push(count),
        }
    }
    together
}

#[track_caller]
fn assert_close(found: Option<f64>, expected: f64) {
    let off = (found.unwrap() / expected - 1.0).abs();
    assert!(off < 1e-12, "{found:?} is not {expected}: {off:e}");
}

/// scipy 1.17's `mannwhitneyu(b, a, method='asymptotic')`, and statsmodels 0.14's
/// `rank_compare_2indep(b, a, use_t=True).conf_int(value=0.5)`.
#[test]
fn a_few_with_ties() {
    let found = mann_whitney(&counts(&[1, 2, 2, 3, 5]), &counts(&[2, 4, 5, 6, 7, 7]));
    assert_eq!(found.statistic, Some(25.5));
    assert_close(found.effect, 0.35);
    assert_close(found.p_value, 0.06414661873440437);
    assert_close(found.lower, 0.0782147920111328);
    assert_close(found.upper, 0.6217852079888672);
}

#[test]
fn nothing_to_tell_apart() {
    let found = mann_whitney(&counts(&[4, 4, 4]), &counts(&[4, 4]));
    let expected = Comparison {
        effect: Some(0.0),
        statistic: Some(3.0),
        p_value: Some(1.0),
        ..Comparison::default()
    };
    assert_eq!(found, expected);
    assert_eq!(mann_whitney(&[], &counts(&[1])), Comparison::default());
    assert_eq!(mann_whitney(&counts(&[1]), &[]), Comparison::default());
}

/// All of one above all of the other: no variance, so no interval.
#[test]
fn everything_to_tell_apart() {
    let found = mann_whitney(&counts(&[1, 2, 3]), &counts(&[9, 8]));
    assert_eq!((found.effect, found.statistic), (Some(0.5), Some(6.0)));
    assert_eq!((found.lower, found.upper), (None, None));
    let found = mann_whitney(&counts(&[1]), &counts(&[2]));
    assert_eq!((found.effect, found.lower), (Some(0.5), None));
}

/// U and its variance from all pairs and all ranks.
#[test]
fn ranks_equal_pairs_on_random_values() {
    for seed in 0..200 {
        let random = &mut StdRng::seed_from_u64(seed);
        let most = [2, 9, 10_000][random.random_range(0..3)];
        let mut values = || -> Vec<i64> {
            let n = random.random_range(1..40);
            (0..n).map(|_| random.random_range(0..most)).collect()
        };
        let [a, b] = [values(), values()];
        let found = mann_whitney(&counts(&a), &counts(&b));
        assert_eq!(
            found,
            mann_whitney(&together(&a), &together(&b)),
            "seed {seed}"
        );
        let mut u = 0.0;
        for b in &b {
            for a in &a {
                u += match a.cmp(b) {
                    Ordering::Less => 1.0,
                    Ordering::Equal => 0.5,
                    Ordering::Greater => 0.0,
                };
            }
        }
        assert_eq!(found.statistic, Some(u), "seed {seed}");
        let turned = mann_whitney(&counts(&b), &counts(&a));
        assert_eq!(turned.effect.map(|effect| 0.0 - effect), found.effect);
        assert_eq!(turned.p_value, found.p_value);
    }
}
