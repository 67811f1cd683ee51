//! `ntile_segment(customer, value, tiles_or_labels [, ties])`: the segment of every
//! customer from raw rows.
//!
//! Definition: over the rows of a group whose `customer` is known, for each customer the
//! sum of `value`, and its tile among the sums of the group's customers.
//!
//! - `customer`, any type that can be hashed; NULLs are skipped.
//! - `value`, any number. A customer with NULLs only has a NULL sum and a NULL segment,
//!   and does not count among the others.
//! - `tiles_or_labels`, constant: a number of tiles, 2 to 9, or an array of as many
//!   labels, the first for the smallest sums.
//! - `ties`, constant: 'together' (default), equal sums have equal segments; 'split', as
//!   NTILE has it, equal sums by customer ascending.
//!
//! Result: LIST of STRUCT(customer, value, segment INT or VARCHAR) ordered by customer;
//! empty without a row. `value` has the type of SUM: BIGINT of integers, DECIMAL of
//! DECIMAL, DOUBLE of REAL and DOUBLE; `customer` has its own type, unsigned integers
//! the next larger signed one. One customer alone is in tile 1.
//!
//! State: per (group, customer) a sum of 16 bytes (32 for DECIMAL of more than 38
//! digits) and 9 to 35 more; each distinct customer once. Cost: a hash lookup a row; at
//! the end a sort of the distinct customers and a selection of tile bounds. Without
//! GROUP BY it finishes on one core and can't spill: above the memory limit the query
//! fails and says so; the window form over a subquery that groups has no such bound.
//!
//! Errors, at planning: types and constants; at execution: a sum that does not fit its
//! type.

use datafusion::arrow::datatypes::{DataType, Field, FieldRef};
use datafusion::common::ScalarValue;
use datafusion::error::Result;
use datafusion::logical_expr::Documentation;
use datafusion_macros::user_doc;

use super::NAME;
use super::segments::{Segments, segment_type};
use super::state::{NtileState, result_type, state_type};
use crate::aggregate::Aggregating;
use crate::constants::Constants;
use crate::keys;
use crate::money::sums::{amount_type, sum_type};
use crate::parameter::{Kind, Parameter};
use crate::registry::Described;

/// Segments from raw rows.
#[user_doc(
    doc_section(label = "Segments"),
    description = "Customers cut into parts of near-equal size by the sum of a value. Returns a LIST of STRUCT(customer, value, segment) ordered by customer, empty when there is no row; `segment` is an INT from 1, the smallest sums, or the label that stands for it. With n customers and `below` of them with strictly smaller sums, the tile is floor(below · tiles / n) + 1, so that equal sums have equal tiles and higher tiles may stay empty; `ties => 'split'` deals them out evenly as NTILE does. `value` keeps its type as SUM does; a NULL sum has a NULL segment. The list is held in memory: without GROUP BY it is made on one core and can't spill. With OVER the name means the window function.",
    syntax_example = "ntile_segment(customer, value, tiles_or_labels [, ties])",
    sql_example = "```sql
SELECT s.customer AS customer, s.value AS value, s.segment AS segment
FROM (
  SELECT unnest(ntile_segment(customer, amount, ['low', 'mid', 'high'])) AS s
  FROM (VALUES ('ada', 20), ('ada', 35), ('bob', 90), ('cyd', 10)) AS orders(customer, amount)
)
ORDER BY customer;
+----------+-------+---------+
| customer | value | segment |
+----------+-------+---------+
| ada      | 55    | mid     |
| bob      | 90    | high    |
| cyd      | 10    | low     |
+----------+-------+---------+
```",
    argument(
        name = "customer",
        description = "Whose value it is: any type that can be hashed. NULLs are skipped."
    ),
    argument(
        name = "value",
        description = "What is summed for each customer and then ranked: any number."
    ),
    argument(
        name = "tiles_or_labels",
        description = "The constant number of tiles, 2 to 9, or a constant array of 2 to 9 labels, the first for the smallest sums."
    ),
    argument(
        name = "ties",
        description = "`'together'` (default): equal sums have equal segments. `'split'`: tiles as NTILE has them, equal sums by customer ascending."
    )
)]
#[derive(Debug, PartialEq, Eq, Hash)]
pub(in crate::segments) struct NtileSegment;

impl Described for NtileSegment {
    const PARAMETERS: &'static [Parameter] = &[
        Parameter::required("customer", Kind::Key),
        Parameter::required("value", Kind::Amount),
        Parameter::required("tiles_or_labels", Kind::Constant),
        Parameter::optional("ties", Kind::ConstantText),
    ];

    fn check(constants: &Constants) -> Result<()> {
        Segments::of_call(constants).map(drop)
    }
}

impl Aggregating for NtileSegment {
    const NAME: &'static str = NAME;

    const NULLABLE: bool = false;

    type State = NtileState;

    fn retype(types: &mut [DataType]) {
        if let [customer, value, ..] = types {
            *customer = keys::result_type(customer);
            *value = amount_type(value);
        }
    }

    fn result_type(fields: &[FieldRef]) -> Result<DataType> {
        let [customer, value] = [0, 1].map(|index| fields[index].data_type());
        let segment = segment_type(&fields[2])?;
        Ok(result_type(customer, &sum_type(value), &segment))
    }

    fn state_fields(fields: &[FieldRef]) -> Vec<Field> {
        let [customer, value] = [0, 1].map(|index| fields[index].data_type());
        let state = state_type(customer, &sum_type(value));
        vec![Field::new("customers", state, false)]
    }

    fn state(fields: &[FieldRef], constants: &Constants) -> Result<NtileState> {
        let [customer, value] = [0, 1].map(|index| fields[index].data_type());
        NtileState::try_new(Segments::of_call(constants)?, customer, &sum_type(value))
    }

    fn of_nothing(result: &DataType) -> Result<ScalarValue> {
        ScalarValue::new_default(result)
    }

    fn documentation(&self) -> Option<&Documentation> {
        self.doc()
    }
}
