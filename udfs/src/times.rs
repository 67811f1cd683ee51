//! Date and timestamp columns: how their numbers are read, and on which day they fall.

use datafusion::arrow::array::{Array, ArrayRef, AsArray, Int64Array};
use datafusion::arrow::buffer::{NullBuffer, ScalarBuffer};
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::{
    ArrowPrimitiveType, DataType, Date32Type, Date64Type, TimeUnit, TimestampMicrosecondType,
    TimestampMillisecondType, TimestampNanosecondType, TimestampSecondType,
};
use datafusion::common::{ScalarValue, exec_datafusion_err, internal_err, plan_err};
use datafusion::error::{DataFusionError, Result};

use crate::constants::Constants;
use crate::math::zone::Zone;
use crate::rows::for_each_counted;

const MILLIS_PER_DAY: i64 = 86_400_000;

/// How a time column's numbers become calendar days.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Clock {
    /// Days since 1970-01-01.
    Days,
    /// Milliseconds since 1970-01-01 of a calendar day.
    DayMillis,
    /// So many ticks a second since 1970-01-01T00:00:00Z, looked at in a zone.
    Ticks {
        /// Ticks a second.
        per_second: i64,
        /// Where the calendar is read.
        zone: Zone,
    },
}

impl Clock {
    /// The clock of a column of type `data_type`, read in the zone that the constant
    /// `tz` names, else in the column's own, else in UTC. A DATE is a calendar day and
    /// never shifted.
    ///
    /// # Errors
    ///
    /// A planning error for a time zone that does not exist, an internal one for a type
    /// that is no time.
    pub(crate) fn new(data_type: &DataType, constants: &Constants, tz: &str) -> Result<Self> {
        let zone = match named_zone(constants, tz)? {
            Some(zone) => Some(zone),
            None => own_zone(data_type)?,
        };
        Self::in_zone(data_type, zone.unwrap_or(Zone::UTC))
    }

    /// The clocks of columns of two types in one call: as [`Clock::new`], but where only one of
    /// them has a zone of its own, it counts for both.
    ///
    /// # Errors
    ///
    /// The same.
    pub(crate) fn pair(
        types: [&DataType; 2],
        constants: &Constants,
        tz: &str,
    ) -> Result<[Self; 2]> {
        let [first, second] = types;
        let zones = match named_zone(constants, tz)? {
            Some(zone) => [Some(zone); 2],
            None => [own_zone(first)?, own_zone(second)?],
        };
        let either = zones[0].or(zones[1]).unwrap_or(Zone::UTC);
        Ok([
            Self::in_zone(first, zones[0].unwrap_or(either))?,
            Self::in_zone(second, zones[1].unwrap_or(either))?,
        ])
    }

    /// The clock of a column of type `data_type`, read in `zone`.
    pub(crate) fn in_zone(data_type: &DataType, zone: Zone) -> Result<Self> {
        Ok(match data_type {
            DataType::Date32 => Self::Days,
            DataType::Date64 => Self::DayMillis,
            DataType::Timestamp(unit, _) => Self::Ticks {
                per_second: ticks_per_second(*unit),
                zone,
            },
            other => return internal_err!("a time argument came as {other}"),
        })
    }

    /// The calendar day of `time`, counted from 1970-01-01; `None` beyond what the
    /// zone's rules reach.
    pub(crate) fn day(self, time: i64) -> Option<i64> {
        match self {
            Self::Days => Some(time),
            Self::DayMillis => Some(time.div_euclid(MILLIS_PER_DAY)),
            Self::Ticks { per_second, zone } => zone.local_day(time.div_euclid(per_second)),
        }
    }
}

/// The zone that the constant `tz` names, if it is given.
///
/// # Errors
///
/// A planning error when there is no such zone.
pub(crate) fn named_zone(constants: &Constants, tz: &str) -> Result<Option<Zone>> {
    constants
        .text(tz)?
        .map(|name| {
            Zone::parse(name).ok_or_else(|| {
                constants.out_of_range(tz, "the IANA name of a time zone, such as 'Europe/Berlin'")
            })
        })
        .transpose()
}

