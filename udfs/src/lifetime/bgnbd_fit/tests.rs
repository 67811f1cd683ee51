//! The fit by every route, and rows that no fit takes.

use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, Float64Array};
use datafusion::logical_expr::AggregateUDF;
use rand::Rng;
use rand::rngs::StdRng;

use super::*;
use crate::aggregate::Aggregate;
use crate::lifetime::testing::assert_any_split_equals_one_pass;
use crate::testing::{Argument, Case};

/// Of few distinct values.
fn random_row(random: &mut StdRng) -> [f64; 3] {
    let frequency = f64::from(random.random_range(0..4_u32));
    let age = f64::from(random.random_range(20..40_u32));
    let part = random.random_range(0.1..1.0_f64);
    let recency = if frequency == 0.0 { 0.0 } else { part * age };
    [frequency, recency, age]
}

#[test]
fn any_split_equals_one_pass() {
    assert_any_split_equals_one_pass(|| BgnbdFit, random_row, |_| true);
}

#[test]
fn rows_that_cannot_be_are_errors() {
    let column = |value: f64| Argument::Column(Arc::new(Float64Array::from(vec![value])));
    let case = Case {
        function: Arc::new(AggregateUDF::from(Aggregate::new(BgnbdFit))),
        arguments: vec![column(2.0), column(9.0), column(7.0)],
        groups: vec![0],
        filter: None,
    };
    let call = case.call();
    let values = [2.0, 9.0, 7.0].map(|v| Arc::new(Float64Array::from(vec![v])) as ArrayRef);
    let mut groups = call.create_groups_accumulator().unwrap();
    let message =
        "bgnbd_fit: recency must not be more than age, got frequency = 2, recency = 9, age = 7";
    let error = groups.update_batch(&values, &[0], None, 1).unwrap_err();
    assert!(error.to_string().contains(message), "{error}");
    let error = groups.convert_to_state(&values, None).unwrap_err();
    assert!(error.to_string().contains(message), "{error}");
}
