//! `basket_lift` against counting by ordered sets.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef, Int64Array};
use datafusion::arrow::compute::cast;
use datafusion::logical_expr::AggregateUDF;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use super::*;
use crate::aggregate::Aggregate;
use crate::testing::{Argument, Case};

const GROUPS: usize = 4;

/// Keys of every kind, some NULL, against counting by ordered sets.
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
        let rng = &mut StdRng::seed_from_u64(seed);
        let rows = rng.random_range(0..300);
        let mut keys = |most: i64| -> Int64Array {
            (0..rows)
                .map(|_| {
                    rng.random_bool(0.95)
                        .then(|| rng.random_range(10..10 + most))
                })
                .collect()
        };
        let (baskets, items) = (keys(20), keys(8));
        let groups: Vec<usize> = (0..rows).map(|_| rng.random_range(0..GROUPS)).collect();
        let filter: Option<BooleanArray> = rng
            .random_bool(0.5)
            .then(|| (0..rows).map(|_| Some(rng.random_bool(0.7))).collect());
        let min_support = [0.05, 0.1, 0.25, 1.0][rng.random_range(0..4)];
        let max_basket = [None, Some(3), Some(100)][rng.random_range(0..3)];
        let kind = &kinds[rng.random_range(0..kinds.len())];
        let kept = |row: usize| filter.as_ref().is_none_or(|f| f.value(row));
        let found = (0..GROUPS).map(|group| {
            let rows = (0..rows).filter(|&row| groups[row] == group && kept(row));
            brute_force(&baskets, &items, rows, min_support, max_basket)
        });
        let expected = expected(found.collect(), kind);
        let case = Case {
            function: Arc::new(AggregateUDF::from(Aggregate::new(BasketLift))),
            arguments: vec![
                Argument::Column(of_kind(&baskets, kind)),
                Argument::Column(of_kind(&items, kind)),
                Argument::Constant(ScalarValue::from(min_support)),
                Argument::Constant(ScalarValue::Int64(max_basket)),
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

type Row = (i64, i64, [i64; 4]);

fn brute_force(
    baskets: &Int64Array,
    items: &Int64Array,
    rows: impl Iterator<Item = usize>,
    min_support: f64,
    max_basket: Option<i64>,
) -> Vec<Row> {
    let mut held: BTreeMap<i64, BTreeSet<i64>> = BTreeMap::new();
    for row in rows.filter(|&row| baskets.is_valid(row) && items.is_valid(row)) {
        held.entry(baskets.value(row))
            .or_default()
            .insert(items.value(row));
    }
    held.retain(|_, items| max_basket.is_none_or(|most| items.len() as i64 <= most));
    let holding = |wanted: &[i64]| {
        let all = |items: &&BTreeSet<i64>| wanted.iter().all(|item| items.contains(item));
        held.values().filter(all).count() as i64
    };
    let total = holding(&[]);
    let mut found: Vec<Row> = Vec::new();
    for a in 10..20 {
        for b in a + 1..20 {
            let both = holding(&[a, b]);
            if both > 0 && both as f64 / total as f64 >= min_support {
                found.push((a, b, [holding(&[a]), holding(&[b]), both, total]));
            }
        }
    }
    // Both sides over the same number of baskets, as fractions without division.
    found.sort_by(|(.., [a1, b1, both1, _]), (.., [a2, b2, both2, _])| {
        (both2 * a1 * b1).cmp(&(both1 * a2 * b2))
    });
    found
}

fn expected(groups: Vec<Vec<Row>>, kind: &DataType) -> ArrayRef {
    let lengths: Vec<usize> = groups.iter().map(Vec::len).collect();
    let rows: Vec<Row> = groups.into_iter().flatten().collect();
    let fields = pair_fields(kind);
    let whole = |number: &dyn Fn(&Row) -> i64| -> Int64Array {
        Int64Array::from_iter_values(rows.iter().map(number))
    };
    let item = |number: &dyn Fn(&Row) -> i64| {
        cast(&of_kind(&whole(number), kind), fields[0].data_type()).unwrap()
    };
    let fraction = |number: &dyn Fn([f64; 4]) -> f64| -> ArrayRef {
        let numbers = rows
            .iter()
            .map(|row| number(row.2.map(|count| count as f64)));
        Arc::new(datafusion::arrow::array::Float64Array::from_iter_values(
            numbers,
        ))
    };
    let columns = vec![
        item(&|row| row.0),
        item(&|row| row.1),
        Arc::new(whole(&|row| row.2[0])),
        Arc::new(whole(&|row| row.2[1])),
        Arc::new(whole(&|row| row.2[2])),
        Arc::new(whole(&|row| row.2[3])),
        fraction(&|[_, _, both, all]| both / all),
        fraction(&|[a, _, both, _]| both / a),
        fraction(&|[_, b, both, _]| both / b),
        fraction(&|[a, b, both, all]| both * all / (a * b)),
    ];
    super::super::pair_list::as_list(NAME, &fields, columns, lengths).unwrap()
}