/// The zone that a timestamp's type carries, if it does.
fn own_zone(data_type: &DataType) -> Result<Option<Zone>> {
    let DataType::Timestamp(_, Some(own)) = data_type else {
        return Ok(None);
    };
    match Zone::parse(own) {
        Some(zone) => Ok(Some(zone)),
        None => plan_err!("the time zone \"{own}\" of a timestamp column does not exist"),
    }
}

/// The date that `text` is when it is a day, else the timestamp; `None` when it is neither.
pub(crate) fn time_of_text(text: &str) -> Option<ScalarValue> {
    let types = [
        DataType::Date32,
        DataType::Timestamp(TimeUnit::Microsecond, None),
    ];
    // A day is ten characters; the cast to a date would also cut a timestamp to its day.
    let types = if text.trim().len() <= 10 {
        &types[..]
    } else {
        &types[1..]
    };
    let value = ScalarValue::from(text);
    types
        .iter()
        .filter_map(|data_type| value.cast_to(data_type).ok())
        .find(|time| !time.is_null())
}

/// Calls `each` with the row and the calendar day of every time in `times` that `counted` lets
/// through.
///
/// # Errors
///
/// An execution error in the name of `function` for a time whose day `clock` does not know, an
/// internal one when `times` holds no times.
pub(crate) fn days(
    function: &str,
    clock: Clock,
    times: &ArrayRef,
    counted: Option<&NullBuffer>,
    mut each: impl FnMut(usize, i64),
) -> Result<()> {
    for_each_in_calendar(function, times, counted, |row, time| {
        each(row, clock.day(time)?);
        Some(())
    })
}

/// Calls `each` with the row and the number of every time in `times` that `counted` lets
/// through. It gives `None` for one whose place in the calendar is not known.
///
/// # Errors
///
/// An execution error in the name of `function` for such a time, an internal one when `times`
/// holds no times.
pub(crate) fn for_each_in_calendar(
    function: &str,
    times: &ArrayRef,
    counted: Option<&NullBuffer>,
    mut each: impl FnMut(usize, i64) -> Option<()>,
) -> Result<()> {
    let mut beyond = None;
    for_each_time(times, counted, |row, time| {
        if each(row, time).is_none() {
            beyond = Some(time);
        }
    })?;
    match beyond {
        None => Ok(()),
        Some(time) => Err(beyond_calendar(function, time)),
    }
}

/// The error for a time whose place in the calendar is not known.
pub(crate) fn beyond_calendar(function: &str, time: i64) -> DataFusionError {
    exec_datafusion_err!("{function}: the time {time} is beyond the calendar")
}

/// A column of type `data_type` from the numbers that [`for_each_time`] gives.
///
/// # Errors
///
/// Arrow's, for numbers that the type does not hold.
pub(crate) fn time_column(numbers: Int64Array, data_type: &DataType) -> Result<ArrayRef> {
    Ok(match data_type {
        DataType::Date32 => cast(&cast(&numbers, &DataType::Int32)?, &DataType::Date32)?,
        _ => cast(&numbers, data_type)?,
    })
}

/// How many ticks of `unit` a second has.
pub(crate) const fn ticks_per_second(unit: TimeUnit) -> i64 {
    match unit {
        TimeUnit::Second => 1,
        TimeUnit::Millisecond => 1_000,
        TimeUnit::Microsecond => 1_000_000,
        TimeUnit::Nanosecond => 1_000_000_000,
    }
}

/// How many nanoseconds lie between two numbers of a time column of type `times` that follow one
/// another.
pub(crate) const fn nanos_per_tick(times: &DataType) -> i64 {
    match times {
        DataType::Date32 => MILLIS_PER_DAY * 1_000_000,
        DataType::Date64 => 1_000_000,
        DataType::Timestamp(unit, _) => 1_000_000_000 / ticks_per_second(*unit),
        _ => 1,
    }
}

