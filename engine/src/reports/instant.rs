//! Times of a report on one wall clock, and the moment up to which it looks.
//!
//! Everything a report compares, it compares as the clock on the wall of its time zone shows it:
//! `tz`, else the zone that the times carry, else the session's, else UTC. Times without a zone
//! are instants in UTC; dates are days on that wall and stay as they are. An `as_of` without a
//! zone is read as the times are: as an instant in UTC among times that are, else as the clock on
//! the wall shows it.

use arrow::datatypes::{DataType, TimeUnit};
use cohortql_udfs::is_time_zone;
use datafusion::common::{DFSchema, Result, ScalarValue, plan_err};
use datafusion::logical_expr::{Expr, ExprSchemable};

use super::call::Call;

/// How the times of one report read.
#[derive(Debug)]
pub(super) struct WallClock {
    /// The resolution of its timestamps; None when the times are dates.
    unit: Option<TimeUnit>,
    /// The zone that times without one of their own are shown in; None is UTC.
    zone: Option<String>,
    /// Whether the times are instants in UTC that do not say so.
    naive: bool,
    /// SQL for the caller's `ts` on this clock.
    local: String,
}

impl WallClock {
    /// The clock for the arguments `ts` and, where the report takes it, `tz`.
    pub(super) fn new(call: &mut Call<'_>) -> Result<Self> {
        let Some(data_type) = call.column("ts")? else {
            return plan_err!("{} needs its argument \"ts\"", call.report());
        };
        let asked = call.text("tz")?;
        let own = match &data_type {
            DataType::Timestamp(_, Some(zone)) => Some(zone.to_string()),
            _ => None,
        };
        let zone = match asked.or(own).or_else(|| call.session_time_zone()) {
            Some(name) => {
                if !is_time_zone(&name) {
                    return plan_err!(
                        "argument \"tz\" of {} must be the IANA name of a time zone, got '{name}'",
                        call.report()
                    );
                }
                (!is_utc(&name)).then_some(name)
            }
            None => None,
        };
        let unit = match &data_type {
            DataType::Date32 | DataType::Date64 => None,
            DataType::Timestamp(unit, _) => Some(*unit),
            other => return call.wrong("ts", "a date or timestamp", other),
        };
        let local = on_the_wall("$ts", &data_type, zone.as_deref());
        Ok(Self {
            unit,
            zone,
            naive: matches!(data_type, DataType::Timestamp(_, None)),
            local,
        })
    }

    /// SQL for the caller's `ts` on this clock: a DATE, or a TIMESTAMP without zone.
    pub(super) fn local(&self) -> &str {
        &self.local
    }

    /// The resolution of the times; None for dates.
    pub(super) fn unit(&self) -> Option<TimeUnit> {
        self.unit
    }

    /// SQL that makes a moment the type of this clock's times: a DATE, or a TIMESTAMP of
    /// resolution `given`. What is beyond the nanoseconds that there are is the last of them.
    fn cast(&self, sql: &str, given: Option<TimeUnit>) -> String {
        let nanos = Some(TimeUnit::Nanosecond);
        match self.unit {
            None => format!("CAST({sql} AS DATE)"),
            unit if unit == nanos && given != nanos => {
                let micros = DataType::Timestamp(TimeUnit::Microsecond, None);
                let bound = |nanos: i64| arrow_cast(&(nanos / 1_000).to_string(), &micros);
                let within = format!(
                    "least(greatest({}, {}), {})",
                    arrow_cast(sql, &micros),
                    bound(i64::MIN),
                    bound(i64::MAX)
                );
                arrow_cast(&within, &DataType::Timestamp(TimeUnit::Nanosecond, None))
            }
            Some(unit) => arrow_cast(sql, &DataType::Timestamp(unit, None)),
        }
    }

    /// SQL for the first moment after a day, in the type of this clock's timestamps.
    fn day_after(&self, day: &str) -> String {
        self.cast(&format!("({day} + INTERVAL '1 day')"), None)
    }
}

/// Up to when a report looks.
#[derive(Debug)]
pub(super) enum AsOf {
    /// Up to the latest time in the input.
    Latest,
    /// Up to the end of a day, given as SQL for a DATE.
    Day(String),
    /// Up to a moment, included, given as SQL for a TIMESTAMP on the report's clock, and its
    /// resolution.
    Moment(String, TimeUnit),
}

impl AsOf {
    /// Reads the argument `as_of`.
    pub(super) fn new(call: &mut Call<'_>, clock: &WallClock) -> Result<Self> {
        let Some(expr) = call.simplified("as_of")? else {
            return Ok(Self::Latest);
        };
        if let Expr::Literal(value, _) = &expr
            && let Some(text) = value.try_as_str()
        {
            return text.map_or(Ok(Self::Latest), |text| Self::literal(call, clock, text));
        }
        if matches!(&expr, Expr::Placeholder(parameter) if parameter.field.is_none()) {
            return plan_err!(
                "argument \"as_of\" of {} must say whether it is a day or a moment: write \
                 CAST({expr} AS DATE) or CAST({expr} AS TIMESTAMP)",
                call.report()
            );
        }
        let data_type = expr.get_type(&DFSchema::empty())?;
        match &data_type {
            DataType::Date32 => Ok(Self::Day("$as_of".to_string())),
            DataType::Date64 => Ok(Self::Day("CAST($as_of AS DATE)".to_string())),
            DataType::Timestamp(unit, own) => {
                Ok(Self::moment("$as_of", *unit, own.as_deref(), clock))
            }
            other => call.wrong("as_of", "a date or timestamp", other),
        }
    }

