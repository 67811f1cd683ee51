//! The three functions of patterns by every route, against ways through a history that are tried
//! one after another.

use std::sync::Arc;

use datafusion::arrow::array::{
    Date32Array, ListBuilder, PrimitiveBuilder, TimestampMillisecondArray,
};
use datafusion::arrow::datatypes::{Date32Type, TimestampMillisecondType};
use datafusion::common::ScalarValue;
use datafusion::logical_expr::AggregateUDF;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use super::*;
use crate::aggregate::Aggregate;
use crate::sequences::search::Searching;
use crate::sequences::sequence_count::SequenceCount;
use crate::sequences::sequence_match::SequenceMatch;
use crate::sequences::sequence_match_events::SequenceMatchEvents;
use crate::testing::{Argument, Case};

const GROUPS: usize = 6;

const CONDITIONS: usize = 3;

/// A row: its time, if it has one, and the conditions, as far as they are known.
type Row = (Option<i64>, [Option<bool>; CONDITIONS]);

fn random_rows(random: &mut StdRng) -> Vec<Row> {
    let span = random.random_range(1..40);
    let condition = |random: &mut StdRng| random.random_bool(0.95).then(|| random.random_bool(0.3));
    (0..random.random_range(0..90))
        .map(|_| {
            let time = random
                .random_bool(0.95)
                .then(|| random.random_range(-span..span));
            (time, std::array::from_fn(|_| condition(random)))
        })
        .collect()
}

/// Each group's events in their order: time, and conditions as bits.
fn events(rows: &[Row], groups: &[usize], filter: Option<&BooleanArray>) -> Vec<Vec<(i64, u32)>> {
    let mut events = vec![Vec::new(); GROUPS];
    for (row, (time, conditions)) in rows.iter().enumerate() {
        let mask = (0..CONDITIONS)
            .filter(|&bit| conditions[bit] == Some(true))
            .fold(0, |mask, bit| mask | 1 << bit);
        if let Some(time) = time
            && mask != 0
            && filter.is_none_or(|filter| filter.value(row))
        {
            events[groups[row]].push((*time, mask));
        }
    }
    events.iter_mut().for_each(|events| events.sort_unstable());
    events
}

/// Where `(?1).*(?2)(?t<=bound)(?3)` first occurs from `start` on, by trying all triples; with
/// how far it came at best: the times of the first events that came furthest.
fn triple(events: &[(i64, u32)], start: usize, bound: i64) -> (Option<usize>, Vec<i64>) {
    let holds = |at: usize, bit: u32| events[at].1 >> bit & 1 == 1;
    let mut best = Vec::new();
    for first in (start..events.len()).filter(|&at| holds(at, 0)) {
        if best.is_empty() {
            best = vec![events[first].0];
        }
        for second in (first + 1..events.len()).filter(|&at| holds(at, 1)) {
            if best.len() < 2 {
                best = vec![events[first].0, events[second].0];
            }
            for third in (second + 1..events.len()).filter(|&at| holds(at, 2)) {
                if events[third].0 - events[second].0 <= bound {
                    let times = [first, second, third].map(|at| events[at].0);
                    return (Some(third + 1), times.to_vec());
                }
            }
        }
    }
    (None, best)
}

fn case<F: PatternSearch>(
    function: F,
    pattern: &str,
    times: ArrayRef,
    rows: &[Row],
    groups: &[usize],
    filter: Option<&BooleanArray>,
) -> Case {
    let mut arguments = vec![
        Argument::Constant(ScalarValue::from(pattern)),
        Argument::Column(times),
    ];
    arguments.extend((0..CONDITIONS).map(|bit| {
        let column: BooleanArray = rows.iter().map(|(_, conditions)| conditions[bit]).collect();
        Argument::Column(Arc::new(column))
    }));
    Case {
        function: Arc::new(AggregateUDF::from(Aggregate::new(Searching(function)))),
        arguments,
        groups: groups.to_vec(),
        filter: filter.cloned(),
    }
}

