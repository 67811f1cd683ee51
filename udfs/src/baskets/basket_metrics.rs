//! `basket_metrics(n, n_a, n_c, n_ac)`: how much antecedent and consequent of a rule go together.
//!
//! Definition: with shares a = n_a/n, c = n_c/n, s = n_ac/n: support = s; confidence = s/a;
//! lift = s/(a·c); leverage = s − a·c; conviction = (1 − c)/(1 − confidence), infinite at
//! confidence 1; zhang = leverage / max(s·(1 − a), a·(c − s)), 0 where that is 0;
//! jaccard = s/(a + c − s); certainty = (confidence − c)/(1 − c), 0 where c is 1;
//! kulczynski = (s/a + s/c)/2.
//!
//! - `n`, `n_a`, `n_c`, `n_ac`: whole numbers, how many baskets there are, and hold the
//!   antecedent, the consequent, both. A NULL gives NULL.
//!
//! Result: STRUCT of the nine as DOUBLE, computed from the counts without rounding between; NULL
//! when n is 0. What divides by a count of 0 is a NULL field: confidence, lift, conviction,
//! certainty and kulczynski without antecedent, lift and kulczynski without consequent, jaccard
//! without either. State: none. Cost: nine divisions a row.
//! Errors: types, at planning; counts that no baskets can have, at execution.
//! Source: mlxtend's association rules, with their edge cases; Brin, Motwani, Ullman & Tsur 1997
//! (conviction, certainty by Shortliffe & Buchanan 1975); Yan, Zhang & Zhang 2009 (zhang).

use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef, AsArray, Float64Builder, StructArray};
use datafusion::arrow::buffer::NullBuffer;
use datafusion::arrow::datatypes::{DataType, Field, FieldRef, Fields, Int64Type};
use datafusion::common::exec_datafusion_err;
use datafusion::error::Result;
use datafusion::logical_expr::Documentation;
use datafusion_macros::user_doc;

use crate::constants::Constants;
use crate::math::rule_metrics::{Counts, MEASURES};
use crate::parameter::{Kind, Parameter};
use crate::registry::Described;
use crate::scalar::PerRow;

const NAME: &str = "basket_metrics";

/// What is said of a rule.
#[user_doc(
    doc_section(label = "Baskets"),
    description = "How much the antecedent and the consequent of a rule go together, from counts of baskets. Returns STRUCT(support, confidence, lift, leverage, conviction, zhang, jaccard, certainty, kulczynski DOUBLE); NULL when a count is NULL or there are no baskets. Conviction is infinite at confidence 1; zhang is 0 where its denominator is; certainty is 0 when every basket has the consequent; a field that divides by a count of 0 is NULL. Counts that contradict one another, such as `n_ac` above `n_a`, are an error.",
    syntax_example = "basket_metrics(n, n_a, n_c, n_ac)",
    sql_example = "```sql
SELECT m['support'] AS support, m['confidence'] AS confidence, m['lift'] AS lift, m['conviction'] AS conviction
FROM (SELECT basket_metrics(5, 4, 3, 3) AS m);
+---------+------------+------+------------+
| support | confidence | lift | conviction |
+---------+------------+------+------------+
| 0.6     | 0.75       | 1.25 | 1.6        |
+---------+------------+------+------------+
```",
    argument(name = "n", description = "How many baskets there are."),
    argument(
        name = "n_a",
        description = "How many baskets hold all of the antecedent."
    ),
    argument(
        name = "n_c",
        description = "How many baskets hold all of the consequent."
    ),
    argument(name = "n_ac", description = "How many baskets hold both.")
)]
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct BasketMetrics;

impl Described for BasketMetrics {
    const PARAMETERS: &'static [Parameter] = &[
        Parameter::required("n", Kind::Integer),
        Parameter::required("n_a", Kind::Integer),
        Parameter::required("n_c", Kind::Integer),
        Parameter::required("n_ac", Kind::Integer),
    ];
}

fn result_fields() -> Fields {
    let fields = MEASURES.map(|name| Field::new(name, DataType::Float64, true));
    Fields::from(fields.to_vec())
}

impl PerRow for BasketMetrics {
    const NAME: &'static str = NAME;

    fn result_type(_fields: &[FieldRef]) -> Result<DataType> {
        Ok(DataType::Struct(result_fields()))
    }

    fn evaluate(columns: &[ArrayRef], rows: usize, _constants: &Constants) -> Result<ArrayRef> {
        metrics(columns, rows)
    }

    fn documentation(&self) -> Option<&Documentation> {
        self.doc()
    }
}

fn metrics(columns: &[ArrayRef], rows: usize) -> Result<ArrayRef> {
    let counts = [0, 1, 2, 3].map(|column| columns[column].as_primitive::<Int64Type>());
    let mut fields = MEASURES.map(|_| Float64Builder::with_capacity(rows));
    let mut valid = Vec::with_capacity(rows);
    for row in 0..rows {
        let measures = if counts.iter().all(|count| count.is_valid(row)) {
            let [n, n_a, n_c, n_ac] = counts.map(|count| count.value(row));
            Counts::new(n, n_a, n_c, n_ac)
                .map_err(|impossible| exec_datafusion_err!("{NAME}: {impossible}"))?
                .measures()
        } else {
            None
        };
        valid.push(measures.is_some());
        let measures = measures.unwrap_or_default();
        for (field, measure) in fields.iter_mut().zip(measures) {
            field.append_option(measure);
        }
    }
    let columns = fields.map(|mut field| Arc::new(field.finish()) as ArrayRef);
    let nulls = NullBuffer::from(valid);
    let result = StructArray::try_new(result_fields(), columns.to_vec(), Some(nulls))?;
    Ok(Arc::new(result))
}

#[cfg(test)]
mod tests {
    use datafusion::arrow::array::Int64Array;
    use datafusion::arrow::datatypes::Float64Type;

    use super::*;

    #[test]
    fn a_row_without_counts_has_no_metrics() {
        let column = |counts: [Option<i64>; 4]| Arc::new(Int64Array::from(counts.to_vec())) as _;
        let columns: [ArrayRef; 4] = [
            column([Some(5), None, Some(0), Some(4)]),
            column([Some(4), Some(4), Some(0), Some(0)]),
            column([Some(3), Some(3), Some(0), Some(2)]),
            column([Some(3), Some(3), Some(0), Some(0)]),
        ];
        let found = metrics(&columns, 4).unwrap();
        let found = found.as_struct();
        let valid: Vec<bool> = (0..4).map(|row| found.is_valid(row)).collect();
        assert_eq!(valid, [true, false, false, true]);
        let lift = found.column(2).as_primitive::<Float64Type>();
        assert_eq!((lift.value(0), lift.is_valid(3)), (1.25, false));
    }

    #[test]
    fn impossible_counts_are_errors() {
        let columns = [5, 4, 3, 4].map(|count| Arc::new(Int64Array::from(vec![count])) as ArrayRef);
        let error = metrics(&columns, 1).unwrap_err();
        let wanted = "basket_metrics: n_ac can't be above n_c, got 4 and 3";
        assert!(error.to_string().contains(wanted), "{error}");
    }
}
