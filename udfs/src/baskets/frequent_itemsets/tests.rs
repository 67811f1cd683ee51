//! `frequent_itemsets` against counting every set there is.

use std::collections::{BTreeMap, BTreeSet};

use datafusion::arrow::array::{Array, Int64Array, ListArray};
use datafusion::arrow::buffer::OffsetBuffer;
use datafusion::arrow::compute::cast;
use datafusion::logical_expr::AggregateUDF;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use super::*;
use crate::aggregate::Aggregate;
use crate::testing::{Argument, Case};

const GROUPS: usize = 3;
const ITEMS: i64 = 7;

/// Keys of every kind, some NULL, against every set that there is.
#[test]
fn any_split_equals_one_pass() {
    let kinds = [
        DataType::Int64,
        DataType::UInt64,
        DataType::Utf8,
        DataType::Utf8View,
        DataType::LargeBinary,
        DataType::Date32,
        DataType::Dictionary(Box::new(DataType::Int8), Box::new(DataType::Utf8)),
    ];
    for seed in 0..28 {
        let random = &mut StdRng::seed_from_u64(seed);
        let rows = random.random_range(0..250);
        let mut keys = |most: i64| -> Int64Array {
            (0..rows)
                .map(|_| {
                    let key = random.random_range(10..10 + most);
                    random.random_bool(0.95).then_some(key)
                })
                .collect()
        };
        let (baskets, items) = (keys(12), keys(ITEMS));
        let groups: Vec<usize> = (0..rows).map(|_| random.random_range(0..GROUPS)).collect();
        let filter: Option<BooleanArray> = random
            .random_bool(0.5)
            .then(|| (0..rows).map(|_| Some(random.random_bool(0.7))).collect());
        let min_support = [0.05, 0.1, 0.25, 1.0][random.random_range(0..4)];
        let max_length = [None, Some(1), Some(3), Some(i64::MAX)][random.random_range(0..4)];
        let kind = &kinds[random.random_range(0..kinds.len())];
        let kept = |row: usize| filter.as_ref().is_none_or(|f| f.value(row));
        let found = (0..GROUPS).map(|group| {
            let rows = (0..rows).filter(|&row| groups[row] == group && kept(row));
            brute_force(&baskets, &items, rows, min_support, max_length)
        });
        let expected = expected(&found.collect::<Vec<_>>(), kind);
        let case = Case {
            function: Arc::new(AggregateUDF::from(Aggregate::new(FrequentItemsets))),
            arguments: vec![
                Argument::Column(of_kind(&baskets, kind)),
                Argument::Column(of_kind(&items, kind)),
                Argument::Constant(ScalarValue::from(min_support)),
                Argument::Constant(ScalarValue::Int64(max_length)),
            ],
            groups,
            filter,
        };
        case.assert_every_route(&expected, seed);
    }
}

/// The numbers as keys; all have two digits, so that text has the order of numbers.
fn of_kind(numbers: &Int64Array, kind: &DataType) -> ArrayRef {
    let through = match kind {
        DataType::LargeBinary => cast(numbers, &DataType::LargeUtf8).unwrap(),
        DataType::Dictionary(_, values) => cast(numbers, values).unwrap(),
        DataType::Date32 => cast(numbers, &DataType::Int32).unwrap(),
        _ => Arc::new(numbers.clone()),
    };
    cast(&through, kind).unwrap()
}

/// A set, the baskets that hold it, and all baskets.
type Set = (Vec<i64>, i64, i64);

fn brute_force(
    baskets: &Int64Array,
    items: &Int64Array,
    rows: impl Iterator<Item = usize>,
    min_support: f64,
    max_length: Option<i64>,
) -> Vec<Set> {
    let mut held: BTreeMap<i64, BTreeSet<i64>> = BTreeMap::new();
    for row in rows.filter(|&row| baskets.is_valid(row) && items.is_valid(row)) {
        held.entry(baskets.value(row))
            .or_default()
            .insert(items.value(row));
    }
    let all = held.len() as i64;
    let mut found: Vec<Set> = (1..1 << ITEMS)
        .map(|set: i64| {
            let set: Vec<i64> = (0..ITEMS)
                .filter(|item| set >> item & 1 == 1)
                .map(|item| item + 10)
                .collect();
            let holds = |basket: &&BTreeSet<i64>| set.iter().all(|item| basket.contains(item));
            let baskets = held.values().filter(holds).count() as i64;
            (set, baskets, all)
        })
        .filter(|(set, baskets, _)| {
            *baskets > 0
                && *baskets as f64 / all as f64 >= min_support
                && max_length.is_none_or(|most| set.len() as i64 <= most)
        })
        .collect();
    found.sort_by(|(one, ..), (other, ..)| (one.len(), one).cmp(&(other.len(), other)));
    found
}

fn expected(groups: &[Vec<Set>], kind: &DataType) -> ArrayRef {
    let sets: Vec<&Set> = groups.iter().flatten().collect();
    let items: Int64Array = sets.iter().flat_map(|(set, ..)| set.clone()).collect();
    let item = result_type(kind);
    let lists = ListArray::new(
        Arc::new(Field::new_list_field(item.clone(), true)),
        OffsetBuffer::from_lengths(sets.iter().map(|(set, ..)| set.len())),
        cast(&of_kind(&items, kind), &item).unwrap(),
        None,
    );
    let baskets = sets.iter().map(|(_, baskets, _)| *baskets);
    let supports = sets.iter().map(|(_, one, all)| *one as f64 / *all as f64);
    let columns: Vec<ArrayRef> = vec![
        Arc::new(lists),
        Arc::new(Int64Array::from_iter_values(baskets)),
        Arc::new(Float64Array::from_iter_values(supports)),
    ];
    let lengths = groups.iter().map(Vec::len).collect();
    as_list(NAME, &set_fields(kind), columns, lengths).unwrap()
}
