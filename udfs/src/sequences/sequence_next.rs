//! `sequence_next(direction, base, ts, value, base_condition, c1 … c32)`: the value that follows a
//! chain of rows.
//!
//! Definition: a group's rows stand in the order of time, those at the same time in the order of
//! their values, and those of equal values in that of their conditions, as the number with bit
//! k − 1 for ck, c1 counting only with `base_condition`. A chain begins at the base, on which c1
//! and `base_condition` hold, and goes on with the row directly next to it, on which c2 holds, and
//! so on to the last condition. The result is the value of the row directly next to that.
//!
//! - `direction`, constant: `'forward'`, to later rows, or `'backward'`, to earlier ones.
//! - `base`, constant: `'head'`, the first row, only forward; `'tail'`, the last row, only backward;
//!   `'first_match'` or `'last_match'`, the first or the last row on which c1 and `base_condition`
//!   hold. Only at this one row a chain may begin. Both words in any case.
//! - `ts`, DATE or TIMESTAMP of any unit, with or without a zone.
//! - `value`, of any type that can be hashed. Rows without it or without `ts` are skipped, and stand
//!   between no others; all other rows count, whatever conditions hold.
//! - `base_condition`, `c1` … `c32`, BOOLEAN; NULL is false.
//!
//! Result: the type of `value`, unsigned integers as wider signed ones; NULL when there is no such
//! chain, or no row next to it. State: sixteen bytes for each row, and each value once with the
//! conditions that hold with it. Cost: a sort of each group's rows, and of the rows so far at each
//! step of a window that grows. Errors, at planning: an unknown direction or base, or two that do
//! not go together.
//!
//! Source: ClickHouse 26.9's sequenceNextNode, with which a test compares. It takes the
//! `base_condition` as here third, only strings as values, and no conditions at all for the head
//! and the tail; a row on which some condition is NULL is skipped.

use datafusion::arrow::datatypes::{DataType, Field, FieldRef};
use datafusion::error::Result;
use datafusion::logical_expr::Documentation;
use datafusion_macros::user_doc;

use super::next_state::{CONDITIONS, NextState, VALUE};
use crate::aggregate::Aggregating;
use crate::constants::Constants;
use crate::keys;
use crate::math::chain::{Base, Chain, Direction};
use crate::parameter::{Kind, Parameter, with_conditions};
use crate::registry::Described;

const DIRECTIONS: &[(&str, Direction)] = &[
    ("forward", Direction::Forward),
    ("backward", Direction::Backward),
];

const BASES: &[(&str, Base)] = &[
    ("head", Base::Head),
    ("tail", Base::Tail),
    ("first_match", Base::FirstMatch),
    ("last_match", Base::LastMatch),
];

/// What `base` may be forward, for messages.
const FORWARD: &str = "'head', 'first_match' or 'last_match' where \"direction\" is 'forward'";

/// What it may be backward.
const BACKWARD: &str = "'tail', 'first_match' or 'last_match' where \"direction\" is 'backward'";

/// The value that follows a chain.
#[user_doc(
    doc_section(label = "Sequences"),
    description = "The value that comes directly after, or before, a chain of rows. The chain begins at the base, a row on which c1 and `base_condition` hold, and goes on with the row directly next to it, on which c2 holds, and so on. Rows stand in the order of time, those at the same time in the order of their values. Returns the type of `value`; NULL when the base begins no such chain or nothing follows it. These are the rules of ClickHouse's sequenceNextNode.",
    syntax_example = "sequence_next(direction, base, ts, value, base_condition, c1, …)",
    sql_example = "```sql
SELECT customer, sequence_next('forward', 'first_match', day, page, true, page = 'home', page = 'cart') AS after
FROM (VALUES ('ada', DATE '2024-03-01', 'home'), ('ada', DATE '2024-03-02', 'cart'), ('ada', DATE '2024-03-03', 'pay'),
             ('bob', DATE '2024-03-01', 'home'), ('bob', DATE '2024-03-02', 'exit')) AS visits(customer, day, page)
GROUP BY customer ORDER BY customer;
+----------+-------+
| customer | after |
+----------+-------+
| ada      | pay   |
| bob      |       |
+----------+-------+
```",
    argument(
        name = "direction",
        description = "The constant `'forward'`, to later rows, or `'backward'`, to earlier ones."
    ),
    argument(
        name = "base",
        description = "Where the chain begins, a constant: `'head'`, the first row, only forward; `'tail'`, the last row, only backward; `'first_match'` or `'last_match'`, the first or last row on which c1 and `base_condition` hold."
    ),
    argument(
        name = "ts",
        description = "When something happened: DATE or TIMESTAMP, with or without a zone. NULLs are skipped."
    ),
    argument(
        name = "value",
        description = "What happened, such as a page: any type that can be hashed. NULLs are skipped."
    ),
    argument(
        name = "base_condition",
        description = "A BOOLEAN that the base fulfils besides c1; `true` for any. NULL is false."
    ),
    argument(
        name = "c1",
        description = "The conditions c1 to c32 of the chain, as many as there are. NULL is false."
    )
)]
#[derive(Debug, PartialEq, Eq, Hash)]
pub(crate) struct SequenceNext;

impl Described for SequenceNext {
    const PARAMETERS: &'static [Parameter] = &with_conditions::<5, 37>([
        Parameter::required("direction", Kind::ConstantText),
        Parameter::required("base", Kind::ConstantText),
        Parameter::required("ts", Kind::Time),
        Parameter::required("value", Kind::Key),
        Parameter::required("base_condition", Kind::Condition),
    ]);

    fn check(constants: &Constants) -> Result<()> {
        ends(constants).map(drop)
    }
}

/// Where a chain begins, and the way it goes.
fn ends(constants: &Constants) -> Result<(Direction, Base)> {
    let direction = constants.required_word("direction", DIRECTIONS)?;
    let base = constants.required_word("base", BASES)?;
    match (direction, base) {
        (Direction::Forward, Base::Tail) => Err(constants.out_of_range("base", FORWARD)),
        (Direction::Backward, Base::Head) => Err(constants.out_of_range("base", BACKWARD)),
        ends => Ok(ends),
    }
}

impl Aggregating for SequenceNext {
    const NAME: &'static str = "sequence_next";

    const HOLISTIC: bool = true;

    type State = NextState;

    fn result_type(fields: &[FieldRef]) -> Result<DataType> {
        Ok(keys::result_type(fields[VALUE].data_type()))
    }

    fn state_fields(fields: &[FieldRef]) -> Vec<Field> {
        NextState::fields(fields[VALUE].data_type())
    }

    fn state(fields: &[FieldRef], constants: &Constants) -> Result<NextState> {
        let (direction, base) = ends(constants)?;
        let chain = Chain {
            direction,
            base,
            conditions: fields.len().saturating_sub(CONDITIONS),
        };
        NextState::new(chain, fields[VALUE].data_type())
    }

    fn documentation(&self) -> Option<&Documentation> {
        self.doc()
    }
}
