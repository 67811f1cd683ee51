//! `cohort_retention`: how many of those who came in a period came again in later ones.
//!
//! A customer's first time is the earliest row for which `starts` holds; the calendar period of it
//! is the customer's cohort. A customer is active in period k when a row for which `returns`
//! holds, not before the first time, falls k periods after it: `calendar` counts calendar periods
//! from the cohort, `rolling` whole units from the first time by calendar addition (a day that a
//! month does not have is its last).
//!
//! - `mode`: `on` counts those active in period k, `on_or_after` in k or any later one (also
//!   beyond `periods`), `on_or_before` in any of 1 … k, so nobody at k = 0.
//! - `by`: its value in the row of the first time; of several rows at that time, the smallest.
//! - `orders` are the distinct (customer, `order`) of the rows counted, NULL orders left out, or
//!   without `order` those rows; `revenue` is the sum of their `amount`.
//! - Rows with a NULL customer or time, and rows after `as_of`, are nothing.
//!
//! It is written in three steps, each SQL over the one before: [`activity`] has the customers and
//! the periods in which they were active, or [`direct`] where a shorter way leads there, and
//! [`grid`] counts them into cohorts and completes the zero cells. The input is grouped by customer, so that work spreads over cores and spills; all
//! later steps see rows per cohort and period only.

mod activity;
pub(super) mod clock;
mod direct;
mod grid;

use arrow::datatypes::DataType;
use cohortql_udfs::Unit;
use datafusion::common::Result;
use datafusion::logical_expr::LogicalPlan;

use super::Report;
use super::argument::{AS_OF, Argument, CUSTOMER, TS, TZ};
use super::call::Call;
use super::instant::{AsOf, WallClock};
use super::money::Money;
use clock::Clock;

/// The most periods that a report shows.
const MOST_PERIODS: i64 = 10_000;

/// The report's planner.
#[derive(Debug)]
pub(super) struct CohortRetention;

/// Which returns count for period k.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    /// Those in it.
    On,
    /// Those in it and later.
    OnOrAfter,
    /// Those in period 1 up to it.
    OnOrBefore,
}

/// A call, understood.
#[derive(Debug)]
struct Request {
    unit: Unit,
    periods: i64,
    mode: Mode,
    clock: Clock,
    starts: bool,
    returns: bool,
    by: bool,
    order: bool,
    amount: Option<Money>,
    times: WallClock,
    as_of: AsOf,
}

impl Report for CohortRetention {
    fn name(&self) -> &'static str {
        "cohort_retention"
    }

    fn summary(&self) -> &'static str {
        "How many of those who came in a period came again in later ones."
    }

    fn arguments(&self) -> &'static [Argument] {
        const {
            &[
                CUSTOMER,
                TS,
                Argument::optional(
                    "unit",
                    "a constant string",
                    "`'month'`",
                    "How long a period is: `'day'`, `'week'` (from Monday), `'month'`, \
                     `'quarter'` or `'year'`.",
                ),
                Argument::optional(
                    "periods",
                    "a constant whole number",
                    "12",
                    "The last period shown, from 0 to 10000.",
                ),
                Argument::optional(
                    "mode",
                    "a constant string",
                    "`'on'`",
                    "`'on'`: active in period k; `'on_or_after'`: in k or any later one, also \
                     beyond `periods`; `'on_or_before'`: in any of 1 … k, so nobody at 0.",
                ),
                Argument::optional(
                    "clock",
                    "a constant string",
                    "`'calendar'`",
                    "`'calendar'`: period 1 is the calendar period after the cohort's; \
                     `'rolling'`: it begins a unit after the customer's first time.",
                ),
                Argument::optional(
                    "starts",
                    "a condition",
                    "true",
                    "What makes a row somebody's start. NULL is false.",
                ),
                Argument::optional(
                    "returns",
                    "a condition",
                    "true",
                    "What makes a row an activity. NULL is false.",
                ),
                Argument::optional(
                    "by",
                    "any single value",
                    "none",
                    "Splits by its value in the row of the first start; of several at that time, \
                     the smallest.",
                ),
                Argument::optional(
                    "order",
                    "any single value",
                    "each row is an order",
                    "With `amount`, what rows of one order have in common: an order is a distinct \
                     (customer, `order`).",
                ),
                Argument::optional(
                    "amount",
                    "a number",
                    "none",
                    "What the row is worth: orders and revenue are counted. NULL is worth nothing.",
                ),
                AS_OF,
                TZ,
            ]
        }
    }

    fn plan(&self, call: &mut Call<'_>) -> Result<LogicalPlan> {
        let request = Request::read(call)?;
        let marks = match direct::serves(&request) {
            true => direct::marks(&request),
            false => activity::marks(&request),
        };
        let sql = format!(
            "WITH {}, {marks} {}",
            activity::events(&request),
            grid::cells(&request)
        );
        call.plan(&sql)
    }
}

impl Request {
    fn read(call: &mut Call<'_>) -> Result<Self> {
        call.key("customer")?;
        let times = WallClock::new(call)?;
        let unit = Unit::parse(call.word("unit", &Unit::NAMES, Unit::Month.name())?)
            .unwrap_or(Unit::Month);
        let mode = call.word("mode", &["on", "on_or_after", "on_or_before"], "on")?;
        let clock = call.word("clock", &["calendar", "rolling"], "calendar")?;
        Ok(Self {
            unit,
            periods: call.whole_number("periods", 0..=MOST_PERIODS, 12)?,
            mode: match mode {
                "on_or_after" => Mode::OnOrAfter,
                "on_or_before" => Mode::OnOrBefore,
                _ => Mode::On,
            },
            clock: match clock {
                "rolling" => Clock::Rolling,
                _ => Clock::Calendar,
            },
            starts: call.condition("starts")?,
            returns: call.condition("returns")?,
            by: call.returned_key("by")?.is_some(),
            order: call.key("order")?.is_some(),
            amount: Money::read(call)?,
            as_of: AsOf::new(call, &times)?,
            times,
        })
    }

    /// Whether orders and revenue are counted.
    fn counts_money(&self) -> bool {
        self.amount.is_some()
    }

    /// The type of revenue.
    fn revenue(&self) -> Option<&DataType> {
        self.amount.as_ref().map(Money::total)
    }

    /// `text` when the latest time of the input stands for `as_of`, else nothing.
    fn if_latest(&self, text: &'static str) -> &'static str {
        match self.as_of {
            AsOf::Latest => text,
            AsOf::Day(_) | AsOf::Moment(..) => "",
        }
    }

    /// `text` when periods begin with the customer's first time, else nothing.
    fn if_rolling(&self, text: &'static str) -> &'static str {
        match self.clock {
            Clock::Rolling => text,
            Clock::Calendar => "",
        }
    }

    /// SQL for the first day of the calendar period that holds a time.
    fn start(&self, ts: &str) -> String {
        clock::start(self.unit, ts)
    }

    /// SQL for the periods between two times, of which `to` is not before `from`.
    fn periods_between(&self, from: &str, to: &str) -> String {
        clock::between(self.unit, self.clock, self.times.unit(), from, to)
    }

    /// `text` when the report splits by a value, else nothing.
    fn if_by(&self, text: &'static str) -> &'static str {
        if self.by { text } else { "" }
    }
}
