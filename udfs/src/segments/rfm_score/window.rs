//! `rfm_score(recency_days, frequency, monetary [, tiles [, ties]]) OVER (…)`: the tiles
//! of one row a customer among the rows of its partition.
//!
//! - `recency_days`, `frequency`, `monetary`, any numbers; few days, high frequency and
//!   much money are good. A NULL has a NULL tile and a NULL score, and does not count
//!   among the others of its column.
//! - `tiles`, constant, 2 to 9. Default 5.
//! - `ties`, constant: 'together' (default), equal values have equal tiles; 'split', as
//!   NTILE has it, equal values in the order of the window's ORDER BY, which is then
//!   required. That ORDER BY does nothing else: DESC does not turn the tiles, and rows
//!   that it leaves equal keep the order in which they came.
//!
//! Result: STRUCT(r INT, f INT, m INT, score INT). The window's frame does not matter:
//! tiles are of the whole partition. One row alone is in tile 1 of everything.
//!
//! State: none; DataFusion holds the partition, and works on it on one core. Cost: no
//! sort, but a selection of tile bounds per column, expected linear.
//! Errors, at planning: types and constants; 'split' without ORDER BY.

use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, Int32Array, StructArray};
use datafusion::arrow::datatypes::{DataType, Field, FieldRef, Fields};
use datafusion::error::Result;
use datafusion::logical_expr::function::{
    PartitionEvaluatorArgs, WindowFunctionSimplification, WindowUDFFieldArgs,
};
use datafusion::logical_expr::{Documentation, PartitionEvaluator, Signature, WindowUDFImpl};
use datafusion_macros::user_doc;

use super::NAME;
use crate::arguments;
use crate::binding::simplify_window;
use crate::constants::Constants;
use crate::math::tiles::score;
use crate::parameter::{Kind, Parameter};
use crate::registry::Described;
use crate::segments::ranking::{Cut, Worst, column_tiles, ties_without_order};

/// Scores of one row a customer.
#[user_doc(
    doc_section(label = "Segments"),
    description = "The tiles of a customer's recency, frequency and monetary value among the rows of the partition, one row a customer. Returns STRUCT(r INT, f INT, m INT, score INT); `score` is 100·r + 10·f + m, and the highest tile is the best: the fewest days, the highest frequency, the most money. The window's ORDER BY only says in which order equal values stand with `ties => 'split'`; DESC does not turn the tiles, and the frame does not matter. A NULL value has a NULL tile and score.",
    syntax_example = "rfm_score(recency_days, frequency, monetary [, tiles [, ties]]) OVER ([PARTITION BY …] [ORDER BY …])",
    sql_example = "```sql
SELECT customer, rfm_score(recency_days, frequency, monetary) OVER () AS rfm
FROM (VALUES ('ada', 2, 2, 55), ('bob', 77, 1, 90), ('cyd', 31, 1, 10))
  AS customers(customer, recency_days, frequency, monetary)
ORDER BY customer;
+----------+--------------------------------+
| customer | rfm                            |
+----------+--------------------------------+
| ada      | {r: 4, f: 4, m: 2, score: 442} |
| bob      | {r: 1, f: 1, m: 4, score: 114} |
| cyd      | {r: 2, f: 1, m: 1, score: 211} |
+----------+--------------------------------+
```",
    argument(
        name = "recency_days",
        description = "Days since the last order: any number; fewer are better."
    ),
    argument(
        name = "frequency",
        description = "Number of orders: any number; more are better."
    ),
    argument(
        name = "monetary",
        description = "Worth of the orders: any number; more is better."
    ),
    argument(
        name = "tiles",
        description = "The constant number of tiles, 2 to 9. Default: 5."
    ),
    argument(
        name = "ties",
        description = "`'together'` (default): equal values have equal tiles. `'split'`: tiles as NTILE has them, equal values in the order of the window's ORDER BY, which is required then."
    )
)]
#[derive(Debug, PartialEq, Eq, Hash)]
pub(in crate::segments) struct RfmScoreOver {
    signature: Signature,
}

impl RfmScoreOver {
    pub(in crate::segments) fn new() -> Self {
        Self {
            signature: arguments::signature(Self::PARAMETERS),
        }
    }
}

impl Described for RfmScoreOver {
    const PARAMETERS: &'static [Parameter] = &[
        Parameter::required("recency_days", Kind::Amount),
        Parameter::required("frequency", Kind::Amount),
        Parameter::required("monetary", Kind::Amount),
        Parameter::optional("tiles", Kind::ConstantInteger),
        Parameter::optional("ties", Kind::ConstantText),
    ];

    fn check(constants: &Constants) -> Result<()> {
        Cut::of_call(constants).map(drop)
    }

    fn check_unordered(constants: &Constants) -> Result<()> {
        ties_without_order(constants)
    }
}

impl WindowUDFImpl for RfmScoreOver {
    fn name(&self) -> &str {
        NAME
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, arg_types: &[DataType]) -> Result<Vec<DataType>> {
        Ok(arguments::coerce(Self::PARAMETERS, arg_types))
    }

    fn field(&self, field_args: WindowUDFFieldArgs) -> Result<FieldRef> {
        arguments::check_types(NAME, Self::PARAMETERS, field_args.input_fields())?;
        let scores = DataType::Struct(score_fields());
        Ok(Arc::new(Field::new(field_args.name(), scores, true)))
    }

    fn partition_evaluator(
        &self,
        args: PartitionEvaluatorArgs,
    ) -> Result<Box<dyn PartitionEvaluator>> {
        let constants = Constants::of_physical(NAME, Self::PARAMETERS, args.input_exprs())?;
        Ok(Box::new(Scores {
            cut: Cut::of_call(&constants)?,
        }))
    }

    fn simplify(&self) -> Option<WindowFunctionSimplification> {
        simplify_window::<Self>(NAME)
    }

    fn documentation(&self) -> Option<&Documentation> {
        self.doc()
    }
}

fn score_fields() -> Fields {
    ["r", "f", "m", "score"]
        .map(|name| Field::new(name, DataType::Int32, true))
        .into_iter()
        .collect()
}

#[derive(Debug)]
struct Scores {
    cut: Cut,
}

impl PartitionEvaluator for Scores {
    fn evaluate_all(&mut self, values: &[ArrayRef], _num_rows: usize) -> Result<ArrayRef> {
        let r = column_tiles(&values[0], Worst::Largest, self.cut)?;
        let f = column_tiles(&values[1], Worst::Smallest, self.cut)?;
        let m = column_tiles(&values[2], Worst::Smallest, self.cut)?;
        let total: Int32Array = r
            .iter()
            .zip(&f)
            .zip(&m)
            .map(|((r, f), m)| Some(score(r?, f?, m?)))
            .collect();
        let columns: Vec<ArrayRef> = [r, f, m, total]
            .into_iter()
            .map(|column| Arc::new(column) as ArrayRef)
            .collect();
        let scores = StructArray::try_new(score_fields(), columns, None)?;
        Ok(Arc::new(scores))
    }
}
