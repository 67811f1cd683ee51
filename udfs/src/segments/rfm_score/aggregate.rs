//! `rfm_score(customer, ts, amount [, as_of [, tiles [, ties [, tz]]]])`: the scores of
//! every customer from raw orders.
//!
//! Definition: over the rows of a group whose `customer` and `ts` are known and whose
//! `ts` is not after `as_of`, for each customer: `recency_days` = date(`as_of`) −
//! date(latest `ts`), days of the calendar in `tz`, at least 0; `frequency` = number of rows;
//! `monetary` = sum of `amount`; and their tiles among the customers of the group.
//!
//! - `customer`, any type that can be hashed; NULLs are skipped.
//! - `ts`, DATE or TIMESTAMP; NULLs are skipped.
//! - `amount`, any number; a NULL counts as an order worth nothing.
//! - `as_of`, constant DATE (its whole day counts) or TIMESTAMP; one without a zone is an
//!   instant in UTC where `ts` is one too, else what the wall clock of `tz` shows.
//!   Default: the latest `ts` of the group.
//! - `tiles`, constant, 2 to 9. Default 5, the best.
//! - `ties`, constant: 'together' (default), equal values have equal tiles; 'split', as
//!   NTILE has it, equal values by customer ascending.
//! - `tz`, constant IANA name. Default: the zone of `ts`, else the session's, else UTC.
//!
//! Result: LIST of STRUCT(customer, recency_days INT, frequency BIGINT, monetary, r INT,
//! f INT, m INT, score INT) ordered by customer; empty without a row that counts.
//! `monetary` has the type of SUM: BIGINT of integers, DECIMAL of DECIMAL, DOUBLE of
//! REAL and DOUBLE; `customer` has its own type, unsigned integers the next larger
//! signed one. One customer alone is in tile 1 of everything.
//!
//! State: per (group, customer) 16 bytes, a sum of 16 (32 for DECIMAL of more than 38
//! digits) and 8 to 34 for lookup; each distinct customer once. Cost: a hash lookup a
//! row; at the end a sort of the distinct customers and selections of tile bounds.
//! Without GROUP BY it finishes on one core and can't spill: above the memory limit the
//! query fails and says so; the report `rfm` has no such bound.
//!
//! Errors, at planning: types and constants; at execution: a sum that does not fit its
//! type, a time beyond the calendar. Source: A. M. Hughes, *Strategic Database
//! Marketing* (1994), whose quintiles are `tiles => 5, ties => 'split'`.

use datafusion::arrow::datatypes::{DataType, Field, FieldRef};
use datafusion::common::ScalarValue;
use datafusion::error::Result;
use datafusion::logical_expr::Documentation;
use datafusion_macros::user_doc;

use super::NAME;
use super::scores::result_type;
use super::state::{Call, RfmState, state_type};
use crate::aggregate::Aggregating;
use crate::as_of::AsOf;
use crate::constants::Constants;
use crate::keys;
use crate::money::sums::{amount_type, sum_type};
use crate::parameter::{Kind, Parameter};
use crate::registry::Described;
use crate::segments::ranking::Cut;
use crate::times::{Clock, named_zone};

/// Scores from raw orders.
#[user_doc(
    doc_section(label = "Segments"),
    description = "Recency, frequency and monetary value of every customer and their tiles, from raw orders. Returns a LIST of STRUCT(customer, recency_days INT, frequency BIGINT, monetary, r INT, f INT, m INT, score INT) ordered by customer, empty when no row counts; `score` is 100·r + 10·f + m, and the highest tile is the best: the most recent, the most frequent, the most spent. With n customers and `below` of them strictly worse, a tile is floor(below · tiles / n) + 1, so that equal values have equal tiles and higher tiles may stay empty; `ties => 'split'` deals them out evenly as NTILE does. `monetary` keeps the type of its amounts as SUM does. The list is held in memory: without GROUP BY it is made on one core and can't spill; the report `rfm` has no such bound. With OVER the name means the window function.",
    syntax_example = "rfm_score(customer, ts, amount [, as_of [, tiles [, ties [, tz]]]])",
    sql_example = "```sql
SELECT s.customer AS customer, s.recency_days AS days, s.frequency AS orders,
       s.monetary AS spent, s.score AS score
