//! The test on random experiments, in any split.

use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, Float64Array};

use super::*;
use crate::experiments::testing::Rows;

#[test]
fn any_split_equals_one_pass() {
    for seed in 0..40 {
        let rows = Rows::random(seed);
        let columns = &rows.columns;
        let arguments = columns
            .iter()
            .map(|column| Arc::new(Float64Array::from(column.clone())) as ArrayRef);
        rows.assert_every_route(CupedTtest, arguments.collect(), vec![], columns, |a, b| {
            Rows::compare(&Cuped, columns, a, b)
        });
    }
}
