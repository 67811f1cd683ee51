//! Chains by every route, against one search of each group's rows and a scan for `by`.

use std::sync::Arc;

use datafusion::arrow::array::builder::{Date32Builder, ListBuilder};
use datafusion::arrow::array::{
    ArrayRef, BooleanArray, Date32Array, StringArray, StructArray, UInt64Array,
};
use datafusion::arrow::buffer::NullBuffer;
use datafusion::arrow::compute::cast;
use datafusion::common::ScalarValue;
use datafusion::logical_expr::AggregateUDF;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use super::*;
use crate::aggregate::Aggregate;
use crate::math::events::EventLog;
use crate::math::funnel::{Funnel, Modes};
use crate::testing::{Argument, Case};

const GROUPS: usize = 6;
const STEPS: usize = 3;

/// One row as the definition sees it.
#[derive(Debug, Clone)]
struct Row {
    group: usize,
    day: Option<i32>,
    mask: u32,
    excluded: bool,
    by: Option<u64>,
    counts: bool,
}

/// Random rows with few days, so that several start at once; `by` as text, dictionary and number.
#[test]
fn any_split_equals_one_pass() {
    for seed in 0..30 {
        let random = &mut StdRng::seed_from_u64(seed);
        let rows: Vec<Row> = (0..random.random_range(0..150))
            .map(|_| Row {
                group: random.random_range(0..GROUPS),
                day: random.random_bool(0.9).then(|| random.random_range(0..12)),
                mask: [0, 1, 1, 2, 3, 4, 7][random.random_range(0..7)],
                excluded: random.random_bool(0.1),
                by: random.random_bool(0.7).then(|| random.random_range(1..5)),
                counts: random.random_bool(0.9),
            })
            .collect();
        let numbers: UInt64Array = rows.iter().map(|row| row.by).collect();
        let text: StringArray = rows
            .iter()
            .map(|row| row.by.map(|by| "x".repeat(by as usize)))
            .collect();
        let dictionary = DataType::Dictionary(Box::new(DataType::Int8), Box::new(DataType::Utf8));
        let by: ArrayRef = match seed % 3 {
            0 => Arc::new(numbers),
            1 => Arc::new(text),
            _ => cast(&text, &dictionary).unwrap(),
        };
        let order = random.random_bool(0.3);
        let expected = by_hand(&rows, by.data_type(), order);
        let column = |of: &dyn Fn(&Row) -> bool| -> ArrayRef {
            Arc::new(BooleanArray::from_iter(
                rows.iter().map(|row| Some(of(row))),
            ))
        };
        let days: Date32Array = rows.iter().map(|row| row.day).collect();
        let modes = if order {
            "strict_order,allow_reentry"
        } else {
            ""
        };
        let mut arguments = vec![
            Argument::Constant(ScalarValue::from(3.0 * 86_400.0)),
            Argument::Constant(ScalarValue::from(modes)),
            Argument::Column(Arc::new(days)),
            Argument::Column(column(&|row| row.excluded)),
            Argument::Column(by),
        ];
        for step in 0..STEPS {
            arguments.push(Argument::Column(column(&|row| row.mask >> step & 1 == 1)));
        }
        let case = Case {
            function: Arc::new(AggregateUDF::from(Aggregate::new(FunnelChain))),
            arguments,
            groups: rows.iter().map(|row| row.group).collect(),
            filter: Some(rows.iter().map(|row| Some(row.counts)).collect()),
        };
        case.assert_every_route(&expected, seed);
    }
}

fn by_hand(rows: &[Row], by: &DataType, order: bool) -> ArrayRef {
    let modes = Modes {
        order,
        reentry: order,
        ..Modes::default()
    };
    let mut funnel = Funnel::new(STEPS, 3, modes, true);
    let mut times = ListBuilder::new(Date32Builder::new());
    let (mut least, mut found) = (Vec::new(), Vec::new());
    for group in 0..GROUPS {
        let counted = |row: &&Row| row.group == group && row.counts && row.day.is_some();
        let rows: Vec<&Row> = rows.iter().filter(counted).collect();
        let mut events = EventLog::default();
        let mut ends = EventLog::default();
        events.grow(1);
        ends.grow(1);
        for row in &rows {
            let day = [row.day.unwrap().into()];
            if order || row.mask != 0 {
                events.append(0, &[row.mask], &day);
            }
            if row.excluded {
                ends.append(0, &[1], &day);
            }
        }
        let (events, ends) = (events.sorted(1), ends.sorted(1));
        let (events, ends) = (events.groups().next(), ends.groups().next());
        let chain = funnel.times(events.unwrap(), ends.unwrap());
        let first = chain.first().map(|&day| day as i32);
        let starts = rows
            .iter()
            .filter(|row| row.mask & 1 == 1 && row.day == first);
        least.push(starts.filter_map(|row| row.by).min());
        found.push(first.is_some());
        times.append_value(chain.iter().map(|&day| Some(day as i32)));
    }
    let least: ArrayRef = match by {
        DataType::UInt64 => {
            let least = UInt64Array::from(least);
            cast(&least, &DataType::Decimal128(20, 0)).unwrap()
        }
        _ => {
            let least = least.iter().map(|by| by.map(|by| "x".repeat(by as usize)));
            Arc::new(StringArray::from_iter(least))
        }
    };
    let columns: Vec<ArrayRef> = vec![least, Arc::new(times.finish())];
    let fields = result_fields(&DataType::Date32, by);
    let nulls = NullBuffer::from(found);
    Arc::new(StructArray::try_new(fields, columns, Some(nulls)).unwrap())
}
