//! `prefix_itemsets` against counting every set there is.

use std::collections::BTreeMap;
use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, BooleanArray, Int64Array, ListArray};
use datafusion::arrow::datatypes::Int32Type;
use datafusion::logical_expr::AggregateUDF;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use super::*;
use crate::aggregate::Aggregate;
use crate::baskets::pair_list::as_list;
use crate::testing::{Argument, Case};

const GROUPS: usize = 4;
const PLACES: i32 = 7;

/// Random prefixes, some NULL or empty, of random groups, which need not go by the last place.
#[test]
fn any_split_equals_one_pass() {
    for seed in 0..28 {
        let random = &mut StdRng::seed_from_u64(seed);
        let rows = random.random_range(0..150);
        let prefixes: Vec<Option<Vec<i32>>> = (0..rows)
            .map(|_| {
                let prefix = (1..=PLACES).filter(|_| random.random_bool(0.4));
                let prefix: Vec<i32> = prefix.collect();
                random.random_bool(0.9).then_some(prefix)
            })
            .collect();
        let groups: Vec<usize> = (0..rows).map(|_| random.random_range(0..GROUPS)).collect();
        let filter: Option<BooleanArray> = random
            .random_bool(0.5)
            .then(|| (0..rows).map(|_| Some(random.random_bool(0.7))).collect());
        let total = random.random_range(1..60);
        let min_support = [0.0, 0.05, 0.1, 0.5][random.random_range(0..4)];
        let max_length = [None, Some(1), Some(2), Some(4)][random.random_range(0..4)];
        let mut found = vec![BTreeMap::new(); GROUPS];
        for row in (0..rows).filter(|&row| filter.as_ref().is_none_or(|f| f.value(row))) {
            if let Some((last, others)) = prefixes[row].as_ref().and_then(|p| p.split_last()) {
                for set in 0..1 << others.len() {
                    let chosen = (0..others.len()).filter(|index| set >> index & 1 == 1);
                    let mut set: Vec<i32> = chosen.map(|index| others[index]).collect();
                    set.push(*last);
                    *found[groups[row]].entry((set.len(), set)).or_insert(0) += 1;
                }
            }
        }
        for sets in &mut found {
            sets.retain(|(length, _), baskets| {
                f64::from(*baskets) / f64::from(total) >= min_support
                    && max_length.is_none_or(|most| *length as i64 <= most)
            });
        }
        let sets = || found.iter().flatten();
        let places = sets().map(|((_, set), _)| Some(set.iter().copied().map(Some)));
        let baskets = sets().map(|(_, baskets)| i64::from(*baskets));
        let columns: Vec<ArrayRef> = vec![
            Arc::new(ListArray::from_iter_primitive::<Int32Type, _, _>(places)),
            Arc::new(Int64Array::from_iter_values(baskets)),
        ];
        let lengths = found.iter().map(BTreeMap::len).collect();
        let expected = as_list(NAME, &set_fields(), columns, lengths).unwrap();
        let prefixes = prefixes
            .into_iter()
            .map(|prefix| Some(prefix?.into_iter().map(Some)));
        let prefixes = ListArray::from_iter_primitive::<Int32Type, _, _>(prefixes);
        let case = Case {
            function: Arc::new(AggregateUDF::from(Aggregate::new(PrefixItemsets))),
            arguments: vec![
                Argument::Column(Arc::new(prefixes)),
                Argument::Column(Arc::new(Int64Array::from(vec![i64::from(total); rows]))),
                Argument::Constant(ScalarValue::from(min_support)),
                Argument::Constant(ScalarValue::Int64(max_length)),
            ],
            groups,
            filter,
        };
        case.assert_every_route(&expected, seed);
    }
}

#[test]
fn prefixes_that_cannot_be_are_errors() {
    let mut state = PrefixItemsetsState::new(0.5, 3);
    for (prefix, wanted) in [
        (vec![2, 2], "must ascend"),
        (vec![0, 2], "must ascend"),
        (vec![1, LARGEST as u32 + 1], "must not go beyond"),
    ] {
        let error = state.add(0, &prefix, 1).unwrap_err().to_string();
        assert!(error.contains(wanted), "{error}");
    }
    state.add(0, &[1, LARGEST as u32], 1).unwrap();
}