    fn moment(sql: &str, unit: TimeUnit, own: Option<&str>, clock: &WallClock) -> Self {
        let local = match own.is_none() && !clock.naive {
            true => sql.to_string(),
            false => {
                let data_type = DataType::Timestamp(unit, own.map(Into::into));
                on_the_wall(sql, &data_type, clock.zone.as_deref())
            }
        };
        Self::Moment(local, unit)
    }

    fn literal(call: &Call<'_>, clock: &WallClock, text: &str) -> Result<Self> {
        let can_be = |data_type: &DataType| {
            let value = ScalarValue::from(text).cast_to(data_type);
            value.is_ok_and(|value| !value.is_null())
        };
        if text.trim().len() <= 10 && can_be(&DataType::Date32) {
            return Ok(Self::Day(arrow_cast("$as_of", &DataType::Date32)));
        }
        let units = [TimeUnit::Nanosecond, TimeUnit::Microsecond];
        for unit in units {
            let data_type = DataType::Timestamp(unit, None);
            if text.trim().len() > 10 && can_be(&data_type) {
                let typed = arrow_cast("$as_of", &data_type);
                return Ok(Self::moment(&typed, unit, None, clock));
            }
        }
        plan_err!(
            "argument \"as_of\" of {} must be a date or timestamp, got '{text}'",
            call.report()
        )
    }

    /// SQL for the day on which it falls. `latest` is SQL for the latest time in the input.
    pub(super) fn day(&self, latest: &str) -> String {
        match self {
            Self::Latest => format!("CAST({latest} AS DATE)"),
            Self::Day(day) => day.clone(),
            Self::Moment(moment, _) => format!("CAST({moment} AS DATE)"),
        }
    }

    /// SQL for the last instant looked at, in the type of the clock's times.
    /// `latest` is SQL for the latest time in the input.
    pub(super) fn last(&self, clock: &WallClock, latest: &str) -> String {
        match (self, clock.unit) {
            (Self::Latest, _) => latest.to_string(),
            (Self::Day(day), None) => day.clone(),
            (Self::Day(day), Some(unit)) => {
                format!("({} - INTERVAL '1 {}')", clock.day_after(day), tick(unit))
            }
            (Self::Moment(moment, unit), _) => clock.cast(moment, Some(*unit)),
        }
    }

    /// SQL for the instant by which a period must have ended to be complete.
    pub(super) fn end(&self, clock: &WallClock, latest: &str) -> String {
        match (self, clock.unit) {
            (Self::Latest, None) => format!("({latest} + INTERVAL '1 day')"),
            (Self::Latest, Some(_)) => latest.to_string(),
            (Self::Day(day), _) => clock.day_after(day),
            (Self::Moment(moment, unit), _) => clock.cast(moment, Some(*unit)),
        }
    }

    /// SQL for the condition that the column `ts` is not after this; None when nothing can be.
    pub(super) fn keeps(&self, clock: &WallClock) -> Option<String> {
        match self {
            Self::Latest => None,
            Self::Day(_) | Self::Moment(..) => Some(format!("ts <= {}", self.last(clock, "NULL"))),
        }
    }
}

/// SQL for a DATE or TIMESTAMP as the wall clock of `zone` shows it.
fn on_the_wall(sql: &str, data_type: &DataType, zone: Option<&str>) -> String {
    let DataType::Timestamp(unit, own) = data_type else {
        return match data_type {
            DataType::Date32 => sql.to_string(),
            _ => format!("CAST({sql} AS DATE)"),
        };
    };
    let in_zone =
        |sql: &str, zone: &str| arrow_cast(sql, &DataType::Timestamp(*unit, Some(zone.into())));
    match (zone, own) {
        (None, None) => sql.to_string(),
        (None, Some(_)) => arrow_cast(sql, &DataType::Timestamp(*unit, None)),
        (Some(zone), None) => {
            format!("to_local_time({})", in_zone(&in_zone(sql, "UTC"), zone))
        }
        (Some(zone), Some(_)) => format!("to_local_time({})", in_zone(sql, zone)),
    }
}

/// SQL that casts to an Arrow type, which may have no name in SQL.
pub(super) fn arrow_cast(sql: &str, data_type: &DataType) -> String {
    let name = data_type.to_string().replace('\'', "''");
    format!("arrow_cast({sql}, '{name}')")
}

fn tick(unit: TimeUnit) -> &'static str {
    match unit {
        TimeUnit::Second => "second",
        TimeUnit::Millisecond => "millisecond",
        TimeUnit::Microsecond => "microsecond",
        TimeUnit::Nanosecond => "nanosecond",
    }
}

fn is_utc(zone: &str) -> bool {
    matches!(
        zone,
        "UTC" | "utc" | "Z" | "+00:00" | "+0000" | "+00" | "Etc/UTC" | "GMT"
    )
}
