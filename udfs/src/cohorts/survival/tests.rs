//! The estimate on random lives against its definition, in any split.

use std::collections::BTreeSet;

use datafusion::arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, Float64Array, Int64Array, ListArray, StructArray,
};
use datafusion::arrow::buffer::OffsetBuffer;
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::{Float64Type, Int64Type};
use datafusion::logical_expr::AggregateUDF;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use super::state::step_fields;
use super::*;
use crate::aggregate::Aggregate;
use crate::grouped::GroupedState;
use crate::math::kaplan_meier::{Step, steps};
use crate::math::value_counts::Count;
use crate::testing::{Argument, Case};

const GROUPS: usize = 5;

/// Durations of few or of many distinct values, some NULL, observed or not or NULL.
#[test]
fn any_split_equals_one_pass() {
    for seed in 0..40 {
        let random = &mut StdRng::seed_from_u64(seed);
        let rows = [0, 5, 300][random.random_range(0..3)];
        let most = [3, 1_000][random.random_range(0..2)];
        let durations: Vec<Option<i64>> = (0..rows)
            .map(|_| {
                random
                    .random_bool(0.9)
                    .then(|| random.random_range(0..most))
            })
            .collect();
        let observed: BooleanArray = (0..rows)
            .map(|_| random.random_bool(0.9).then(|| random.random_bool(0.6)))
            .collect();
        let groups: Vec<usize> = (0..rows).map(|_| random.random_range(0..GROUPS)).collect();
        let filter: Option<BooleanArray> = random
            .random_bool(0.5)
            .then(|| (0..rows).map(|_| Some(random.random_bool(0.7))).collect());
        let lives = |group: usize| -> Vec<(i64, bool)> {
            (0..rows)
                .filter(|row| groups[*row] == group)
                .filter(|row| filter.as_ref().is_none_or(|filter| filter.value(*row)))
                .filter_map(|row| {
                    let ended = observed.is_valid(row) && observed.value(row);
                    Some((durations[row]?, ended))
                })
                .collect()
        };
        let time = [DataType::Int64, DataType::Float64][random.random_range(0..2)].clone();
        let column: ArrayRef = Arc::new(Int64Array::from(durations.clone()));
        let groups_of_lives: Vec<_> = (0..GROUPS).map(lives).collect();
        let case = Case {
            function: Arc::new(AggregateUDF::from(Aggregate::new(Survival))),
            arguments: vec![
                Argument::Column(cast(&column, &time).unwrap()),
                Argument::Column(Arc::new(observed.clone())),
            ],
            groups: groups.clone(),
            filter: filter.clone(),
        };
        case.assert_every_route(&brute_force(&groups_of_lives, &time), seed);
    }
}

/// At risk, events and survival by counting lives; the interval is that of the estimate itself.
fn brute_force(groups: &[Vec<(i64, bool)>], time: &DataType) -> ArrayRef {
    let mut lengths = Vec::new();
    let mut all: Vec<Step> = Vec::new();
    for lives in groups {
        let times: BTreeSet<i64> = lives.iter().map(|(t, _)| *t).collect();
        lengths.push(times.len());
        let count = |t: i64| Count {
            owner: 0,
            times: 1,
            value: t,
        };
        let sorted = |which: bool| {
            let some = lives.iter().filter(|(_, ended)| *ended == which);
            let mut some: Vec<i64> = some.map(|(t, _)| *t).collect();
            some.sort_unstable();
            some.into_iter().map(count).collect::<Vec<_>>()
        };
        let found = steps(&sorted(true), &sorted(false));
        let mut survival = 1.0;
        for (t, step) in times.into_iter().zip(&found) {
            let at_risk = lives.iter().filter(|(life, _)| *life >= t).count() as u64;
            let events = lives.iter().filter(|life| **life == (t, true)).count() as u64;
            survival *= (at_risk - events) as f64 / at_risk as f64;
            assert_eq!((step.t, step.at_risk, step.events), (t, at_risk, events));
            assert!((step.survival - survival).abs() < 1e-13);
        }
        all.extend(found);
    }
    let number = |of: fn(&Step) -> f64| -> ArrayRef {
        Arc::new(Float64Array::from_iter_values(all.iter().map(of)))
    };
    let whole = |of: fn(&Step) -> i64| -> ArrayRef {
        Arc::new(Int64Array::from_iter_values(all.iter().map(of)))
    };
    let columns = vec![
        cast(&whole(|step| step.t), time).unwrap(),
        whole(|step| step.at_risk as i64),
        whole(|step| step.events as i64),
        number(|step| step.survival),
        number(|step| step.lower),
        number(|step| step.upper),
    ];
    let steps = StructArray::try_new(step_fields(time), columns, None).unwrap();
    let offsets = OffsetBuffer::from_lengths(lengths);
    let field = Arc::new(step_field(time));
    Arc::new(ListArray::try_new(field, offsets, Arc::new(steps), None).unwrap())
}

/// What DataFusion makes of one batch.
fn survival(durations: ArrayRef) -> Result<ArrayRef> {
    let mut state = SurvivalState::new(durations.data_type().clone());
    state.grow(1);
    let observed: ArrayRef = Arc::new(BooleanArray::from(vec![true; durations.len()]));
    state.update(
        &[Arc::clone(&durations), observed],
        &vec![0; durations.len()],
        None,
    )?;
    state.evaluate(1)
}

#[test]
fn durations_are_not_negative() {
    for wrong in [-1.0, f64::NAN, f64::NEG_INFINITY, -f64::MIN_POSITIVE] {
        let error = survival(Arc::new(Float64Array::from(vec![1.0, wrong]))).unwrap_err();
        assert!(
            error.to_string().contains("must not be negative"),
            "{error}"
        );
    }
    assert!(survival(Arc::new(Int64Array::from(vec![i64::MIN]))).is_err());
}

#[test]
fn the_ends_of_what_a_duration_can_be() {
    let found = survival(Arc::new(Float64Array::from(vec![f64::INFINITY, -0.0, 0.0]))).unwrap();
    let steps = found.as_list::<i32>().value(0);
    let times = steps.as_struct().column(0).as_primitive::<Float64Type>();
    assert_eq!(times.values(), &[0.0, f64::INFINITY]);
    let found = survival(Arc::new(Int64Array::from(vec![i64::MAX, 0]))).unwrap();
    let steps = found.as_list::<i32>().value(0);
    let times = steps.as_struct().column(0).as_primitive::<Int64Type>();
    assert_eq!(times.values(), &[0, i64::MAX]);
}
