//! The moment of reference: which orders have happened by then, and on which day it is.

use datafusion::arrow::datatypes::{DataType, TimeUnit};
use datafusion::common::{ScalarValue, internal_err, plan_datafusion_err};
use datafusion::error::{DataFusionError, Result};

use crate::constants::Constants;
use crate::math::local_time::FARTHEST;
use crate::math::zone::Zone;
use crate::times::{Clock, named_zone, ticks_per_second};

const SECONDS_PER_DAY: i64 = 86_400;
const MILLIS_PER_DAY: i64 = 1_000 * SECONDS_PER_DAY;
const NANOS_PER_SECOND: i128 = 1_000_000_000;

/// A moment of reference as the orders' times count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct AsOf {
    /// The day on which it falls, counted from 1970-01-01.
    pub(crate) day: i64,
    /// The last tick of the orders' clock that is not after it, whatever the calendar.
    surely: i64,
    /// The last tick that may not be after it; where that is a later one, the days of
    /// those between decide.
    perhaps: i64,
}

impl AsOf {
    /// The moment that the constant `as_of` names among orders whose times are of type
    /// `times`, if it is given.
    ///
    /// A DATE stands for its whole day where the orders are. A TIMESTAMP without zone is
    /// read as the orders' times are: an instant in UTC where they are timestamps without
    /// one, else what the clock on the wall shows.
    ///
    /// # Errors
    ///
    /// A planning error for a zone that does not exist, or a day beyond the calendar.
    pub(crate) fn of_call(
        constants: &Constants,
        times: &DataType,
        clock: Clock,
    ) -> Result<Option<Self>> {
        let Some(value) = constants.value("as_of") else {
            return Ok(None);
        };
        let beyond = || constants.out_of_range("as_of", "a day of the calendar");
        let day = match value {
            ScalarValue::Date32(Some(day)) => Some(i64::from(*day)),
            ScalarValue::Date64(Some(millis)) => Some(millis.div_euclid(MILLIS_PER_DAY)),
            _ => None,
        };
        if let Some(day) = day {
            return Ok(Some(whole_day(clock, day)));
        }
        let (ticks, unit, own) = ticks(value)?;
        let zone = match (named_zone(constants, "tz")?, own) {
            (Some(zone), _) => zone,
            (None, Some(name)) => Zone::parse(name).ok_or_else(|| no_such_zone(name))?,
            (None, None) => match clock {
                Clock::Ticks { zone, .. } => zone,
                Clock::Days | Clock::DayMillis => Zone::UTC,
            },
        };
        let local = own.is_none() && !matches!(times, DataType::Timestamp(_, None));
        instant(clock, zone, ticks, unit, local)
            .ok_or_else(beyond)
            .map(Some)
    }

    /// Whether an order's time is not after it.
    pub(crate) fn includes(self, clock: Clock, tick: i64) -> bool {
        tick <= self.surely
            || tick <= self.perhaps && clock.day(tick).is_some_and(|day| day <= self.day)
    }
}

fn ticks(value: &ScalarValue) -> Result<(i64, TimeUnit, Option<&str>)> {
    let (ticks, unit, own) = match value {
        ScalarValue::TimestampSecond(Some(ticks), own) => (ticks, TimeUnit::Second, own),
        ScalarValue::TimestampMillisecond(Some(ticks), own) => (ticks, TimeUnit::Millisecond, own),
        ScalarValue::TimestampMicrosecond(Some(ticks), own) => (ticks, TimeUnit::Microsecond, own),
        ScalarValue::TimestampNanosecond(Some(ticks), own) => (ticks, TimeUnit::Nanosecond, own),
        other => return internal_err!("a moment of reference came as {other}"),
    };
    Ok((*ticks, unit, own.as_deref()))
}

fn whole_day(clock: Clock, day: i64) -> AsOf {
    let (surely, perhaps) = match clock {
        Clock::Days => (day, day),
        Clock::DayMillis => {
            let last = clamp((i128::from(day) + 1) * i128::from(MILLIS_PER_DAY) - 1);
            (last, last)
        }
        // Clocks may be turned back across a midnight, so that there is no last tick.
        Clock::Ticks { per_second, .. } => {
            let midnight = (i128::from(day) + 1) * i128::from(SECONDS_PER_DAY);
            let until = |second: i128| clamp(second * i128::from(per_second) - 1);
            let farthest = i128::from(FARTHEST);
            (until(midnight - farthest), until(midnight + farthest))
        }
    };
    AsOf {
        day,
        surely,
        perhaps,
    }
}

