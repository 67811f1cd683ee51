//! Pearson's chi-square test of counts against expected shares.

use crate::math::tails::chi_square_upper;

/// The statistic and its p-value, for as many shares as counts. Shares are of any scale.
/// There is no p-value for fewer than two, nor anything where nothing was counted.
pub(crate) fn chi_square(counts: &[i64], shares: &[f64]) -> (Option<f64>, Option<f64>) {
    let n: f64 = counts.iter().map(|count| *count as f64).sum();
    let whole: f64 = shares.iter().sum();
    let terms = counts.iter().zip(shares).map(|(count, share)| {
        let expected = n * (share / whole);
        let off = *count as f64 - expected;
        off / expected * off
    });
    let statistic = Some(terms.sum::<f64>()).filter(|statistic| statistic.is_finite());
    let df = counts.len() as f64 - 1.0;
    let p_value = statistic.filter(|_| df > 0.0);
    (
        statistic,
        p_value.map(|statistic| chi_square_upper(statistic, df)),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 821 and 1,000 − 821 of a planned half each: (321² + 321²) / 500, as anybody can compute;
    /// the p-values are those of scipy 1.17's `chisquare`.
    #[test]
    fn counts_against_shares() {
        let (statistic, p_value) = chi_square(&[821, 179], &[1.0, 1.0]);
        assert_eq!(statistic, Some(412.164));
        let scipy = 1.2390311828838623e-91;
        assert!((p_value.unwrap() / scipy - 1.0).abs() < 1e-12);
        let (statistic, p_value) = chi_square(&[10, 20, 30], &[0.25, 0.25, 0.5]);
        assert!((statistic.unwrap() - 10.0 / 3.0).abs() < 1e-14);
        assert!((p_value.unwrap() / (-10.0_f64 / 6.0).exp() - 1.0).abs() < 1e-14);
    }

    #[test]
    fn nothing_to_compare() {
        assert_eq!(chi_square(&[7], &[3.0]), (Some(0.0), None));
        assert_eq!(chi_square(&[0, 0], &[1.0, 1.0]), (None, None));
        assert_eq!(chi_square(&[5, 5], &[2.0, 2.0]), (Some(0.0), Some(1.0)));
    }
}
