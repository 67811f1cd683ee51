//! The fit by every route, which must give the same bits as one of the rows in order.

use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef, AsArray, BooleanArray, Float64Array, StructArray};
use datafusion::arrow::buffer::NullBuffer;
use datafusion::logical_expr::AggregateUDF;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use super::*;
use crate::aggregate::Aggregate;
use crate::math::tally::tallied;
use crate::testing::{Argument, Case};

const GROUPS: usize = 3;

/// Rows of which some are left out and some are NULL, of random groups and under a random
/// filter.
#[test]
fn any_split_equals_one_pass() {
    for seed in 0..6 {
        let random = &mut StdRng::seed_from_u64(seed);
        let rows: Vec<Option<[f64; 2]>> = (0..100)
            .map(|_| {
                let frequency = f64::from(random.random_range(0..5_u32));
                let monetary = f64::from(random.random_range(0..60_u32));
                random.random_bool(0.95).then_some([frequency, monetary])
            })
            .collect();
        let groups: Vec<usize> = rows
            .iter()
            .map(|_| random.random_range(0..GROUPS))
            .collect();
        let filter: Option<BooleanArray> = random
            .random_bool(0.5)
            .then(|| rows.iter().map(|_| Some(random.random_bool(0.8))).collect());
        let fits: Vec<Option<Fit<3>>> = (0..GROUPS)
            .map(|group| {
                let passed = |row: &usize| filter.as_ref().is_none_or(|f| f.value(*row));
                let own = (0..rows.len())
                    .filter(|row| groups[*row] == group)
                    .filter(passed);
                let own = own.filter_map(|row| rows[row]);
                let told = own.filter(|[x, m]| *x > 0.0 && *m > 0.0);
                fit(&tallied(&told.collect::<Vec<_>>()))
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
            function: Arc::new(AggregateUDF::from(Aggregate::new(GammaGammaFit))),
            arguments: vec![Argument::Column(column(0)), Argument::Column(column(1))],
            groups,
            filter,
        };
        case.assert_every_route(&expected(&fits), seed);
    }
}

fn expected(fits: &[Option<Fit<3>>]) -> ArrayRef {
    let double = |part: &dyn Fn(&Fit<3>) -> f64| -> ArrayRef {
        let parts = fits.iter().map(|fit| fit.as_ref().map(part));
        Arc::new(parts.collect::<Float64Array>())
    };
    let mut columns: Vec<ArrayRef> = (0..3).map(|k| double(&|fit| fit.parameters[k])).collect();
    columns.push(double(&|fit| fit.log_likelihood));
    let converged = fits.iter().map(|fit| fit.map(|fit| fit.converged));
    columns.push(Arc::new(converged.collect::<BooleanArray>()));
    let known = NullBuffer::from_iter(fits.iter().map(Option::is_some));
    let fields = result_fields(GammaGammaFit::FITTED);
    Arc::new(StructArray::try_new(fields, columns, Some(known)).unwrap())
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