#[test]
fn any_split_equals_one_pass() {
    for seed in 0..30 {
        let random = &mut StdRng::seed_from_u64(seed);
        let rows = random_rows(random);
        let groups: Vec<usize> = rows
            .iter()
            .map(|_| random.random_range(0..GROUPS))
            .collect();
        let filter: Option<BooleanArray> = random
            .random_bool(0.5)
            .then(|| rows.iter().map(|_| Some(random.random_bool(0.8))).collect());
        let bound = random.random_range(0..8);
        let events = events(&rows, &groups, filter.as_ref());
        let found = |start: usize, group: usize| triple(&events[group], start, bound);

        let occurs: BooleanArray = (0..GROUPS)
            .map(|group| Some(found(0, group).0.is_some()))
            .collect();
        let counts: Int64Array = (0..GROUPS)
            .map(|group| {
                let ends = std::iter::successors(found(0, group).0, |&end| found(end, group).0);
                Some(ends.count() as i64)
            })
            .collect();
        let chains: Vec<Vec<i64>> = (0..GROUPS).map(|group| found(0, group).1).collect();

        // The bound is in seconds: so many ticks of a day, or of a millisecond.
        let is_date = random.random_bool(0.5);
        let (times, lists): (ArrayRef, ArrayRef) = if is_date {
            let days = rows.iter().map(|(time, _)| time.map(|time| time as i32));
            let mut lists = ListBuilder::new(PrimitiveBuilder::<Date32Type>::new());
            for chain in &chains {
                lists.append_value(chain.iter().map(|&day| Some(day as i32)));
            }
            let days: Date32Array = days.collect();
            (Arc::new(days), Arc::new(lists.finish()))
        } else {
            let millis = |ticks: i64| ticks * 1_000;
            let times = rows.iter().map(|(time, _)| time.map(millis));
            let mut lists = ListBuilder::new(PrimitiveBuilder::<TimestampMillisecondType>::new());
            for chain in &chains {
                lists.append_value(chain.iter().map(|&time| Some(millis(time))));
            }
            let times: TimestampMillisecondArray = times.collect();
            (Arc::new(times), Arc::new(lists.finish()))
        };
        let seconds = if is_date { bound * 86_400 } else { bound };
        let pattern = format!("(?1).*(?2)(?t<={seconds})(?3)");

        let filter = filter.as_ref();
        let [of_match, of_count, of_events] = [
            case(
                SequenceMatch,
                &pattern,
                Arc::clone(&times),
                &rows,
                &groups,
                filter,
            ),
            case(
                SequenceCount,
                &pattern,
                Arc::clone(&times),
                &rows,
                &groups,
                filter,
            ),
            case(SequenceMatchEvents, &pattern, times, &rows, &groups, filter),
        ];
        of_match.assert_every_route(&(Arc::new(occurs) as ArrayRef), seed);
        of_count.assert_every_route(&(Arc::new(counts) as ArrayRef), seed);
        of_events.assert_every_route(&lists, seed);
    }
}

/// Groups of rows without an event, and no rows: patterns that need no event are not found there.
#[test]
fn nothing_is_found_without_events() {
    let rows: Vec<Row> = [None, Some(1), Some(1), Some(2)]
        .map(|time| (time, [time.is_none().then_some(true); CONDITIONS]))
        .to_vec();
    let times = || -> ArrayRef {
        Arc::new(
            rows.iter()
                .map(|row| row.0)
                .collect::<TimestampMillisecondArray>(),
        )
    };
    let groups = [0, 0, 1, 2];
    for pattern in ["", ".*", "(?t>=0)", "(?t<5)", ".*(?t<=1).*"] {
        let occurs = case(SequenceMatch, pattern, times(), &rows, &groups, None);
        let counts = case(SequenceCount, pattern, times(), &rows, &groups, None);
        let never: ArrayRef = Arc::new(BooleanArray::from(vec![false; 3]));
        let none: ArrayRef = Arc::new(Int64Array::from(vec![0; 3]));
        for seed in 0..4 {
            occurs.assert_every_route(&never, seed);
            counts.assert_every_route(&none, seed);
        }
        let evaluated = |case: &Case| {
            let mut accumulator = case.call().create_accumulator().unwrap();
            accumulator.evaluate().unwrap()
        };
        let default = |case: &Case, data_type| case.function.default_value(data_type).unwrap();
        assert_eq!(
            evaluated(&occurs),
            default(&occurs, &DataType::Boolean),
            "{pattern}"
        );
        assert_eq!(
            evaluated(&counts),
            default(&counts, &DataType::Int64),
            "{pattern}"
        );
    }
}
