//! `rfm_segment(r, f, m [, map])`: the name of a customer's segment from three scores.
//!
//! Definition: the first rule of the map that fits, see [`RfmMap`]; rules use the grid of
//! scores from 1, worst, to 5, best, as `rfm_score` gives them with five tiles.
//!
//! - `r`, `f`, `m`, whole numbers from 1 to 5. A NULL has a NULL segment, also where the
//!   map does not use that score.
//! - `map`, constant, in any case: 'rf10' (default; it uses r and f), 'events9', 'warehouse7'.
//!
//! Result: VARCHAR. State: none. Cost: a few comparisons a row.
//! Errors, at planning: types and an unknown map; at execution: a score below 1 or
//! above 5.
//! Source: 'rf10' is the grid of marketing tools (Putler, *RFM Analysis*); the others
//! are those of two public dbt projects, an event and an order warehouse.

use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, AsArray, StringBuilder};
use datafusion::arrow::datatypes::{DataType, FieldRef, Int64Type};
use datafusion::common::exec_err;
use datafusion::error::Result;
use datafusion::logical_expr::Documentation;
use datafusion_macros::user_doc;

use crate::constants::Constants;
use crate::math::rfm_maps::RfmMap;
use crate::parameter::{Kind, Parameter};
use crate::registry::Described;
use crate::scalar::PerRow;

const NAME: &str = "rfm_segment";

/// A segment's name.
#[user_doc(
    doc_section(label = "Segments"),
    description = "The name of a customer's segment from three scores of 1, worst, to 5, best, as `rfm_score` gives them with five tiles. Returns a VARCHAR; NULL when a score is NULL. Any other score is an error. The map `'rf10'` uses r and f: [1-2][1-2] Hibernating, [1-2][3-4] At Risk, [1-2]5 Can't Lose, 3[1-2] About to Sleep, 33 Need Attention, [3-4][4-5] Loyal Customers, 41 Promising, 51 New Customers, [4-5][2-3] Potential Loyalists, 5[4-5] Champions. In the others the first rule that fits counts. `'events9'`: Champions r≥4 f≥4 m≥4; At Risk r≤2 f≥4 m≥4; Loyal Customers r≥4 f≥3; Potential Loyalists r≥3 f≥3; Recent Customers r≥4; Promising r=3; About To Sleep f≥3; Lost m≤2; Needs Attention the rest. `'warehouse7'`: Champions all ≥4; Loyal Customers all ≥3; New Customers r≥4 f≤2; At Risk r≤2 f≥3; Lost Customers r≤2; Potential Loyalists f≤2; Regular Customers the rest.",
    syntax_example = "rfm_segment(r, f, m [, map])",
    sql_example = "```sql
SELECT r, f, m, rfm_segment(r, f, m) AS segment, rfm_segment(r, f, m, 'warehouse7') AS warehouse
FROM (VALUES (5, 5, 5), (5, 1, 2), (1, 4, 5)) AS scores(r, f, m)
ORDER BY r DESC, f DESC;
+---+---+---+---------------+---------------+
| r | f | m | segment       | warehouse     |
+---+---+---+---------------+---------------+
| 5 | 5 | 5 | Champions     | Champions     |
| 5 | 1 | 2 | New Customers | New Customers |
| 1 | 4 | 5 | At Risk       | At Risk       |
+---+---+---+---------------+---------------+
```",
    argument(name = "r", description = "Recency score: a whole number from 1 to 5."),
    argument(
        name = "f",
        description = "Frequency score: a whole number from 1 to 5."
    ),
    argument(
        name = "m",
        description = "Monetary score: a whole number from 1 to 5."
    ),
    argument(
        name = "map",
        description = "The constant name of the map: `'rf10'` (default), `'events9'` or `'warehouse7'`."
    )
)]
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct RfmSegment;

impl Described for RfmSegment {
    const PARAMETERS: &'static [Parameter] = &[
        Parameter::required("r", Kind::Integer),
        Parameter::required("f", Kind::Integer),
        Parameter::required("m", Kind::Integer),
        Parameter::optional("map", Kind::ConstantText),
    ];

    fn check(constants: &Constants) -> Result<()> {
        map_of_call(constants).map(drop)
    }
}

fn map_of_call(constants: &Constants) -> Result<RfmMap> {
    let map = constants.word("map", &RfmMap::ALL.map(|map| (map.name(), map)))?;
    Ok(map.unwrap_or(RfmMap::Rf10))
}

impl PerRow for RfmSegment {
    const NAME: &'static str = NAME;

    fn result_type(_fields: &[FieldRef]) -> Result<DataType> {
        Ok(DataType::Utf8)
    }

    fn evaluate(columns: &[ArrayRef], _rows: usize, constants: &Constants) -> Result<ArrayRef> {
        segments(map_of_call(constants)?, columns)
    }

    fn documentation(&self) -> Option<&Documentation> {
        self.doc()
    }
}

fn segments(map: RfmMap, scores: &[ArrayRef]) -> Result<ArrayRef> {
    let [r, f, m] = [0, 1, 2].map(|column| scores[column].as_primitive::<Int64Type>());
    let mut segments = StringBuilder::with_capacity(r.len(), 12 * r.len());
    for ((r, f), m) in r.iter().zip(f).zip(m) {
        for (name, score) in [("r", r), ("f", f), ("m", m)] {
            if let Some(score) = score.filter(|score| !(1..=5).contains(score)) {
                return exec_err!("score \"{name}\" of {NAME} must be from 1 to 5, got {score}");
            }
        }
        match (r, f, m) {
            (Some(r), Some(f), Some(m)) => segments.append_value(map.segment(r, f, m)),
            _ => segments.append_null(),
        }
    }
    Ok(Arc::new(segments.finish()))
}
