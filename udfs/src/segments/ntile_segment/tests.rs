//! `ntile_segment` against its definition, sum by sum.

use std::collections::BTreeMap;
use std::sync::Arc;

use datafusion::arrow::array::{
    Array, ArrayRef, Decimal128Array, Float64Array, Int32Array, Int64Array, ListArray, StringArray,
    StructArray,
};
use datafusion::arrow::buffer::OffsetBuffer;
use datafusion::arrow::datatypes::DataType;
use datafusion::common::ScalarValue;
use datafusion::logical_expr::AggregateUDF;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use super::NtileSegment;
use super::state::result_type;
use crate::aggregate::Aggregate;
use crate::testing::{Argument, Case};

const GROUPS: usize = 4;
const LABELS: [&str; 3] = ["low", "mid", "high"];

/// Group, customer, value.
type Row = (usize, Option<i64>, Option<i64>);

/// Each customer's sum and tile.
type Segmented = Vec<(i64, Option<i64>, Option<i32>)>;

fn brute_force(rows: &[Row], tiles: usize, split: bool) -> Segmented {
    let mut sums: BTreeMap<i64, Option<i64>> = BTreeMap::new();
    for (_, customer, value) in rows {
        if let Some(customer) = customer {
            let sum = sums.entry(*customer).or_insert(None);
            *sum = match (*sum, value) {
                (sum, None) => sum,
                (sum, Some(value)) => Some(sum.unwrap_or(0) + value),
            };
        }
    }
    let known: Vec<(i64, i64)> = sums
        .iter()
        .filter_map(|(c, sum)| Some(((*sum)?, *c)))
        .collect();
    let n = known.len();
    let tile = |sum: i64, customer: i64| match split {
        false => known.iter().filter(|other| other.0 < sum).count() * tiles / n + 1,
        true => {
            let below = known
                .iter()
                .filter(|other| **other < (sum, customer))
                .count();
            // The sizes of NTILE's tiles, one after the other.
            let sizes = (0..tiles).map(|tile| n / tiles + usize::from(tile < n % tiles));
            let mut end = 0;
            let ends = sizes.map(|size| {
                end += size;
                end
            });
            ends.into_iter().filter(|end| *end <= below).count() + 1
        }
    };
    sums.iter()
        .map(|(customer, sum)| (*customer, *sum, sum.map(|sum| tile(sum, *customer) as i32)))
        .collect()
}

fn money(kind: usize, values: Vec<Option<i64>>, sum: bool) -> ArrayRef {
    match kind {
        0 => Arc::new(Int64Array::from(values)),
        1 => {
            let values: Decimal128Array = values.into_iter().map(|v| v.map(i128::from)).collect();
            let precision = if sum { 38 } else { 30 };
            Arc::new(values.with_precision_and_scale(precision, 4).unwrap())
        }
        _ => Arc::new(
            values
                .into_iter()
                .map(|v| v.map(|v| v as f64 / 4.0))
                .collect::<Float64Array>(),
        ),
    }
}

fn expected(groups: &[Segmented], labelled: bool, kind: usize) -> ArrayRef {
    let all = || groups.iter().flatten();
    let customers: ArrayRef = Arc::new(Int64Array::from_iter_values(all().map(|row| row.0)));
    let sums = money(kind, all().map(|row| row.1).collect(), true);
    let segments: ArrayRef = match labelled {
        true => Arc::new(
            all()
                .map(|row| row.2.map(|tile| LABELS[tile as usize - 1]))
                .collect::<StringArray>(),
        ),
        false => Arc::new(all().map(|row| row.2).collect::<Int32Array>()),
    };
    let DataType::List(field) =
        result_type(&DataType::Int64, sums.data_type(), segments.data_type())
    else {
        unreachable!("the result is a list");
    };
    let DataType::Struct(fields) = field.data_type().clone() else {
        unreachable!("of structs");
    };
    let entries = StructArray::new(fields, vec![customers, sums, segments], None);
    let offsets = OffsetBuffer::from_lengths(groups.iter().map(Vec::len));
    Arc::new(ListArray::new(field, offsets, Arc::new(entries), None))
}

#[test]
fn every_route_equals_the_definition() {
    for seed in 0..60 {
        let rng = &mut StdRng::seed_from_u64(seed);
        let customers = rng.random_range(1..30);
        let rows: Vec<Row> = (0..rng.random_range(0..150))
            .map(|_| {
                let customer = rng.random_bool(0.9).then(|| rng.random_range(0..customers));
                let value = rng.random_bool(0.6).then(|| rng.random_range(-3..4));
                (rng.random_range(0..GROUPS), customer, value)
            })
            .collect();
        let (labelled, split) = (rng.random_bool(0.5), rng.random_bool(0.5));
        let tiles = if labelled {
            LABELS.len()
        } else {
            rng.random_range(2..=9)
        };
        let kind = rng.random_range(0..3);
        let groups: Vec<Segmented> = (0..GROUPS)
            .map(|group| {
                let own: Vec<Row> = rows.iter().copied().filter(|row| row.0 == group).collect();
                brute_force(&own, tiles, split)
            })
            .collect();
        let expected = expected(&groups, labelled, kind);
        let tiles_or_labels = match labelled {
            true => {
                let labels = LABELS.map(ScalarValue::from);
                ScalarValue::List(ScalarValue::new_list(&labels, &DataType::Utf8, true))
            }
            false => ScalarValue::Int64(Some(tiles as i64)),
        };
        let customers: Int64Array = rows.iter().map(|row| row.1).collect();
        let case = Case {
            function: Arc::new(AggregateUDF::from(Aggregate::new(NtileSegment))),
            arguments: vec![
                Argument::Column(Arc::new(customers)),
                Argument::Column(money(kind, rows.iter().map(|row| row.2).collect(), false)),
                Argument::Constant(tiles_or_labels),
                Argument::Constant(ScalarValue::from(if split { "split" } else { "together" })),
            ],
            groups: rows.iter().map(|row| row.0).collect(),
            filter: None,
        };
        case.assert_every_route(&expected, seed);
    }
}
