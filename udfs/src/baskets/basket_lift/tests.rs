//! `basket_lift` against counting by ordered sets.

use std::collections::BTreeSet;
use std::sync::Arc;

use datafusion::arrow::array::{Float64Array, Int64Array};
use datafusion::arrow::compute::cast;

use super::*;
use crate::baskets::pair_list::as_list;
use crate::baskets::testing::{Baskets, ITEMS, RandomLines, of_kind};

/// Keys of every kind, some NULL, against counting by ordered sets.
#[test]
fn any_split_equals_one_pass() {
    for seed in 0..28 {
        let lines = RandomLines::new(seed);
        let max_basket = [None, Some(3), Some(100)][seed as usize % 3];
        let pairs = |baskets: Baskets| brute_force(baskets, lines.min_support, max_basket);
        let found = lines.groups().into_iter().map(pairs).collect();
        let expected = expected(found, &lines.kind);
        lines.assert_every_route(BasketLift, max_basket, &expected);
    }
}

type Row = (i64, i64, [i64; 4]);

fn brute_force(mut baskets: Baskets, min_support: f64, max_basket: Option<i64>) -> Vec<Row> {
    baskets.retain(|_, items| max_basket.is_none_or(|most| items.len() as i64 <= most));
    let holding = |wanted: &[i64]| {
        let all = |items: &&BTreeSet<i64>| wanted.iter().all(|item| items.contains(item));
        baskets.values().filter(all).count() as i64
    };
    let total = holding(&[]);
    let mut found: Vec<Row> = Vec::new();
    for a in ITEMS {
        for b in a + 1..ITEMS.end {
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
        Arc::new(Float64Array::from_iter_values(numbers))
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
    as_list(NAME, &fields, columns, lengths).unwrap()
}
