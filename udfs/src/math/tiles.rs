//! Tiles of a column: which of `count` near-equal parts each value falls into,
//! without sorting the column.
//!
//! A tile's lower bound is an order statistic, so `count − 1` of them are
//! selected (expected linear time each, on halves of halves) and every value is
//! then placed by at most three comparisons. With n values:
//!
//! - [`Ties::Together`]: a value with `below` strictly smaller ones is in tile
//!   ⌊below · count / n⌋ + 1, so equal values share a tile, the lowest that any
//!   of them could have.
//! - [`Ties::Split`]: exactly SQL's `NTILE(count)` over the ascending order;
//!   equal values stand in the order in which they are given.
//!
//! Keys are ordered worst first: wrap them in [`std::cmp::Reverse`] where a
//! large value is a bad one.

/// What becomes of equal values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Ties {
    /// Equal values get equal tiles.
    Together,
    /// Tiles are filled evenly, as `NTILE` does.
    Split,
}

/// The tile, from 1 to `count`, of each key, in the order of the keys.
pub(crate) fn tiles<K: Ord + Copy>(keys: &[K], count: u8, ties: Ties) -> Vec<u8> {
    let (n, count) = (keys.len(), usize::from(count));
    match ties {
        Ties::Together => {
            // below · count ≥ k · n, so at least ⌈k · n / count⌉ values are
            // smaller: exactly when the last of so many is.
            let positions: Vec<usize> = (1..count)
                .map(|k| (k * n).div_ceil(count))
                .filter(|below| *below > 0)
                .map(|below| below - 1)
                .collect();
            let bounds = order_statistics(keys.to_vec(), &positions);
            keys.iter()
                .map(|key| tile(bounds.partition_point(|bound| bound < key)))
                .collect()
        }
        Ties::Split => {
            let placed: Vec<(K, usize)> = keys.iter().copied().zip(0..).collect();
            let (size, larger) = (n / count, n % count);
            let starts: Vec<usize> = (1..count)
                .map(|k| k * size + k.min(larger))
                .filter(|start| *start < n)
                .collect();
            let bounds = order_statistics(placed.clone(), &starts);
            placed
                .iter()
                .map(|key| tile(bounds.partition_point(|bound| bound <= key)))
                .collect()
        }
    }
}

/// The three-digit score of three tiles: 100·r + 10·f + m.
pub(crate) fn score(r: i32, f: i32, m: i32) -> i32 {
    100 * r + 10 * f + m
}

/// An integer that orders as the number does: −0 equals 0, and NaN is above
/// everything, as it is where DataFusion sorts.
pub(crate) fn ordered(value: f64) -> i64 {
    let value = if value.is_nan() {
        f64::NAN.abs()
    } else {
        value + 0.0
    };
    let bits = value.to_bits().cast_signed();
    bits ^ ((bits >> 63) & i64::MAX)
}

/// The number that [`ordered`] made an integer of.
pub(crate) fn unordered(ordered: i64) -> f64 {
    let bits = ordered ^ ((ordered >> 63) & i64::MAX);
    f64::from_bits(bits.cast_unsigned())
}

fn tile(bounds_reached: usize) -> u8 {
    // There are at most eight bounds.
    u8::try_from(bounds_reached).map_or(u8::MAX, |reached| reached + 1)
}

/// The values at the given ascending positions of the sorted keys.
fn order_statistics<K: Ord + Copy>(mut keys: Vec<K>, positions: &[usize]) -> Vec<K> {
    select(&mut keys, 0, positions);
    positions.iter().map(|position| keys[*position]).collect()
}

fn select<K: Ord>(keys: &mut [K], offset: usize, positions: &[usize]) {
    let Some(&middle) = positions.get(positions.len() / 2) else {
        return;
    };
    let (left, _, right) = keys.select_nth_unstable(middle - offset);
    let before = positions.partition_point(|position| *position < middle);
    let after = positions.partition_point(|position| *position <= middle);
    select(left, offset, &positions[..before]);
    select(right, middle + 1, &positions[after..]);
}

