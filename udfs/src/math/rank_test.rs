//! Mann and Whitney's test of whether the values of one variant tend to be larger, in time linear
//! in the number of distinct values.

use std::cmp::Ordering;

use crate::math::comparison::{Comparison, satterthwaite};
use crate::math::tails::{normal_two_sided, student_critical};
use crate::math::value_counts::Count;

/// The rows with one value: how many of the control have it, how many of the treatment.
#[derive(Debug, Clone, Copy)]
struct Tie {
    a: u64,
    b: u64,
}

/// The values of control and treatment, each sorted, as ties in ascending order.
fn ties(a: &[Count], b: &[Count]) -> Vec<Tie> {
    let (mut a, mut b) = (a.iter().peekable(), b.iter().peekable());
    let mut ties: Vec<Tie> = Vec::new();
    let mut last = None;
    loop {
        let order = match (a.peek(), b.peek()) {
            (None, None) => return ties,
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (Some(a), Some(b)) => a.value.cmp(&b.value),
        };
        let of_control = order.is_le();
        let next = if of_control { a.next() } else { b.next() };
        let Some(next) = next else { return ties };
        let times = u64::from(next.times);
        let (in_a, in_b) = if of_control { (times, 0) } else { (0, times) };
        match ties.last_mut().filter(|_| last == Some(next.value)) {
            Some(tie) => {
                tie.a += in_a;
                tie.b += in_b;
            }
            None => ties.push(Tie { a: in_a, b: in_b }),
        }
        last = Some(next.value);
    }
}

/// The test of the treatment `b` against the control `a`, whose values are sorted.
///
/// The statistic is U of the treatment; its p-value is by the normal approximation with
/// corrections for ties and continuity. The effect is P(b > a) + P(b = a)/2 − 1/2 with Brunner
/// and Munzel's interval. Without rows of one of them nothing is known.
pub(crate) fn mann_whitney(a: &[Count], b: &[Count]) -> Comparison {
    let ties = ties(a, b);
    let n_a: u64 = ties.iter().map(|tie| tie.a).sum();
    let n_b: u64 = ties.iter().map(|tie| tie.b).sum();
    if n_a == 0 || n_b == 0 {
        return Comparison::default();
    }
    let u_twice = u_twice(&ties);
    let [size_a, size_b] = [n_a as f64, n_b as f64];
    let pairs = u128::from(n_a) * u128::from(n_b);
    // Twice as far as U is from its mean, where it is without any difference.
    let off_twice = u_twice.abs_diff(pairs) as f64;
    let effect = off_twice / 2.0 / (size_a * size_b);
    let effect = if u_twice < pairs { -effect } else { effect };
    let error = (size_a * size_b / 12.0 * spread_of_ranks(&ties, n_a + n_b)).sqrt();
    let z = (off_twice - 1.0) / 2.0 / error;
    // Half a unit short of the mean, and without any variance, all is as likely as can be.
    let p_value = if z > 0.0 { normal_two_sided(z) } else { 1.0 };
    Comparison {
        statistic: Some(u_twice as f64 / 2.0),
        p_value: Some(p_value),
        ..Comparison::of_effect(effect)
    }
    .within(reach(&ties, n_a, n_b))
}

/// Twice U: two for each pair in which the treatment is larger, one for each tie.
fn u_twice(ties: &[Tie]) -> u128 {
    let mut below = 0_u64;
    let mut u_twice = 0_u128;
    for tie in ties {
        let larger = 2 * u128::from(below) + u128::from(tie.a);
        u_twice = u_twice.saturating_add(u128::from(tie.b).saturating_mul(larger));
        below += tie.a;
    }
    u_twice
}

/// n + 1 − Σ(t³ − t) / (n(n − 1)), where t are the numbers of equal values.
fn spread_of_ranks(ties: &[Tie], n: u64) -> f64 {
    // Σt(n² − t²) over n(n − 1), in whole numbers: they neither cancel nor round, but only the
    // cube of seven trillion rows is too large for them.
    let wide = u128::from(n);
    let spread = ties.iter().fold(0_u128, |spread, tie| {
        let t = u128::from(tie.a) + u128::from(tie.b);
        spread.saturating_add(t.saturating_mul((wide - t).saturating_mul(wide + t)))
    });
    spread as f64 / (n as f64 * (n as f64 - 1.0))
}

/// How far Brunner and Munzel's interval reaches; not a number for fewer than two rows, 0 without
/// variance.
fn reach(ties: &[Tie], n_a: u64, n_b: u64) -> f64 {
    let [size_a, size_b] = [n_a as f64, n_b as f64];
    // The squared standard errors that the placements of each one's rows among the other's add.
    let of_a = variance_of_places(ties.iter().map(|tie| (tie.a, tie.b)), n_a);
    let of_b = variance_of_places(ties.iter().map(|tie| (tie.b, tie.a)), n_b);
    let squares = [
        of_a / size_a / (size_b * size_b),
        of_b / size_b / (size_a * size_a),
    ];
    let whole = squares[0] + squares[1];
    if whole == 0.0 || whole.is_nan() {
        return whole;
    }
    whole.sqrt() * student_critical(satterthwaite(squares, [size_a - 1.0, size_b - 1.0]))
}

/// The variance of where `n` rows would stand among others, given how many of both have each
/// value, in ascending order.
fn variance_of_places(ties: impl Iterator<Item = (u64, u64)> + Clone, n: u64) -> f64 {
    // Twice the places are whole numbers, whose sums do not round; taken from the whole number
    // next to their mean, they stay small.
    let mut total = 0_i128;
    for_each_place(ties.clone(), |times, place| {
        total = total.saturating_add(times.saturating_mul(place));
    });
    let near = total / i128::from(n).max(1);
    let (mut off, mut squares) = (0_i128, 0_i128);
    for_each_place(ties, |times, place| {
        let by = place - near;
        off = off.saturating_add(times.saturating_mul(by));
        squares = squares.saturating_add(times.saturating_mul(by.saturating_mul(by)));
    });
    let (n, off) = (n as f64, off as f64);
    (squares as f64 - off * off / n) / 4.0 / (n - 1.0)
}

/// Calls `each` with the number of rows of each value and twice their place among the others.
fn for_each_place(ties: impl Iterator<Item = (u64, u64)>, mut each: impl FnMut(i128, i128)) {
    let mut below = 0_i128;
    for (own, other) in ties {
        let other = i128::from(other);
        each(i128::from(own), 2 * below + other);
        below += other;
    }
}

#[cfg(test)]
mod tests;
