//! `gini(x)`: how unequally a total is held by its members.
//!
//! Definition: the Gini coefficient Σ (2i − n − 1)·x₍ᵢ₎ / (n·Σ x₍ᵢ₎) of the values in ascending
//! order, i from 1 to n: half the mean difference of all pairs, itself with itself included,
//! over the mean. It is that of the members given, who are everybody: no factor n / (n − 1)
//! corrects for a sample.
//!
//! - `x`, any number, one row a member, not negative. NULLs are skipped: a member who holds
//!   nothing has to come as 0.
//!
//! Result: DOUBLE, from 0, where all hold the same, to 1 − 1/n, where one holds everything; 0
//! for one member; NULL without members, and where the total is 0, of which nobody has a share.
//!
//! State: every value, twelve bytes each. Cost: a sort of each group at the end, and of the
//! rows so far at each step of a window that grows. The result has the same bits whatever the
//! order of the rows.
//! Errors, at planning: types; at execution: a value that is negative or not finite.
//! Source: Sen (1973), *On Economic Inequality*; 0/0 where the total is 0 is undefined, as in
//! the packages *ineq* and *DescTools* of R.

use datafusion::arrow::datatypes::{DataType, Field, FieldRef};
use datafusion::error::Result;
use datafusion::logical_expr::Documentation;
use datafusion_macros::user_doc;

use super::inequality::{Inequality, Measure};
use crate::aggregate::Aggregating;
use crate::arguments::as_doubles;
use crate::constants::Constants;
use crate::parameter::{Kind, Parameter};
use crate::registry::Described;

const NAME: &str = "gini";

/// The Gini coefficient.
#[user_doc(
    doc_section(label = "Segments"),
    description = "The Gini coefficient of values that are not negative, one row a member: 0 where all members hold the same, near 1 where one holds everything. Returns a DOUBLE; NULL without values, or where their total is 0. It is that of the members given, without a correction for samples. A value that is negative or not finite is an error.",
    syntax_example = "gini(x)",
    sql_example = "```sql
SELECT shop, gini(spent) AS gini
FROM (VALUES ('even', 10.00), ('even', 10.00), ('uneven', 1.00), ('uneven', 2.00), ('uneven', 3.00), ('uneven', 4.00))
  AS customers(shop, spent)
GROUP BY shop
ORDER BY shop;
+--------+------+
| shop   | gini |
+--------+------+
| even   | 0.0  |
| uneven | 0.25 |
+--------+------+
```",
    argument(
        name = "x",
        description = "What a member holds: any number that is not negative. NULLs are skipped; members who hold nothing count when they come as 0."
    )
)]
#[derive(Debug, PartialEq, Eq, Hash)]
pub(crate) struct Gini;

impl Described for Gini {
    const PARAMETERS: &'static [Parameter] = &[Parameter::required("x", Kind::Amount)];
}

impl Aggregating for Gini {
    const NAME: &'static str = NAME;

    type State = Inequality;

    fn retype(types: &mut [DataType]) {
        as_doubles(types.iter_mut().take(1));
    }

    fn result_type(_fields: &[FieldRef]) -> Result<DataType> {
        Ok(DataType::Float64)
    }

    fn state_fields(_fields: &[FieldRef]) -> Vec<Field> {
        Inequality::fields()
    }

    fn state(_fields: &[FieldRef], _constants: &Constants) -> Result<Inequality> {
        Ok(Inequality::new(NAME, Measure::Gini))
    }

    fn documentation(&self) -> Option<&Documentation> {
        self.doc()
    }
}
