//! Anomalies: whether a value is like those before it.
//!
//! The past is summed up by its median m and by a spread s, and a value x is usual while
//!
//! ```text
//! |x − m| ≤ max(sensitivity · s, tolerance · |m|)
//! ```
//!
//! s is 1.4826 times the median of |xᵢ − m|, which for normal values is their standard deviation
//! and which outliers of the past hardly move; x − m over it is the modified z-score of Iglewicz
//! and Hoaglin, who take 3.5 for its bound. Where more than half of the past is the same, that
//! median is 0 and s is 1.2533 times the mean of |xᵢ − m| instead. A past that never changed has
//! no spread: then the tolerance alone decides. A past of fewer than 7 values is not judged by.
//!
//! Source: B. Iglewicz and D. C. Hoaglin, How to Detect and Handle Outliers, ASQC 1993.

use super::declared::Arguments;
use super::expectation::condition;

/// Values below which nothing is said.
pub(super) const LEAST_PAST: usize = 7;

/// Days, or builds, that the past has unless it is said.
const OVER: u32 = 28;
const OVER_WEEKS: u32 = 56;

const SENSITIVITY: f64 = 3.5;
const TOLERANCE: f64 = 0.1;

/// What makes the median of deviations, and their mean, estimates of a standard deviation.
const OF_MEDIAN: f64 = 1.4826;
const OF_MEAN: f64 = 1.2533;

/// Which value is compared with which past, and how far off it may be.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Anomaly {
    /// An aggregate.
    pub(super) of: String,
    /// The column whose days are compared; without one, builds are.
    pub(super) by: Option<String>,
    pub(super) over: u32,
    pub(super) same_weekday: bool,
    sensitivity: f64,
    tolerance: f64,
}

/// What the past lets expect.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Expected {
    pub(super) median: f64,
    /// How far from it a value is still usual.
    pub(super) reach: f64,
}

impl Anomaly {
    /// Checks the arguments.
    ///
    /// # Errors
    /// What is wrong with them.
    pub(super) fn of(given: &Arguments) -> Result<Self, String> {
        let same_weekday = given.same_weekday.unwrap_or(false);
        if same_weekday && given.by.is_none() {
            return Err("anomaly: same_weekday needs by, the column of the day".to_owned());
        }
        let usual = if same_weekday { OVER_WEEKS } else { OVER };
        let anomaly = Self {
            of: condition(given.of.as_deref().unwrap_or("COUNT(*)"))?,
            by: given.by.clone(),
            over: given.over.unwrap_or(usual),
            same_weekday,
            sensitivity: given.sensitivity.unwrap_or(SENSITIVITY),
            tolerance: given.tolerance.unwrap_or(TOLERANCE),
        };
        let step = if same_weekday { 7 } else { 1 };
        let least = step * u32::try_from(LEAST_PAST).unwrap_or(u32::MAX);
        if anomaly.over < least {
            return Err(format!(
                "anomaly: over must be at least {least}, got {}",
                anomaly.over
            ));
        }
        let is_positive = |value: f64| value.is_finite() && value > 0.0;
        if !is_positive(anomaly.sensitivity) {
            return Err(format!(
                "anomaly: sensitivity must be above 0, got {}",
                anomaly.sensitivity
            ));
        }
        if !(anomaly.tolerance.is_finite() && anomaly.tolerance >= 0.0) {
            return Err(format!(
                "anomaly: tolerance must be 0 or above, got {}",
                anomaly.tolerance
            ));
        }
        Ok(anomaly)
    }

    /// What a past lets expect; nothing when it is too short.
    pub(super) fn expected(&self, past: &[f64]) -> Option<Expected> {
        if past.len() < LEAST_PAST {
            return None;
        }
        let median = median(past)?;
        let off: Vec<f64> = past.iter().map(|value| (value - median).abs()).collect();
        let of_median = OF_MEDIAN * self::median(&off)?;
        let spread = match of_median > 0.0 {
            true => of_median,
            false => OF_MEAN * mean(&off),
        };
        Some(Expected {
            median,
            reach: (self.sensitivity * spread).max(self.tolerance * median.abs()),
        })
    }
}

impl Expected {
    /// Whether a value is like the past.
    pub(super) fn holds(&self, value: f64) -> bool {
        (value - self.median).abs() <= self.reach
    }
}

fn median(values: &[f64]) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let upper = *sorted.get(sorted.len() / 2)?;
    match sorted.len() % 2 {
        0 => Some(f64::midpoint(sorted[sorted.len() / 2 - 1], upper)),
        _ => Some(upper),
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "the past has no more values than a double counts"
)]
fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len().max(1) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn anomaly(given: &Arguments) -> Anomaly {
        Anomaly::of(given).unwrap()
    }

    #[test]
    fn the_reach_is_that_of_the_modified_z_score() {
        // The median is 4; the deviations 3, 2, 1, 0, 1, 2, 96 have the median 2.
        let past = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 100.0];
        let expected = anomaly(&Arguments::default()).expected(&past).unwrap();
        assert!((expected.median - 4.0).abs() < 1e-12);
        assert!((expected.reach - 3.5 * 1.4826 * 2.0).abs() < 1e-12);
        assert!(expected.holds(14.3) && !expected.holds(14.4));
        assert!(!expected.holds(100.0));
    }

    #[test]
    fn where_most_of_the_past_is_the_same_the_mean_deviation_counts() {
        // The deviations from 10 are 0 six times, and twice 4: their mean is 1.
        let past = [10.0, 10.0, 10.0, 10.0, 10.0, 10.0, 14.0, 6.0];
        let expected = anomaly(&Arguments::default()).expected(&past).unwrap();
        assert!((expected.reach - 3.5 * 1.2533).abs() < 1e-12);
    }

    #[test]
    fn a_constant_past_is_judged_by_the_tolerance() {
        let past = [50.0; 20];
        let expected = anomaly(&Arguments::default()).expected(&past).unwrap();
        assert!(expected.holds(50.0) && expected.holds(55.0) && !expected.holds(55.1));
        let strict = Arguments {
            tolerance: Some(0.0),
            ..Arguments::default()
        };
        let expected = anomaly(&strict).expected(&past).unwrap();
        assert!(expected.holds(50.0) && !expected.holds(50.1));
    }

    #[test]
    fn too_little_past_says_nothing() {
        let anomaly = anomaly(&Arguments::default());
        assert_eq!(anomaly.expected(&[1.0; 6]), None);
        assert!(anomaly.expected(&[1.0; 7]).is_some());
        assert_eq!(anomaly.expected(&[]), None);
    }

    #[test]
    fn arguments_that_mean_nothing_are_refused() {
        let with = |change: &dyn Fn(&mut Arguments)| {
            let mut given = Arguments::default();
            change(&mut given);
            Anomaly::of(&given).unwrap_err()
        };
        for (message, expected) in [
            (
                with(&|a| a.over = Some(6)),
                "over must be at least 7, got 6",
            ),
            (with(&|a| a.sensitivity = Some(0.0)), "sensitivity must be"),
            (with(&|a| a.tolerance = Some(-1.0)), "tolerance must be"),
            (with(&|a| a.same_weekday = Some(true)), "needs by"),
            (
                with(&|a| a.of = Some("SUM(".to_owned())),
                "is no expression",
            ),
            (
                with(&|a| {
                    a.by = Some("day".to_owned());
                    a.same_weekday = Some(true);
                    a.over = Some(28);
                }),
                "over must be at least 49, got 28",
            ),
        ] {
            assert!(message.contains(expected), "{message}");
        }
    }
}
