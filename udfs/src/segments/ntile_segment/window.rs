//! `ntile_segment(value, tiles_or_labels [, ties]) OVER (…)`: the segment of each row
//! among the rows of its partition.
//!
//! - `value`, a number, DATE or TIMESTAMP. A NULL has a NULL segment and does not count
//!   among the others.
//! - `tiles_or_labels`, constant: a number of tiles, 2 to 9, or an array of as many
//!   labels, the first for the smallest values.
//! - `ties`, constant: 'together' (default), equal values have equal segments; 'split',
//!   as NTILE has it, equal values in the order of the window's ORDER BY, which is then
//!   required. That ORDER BY does nothing else: DESC does not turn the tiles, and rows
//!   that it leaves equal keep the order in which they came.
//!
//! Result: INT from 1, or VARCHAR. The window's frame does not matter: tiles are of the
//! whole partition. One row alone is in tile 1.
//!
//! State: none; DataFusion holds the partition, and works on it on one core. Cost: no
//! sort, but a selection of tile bounds, expected linear.
//! Errors, at planning: types and constants; 'split' without ORDER BY.

use std::sync::Arc;

use datafusion::arrow::array::ArrayRef;
use datafusion::arrow::datatypes::{DataType, Field, FieldRef};
use datafusion::common::plan_err;
use datafusion::error::Result;
use datafusion::logical_expr::function::{
    PartitionEvaluatorArgs, WindowFunctionSimplification, WindowUDFFieldArgs,
};
use datafusion::logical_expr::{Documentation, PartitionEvaluator, Signature, WindowUDFImpl};
use datafusion_macros::user_doc;

use super::NAME;
use super::segments::{Segments, segment_type};
use crate::arguments;
use crate::binding::simplify_window;
use crate::constants::Constants;
use crate::parameter::{Kind, Parameter};
use crate::registry::Described;
use crate::segments::ranking::{Worst, can_rank, column_tiles, ties_without_order};
use crate::sql_types::sql_name;

/// The segment of one row a customer.
#[user_doc(
    doc_section(label = "Segments"),
    description = "The part of near-equal size in which a value falls among the rows of the partition. Returns an INT from 1, the smallest values, or the VARCHAR label that stands for it. With n values and `below` of them strictly smaller, the tile is floor(below · tiles / n) + 1, so that equal values have equal tiles and higher tiles may stay empty. The window's ORDER BY only says in which order equal values stand with `ties => 'split'`; DESC does not turn the tiles, and the frame does not matter. A NULL has a NULL segment.",
    syntax_example = "ntile_segment(value, tiles_or_labels [, ties]) OVER ([PARTITION BY …] [ORDER BY …])",
    sql_example = "```sql
SELECT customer, ntile_segment(spent, ['low', 'mid', 'high']) OVER () AS segment
FROM (VALUES ('ada', 55), ('bob', 90), ('cyd', 10)) AS customers(customer, spent)
ORDER BY customer;
+----------+---------+
| customer | segment |
+----------+---------+
| ada      | mid     |
| bob      | high    |
| cyd      | low     |
+----------+---------+
```",
    argument(
        name = "value",
        description = "What is ranked: a number, DATE or TIMESTAMP."
    ),
    argument(
        name = "tiles_or_labels",
        description = "The constant number of tiles, 2 to 9, or a constant array of 2 to 9 labels, the first for the smallest values."
    ),
    argument(
        name = "ties",
        description = "`'together'` (default): equal values have equal segments. `'split'`: tiles as NTILE has them, equal values in the order of the window's ORDER BY, which is required then."
    )
)]
#[derive(Debug, PartialEq, Eq, Hash)]
pub(in crate::segments) struct NtileSegmentOver {
    signature: Signature,
}

impl NtileSegmentOver {
    pub(in crate::segments) fn new() -> Self {
        Self {
            signature: arguments::signature(Self::PARAMETERS),
        }
    }
}

impl Described for NtileSegmentOver {
    const PARAMETERS: &'static [Parameter] = &[
        Parameter::required("value", Kind::Value),
        Parameter::required("tiles_or_labels", Kind::Constant),
        Parameter::optional("ties", Kind::ConstantText),
    ];

    fn check(constants: &Constants) -> Result<()> {
        Segments::of_call(constants).map(drop)
    }

    fn check_unordered(constants: &Constants) -> Result<()> {
        ties_without_order(constants)
    }
}

impl WindowUDFImpl for NtileSegmentOver {
    fn name(&self) -> &str {
        NAME
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, arg_types: &[DataType]) -> Result<Vec<DataType>> {
        let mut types = arguments::coerce(Self::PARAMETERS, arg_types);
        if let Some(value) = types.first_mut() {
            *value = match &*value {
                DataType::Null => DataType::Int64,
                DataType::Dictionary(_, values) => values.as_ref().clone(),
                other => other.clone(),
            };
        }
        Ok(types)
    }

    fn field(&self, field_args: WindowUDFFieldArgs) -> Result<FieldRef> {
        let fields = field_args.input_fields();
        arguments::check_types(NAME, Self::PARAMETERS, fields)?;
        let value = fields[0].data_type();
        if !can_rank(value) {
            return plan_err!(
                "argument \"value\" of {NAME} must be a number, a date or a timestamp, got {}",
                sql_name(value)
            );
        }
        let segment = segment_type(&fields[1])?;
        Ok(Arc::new(Field::new(field_args.name(), segment, true)))
    }

    fn partition_evaluator(
        &self,
        args: PartitionEvaluatorArgs,
    ) -> Result<Box<dyn PartitionEvaluator>> {
        let constants = Constants::of_physical(NAME, Self::PARAMETERS, args.input_exprs())?;
        Ok(Box::new(Rows {
            segments: Segments::of_call(&constants)?,
        }))
    }

    fn simplify(&self) -> Option<WindowFunctionSimplification> {
        simplify_window::<Self>(NAME)
    }

    fn documentation(&self) -> Option<&Documentation> {
        self.doc()
    }
}

#[derive(Debug)]
struct Rows {
    segments: Segments,
}

impl PartitionEvaluator for Rows {
    fn evaluate_all(&mut self, values: &[ArrayRef], _num_rows: usize) -> Result<ArrayRef> {
        let tiles = column_tiles(&values[0], Worst::Smallest, self.segments.cut)?;
        self.segments.of_tiles(tiles)
    }
}
