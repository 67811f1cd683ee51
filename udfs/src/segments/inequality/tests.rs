//! Both measures against their definitions, on random values of several types.

use datafusion::arrow::array::{Decimal128Array, Int64Array};
use datafusion::arrow::compute::cast;
use datafusion::common::ScalarValue;
use datafusion::logical_expr::AggregateUDF;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use super::*;
use crate::aggregate::Aggregate;
use crate::segments::gini::Gini;
use crate::segments::top_share::TopShare;
use crate::testing::{Argument, Case};

const GROUPS: usize = 7;

/// Whole numbers, cents and any numbers; the results are the same to the last bit by every route.
#[test]
fn any_split_equals_one_pass() {
    for seed in 0..60 {
        let rng = &mut StdRng::seed_from_u64(seed);
        let rows = rng.random_range(0..200);
        let values: Vec<Option<i64>> = (0..rows)
            .map(|_| rng.random_bool(0.9).then(|| rng.random_range(0..10_000)))
            .collect();
        let column: ArrayRef = match rng.random_range(0..3) {
            0 => Arc::new(Int64Array::from(values)),
            1 => {
                let cents: Decimal128Array = values.iter().map(|v| v.map(i128::from)).collect();
                Arc::new(cents.with_precision_and_scale(20, 2).unwrap())
            }
            _ => Arc::new(
                values
                    .iter()
                    .map(|value| value.map(|value| (value as f64).sqrt()))
                    .collect::<Float64Array>(),
            ),
        };
        let column = cast(&column, &DataType::Float64).unwrap();
        let groups: Vec<usize> = (0..rows).map(|_| rng.random_range(0..GROUPS)).collect();
        let filter: Option<BooleanArray> = rng.random_bool(0.5).then(|| {
            (0..rows)
                .map(|_| rng.random_bool(0.9).then(|| rng.random_bool(0.5)))
                .collect()
        });
        let fraction = rng.random_bool(0.5).then(|| rng.random_range(0.01..=1.0));
        let numbers = column.as_primitive::<Float64Type>();
        let of_group = |group: usize| {
            let passes = |row: &usize| {
                let filter = filter.as_ref();
                filter.is_none_or(|filter| filter.is_valid(*row) && filter.value(*row))
            };
            let members = (0..rows).filter(|&row| groups[row] == group).filter(passes);
            let members = members.filter(|&row| numbers.is_valid(row));
            let mut members: Vec<f64> = members.map(|row| numbers.value(row)).collect();
            members.sort_by(f64::total_cmp);
            match fraction {
                None => gini(&members),
                Some(fraction) => top_share(&members, fraction),
            }
        };
        let expected: ArrayRef = Arc::new((0..GROUPS).map(of_group).collect::<Float64Array>());
        let mut arguments = vec![Argument::Column(Arc::clone(&column))];
        let function = match fraction {
            None => AggregateUDF::from(Aggregate::new(Gini)),
            Some(fraction) => {
                arguments.push(Argument::Constant(ScalarValue::from(fraction)));
                AggregateUDF::from(Aggregate::new(TopShare))
            }
        };
        let case = Case {
            function: Arc::new(function),
            arguments,
            groups: groups.clone(),
            filter: filter.clone(),
        };
        case.assert_every_route(&expected, seed);
    }
}

#[test]
fn what_cannot_be_shared_out_is_named() {
    for (value, named) in [(-1.5, "-1.5"), (f64::NAN, "NaN"), (f64::INFINITY, "inf")] {
        let mut state = Inequality::new("gini", Measure::Gini);
        state.grow(1);
        let column: ArrayRef = Arc::new(Float64Array::from(vec![1.0, value]));
        let error = state.update(&[column], &[0, 0], None).unwrap_err();
        assert!(
            error.to_string().contains(&format!("got {named}")),
            "{error}"
        );
    }
}