FROM (
  SELECT unnest(rfm_score(customer, ts, amount, DATE '2024-04-01')) AS s
  FROM (VALUES ('ada', DATE '2024-03-30', 20), ('ada', DATE '2024-02-01', 35),
               ('bob', DATE '2024-01-15', 90), ('cyd', DATE '2024-03-01', 10))
    AS orders(customer, ts, amount)
)
ORDER BY customer;
+----------+------+--------+-------+-------+
| customer | days | orders | spent | score |
+----------+------+--------+-------+-------+
| ada      | 2    | 2      | 55    | 442   |
| bob      | 77   | 1      | 90    | 114   |
| cyd      | 31   | 1      | 10    | 211   |
+----------+------+--------+-------+-------+
```",
    argument(
        name = "customer",
        description = "Whose order it is: any type that can be hashed. NULLs are skipped."
    ),
    argument(
        name = "ts",
        description = "When it was ordered: DATE or TIMESTAMP, with or without a zone. NULLs are skipped."
    ),
    argument(
        name = "amount",
        description = "What it was worth: any number. A NULL counts as an order worth nothing."
    ),
    argument(
        name = "as_of",
        description = "The constant DATE or TIMESTAMP at which recency is measured; orders after it are ignored. A DATE includes its whole day. A TIMESTAMP without a zone is an instant in UTC where `ts` is one too, else what the wall clock of `tz` shows. Default: the latest `ts` of the group."
    ),
    argument(
        name = "tiles",
        description = "The constant number of tiles, 2 to 9. Default: 5."
    ),
    argument(
        name = "ties",
        description = "`'together'` (default): equal values have equal tiles. `'split'`: tiles as NTILE has them, equal values by customer ascending."
    ),
    argument(
        name = "tz",
        description = "The constant IANA name of the time zone whose days count. Default: the zone of the timestamps themselves, else the session's `datafusion.execution.time_zone`, else UTC."
    )
)]
#[derive(Debug, PartialEq, Eq, Hash)]
pub(in crate::segments) struct RfmScore;

impl Described for RfmScore {
    const PARAMETERS: &'static [Parameter] = &[
        Parameter::required("customer", Kind::Key),
        Parameter::required("ts", Kind::Time),
        Parameter::required("amount", Kind::Amount),
        Parameter::optional("as_of", Kind::ConstantTime),
        Parameter::optional("tiles", Kind::ConstantInteger),
        Parameter::optional("ties", Kind::ConstantText),
        Parameter::optional("tz", Kind::TimeZone),
    ];

    fn check(constants: &Constants) -> Result<()> {
        Cut::of_call(constants)?;
        named_zone(constants, "tz").map(drop)
    }
}

impl Aggregating for RfmScore {
    const NAME: &'static str = NAME;

    const NULLABLE: bool = false;

    type State = RfmState;

    fn retype(types: &mut [DataType]) {
        if let [customer, _, amount, ..] = types {
            *customer = keys::result_type(customer);
            *amount = amount_type(amount);
        }
    }

    fn result_type(fields: &[FieldRef]) -> Result<DataType> {
        let [customer, amount] = [0, 2].map(|index| fields[index].data_type());
        Ok(result_type(customer, &sum_type(amount)))
    }

    fn state_fields(fields: &[FieldRef]) -> Vec<Field> {
        let [customer, amount] = [0, 2].map(|index| fields[index].data_type());
        let state = state_type(customer, &sum_type(amount));
        vec![Field::new("customers", state, false)]
    }

    fn state(fields: &[FieldRef], constants: &Constants) -> Result<RfmState> {
        let [customer, times, amount] = [0, 1, 2].map(|index| fields[index].data_type());
        let clock = Clock::new(times, constants, "tz")?;
        let call = Call {
            clock,
            as_of: AsOf::of_call(constants, times, clock)?,
            cut: Cut::of_call(constants)?,
        };
        RfmState::try_new(NAME, call, customer, &sum_type(amount))
    }

    fn of_nothing(result: &DataType) -> Result<ScalarValue> {
        ScalarValue::new_default(result)
    }

    fn documentation(&self) -> Option<&Documentation> {
        self.doc()
    }
}