fn instant(clock: Clock, zone: Zone, ticks: i64, unit: TimeUnit, local: bool) -> Option<AsOf> {
    let per_second = ticks_per_second(unit);
    let mut second = ticks.div_euclid(per_second);
    if local {
        second = zone.instant_of(second)?;
    }
    let day = zone.local_day(second)?;
    let Clock::Ticks {
        per_second: orders_per_second,
        ..
    } = clock
    else {
        return Some(whole_day(clock, day));
    };
    let nanos = i128::from(second) * NANOS_PER_SECOND
        + i128::from(ticks.rem_euclid(per_second)) * (NANOS_PER_SECOND / i128::from(per_second));
    let last = clamp(nanos.div_euclid(NANOS_PER_SECOND / i128::from(orders_per_second)));
    Some(AsOf {
        day,
        surely: last,
        perhaps: last,
    })
}

fn clamp(tick: i128) -> i64 {
    let bounded = tick.clamp(i64::MIN.into(), i64::MAX.into());
    i64::try_from(bounded).unwrap_or(i64::MAX)
}

fn no_such_zone(name: &str) -> DataFusionError {
    plan_datafusion_err!("the time zone \"{name}\" of the argument \"as_of\" does not exist")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clock(unit: TimeUnit, zone: &str) -> Clock {
        Clock::Ticks {
            per_second: ticks_per_second(unit),
            zone: Zone::parse(zone).unwrap(),
        }
    }

    /// The last tick that `as_of` includes, found between two that it surely decides.
    fn last(as_of: AsOf, clock: Clock) -> i64 {
        let (mut within, mut after) = (as_of.surely, as_of.perhaps.saturating_add(1));
        while after - within > 1 {
            let middle = within + (after - within) / 2;
            if as_of.includes(clock, middle) {
                within = middle;
            } else {
                after = middle;
            }
        }
        within
    }

    /// 2024-03-31 (day 19813) is when Berlin goes from +01:00 to +02:00.
    #[test]
    fn a_date_stands_for_its_whole_day_where_the_orders_are() {
        let end = |clock: Clock| last(whole_day(clock, 19_813), clock);
        assert_eq!(end(clock(TimeUnit::Second, "UTC")), 19_814 * 86_400 - 1);
        let berlin = clock(TimeUnit::Millisecond, "Europe/Berlin");
        assert_eq!(end(berlin), (19_814 * 86_400 - 7_200) * 1_000 - 1);
        assert_eq!(end(Clock::Days), 19_813);
        let far = clock(TimeUnit::Nanosecond, "Europe/Berlin");
        assert!(whole_day(far, 2_932_896).includes(far, i64::MAX));
    }

    /// In 2010 St. John's clocks went back at 00:01 on 7 November (day 14920), from
    /// -02:30 to -03:30: its first minute came an hour before the rest of it.
    #[test]
    fn a_day_may_begin_before_the_one_before_it_is_over() {
        let clock = clock(TimeUnit::Second, "America/St_Johns");
        let before = whole_day(clock, 14_919);
        let midnight = 14_920 * 86_400 + 9_000;
        let includes = |seconds: i64| before.includes(clock, midnight + seconds);
        assert!(includes(-1));
        assert!(!includes(0) && !includes(59));
        assert!(includes(60) && includes(3_599));
        assert!(!includes(3_600));
    }

    #[test]
    fn a_timestamp_is_brought_to_the_unit_of_the_orders() {
        let half = |clock| instant(clock, Zone::UTC, -1_500, TimeUnit::Millisecond, false);
        let before = |last| {
            Some(AsOf {
                day: -1,
                surely: last,
                perhaps: last,
            })
        };
        assert_eq!(half(clock(TimeUnit::Second, "UTC")), before(-2));
        assert_eq!(
            half(clock(TimeUnit::Nanosecond, "UTC")),
            before(-1_500_000_000)
        );
        assert_eq!(half(Clock::Days), before(-1));
        let far = 253_402_300_799;
        let far = instant(
            clock(TimeUnit::Nanosecond, "UTC"),
            Zone::UTC,
            far,
            TimeUnit::Second,
            false,
        );
        assert_eq!(far.unwrap().surely, i64::MAX);
    }

    /// 2024-07-01 00:30 in Berlin is 2024-06-30 22:30 in UTC.
    #[test]
    fn a_timestamp_may_be_what_the_clock_on_the_wall_shows() {
        let berlin = Zone::parse("Europe/Berlin").unwrap();
        let at = |local| {
            let orders = clock(TimeUnit::Second, "Europe/Berlin");
            let as_of = instant(orders, berlin, 1_719_793_800, TimeUnit::Second, local).unwrap();
            (as_of.surely, as_of.day)
        };
        assert_eq!(at(true), (1_719_786_600, 19_905));
        assert_eq!(at(false), (1_719_793_800, 19_905));
    }
}
