//! Tails against values worked out to 400 digits from the series that define them, and against
//! closed forms.

use super::*;

fn assert_close(found: f64, expected: f64, what: &str) {
    let off = (found / expected - 1.0).abs();
    assert!(off < 1e-12, "{what}: {found:e}, not {expected:e}: {off:e}");
}

/// (t, df, p): two-sided, of the power series of the incomplete beta function.
const STUDENT: &[(f64, f64, f64)] = &[
    (1e-6, 1.0, 0.9999993633802277),
    (0.7, 1.0, 0.6111997755715705),
    (1e6, 1.0, 6.366197723673691e-7),
    (0.01, 1.5, 0.99318548966292),
    (1.96, 2.0, 0.18905730960173228),
    (200.0, 5.0, 5.92976608167127e-11),
    (1e6, 5.0, 1.898033449092136e-29),
    (0.7, 9.75, 0.5002879123367822),
    (17.0, 9.75, 1.4340295180356448e-8),
    (1e-6, 29.0, 0.999999208962842),
    (4.0, 29.0, 0.0004000639456524914),
    (38.0, 29.0, 2.73442407918032e-26),
    (1e-6, 30.0, 0.9999992087356302),
    (0.7, 30.0, 0.4893204434996715),
    (3.5, 30.0, 0.001476807437644253),
    (4.0, 30.0, 0.00038184563608375686),
    (9.0, 31.5, 3.224777366895873e-10),
    (200.0, 31.5, 1.8199572163285646e-50),
    (0.01, 60.0, 0.9920544635179308),
    (17.0, 60.0, 1.2892903208756793e-24),
    (4.0, 157.3, 9.723809629623994e-5),
    (9.0, 157.3, 6.981827276729584e-16),
    (38.0, 157.3, 3.681100174248785e-81),
    (1.96, 1e3, 0.05027318495574872),
    (17.0, 1e3, 3.967923602899736e-57),
    (25.0, 1e3, 1.5203541383321278e-107),
    (30.0, 1e3, 1.5374687444043482e-141),
    (1e-6, 1e6, 0.9999992021156386),
    (9.0, 1e6, 2.26097303349286e-19),
    (15.0, 1e6, 7.436264767210385e-51),
    (4.0, 3.3e8, 6.334249745480962e-5),
    (1e-6, 1e12, 0.9999992021154392),
];

#[test]
fn student_to_the_far_tail() {
    for &(t, df, p) in STUDENT {
        assert_close(student_two_sided(t, df), p, &format!("t {t}, df {df}"));
        assert_eq!(student_two_sided(-t, df), student_two_sided(t, df));
    }
}

/// With one degree of freedom it is Cauchy's distribution, with two an algebraic one.
#[test]
fn student_in_closed_form() {
    for exponent in -20..20 {
        let t = 2_f64.powi(exponent) * 1.1;
        let cauchy = 1.0_f64.atan2(t) * 2.0 / PI;
        assert_close(student_two_sided(t, 1.0), cauchy, &format!("t {t}, df 1"));
        let root = (2.0 + t * t).sqrt();
        let two = 2.0 / (root * (root + t));
        assert_close(student_two_sided(t, 2.0), two, &format!("t {t}, df 2"));
    }
}

/// Where one way to compute it takes over from another.
#[test]
fn student_has_no_seams() {
    for t in [0.3, 1.1, 2.9, 3.5, 8.0] {
        let around = [29.999_999_999, 30.0].map(|df| student_two_sided(t, df));
        assert!((around[0] / around[1] - 1.0).abs() < 1e-9, "{t}");
    }
    for df in [40.0, 900.0_f64] {
        let t = (df * (1.0 / EXPANDED_X - 1.0)).sqrt();
        let around = [t * (1.0 - 1e-14), t * (1.0 + 1e-14)].map(|t| student_two_sided(t, df));
        assert!((around[0] / around[1] - 1.0).abs() < 1e-10, "{df}");
    }
}

/// tan(0.475 π) and 0.95 √(2 / (1 − 0.95²)) in closed form, and scipy 1.17's `t.ppf(0.975, df)`,
/// which is good to ten digits.
#[test]
fn critical_values() {
    assert_close(student_critical(1.0), (0.475 * PI).tan(), "df 1");
    let two = 0.95 * (2.0 / (1.0 - 0.95 * 0.95_f64)).sqrt();
    assert_close(student_critical(2.0), two, "df 2");
    let scipy = [
        (1.3, 7.500529325562029),
        (7.5, 2.333039626864974),
        (29.9, 2.0425589158185566),
        (30.0, 2.0422724563012378),
        (1e3, 1.9623390808264083),
        (1e9, 1.959963986912325),
    ];
    for (df, t) in scipy {
        let found = student_critical(df);
        assert!((found / t - 1.0).abs() < 1e-10, "df {df}: {found}");
        assert_close(student_two_sided(found, df), 0.05, &format!("df {df}"));
    }
    assert!(student_critical(f64::NAN).is_nan());
}

/// Values of scipy 1.17's `erfc(z / √2)`.
const NORMAL: [(f64, f64); 7] = [
    (1e-09, 0.9999999992021155),
    (0.3, 0.7641771556220948),
    (1.0, 0.31731050786291415),
    (2.5, 0.012419330651552277),
    (6.0, 1.9731752900754036e-09),
    (15.0, 7.34193239862571e-51),
    (36.0, 8.365248131594566e-284),
];

#[test]
fn normal_to_the_far_tail() {
    for (z, p) in NORMAL {
        assert_close(normal_two_sided(z), p, &format!("z {z}"));
        assert_eq!(normal_two_sided(-z), normal_two_sided(z));
    }
    assert_close(normal_two_sided(NORMAL_CRITICAL), 0.05, "critical");
    assert_eq!(normal_two_sided(0.0), 1.0);
    assert_eq!(normal_two_sided(f64::INFINITY), 0.0);
}

/// With an even number of degrees of freedom it is a sum of Poisson's terms.
#[test]
fn chi_square_in_closed_form() {
    for x in [1e-9, 0.01, 0.5, 1.0, 3.84, 10.0, 57.0, 300.0, 1_000.0_f64] {
        for df in [2, 4, 10, 30] {
            let mut term = (-x / 2.0).exp();
            let mut sum = term;
            for i in 1..df / 2 {
                term *= x / 2.0 / f64::from(i);
                sum += term;
            }
            let found = chi_square_upper(x, f64::from(df));
            assert_close(found, sum, &format!("{x}, {df}"));
        }
    }
    assert_eq!(chi_square_upper(0.0, 3.0), 1.0);
    assert_eq!(chi_square_upper(f64::INFINITY, 3.0), 0.0);
}