/// Calls `each` with the row and the number of every time in `times` that `counted` lets
/// through.
///
/// # Errors
///
/// An internal one when `times` holds no times.
pub(crate) fn for_each_time(
    times: &ArrayRef,
    counted: Option<&NullBuffer>,
    each: impl FnMut(usize, i64),
) -> Result<()> {
    match times.data_type() {
        DataType::Date32 => walk::<Date32Type>(times, counted, each),
        DataType::Date64 => walk::<Date64Type>(times, counted, each),
        DataType::Timestamp(TimeUnit::Second, _) => {
            walk::<TimestampSecondType>(times, counted, each);
        }
        DataType::Timestamp(TimeUnit::Millisecond, _) => {
            walk::<TimestampMillisecondType>(times, counted, each);
        }
        DataType::Timestamp(TimeUnit::Microsecond, _) => {
            walk::<TimestampMicrosecondType>(times, counted, each);
        }
        DataType::Timestamp(TimeUnit::Nanosecond, _) => {
            walk::<TimestampNanosecondType>(times, counted, each);
        }
        other => return internal_err!("a time argument came as {other}"),
    }
    Ok(())
}

/// The numbers of all of `times`, whatever those are that are NULL.
///
/// # Errors
///
/// An internal one when `times` holds no times.
pub(crate) fn ticks(times: &ArrayRef) -> Result<ScalarBuffer<i64>> {
    Ok(match times.data_type() {
        DataType::Date32 => {
            let days = times.as_primitive::<Date32Type>().values();
            days.iter().map(|&day| i64::from(day)).collect()
        }
        DataType::Date64 => times.as_primitive::<Date64Type>().values().clone(),
        DataType::Timestamp(TimeUnit::Second, _) => {
            times.as_primitive::<TimestampSecondType>().values().clone()
        }
        DataType::Timestamp(TimeUnit::Millisecond, _) => times
            .as_primitive::<TimestampMillisecondType>()
            .values()
            .clone(),
        DataType::Timestamp(TimeUnit::Microsecond, _) => times
            .as_primitive::<TimestampMicrosecondType>()
            .values()
            .clone(),
        DataType::Timestamp(TimeUnit::Nanosecond, _) => times
            .as_primitive::<TimestampNanosecondType>()
            .values()
            .clone(),
        other => return internal_err!("a time argument came as {other}"),
    })
}

/// The number of the time at `row`; `None` when it is NULL.
///
/// # Errors
///
/// An internal one when `times` holds no times.
pub(crate) fn time_at(times: &ArrayRef, row: usize) -> Result<Option<i64>> {
    if times.is_null(row) {
        return Ok(None);
    }
    Ok(Some(match times.data_type() {
        DataType::Date32 => times.as_primitive::<Date32Type>().value(row).into(),
        DataType::Date64 => times.as_primitive::<Date64Type>().value(row),
        DataType::Timestamp(TimeUnit::Second, _) => {
            times.as_primitive::<TimestampSecondType>().value(row)
        }
        DataType::Timestamp(TimeUnit::Millisecond, _) => {
            times.as_primitive::<TimestampMillisecondType>().value(row)
        }
        DataType::Timestamp(TimeUnit::Microsecond, _) => {
            times.as_primitive::<TimestampMicrosecondType>().value(row)
        }
        DataType::Timestamp(TimeUnit::Nanosecond, _) => {
            times.as_primitive::<TimestampNanosecondType>().value(row)
        }
        other => return internal_err!("a time argument came as {other}"),
    }))
}

fn walk<T: ArrowPrimitiveType>(
    times: &ArrayRef,
    counted: Option<&NullBuffer>,
    mut each: impl FnMut(usize, i64),
) where
    T::Native: Into<i64>,
{
    let values = times.as_primitive::<T>().values();
    for_each_counted(values.len(), counted, |row| each(row, values[row].into()));
}

#[cfg(test)]
mod tests {
    use datafusion::arrow::array::timezone::Tz;

    use super::*;

    /// Otherwise a zone would do for a function and not for a cast, or the other way round.
    #[test]
    fn what_arrow_reads_is_read() {
        let texts = [
            "UTC",
            "utc",
            "Utc",
            "Z",
            "GMT",
            "Etc/UTC",
            "europe/berlin",
            "+02",
            "-0230",
            "+02:30",
            "+2",
            "+2:00",
            "+02:0",
            "02:00",
            "+02:00:00",
            "+24",
            "-23:59",
            "+00:99",
            "+é0",
            "é",
            "",
            "+",
            "+٠٢",
        ];
        for text in texts {
            let arrow = text.parse::<Tz>().is_ok();
            assert_eq!(Zone::parse(text).is_some(), arrow, "{text:?}");
        }
    }
}
