//! Cohorts against a scan of each group that asks chrono for the period, on random times of
//! every type.

use datafusion::common::ScalarValue;
use datafusion::logical_expr::AggregateUDF;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use super::*;
use crate::aggregate::Aggregate;
use crate::cohorts::cohort::Cohort;
use crate::cohorts::cohort_month::CohortMonth;
use crate::cohorts::samples::{Times, filter, number, passes, period_start, zone};
use crate::testing::{Argument, Case};

const GROUPS: usize = 9;

#[test]
fn any_split_equals_one_pass() {
    for seed in 0..48 {
        let rng = &mut StdRng::seed_from_u64(seed);
        let rows = rng.random_range(0..200);
        let times = Times::random(rng, rows, 36_000);
        let groups: Vec<usize> = (0..rows).map(|_| rng.random_range(0..GROUPS)).collect();
        let filter = filter(rng, rows);
        let given = zone(rng);
        let unit = Unit::NAMES[rng.random_range(0..Unit::NAMES.len())];
        let function = match unit {
            "month" if rng.random_bool(0.5) => AggregateUDF::from(Aggregate::new(CohortMonth)),
            _ => AggregateUDF::from(Aggregate::new(Cohort)),
        };
        let starts = (0..GROUPS).map(|group| {
            let days = (0..rows).filter(|&row| groups[row] == group);
            let days = days.filter(|&row| passes(filter.as_ref(), row));
            let first = days.filter_map(|row| times.day(row, given)).min()?;
            Some(number(period_start(unit, first)))
        });
        let expected: ArrayRef = Arc::new(starts.collect::<Date32Array>());
        let mut arguments = vec![Argument::Column(Arc::clone(&times.column))];
        if function.name() == "cohort" {
            arguments.push(Argument::Constant(ScalarValue::from(unit)));
        }
        arguments.push(Argument::Constant(ScalarValue::Utf8(
            given.map(str::to_owned),
        )));
        let case = Case {
            function: Arc::new(function),
            arguments,
            groups,
            filter,
        };
        case.assert_every_route(&expected, seed);
    }
}
