//! Attribution by every route against the shares of each customer's sorted rows, which
//! `math::attribution` compares with their definition.

use datafusion::arrow::array::{Int64Array, ListArray, StringArray};
use datafusion::arrow::buffer::OffsetBuffer;
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::TimeUnit;
use datafusion::logical_expr::AggregateUDF;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use super::*;
use crate::aggregate::Aggregate;
use crate::testing::{Argument, Case};

const GROUPS: usize = 5;
/// In no order, so that numbers in the order of appearance are not that of the values.
const CHANNELS: [&str; 4] = ["search", "mail", "", "ads"];
const HOUR: i64 = 3_600;

/// Hours, channel among the sorted ones, whether it is a conversion.
type Row = (Option<i64>, Option<u32>, Option<bool>);

fn row(random: &mut StdRng) -> Row {
    (
        random.random_bool(0.9).then(|| random.random_range(0..900)),
        random
            .random_bool(0.7)
            .then(|| random.random_range(0..CHANNELS.len() as u32)),
        random.random_bool(0.9).then(|| random.random_bool(0.3)),
    )
}

fn expected(rows: &[Row], groups: &[usize], counts: &[bool], model: &str, hours: u64) -> ArrayRef {
    let model = match model {
        "first" => Model::First,
        "last" => Model::Last,
        "linear" => Model::Linear,
        "position" => Model::Position,
        _ => Model::TimeDecay {
            half_life: 7.0 * 24.0,
        },
    };
    let mut names = CHANNELS;
    names.sort_unstable();
    let mut shares = Vec::new();
    let mut lengths = Vec::new();
    for group in 0..GROUPS {
        let mut contacts: Vec<Contact> = (0..rows.len())
            .filter(|&row| groups[row] == group && counts[row])
            .filter_map(|row| {
                let (time, channel, converted) = rows[row];
                Some(Contact {
                    time: time?,
                    channel,
                    converted: converted.unwrap_or(false),
                })
            })
            .collect();
        contacts.sort_unstable_by_key(|contact| (contact.time, contact.channel));
        let before = shares.len();
        Shares::new(model, hours).append(contacts.into_iter(), &mut shares);
        lengths.push(shares.len() - before);
    }
    let channels: StringArray = shares
        .iter()
        .map(|(channel, _)| channel.map(|channel| names[channel as usize]))
        .collect();
    let credits = Float64Array::from_iter_values(shares.iter().map(|(_, credit)| *credit));
    let fields = share_fields(&DataType::Utf8);
    let columns: Vec<ArrayRef> = vec![Arc::new(channels), Arc::new(credits)];
    let structs = StructArray::try_new(fields.clone(), columns, None).unwrap();
    let item = Arc::new(Field::new_list_field(DataType::Struct(fields), true));
    let offsets = OffsetBuffer::from_lengths(lengths);
    Arc::new(ListArray::new(item, offsets, Arc::new(structs), None))
}

#[test]
fn any_split_equals_one_pass() {
    let mut names = CHANNELS;
    names.sort_unstable();
    for seed in 0..40 {
        let random = &mut StdRng::seed_from_u64(seed);
        let rows: Vec<Row> = (0..random.random_range(0..150))
            .map(|_| row(random))
            .collect();
        let groups: Vec<usize> = rows
            .iter()
            .map(|_| random.random_range(0..GROUPS))
            .collect();
        let filter: Option<BooleanArray> = random
            .random_bool(0.5)
            .then(|| rows.iter().map(|_| Some(random.random_bool(0.6))).collect());
        let counts: Vec<bool> = (0..rows.len())
            .map(|row| filter.as_ref().is_none_or(|filter| filter.value(row)))
            .collect();
        let model =
            ["first", "last", "linear", "time_decay", "position"][random.random_range(0..5)];
        let hours = random.random_range(0..400);
        let expected = expected(&rows, &groups, &counts, model, hours);
        let seconds: Int64Array = rows
            .iter()
            .map(|row| row.0.map(|hour| hour * HOUR))
            .collect();
        let seconds = cast(&seconds, &DataType::Timestamp(TimeUnit::Second, None)).unwrap();
        let unit = [
            TimeUnit::Second,
            TimeUnit::Millisecond,
            TimeUnit::Nanosecond,
        ][random.random_range(0..3)];
        let times = cast(&seconds, &DataType::Timestamp(unit, None)).unwrap();
        let channels: StringArray = rows
            .iter()
            .map(|row| row.1.map(|channel| names[channel as usize]))
            .collect();
        let channel_type = [DataType::Utf8, DataType::Utf8View][random.random_range(0..2)].clone();
        let converted: BooleanArray = rows.iter().map(|row| row.2).collect();
        let case = Case {
            function: Arc::new(AggregateUDF::from(Aggregate::new(Attribution))),
            arguments: vec![
                Argument::Column(times),
                Argument::Column(cast(&channels, &channel_type).unwrap()),
                Argument::Column(Arc::new(converted)),
                Argument::Constant(ScalarValue::from(model)),
                Argument::Constant(ScalarValue::from((hours as i64 * HOUR) as f64)),
            ],
            groups,
            filter,
        };
        case.assert_every_route(&expected, seed);
    }
}
