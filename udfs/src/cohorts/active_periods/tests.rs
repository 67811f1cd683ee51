//! Active periods against a plain reading of the definition, on random rows and by hand.

use std::collections::BTreeSet;

use chrono::NaiveDate;
use datafusion::arrow::array::ListArray;
use datafusion::common::ScalarValue;
use datafusion::logical_expr::AggregateUDF;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use super::*;
use crate::aggregate::Aggregate;
use crate::cohorts::samples::{period_start, periods_between};
use crate::testing::{Argument, Case};

const GROUPS: usize = 7;

/// Days over one year or a hundred, some NULL, of random groups and under a random filter,
/// against trees of the periods that chrono finds.
#[test]
fn any_split_equals_one_pass() {
    for seed in 0..24 {
        let random = &mut StdRng::seed_from_u64(seed);
        let name = ["day", "week", "month", "quarter", "year"][random.random_range(0..5)];
        let rows = random.random_range(0..200);
        let span = if random.random_bool(0.5) { 365 } else { 36_500 };
        let days: Vec<Option<i32>> = (0..rows)
            .map(|_| {
                random
                    .random_bool(0.9)
                    .then(|| random.random_range(-span..span))
            })
            .collect();
        let groups: Vec<usize> = (0..rows).map(|_| random.random_range(0..GROUPS)).collect();
        let filter: Option<BooleanArray> = random
            .random_bool(0.5)
            .then(|| (0..rows).map(|_| Some(random.random_bool(0.6))).collect());
        let expected = brute_force(name, &days, &groups, filter.as_ref());
        let case = Case {
            function: Arc::new(AggregateUDF::from(Aggregate::new(ActivePeriods))),
            arguments: vec![
                Argument::Column(Arc::new(Date32Array::from(days))),
                Argument::Constant(ScalarValue::from(name)),
            ],
            groups,
            filter,
        };
        case.assert_every_route(&expected, seed);
    }
}

fn brute_force(
    unit: &str,
    days: &[Option<i32>],
    groups: &[usize],
    filter: Option<&BooleanArray>,
) -> ArrayRef {
    let epoch = NaiveDate::from_ymd_opt(1970, 1, 1).unwrap();
    let mut sets = vec![BTreeSet::new(); GROUPS];
    for row in 0..groups.len() {
        if filter.is_none_or(|filter| filter.value(row))
            && let Some(day) = days[row]
        {
            sets[groups[row]].insert(period_start(
                unit,
                epoch + chrono::Duration::days(day.into()),
            ));
        }
    }
    let firsts: Date32Array = sets
        .iter()
        .map(|set| Some((*set.first()? - epoch).num_days() as i32))
        .collect();
    let offsets: ListArray =
        ListArray::from_iter_primitive::<Int32Type, _, _>(sets.iter().map(|set| {
            let first = *set.first()?;
            Some(
                set.iter()
                    .map(|day| Some(periods_between(unit, first, *day)))
                    .collect::<Vec<_>>(),
            )
        }));
    let nulls = offsets.nulls().cloned();
    let columns: Vec<ArrayRef> = vec![Arc::new(firsts), Arc::new(offsets)];
    Arc::new(StructArray::try_new(result_fields(), columns, nulls).unwrap())
}

#[test]
fn periods_further_apart_than_an_int_are_an_error() {
    let mut state = ActivePeriodsState {
        clock: Clock::Days,
        unit: Unit::Day,
        periods: NumberSets::default(),
    };
    state.grow(2);
    let days: ArrayRef = Arc::new(Date32Array::from(vec![
        i32::MIN,
        i32::MAX,
        -1,
        i32::MAX - 1,
    ]));
    state.update(&[days], &[0, 0, 1, 1], None).unwrap();
    let error = state.evaluate(2).unwrap_err().to_string();
    assert!(error.contains("4294967295 days do not fit INT"), "{error}");
    state.discard(1);
    assert_eq!(state.evaluate(1).unwrap().len(), 1);
}
