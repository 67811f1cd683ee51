//! `sequence_next` by every route against a plain reading of its definition, on random rows.

use datafusion::arrow::array::{BinaryArray, DictionaryArray, StringArray, TimestampSecondArray};
use datafusion::arrow::datatypes::Int32Type;
use datafusion::common::ScalarValue;
use datafusion::logical_expr::AggregateUDF;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use super::*;
use crate::aggregate::Aggregate;
use crate::sequences::sequence_next::SequenceNext;
use crate::testing::{Argument, Case};

const GROUPS: usize = 5;

/// Time, value, the condition of the base, c1 and c2.
type Row = (i64, u8, [bool; 3]);

/// The same as it is given, with NULLs.
type Given = (Option<i64>, Option<u8>, [Option<bool>; 3]);

/// The value next to a chain of c1 and c2, row by row.
fn next(mut rows: Vec<Row>, direction: &str, base: &str) -> Option<u8> {
    let begins = |row: &Row| row.2[0] && row.2[1];
    rows.sort_by_key(|row| (row.0, row.1, u8::from(begins(row)) + 2 * u8::from(row.2[2])));
    let base = match base {
        "head" => begins(rows.first()?).then_some(0),
        "tail" => begins(rows.last()?).then(|| rows.len() - 1),
        "first_match" => (0..rows.len()).find(|&row| begins(&rows[row])),
        _ => (0..rows.len()).rfind(|&row| begins(&rows[row])),
    }?;
    let [second, third] = [1, 2].map(|steps| match direction {
        "forward" => rows.get(base + steps),
        _ => base.checked_sub(steps).map(|row| &rows[row]),
    });
    second.filter(|row| row.2[2])?;
    third.map(|row| row.1)
}

fn text(value: u8) -> String {
    char::from(b'a' + value).to_string()
}

/// A column of the values in one of four types, and what comes back of some of them.
fn columns(kind: u8, values: &[Option<u8>], results: &[Option<u8>]) -> [ArrayRef; 2] {
    let texts = |values: &[Option<u8>]| -> Vec<Option<String>> {
        values.iter().map(|value| value.map(text)).collect()
    };
    let numbers = |values: &[Option<u8>]| -> UInt64Array {
        values.iter().map(|value| value.map(u64::from)).collect()
    };
    let bytes = |values: &[Option<u8>]| -> BinaryArray {
        values
            .iter()
            .map(|value| value.map(|value| [value]))
            .collect()
    };
    let results_text: ArrayRef = Arc::new(StringArray::from(texts(results)));
    match kind {
        0 => [Arc::new(StringArray::from(texts(values))), results_text],
        1 => {
            let texts = texts(values);
            let texts: DictionaryArray<Int32Type> = texts.iter().map(Option::as_deref).collect();
            [Arc::new(texts), results_text]
        }
        2 => {
            let decimals = cast(&numbers(results), &DataType::Decimal128(20, 0)).unwrap();
            [Arc::new(numbers(values)), decimals]
        }
        _ => [Arc::new(bytes(values)), Arc::new(bytes(results))],
    }
}

#[test]
fn any_split_equals_one_pass() {
    let ends = [
        ("forward", "head"),
        ("forward", "first_match"),
        ("forward", "last_match"),
        ("backward", "tail"),
        ("backward", "first_match"),
        ("backward", "last_match"),
    ];
    let mut found = 0;
    for seed in 0..72 {
        let random = &mut StdRng::seed_from_u64(seed);
        let (direction, base) = ends[seed as usize % ends.len()];
        let span = random.random_range(1..30);
        let rows = random.random_range(0..60);
        let mut given: Vec<Given> = Vec::new();
        for _ in 0..rows {
            let time = random
                .random_bool(0.95)
                .then(|| random.random_range(0..span));
            let value = random.random_bool(0.95).then(|| random.random_range(0..5));
            let holds = [0.8, 0.6, 0.7]
                .map(|likely| random.random_bool(0.95).then(|| random.random_bool(likely)));
            given.push((time, value, holds));
        }
        let groups: Vec<usize> = (0..rows).map(|_| random.random_range(0..GROUPS)).collect();
        let filter: Option<BooleanArray> = random
            .random_bool(0.5)
            .then(|| (0..rows).map(|_| Some(random.random_bool(0.8))).collect());

        let mut of_group = vec![Vec::new(); GROUPS];
        for (row, &(time, value, holds)) in given.iter().enumerate() {
            if let (Some(time), Some(value)) = (time, value)
                && filter.as_ref().is_none_or(|filter| filter.value(row))
            {
                let holds = holds.map(|holds| holds == Some(true));
                of_group[groups[row]].push((time, value, holds));
            }
        }
        let results: Vec<Option<u8>> = of_group
            .into_iter()
            .map(|rows| next(rows, direction, base))
            .collect();
        found += results.iter().flatten().count();

        let values: Vec<Option<u8>> = given.iter().map(|row| row.1).collect();
        let [values, expected] = columns(random.random_range(0..4), &values, &results);
        let times: TimestampSecondArray = given.iter().map(|row| row.0).collect();
        let condition = |which: usize| -> ArrayRef {
            let column: BooleanArray = given.iter().map(|row| row.2[which]).collect();
            Arc::new(column)
        };
        let mut arguments = vec![
            Argument::Constant(ScalarValue::from(direction)),
            Argument::Constant(ScalarValue::from(base)),
            Argument::Column(Arc::new(times)),
            Argument::Column(values),
        ];
        arguments.extend((0..3).map(|which| Argument::Column(condition(which))));
        let case = Case {
            function: Arc::new(AggregateUDF::from(Aggregate::new(SequenceNext))),
            arguments,
            groups,
            filter,
        };
        case.assert_every_route(&expected, seed);
    }
    assert!(found > 60, "{found}");
}

/// Values that no row has any more are forgotten.
#[test]
fn values_go_with_their_groups() {
    let chain = Chain {
        direction: crate::math::chain::Direction::Forward,
        base: crate::math::chain::Base::Head,
        conditions: 1,
    };
    let mut state = NextState::new(chain, &DataType::Utf8).unwrap();
    let rows = 1_000;
    state.grow(rows);
    let texts: Vec<String> = (0..rows).map(|row| row.to_string()).collect();
    let values: ArrayRef = Arc::new(StringArray::from(texts));
    let times = vec![0; rows];
    let masks = vec![1; rows];
    let groups: Vec<usize> = (0..rows).collect();
    state.add(&times, &masks, &values, None, &groups).unwrap();
    state.discard(rows - 10);
    assert_eq!((state.groups(), state.values.len()), (10, 10));
    let left = state.state(10).unwrap();
    let texts = elements(left[2].as_list::<i64>());
    let texts: Vec<_> = texts.as_string::<i64>().iter().flatten().collect();
    assert_eq!(texts[0], "990");
    assert_eq!(texts[9], "999");
}
