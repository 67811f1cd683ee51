//! The test on random experiments, in any split.

use datafusion::arrow::array::Float64Array;

use super::*;
use crate::experiments::testing::Rows;

#[test]
fn any_split_equals_one_pass() {
    for seed in 0..40 {
        let rows = Rows::random(seed);
        let columns = &rows.columns[..1];
        let x: ArrayRef = Arc::new(Float64Array::from(columns[0].clone()));
        let counts = |rows: &[usize]| {
            let values = rows.iter().filter_map(|row| columns[0][*row]);
            let mut values: Vec<i64> = values.map(ordered).collect();
            values.sort_unstable();
            let count = |value| Count {
                owner: 0,
                times: 1,
                value,
            };
            values.into_iter().map(count).collect::<Vec<_>>()
        };
        rows.assert_every_route(MannWhitney, vec![x], vec![], columns, |a, b| {
            mann_whitney(&counts(a), &counts(b))
        });
    }
}
