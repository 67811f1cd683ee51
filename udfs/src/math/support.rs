//! How many baskets a share of them is.

/// The least count out of `baskets` whose fraction, as a DOUBLE, is not below `min_support`, and
/// at least 1: with 0.1 of 30 it is 3, although 0.1 as a DOUBLE is a little more.
pub(crate) fn least_count(min_support: f64, baskets: u64) -> u64 {
    let enough = |count: u64| count as f64 / baskets as f64 >= min_support;
    let mut count = (min_support * baskets as f64) as u64;
    while count > 0 && enough(count - 1) {
        count -= 1;
    }
    while count < baskets && !enough(count) {
        count += 1;
    }
    count.max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 0.1 is not a binary fraction, and a tenth of thirty is three all the same.
    #[test]
    fn the_least_count_is_inclusive() {
        for baskets in 1..2_000u64 {
            for hundredths in 1..=100u64 {
                let exact = (hundredths * baskets).div_ceil(100);
                let text = format!("0.{hundredths:02}");
                let fraction = if hundredths == 100 {
                    1.0
                } else {
                    text.parse().unwrap_or(1.0)
                };
                assert_eq!(least_count(fraction, baskets), exact);
            }
        }
        assert_eq!(least_count(1e-300, 5), 1);
        assert_eq!(least_count(0.5, 0), 1);
        assert_eq!(least_count(0.0, 5), 1);
    }
}
