//! The fit by every route, which must give the same bits as one of the rows in order.

use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, BooleanArray, Float64Array, StructArray};
use datafusion::arrow::buffer::NullBuffer;
use datafusion::logical_expr::AggregateUDF;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use super::*;
use crate::aggregate::Aggregate;
use crate::math::tally::tallied;
use crate::testing::{Argument, Case};

const GROUPS: usize = 4;

/// Rows of few distinct values, some NULL, of random groups and under a random filter.
#[test]
fn any_split_equals_one_pass() {
    for seed in 0..6 {
        let random = &mut StdRng::seed_from_u64(seed);
        let rows: Vec<Option<[f64; 3]>> = (0..120)
            .map(|_| {
                let frequency = f64::from(random.random_range(0..4_u32));
                let age = f64::from(random.random_range(20..40_u32));
                let part = random.random_range(0.1..1.0_f64);
                let recency = if frequency == 0.0 { 0.0 } else { part * age };
                random
                    .random_bool(0.95)
                    .then_some([frequency, recency, age])
            })
            .collect();
        let groups: Vec<usize> = rows
            .iter()
            .map(|_| random.random_range(0..GROUPS))
            .collect();
        let filter: Option<BooleanArray> = random
            .random_bool(0.5)
            .then(|| rows.iter().map(|_| Some(random.random_bool(0.8))).collect());
        let fits: Vec<Option<Fit<4>>> = (0..GROUPS)
            .map(|group| {
                let passed = |row: &usize| filter.as_ref().is_none_or(|f| f.value(*row));
                let own = (0..rows.len())
                    .filter(|row| groups[*row] == group)
                    .filter(passed);
                fit(&tallied(
                    &own.filter_map(|row| rows[row]).collect::<Vec<_>>(),
                ))
            })
            .collect();
        let column = |part: usize| -> ArrayRef {
            Arc::new(
                rows.iter()
                    .map(|row| row.map(|row| row[part]))
                    .collect::<Float64Array>(),
            )
        };
        let case = Case {
            function: Arc::new(AggregateUDF::from(Aggregate::new(BgnbdFit))),
            arguments: (0..3).map(|part| Argument::Column(column(part))).collect(),
            groups,
            filter,
        };
        case.assert_every_route(&expected(&fits), seed);
    }
}

fn expected(fits: &[Option<Fit<4>>]) -> ArrayRef {
    let double = |part: &dyn Fn(&Fit<4>) -> f64| -> ArrayRef {
        let parts = fits.iter().map(|fit| fit.as_ref().map(part));
        Arc::new(parts.collect::<Float64Array>())
    };
    let mut columns: Vec<ArrayRef> = (0..4).map(|k| double(&|fit| fit.parameters[k])).collect();
    columns.push(double(&|fit| fit.log_likelihood));
    let converged = fits.iter().map(|fit| fit.map(|fit| fit.converged));
    columns.push(Arc::new(converged.collect::<BooleanArray>()));
    let known = NullBuffer::from_iter(fits.iter().map(Option::is_some));
    let fields = result_fields(BgnbdFit::FITTED);
    Arc::new(StructArray::try_new(fields, columns, Some(known)).unwrap())
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
