//! Lengths of time that do not depend on the calendar: windows and gaps.

use datafusion::arrow::datatypes::{DataType, IntervalMonthDayNano, IntervalUnit};
use datafusion::common::ScalarValue;

use crate::times::nanos_per_tick;

const NANOS_PER_SECOND: i128 = 1_000_000_000;
const NANOS_PER_DAY: i128 = 86_400 * NANOS_PER_SECOND;

/// A length of time, not negative.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Span {
    nanos: i128,
}

impl Span {
    /// Reads an interval, of which a day has 86,400 seconds, or a number of seconds. `None` for
    /// months, which have no fixed length, for what is negative or not finite, and for other types.
    pub(crate) fn read(value: &ScalarValue) -> Option<Self> {
        let nanos = match value.data_type() {
            DataType::Interval(_) | DataType::Duration(_) => {
                let interval = DataType::Interval(IntervalUnit::MonthDayNano);
                match value.cast_to(&interval).ok()? {
                    ScalarValue::IntervalMonthDayNano(Some(interval)) => nanos(interval)?,
                    _ => return None,
                }
            }
            number if number.is_integer() => match value.cast_to(&DataType::Int64).ok()? {
                ScalarValue::Int64(Some(seconds)) => i128::from(seconds) * NANOS_PER_SECOND,
                _ => return None,
            },
            number if number.is_numeric() => match value.cast_to(&DataType::Float64).ok()? {
                // Beyond an i128 the cast stays at its end, which is longer than any two times
                // are apart.
                ScalarValue::Float64(Some(seconds)) if seconds.is_finite() => {
                    (seconds * NANOS_PER_SECOND as f64).round() as i128
                }
                _ => return None,
            },
            _ => return None,
        };
        (nanos >= 0).then_some(Self { nanos })
    }

    /// So many seconds.
    pub(crate) const fn of_seconds(seconds: u32) -> Self {
        Self {
            nanos: seconds as i128 * NANOS_PER_SECOND,
        }
    }

    /// How many whole ticks of a time column of type `times` it covers: two of its times are at
    /// most this length apart exactly if their numbers are at most this many apart.
    pub(crate) fn ticks(self, times: &DataType) -> u64 {
        let tick = i128::from(nanos_per_tick(times));
        // No two times are further apart than the end of a u64.
        u64::try_from(self.nanos / tick).unwrap_or(u64::MAX)
    }
}

/// The seconds that `ticks` of a time column of type `times` last.
pub(crate) fn seconds(ticks: u128, times: &DataType) -> f64 {
    let (ticks, nanos) = (ticks as f64, i128::from(nanos_per_tick(times)));
    // Either quotient is whole, so that only what does not fit a double is rounded.
    match nanos < NANOS_PER_SECOND {
        true => ticks / (NANOS_PER_SECOND / nanos) as f64,
        false => ticks * (nanos / NANOS_PER_SECOND) as f64,
    }
}

fn nanos(interval: IntervalMonthDayNano) -> Option<i128> {
    let days = i128::from(interval.days) * NANOS_PER_DAY;
    (interval.months == 0).then_some(days + i128::from(interval.nanoseconds))
}

#[cfg(test)]
mod tests {
    use datafusion::arrow::datatypes::TimeUnit;

    use super::*;

    fn interval(months: i32, days: i32, nanos: i64) -> ScalarValue {
        ScalarValue::IntervalMonthDayNano(Some(IntervalMonthDayNano::new(months, days, nanos)))
    }

    #[test]
    fn days_and_seconds_are_ticks_of_any_column() {
        let millis = DataType::Timestamp(TimeUnit::Millisecond, None);
        let ticks =
            |value: ScalarValue, times: &DataType| Span::read(&value).map(|s| s.ticks(times));
        assert_eq!(ticks(interval(0, 2, 1), &DataType::Date32), Some(2));
        assert_eq!(ticks(interval(0, 1, -1), &DataType::Date32), Some(0));
        assert_eq!(ticks(ScalarValue::from(1.5), &millis), Some(1_500));
        assert_eq!(
            ticks(ScalarValue::from(90_000_i64), &DataType::Date32),
            Some(1)
        );
        assert_eq!(ticks(ScalarValue::from(1e300), &millis), Some(u64::MAX));
        assert_eq!(ticks(ScalarValue::from(i64::MAX), &millis), Some(u64::MAX));
    }

    #[test]
    fn ticks_of_any_column_are_seconds() {
        let micros = DataType::Timestamp(TimeUnit::Microsecond, None);
        assert_eq!(seconds(1_500_001, &micros), 1.500_001);
        assert_eq!(seconds(1_500, &DataType::Date64), 1.5);
        assert_eq!(seconds(7, &DataType::Date32), 604_800.0);
        assert_eq!(Span::of_seconds(604_800).ticks(&DataType::Date32), 7);
    }

    #[test]
    fn what_has_no_fixed_length_is_none() {
        for value in [
            interval(1, 0, 0),
            interval(0, -1, 0),
            ScalarValue::from(-1_i64),
            ScalarValue::from(f64::NAN),
            ScalarValue::from("1 hour"),
        ] {
            assert_eq!(Span::read(&value), None, "{value}");
        }
    }
}
