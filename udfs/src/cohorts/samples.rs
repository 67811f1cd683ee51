//! For tests: random times of every type, and what chrono says of them.

use std::sync::Arc;

use chrono::{DateTime, Datelike, NaiveDate, TimeZone, Utc};
use chrono_tz::Tz;
use datafusion::arrow::array::{ArrayRef, BooleanArray, Date32Array, TimestampSecondArray};
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::{DataType, TimeUnit};
use rand::Rng;
use rand::rngs::StdRng;

/// Zones with summer time, without, and none.
const ZONES: [Option<&str>; 5] = [
    None,
    Some("UTC"),
    Some("Europe/Berlin"),
    Some("America/New_York"),
    Some("Asia/Kolkata"),
];

/// Times from 1901 to 2099, some NULL.
pub(super) struct Times {
    pub(super) column: ArrayRef,
    instants: Vec<Option<DateTime<Utc>>>,
    /// The zone that the column's type carries.
    pub(super) own: Option<&'static str>,
    pub(super) is_date: bool,
}

impl Times {
    /// As many as `rows`, of a random type, within `days` of 2000-01-01.
    pub(super) fn random(rng: &mut StdRng, rows: usize, days: i64) -> Self {
        let seconds: Vec<Option<i64>> = (0..rows)
            .map(|_| {
                let away = rng.random_range(-days * 86_400..days * 86_400);
                rng.random_bool(0.9).then_some(946_684_800 + away)
            })
            .collect();
        let instants = seconds
            .iter()
            .map(|second| second.map(|second| DateTime::from_timestamp(second, 0).unwrap()))
            .collect();
        if rng.random_bool(0.3) {
            let days = seconds
                .iter()
                .map(|second| Some(second.as_ref()?.div_euclid(86_400) as i32));
            let days: ArrayRef = Arc::new(days.collect::<Date32Array>());
            let column = match rng.random_bool(0.5) {
                true => cast(&days, &DataType::Date64).unwrap(),
                false => days,
            };
            return Self {
                column,
                instants,
                own: None,
                is_date: true,
            };
        }
        let unit = [
            TimeUnit::Second,
            TimeUnit::Millisecond,
            TimeUnit::Microsecond,
            TimeUnit::Nanosecond,
        ][rng.random_range(0..4)];
        let own = zone(rng);
        let seconds: TimestampSecondArray = seconds.into_iter().collect();
        let seconds = seconds.with_timezone_opt(own);
        let column = cast(&seconds, &DataType::Timestamp(unit, own.map(Into::into))).unwrap();
        Self {
            column,
            instants,
            own,
            is_date: false,
        }
    }

    /// The calendar day of a row where it counts: in the zone that is given, else in its own.
    pub(super) fn day(&self, row: usize, given: Option<&str>) -> Option<NaiveDate> {
        let instant = self.instants[row]?;
        let zone: Tz = given.or(self.own).unwrap_or("UTC").parse().unwrap();
        let zone = if self.is_date { Tz::UTC } else { zone };
        Some(zone.from_utc_datetime(&instant.naive_utc()).date_naive())
    }
}

/// A zone or none.
pub(super) fn zone(rng: &mut StdRng) -> Option<&'static str> {
    ZONES[rng.random_range(0..ZONES.len())]
}

/// A condition for each of `rows` rows, some of them NULL, or none at all.
pub(super) fn filter(rng: &mut StdRng, rows: usize) -> Option<BooleanArray> {
    rng.random_bool(0.5).then(|| {
        (0..rows)
            .map(|_| rng.random_bool(0.9).then(|| rng.random_bool(0.5)))
            .collect()
    })
}

/// Whether a filter lets a row through.
pub(super) fn passes(filter: Option<&BooleanArray>, row: usize) -> bool {
    filter.is_none_or(|filter| filter.iter().nth(row).flatten() == Some(true))
}

/// The first day of the period of `day`.
pub(super) fn period_start(unit: &str, day: NaiveDate) -> NaiveDate {
    match unit {
        "day" => day,
        "week" => day.week(chrono::Weekday::Mon).first_day(),
        "month" => day.with_day(1).unwrap(),
        "quarter" => NaiveDate::from_ymd_opt(day.year(), day.month0() / 3 * 3 + 1, 1).unwrap(),
        _ => NaiveDate::from_ymd_opt(day.year(), 1, 1).unwrap(),
    }
}

/// How many periods one that begins on `to` is after one that begins on `from`.
pub(super) fn periods_between(unit: &str, from: NaiveDate, to: NaiveDate) -> i32 {
    let days = (to - from).num_days() as i32;
    let months = (to.year() - from.year()) * 12 + to.month() as i32 - from.month() as i32;
    match unit {
        "day" => days,
        "week" => days / 7,
        "month" => months,
        "quarter" => months / 3,
        _ => months / 12,
    }
}

/// Days since 1970-01-01.
pub(super) fn number(day: NaiveDate) -> i32 {
    day.num_days_from_ce() - 719_163
}
