//! `frequent_itemsets` against counting every set there is.

use std::collections::BTreeSet;

use datafusion::arrow::array::{Int64Array, ListArray};
use datafusion::arrow::buffer::OffsetBuffer;
use datafusion::arrow::compute::cast;

use super::*;
use crate::baskets::testing::{Baskets, ITEMS, RandomLines, of_kind};

/// Keys of every kind, some NULL, against every set that there is.
#[test]
fn any_split_equals_one_pass() {
    for seed in 0..28 {
        let lines = RandomLines::new(seed);
        let max_length = [None, Some(1), Some(3), Some(i64::MAX)][seed as usize % 4];
        let sets = |baskets: &Baskets| brute_force(baskets, lines.min_support, max_length);
        let found: Vec<Vec<Set>> = lines.groups().iter().map(sets).collect();
        let expected = expected(&found, &lines.kind);
        lines.assert_every_route(FrequentItemsets, max_length, &expected);
    }
}

/// A set, the baskets that hold it, and all baskets.
type Set = (Vec<i64>, i64, i64);

fn brute_force(baskets: &Baskets, min_support: f64, max_length: Option<i64>) -> Vec<Set> {
    let all = baskets.len() as i64;
    let mut found: Vec<Set> = (1..1_u32 << ITEMS.count())
        .map(|bits| {
            let items = ITEMS.enumerate();
            let set: Vec<i64> = items
                .filter(|(place, _)| bits >> place & 1 == 1)
                .map(|(_, item)| item)
                .collect();
            let holds = |basket: &&BTreeSet<i64>| set.iter().all(|item| basket.contains(item));
            let baskets = baskets.values().filter(holds).count() as i64;
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
