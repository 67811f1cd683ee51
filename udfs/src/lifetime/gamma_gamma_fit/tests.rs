//! The fit by every route, and rows that it leaves out.

use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef, AsArray, Float64Array};
use datafusion::logical_expr::AggregateUDF;
use rand::Rng;
use rand::rngs::StdRng;

use super::*;
use crate::aggregate::Aggregate;
use crate::lifetime::testing::assert_any_split_equals_one_pass;
use crate::testing::{Argument, Case};

/// Some of them are left out.
fn random_row(random: &mut StdRng) -> [f64; 2] {
    let frequency = f64::from(random.random_range(0..5_u32));
    let monetary = f64::from(random.random_range(0..60_u32));
    [frequency, monetary]
}

#[test]
fn any_split_equals_one_pass() {
    let told = |[frequency, monetary]: &[f64; 2]| *frequency > 0.0 && *monetary > 0.0;
    assert_any_split_equals_one_pass(|| GammaGammaFit, random_row, told);
}

/// Customers of which the model says nothing are none, not a fit to nothing.
#[test]
fn rows_left_out_are_nothing() {
    let values: [ArrayRef; 2] = [
        Arc::new(Float64Array::from(vec![0.0, 3.0])),
        Arc::new(Float64Array::from(vec![0.0, 0.0])),
    ];
    let case = Case {
        function: Arc::new(AggregateUDF::from(Aggregate::new(GammaGammaFit))),
        arguments: values
            .iter()
            .map(|v| Argument::Column(Arc::clone(v)))
            .collect(),
        groups: vec![0, 0],
        filter: None,
    };
    let mut accumulator = case.call().create_accumulator().unwrap();
    accumulator.update_batch(&values).unwrap();
    let result = accumulator.evaluate().unwrap().to_array().unwrap();
    assert!(result.as_struct().is_null(0));
}
