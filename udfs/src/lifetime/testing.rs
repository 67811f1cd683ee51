//! For tests: a fit by every route, which must give the same bits as one of the rows in order.

use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, BooleanArray, Float64Array, StructArray};
use datafusion::arrow::buffer::NullBuffer;
use datafusion::logical_expr::AggregateUDF;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use super::fitted::{Model, result_fields};
use crate::aggregate::{Aggregate, Aggregating};
use crate::math::newton::Fit;
use crate::math::tally::tallied;
use crate::testing::{Argument, Case};

const GROUPS: usize = 4;

/// Asserts it of rows that `row` makes, some of them NULL, of random groups and under a random
/// filter; `told` are those of which the model says something.
pub(super) fn assert_any_split_equals_one_pass<F, const N: usize, const K: usize>(
    function: fn() -> F,
    row: fn(&mut StdRng) -> [f64; N],
    told: fn(&[f64; N]) -> bool,
) where
    F: Model<N, K> + Aggregating,
{
    for seed in 0..6 {
        let random = &mut StdRng::seed_from_u64(seed);
        let rows: Vec<Option<[f64; N]>> = (0..120)
            .map(|_| {
                let row = row(random);
                random.random_bool(0.95).then_some(row)
            })
            .collect();
        let groups: Vec<usize> = rows
            .iter()
            .map(|_| random.random_range(0..GROUPS))
            .collect();
        let filter: Option<BooleanArray> = random
            .random_bool(0.5)
            .then(|| rows.iter().map(|_| Some(random.random_bool(0.8))).collect());
        let fits: Vec<Option<Fit<K>>> = (0..GROUPS)
            .map(|group| {
                let passed = |row: &usize| filter.as_ref().is_none_or(|f| f.value(*row));
                let own = (0..rows.len())
                    .filter(|row| groups[*row] == group)
                    .filter(passed);
                let own: Vec<[f64; N]> = own.filter_map(|row| rows[row]).filter(told).collect();
                F::fit(&tallied(&own))
            })
            .collect();
        let column = |part: usize| -> ArrayRef {
            let column = rows.iter().map(|row| row.map(|row| row[part]));
            Arc::new(column.collect::<Float64Array>())
        };
        let case = Case {
            function: Arc::new(AggregateUDF::from(Aggregate::new(function()))),
            arguments: (0..N).map(|part| Argument::Column(column(part))).collect(),
            groups,
            filter,
        };
        case.assert_every_route(&expected::<F, N, K>(&fits), seed);
    }
}

fn expected<M: Model<N, K>, const N: usize, const K: usize>(fits: &[Option<Fit<K>>]) -> ArrayRef {
    let double = |part: &dyn Fn(&Fit<K>) -> f64| -> ArrayRef {
        let parts = fits.iter().map(|fit| fit.as_ref().map(part));
        Arc::new(parts.collect::<Float64Array>())
    };
    let mut columns: Vec<ArrayRef> = (0..K).map(|k| double(&|fit| fit.parameters[k])).collect();
    columns.push(double(&|fit| fit.log_likelihood));
    let converged = fits.iter().map(|fit| fit.map(|fit| fit.converged));
    columns.push(Arc::new(converged.collect::<BooleanArray>()));
    let known = NullBuffer::from_iter(fits.iter().map(Option::is_some));
    let fields = result_fields(M::FITTED);
    Arc::new(StructArray::try_new(fields, columns, Some(known)).unwrap())
}