#[cfg(test)]
mod tests {
    use std::cmp::Reverse;

    use rand::rngs::StdRng;
    use rand::{Rng, SeedableRng};

    use super::*;

    /// The definition, word for word: counts the smaller values.
    fn together_by_counting(keys: &[i64], count: u8) -> Vec<u8> {
        let below = |key: &i64| keys.iter().filter(|other| *other < key).count();
        keys.iter()
            .map(|key| (below(key) * usize::from(count) / keys.len() + 1) as u8)
            .collect()
    }

    /// `NTILE` as the SQL standard words it: sort, deal out parts whose sizes
    /// differ by at most one, the larger first.
    fn ntile_by_sorting(keys: &[i64], count: u8) -> Vec<u8> {
        let mut order: Vec<usize> = (0..keys.len()).collect();
        order.sort_by_key(|index| (keys[*index], *index));
        let mut result = vec![0; keys.len()];
        let mut position = 0;
        for part in 0..usize::from(count) {
            let larger = part < keys.len() % usize::from(count);
            for _ in 0..keys.len() / usize::from(count) + usize::from(larger) {
                result[order[position]] = part as u8 + 1;
                position += 1;
            }
        }
        result
    }

    #[test]
    fn both_kinds_equal_their_definitions_on_random_columns_full_of_ties() {
        let mut random = StdRng::seed_from_u64(7);
        for round in 0..600 {
            let n = random.random_range(0..if round % 10 == 0 { 500 } else { 30 });
            let distinct = random.random_range(1..=2 * n as i64 + 1);
            let keys: Vec<i64> = (0..n).map(|_| random.random_range(0..distinct)).collect();
            for count in 2..=9 {
                assert_eq!(
                    tiles(&keys, count, Ties::Together),
                    together_by_counting(&keys, count),
                    "{count} tiles of {keys:?}"
                );
                assert_eq!(
                    tiles(&keys, count, Ties::Split),
                    ntile_by_sorting(&keys, count),
                    "{count} tiles of {keys:?}"
                );
            }
        }
    }

    #[test]
    fn reversed_keys_turn_the_tiles_but_not_the_order_of_ties() {
        let days = [30, 10, 20, 10, 20].map(Reverse);
        assert_eq!(tiles(&days, 5, Ties::Split), [1, 4, 2, 5, 3]);
        assert_eq!(tiles(&days, 5, Ties::Together), [1, 4, 2, 4, 2]);
    }

    #[test]
    fn a_tie_takes_its_lowest_tile_and_higher_ones_stay_empty() {
        assert_eq!(tiles(&[5, 5, 5, 5], 5, Ties::Together), [1, 1, 1, 1]);
        assert_eq!(tiles(&[5, 5, 5, 5], 5, Ties::Split), [1, 2, 3, 4]);
        assert_eq!(tiles(&[9], 9, Ties::Together), [1]);
        assert_eq!(tiles::<i64>(&[], 5, Ties::Split), [0; 0]);
    }

    #[test]
    fn ordered_integers_order_as_the_numbers_do() {
        let ascending = [
            f64::NEG_INFINITY,
            f64::MIN,
            -1.5,
            -f64::MIN_POSITIVE,
            0.0,
            f64::MIN_POSITIVE,
            1.5,
            f64::MAX,
            f64::INFINITY,
            f64::NAN,
        ];
        assert!(ascending.map(ordered).is_sorted_by(|a, b| a < b));
        assert_eq!(ordered(-0.0), ordered(0.0));
        for number in &ascending[..9] {
            assert_eq!(unordered(ordered(*number)), *number);
        }
        assert_eq!(ordered(-f64::NAN), ordered(f64::NAN));
    }

    #[test]
    fn a_score_reads_as_three_digits() {
        assert_eq!(score(5, 1, 3), 513);
    }
}
