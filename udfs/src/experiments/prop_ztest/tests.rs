//! The test on random experiments, in any split.

use datafusion::arrow::array::BooleanArray;
use datafusion::common::ScalarValue;

use super::*;
use crate::experiments::testing::Rows;

/// Above 2 is converted; a NULL is not, and counts.
#[test]
fn any_split_equals_one_pass() {
    for seed in 0..40 {
        let rows = Rows::random(seed);
        let converted: BooleanArray = rows.columns[0]
            .iter()
            .map(|value| value.map(|value| value > 2.0))
            .collect();
        let ones = converted
            .iter()
            .map(|converted| Some(f64::from(u8::from(converted == Some(true)))));
        let columns = [ones.collect::<Vec<_>>()];
        let (name, variance) = match seed % 3 {
            0 => (ScalarValue::Utf8(None), ProportionVariance::Pooled),
            1 => (ScalarValue::from("pooled"), ProportionVariance::Pooled),
            _ => (ScalarValue::from("unpooled"), ProportionVariance::Unpooled),
        };
        let arguments: Vec<ArrayRef> = vec![Arc::new(converted)];
        rows.assert_every_route(PropZtest, arguments, vec![name], &columns, |a, b| {
            Rows::compare(&Proportions(variance), &columns, a, b)
        });
    }
}
