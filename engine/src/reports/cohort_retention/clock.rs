//! Which period of a customer's life a time falls into, as SQL.

use arrow::datatypes::TimeUnit;
use cohortql_udfs::Unit;

/// Where periods begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Clock {
    /// With the calendar: period 1 of somebody who came in January is February.
    Calendar,
    /// With the customer's first time: period 1 begins a unit after it.
    Rolling,
}

/// SQL for the first day of the calendar period that holds `ts`.
pub(in crate::reports) fn start(unit: Unit, ts: &str) -> String {
    match unit {
        Unit::Day => format!("CAST({ts} AS DATE)"),
        _ => format!("CAST(date_trunc('{}', {ts}) AS DATE)", unit.name()),
    }
}

/// SQL for the number of periods from `from` to `to`, which is not before it. The times are
/// dates, or timestamps of `resolution`.
pub(super) fn between(
    unit: Unit,
    clock: Clock,
    resolution: Option<TimeUnit>,
    from: &str,
    to: &str,
) -> String {
    match (clock, unit) {
        (Clock::Calendar, _) => format!("({} - {})", ordinal(unit, to), ordinal(unit, from)),
        (Clock::Rolling, Unit::Day) => elapsed(1, resolution, from, to),
        (Clock::Rolling, Unit::Week) => elapsed(7, resolution, from, to),
        (Clock::Rolling, Unit::Month) => whole_months(1, resolution, from, to),
        (Clock::Rolling, Unit::Quarter) => whole_months(3, resolution, from, to),
        (Clock::Rolling, Unit::Year) => whole_months(12, resolution, from, to),
    }
}

/// SQL for a number that is one higher for each calendar period.
fn ordinal(unit: Unit, ts: &str) -> String {
    let day = format!("CAST(CAST({ts} AS DATE) AS INT)");
    let month = format!(
        "(CAST(date_part('year', {ts}) AS INT) * 12 + CAST(date_part('month', {ts}) AS INT) - 1)"
    );
    match unit {
        Unit::Day => day,
        // Day 0 is a Thursday; the offset is whole weeks, and keeps the dividend positive.
        Unit::Week => format!("(({day} + 7000003) / 7)"),
        Unit::Month => month,
        Unit::Quarter => format!("({month} / 3)"),
        Unit::Year => format!("CAST(date_part('year', {ts}) AS INT)"),
    }
}

/// SQL for the times `days` days fit between two times.
fn elapsed(days: i64, resolution: Option<TimeUnit>, from: &str, to: &str) -> String {
    let length = days * ticks_a_day(resolution);
    let (from, to) = (ticks(resolution, from), ticks(resolution, to));
    format!("CAST(({to} - {from}) / {length} AS INT)")
}

/// SQL for the times `step` months, added as a calendar does, fit between two times: the day is
/// the same, or the last of a month that is too short for it.
fn whole_months(step: i64, resolution: Option<TimeUnit>, from: &str, to: &str) -> String {
    let months = format!(
        "({} - {})",
        ordinal(Unit::Month, to),
        ordinal(Unit::Month, from)
    );
    let last_day = format!(
        "date_part('day', date_trunc('month', {to}) + INTERVAL '1 month' - INTERVAL '1 day')"
    );
    let day = format!("least(date_part('day', {from}), {last_day})");
    let ahead = format!(
        "({day} > date_part('day', {to}) OR ({day} = date_part('day', {to}) AND {} > {}))",
        time_of_day(resolution, from),
        time_of_day(resolution, to)
    );
    format!(
        "CAST({months} / {step} - CASE WHEN {months} % {step} = 0 AND {ahead} THEN 1 ELSE 0 END \
         AS INT)"
    )
}

/// SQL for a time as a whole number.
fn ticks(resolution: Option<TimeUnit>, ts: &str) -> String {
    match resolution {
        None => format!("CAST(CAST({ts} AS INT) AS BIGINT)"),
        Some(_) => format!("CAST({ts} AS BIGINT)"),
    }
}

fn time_of_day(resolution: Option<TimeUnit>, ts: &str) -> String {
    let length = ticks_a_day(resolution);
    let ticks = ticks(resolution, ts);
    format!("((({ticks} % {length}) + {length}) % {length})")
}

fn ticks_a_day(resolution: Option<TimeUnit>) -> i64 {
    let a_second = match resolution {
        None => return 1,
        Some(TimeUnit::Second) => 1,
        Some(TimeUnit::Millisecond) => 1_000,
        Some(TimeUnit::Microsecond) => 1_000_000,
        Some(TimeUnit::Nanosecond) => 1_000_000_000,
    };
    86_400 * a_second
}
