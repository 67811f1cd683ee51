//! Kaplan and Meier's estimate of survival, with its interval.

use crate::math::tails::NORMAL_CRITICAL;
use crate::math::value_counts::Count;

/// The estimate from a time on.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Step {
    /// The time, as the integer that came in.
    pub(crate) t: i64,
    /// How many were still there just before it.
    pub(crate) at_risk: u64,
    /// How many ended at it.
    pub(crate) events: u64,
    /// The probability to last longer.
    pub(crate) survival: f64,
    /// Where its interval begins.
    pub(crate) lower: f64,
    /// Where it ends.
    pub(crate) upper: f64,
}

/// A step for every distinct time, from times that ended and times that did not, each sorted.
///
/// S = Π(1 − d/n); the interval is that of ln(−ln S), whose variance is Greenwood's
/// Σd/(n(n − d)) over (ln S)². It is [1, 1] until the first event and [0, 0] once all have ended.
pub(crate) fn steps(ended: &[Count], censored: &[Count]) -> Vec<Step> {
    let total = |counts: &[Count]| {
        counts
            .iter()
            .map(|count| u64::from(count.times))
            .sum::<u64>()
    };
    let mut at_risk = total(ended) + total(censored);
    let mut steps = Vec::new();
    let (mut ended, mut censored) = (ended, censored);
    let (mut survival, mut logarithm, mut greenwood) = (1.0, 0.0, 0.0);
    // The estimate when somebody was last censored, and how many were left then: until the next
    // time the factors telescope, which spares them their rounding.
    let (mut before, mut left) = (1.0, at_risk as f64);
    while let Some(t) = least(ended, censored) {
        let events = take(&mut ended, t);
        let unseen = take(&mut censored, t);
        if events > 0 {
            let (n, d) = (at_risk as f64, events as f64);
            survival = before * ((at_risk - events) as f64 / left);
            logarithm += (-d / n).ln_1p();
            greenwood += d / n / (at_risk - events) as f64;
        }
        let (lower, upper) = interval(survival, logarithm, greenwood);
        steps.push(Step {
            t,
            at_risk,
            events,
            survival,
            lower,
            upper,
        });
        at_risk -= events + unseen;
        if unseen > 0 {
            (before, left) = (survival, at_risk as f64);
        }
    }
    steps
}

fn least(a: &[Count], b: &[Count]) -> Option<i64> {
    a.first()
        .into_iter()
        .chain(b.first())
        .map(|count| count.value)
        .min()
}

/// Takes what came at `t` off the front, and says how often it did.
fn take(counts: &mut &[Count], t: i64) -> u64 {
    let here = counts.iter().take_while(|count| count.value == t).count();
    let (now, later) = counts.split_at(here);
    *counts = later;
    now.iter().map(|count| u64::from(count.times)).sum()
}

fn interval(survival: f64, logarithm: f64, greenwood: f64) -> (f64, f64) {
    if survival <= 0.0 {
        return (0.0, 0.0);
    }
    if logarithm == 0.0 {
        return (1.0, 1.0);
    }
    let hazard = -logarithm;
    let reach = (NORMAL_CRITICAL * greenwood.sqrt() / hazard).exp();
    ((-hazard * reach).exp(), (-hazard / reach).exp())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(times: &[i64]) -> Vec<Count> {
        let count = |value: &i64| Count {
            owner: 0,
            times: 1,
            value: *value,
        };
        times.iter().map(count).collect()
    }

    /// Remission of 21 leukaemia patients on 6-MP, Freireich et al. 1963, the example of most
    /// textbooks; the interval is that of R's `survfit(…, conf.type = "log-log")`, as printed in
    /// Collett's and Klein and Moeschberger's treatments, and of lifelines.
    #[test]
    fn remission_under_mercaptopurine() {
        let ended = counts(&[6, 6, 6, 7, 10, 13, 16, 22, 23]);
        let censored = counts(&[6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35]);
        let steps = steps(&ended, &censored);
        let at_events: Vec<(i64, u64, u64)> = steps
            .iter()
            .filter(|step| step.events > 0)
            .map(|step| (step.t, step.at_risk, step.events))
            .collect();
        let table = [
            (6, 21, 3),
            (7, 17, 1),
            (10, 15, 1),
            (13, 12, 1),
            (16, 11, 1),
            (22, 7, 1),
            (23, 6, 1),
        ];
        assert_eq!(at_events, table);
        assert_eq!(steps.len(), 16);
        let product = 6.0 / 7.0 * 16.0 / 17.0 * 14.0 / 15.0 * 11.0 / 12.0 * 10.0 / 11.0;
        let last = steps[steps.len() - 1];
        assert!((last.survival - product * 6.0 / 7.0 * 5.0 / 6.0).abs() < 1e-15);
    }

    #[test]
    fn nothing_has_happened_and_all_is_over() {
        let found = steps(&counts(&[2, 2]), &counts(&[1]));
        let step = |t, at_risk, events, survival| Step {
            t,
            at_risk,
            events,
            survival,
            lower: survival,
            upper: survival,
        };
        assert_eq!(found, [step(1, 3, 0, 1.0), step(2, 2, 2, 0.0)]);
        assert_eq!(steps(&[], &[]), []);
    }

    /// Lives that end one by one: the factors telescope to (n − k) / n.
    #[test]
    fn without_censoring_it_is_the_share_that_is_left() {
        let times: Vec<i64> = (0..1_000).collect();
        for (k, step) in (1..).zip(steps(&counts(&times), &[])) {
            assert!((step.survival - f64::from(1_000 - k) / 1_000.0).abs() < 1e-13);
            assert!(step.lower <= step.survival && step.survival <= step.upper);
        }
    }
}
