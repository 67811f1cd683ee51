//! The test on random experiments, in any split.

use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, Float64Array};

use super::*;
use crate::experiments::testing::Rows;

#[test]
fn any_split_equals_one_pass() {
    for seed in 0..40 {
        let rows = Rows::random(seed);
        let columns = &rows.columns[..1];
        let x: ArrayRef = Arc::new(Float64Array::from(columns[0].clone()));
        rows.assert_every_route(WelchTtest, vec![x], vec![], columns, |a, b| {
            Rows::compare(&Welch, columns, a, b)
        });
    }
}
