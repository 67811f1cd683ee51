//! Path edges against sessions that are cut and walked one by one, on random rows.

use std::collections::BTreeMap;

use datafusion::arrow::array::{Array, DictionaryArray, ListArray, StringViewArray, UInt64Array};
use datafusion::arrow::buffer::OffsetBuffer;
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::{Int8Type, TimeUnit};
use datafusion::logical_expr::AggregateUDF;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use super::*;
use crate::aggregate::Aggregate;
use crate::testing::{Argument, Case};

const GROUPS: usize = 5;
/// In no order, so that numbers in the order of appearance are not that of the values.
const PAGES: [&str; 4] = ["home", "cart", "", "blog"];

/// Depth, source and target to n and time; pages by their rank among `PAGES`.
type Edges = BTreeMap<(i32, usize, usize), (i64, i64)>;

struct Rows {
    pages: Vec<Option<usize>>,
    seconds: Vec<Option<i64>>,
    groups: Vec<usize>,
    filter: Option<BooleanArray>,
}

fn rows(random: &mut StdRng) -> Rows {
    let rows = random.random_range(0..150);
    let mut some = |below: i64| -> Vec<Option<i64>> {
        let mut value = || {
            random
                .random_bool(0.9)
                .then(|| random.random_range(0..below))
        };
        (0..rows).map(|_| value()).collect()
    };
    let pages = some(PAGES.len() as i64);
    let seconds = some(600);
    let groups = some(GROUPS as i64);
    let filter = some(3);
    Rows {
        pages: pages
            .iter()
            .map(|page| page.map(|page| page as usize))
            .collect(),
        seconds,
        groups: groups
            .iter()
            .map(|group| group.unwrap_or(0) as usize)
            .collect(),
        filter: random
            .random_bool(0.5)
            .then(|| filter.iter().map(|value| value.map(|v| v > 0)).collect()),
    }
}

fn brute_force(rows: &Rows, gap: i64, depth: usize) -> Vec<Edges> {
    let mut events: Vec<Vec<(i64, usize)>> = vec![Vec::new(); GROUPS];
    for row in 0..rows.groups.len() {
        let passed = rows
            .filter
            .as_ref()
            .is_none_or(|filter| filter.is_valid(row) && filter.value(row));
        if let (true, Some(page), Some(time)) = (passed, rows.pages[row], rows.seconds[row]) {
            events[rows.groups[row]].push((time, page));
        }
    }
    events
        .into_iter()
        .map(|mut events| {
            events.sort_unstable();
            let mut edges = Edges::new();
            for session in events.chunk_by(|a, b| b.0 - a.0 <= gap) {
                for (place, pair) in session.windows(2).enumerate().take(depth) {
                    let key = (place as i32 + 1, pair[0].1, pair[1].1);
                    let edge = edges.entry(key).or_default();
                    edge.0 += 1;
                    edge.1 += pair[1].0 - pair[0].0;
                }
            }
            edges
        })
        .collect()
}

/// The pages as a column of one of several types, and as results show them by rank.
fn page_columns(kind: usize, pages: &[Option<usize>]) -> (ArrayRef, ArrayRef) {
    let mut ranked = PAGES;
    ranked.sort_unstable();
    let texts = pages.iter().map(|page| page.map(|page| ranked[page]));
    let names: ArrayRef = Arc::new(StringViewArray::from_iter_values(ranked));
    let names = cast(&names, &DataType::Utf8).unwrap();
    match kind {
        0 => (Arc::new(texts.collect::<StringViewArray>()), names),
        1 => (
            Arc::new(texts.collect::<DictionaryArray<Int8Type>>()),
            names,
        ),
        _ => {
            let numbers = |page: usize| u64::MAX - 3 + page as u64;
            let all = UInt64Array::from_iter_values((0..PAGES.len()).map(numbers));
            let column: UInt64Array = pages.iter().map(|page| page.map(numbers)).collect();
            let all = cast(&all, &DataType::Decimal128(20, 0)).unwrap();
            (Arc::new(column), all)
        }
    }
}

fn expected(edges: &[Edges], pages: &ArrayRef, seconds_per_tick: i64) -> ArrayRef {
    let all = || edges.iter().flatten();
    let places = |place: fn(&(i32, usize, usize)) -> usize| {
        let places = all().map(|(edge, _)| place(edge) as u32);
        take(pages, &UInt32Array::from_iter_values(places), None).unwrap()
    };
    let columns: Vec<ArrayRef> = vec![
        Arc::new(Int32Array::from_iter_values(all().map(|(edge, _)| edge.0))),
        places(|edge| edge.1),
        places(|edge| edge.2),
        Arc::new(Int64Array::from_iter_values(all().map(|(_, sums)| sums.0))),
        Arc::new(Float64Array::from_iter_values(
            all().map(|(_, sums)| (sums.1 * seconds_per_tick) as f64),
        )),
    ];
    let fields = edge_fields(pages.data_type());
    let structs = StructArray::try_new(fields.clone(), columns, None).unwrap();
    let item = Arc::new(Field::new_list_field(DataType::Struct(fields), true));
    let offsets = OffsetBuffer::from_lengths(edges.iter().map(BTreeMap::len));
    Arc::new(ListArray::new(item, offsets, Arc::new(structs), None))
}

#[test]
fn any_split_equals_one_pass() {
    for seed in 0..40 {
        let random = &mut StdRng::seed_from_u64(seed);
        let rows = rows(random);
        let (gap, depth) = (random.random_range(0..60), random.random_range(1..5));
        let (pages, names) = page_columns(random.random_range(0..3), &rows.pages);
        let times = Int64Array::from(rows.seconds.clone());
        // As days, a tick is a day, and the gap so many of them.
        let days = random.random_bool(0.3);
        let (times, gap_seconds, seconds_per_tick) = match days {
            true => {
                let days = cast(&times, &DataType::Int32).unwrap();
                let days = cast(&days, &DataType::Date32).unwrap();
                (days, gap * 86_400, 86_400)
            }
            false => {
                let seconds = cast(&times, &DataType::Timestamp(TimeUnit::Second, None)).unwrap();
                let unit = [TimeUnit::Millisecond, TimeUnit::Nanosecond][random.random_range(0..2)];
                let zoned = DataType::Timestamp(unit, Some("Asia/Tokyo".into()));
                let times = cast(&seconds, &DataType::Timestamp(unit, None)).unwrap();
                // The same instants, whatever a cast to a zone means.
                let ticks = cast(&times, &DataType::Int64).unwrap();
                (cast(&ticks, &zoned).unwrap(), gap, 1)
            }
        };
        let expected = expected(&brute_force(&rows, gap, depth), &names, seconds_per_tick);
        let case = Case {
            function: Arc::new(AggregateUDF::from(Aggregate::new(PathEdges))),
            arguments: vec![
                Argument::Column(pages),
                Argument::Column(times),
                Argument::Constant(ScalarValue::from(gap_seconds as f64)),
                Argument::Constant(ScalarValue::from(depth as i64)),
            ],
            groups: rows.groups,
            filter: rows.filter,
        };
        case.assert_every_route(&expected, seed);
    }
}
