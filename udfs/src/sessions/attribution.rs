//! `attribution(ts, channel, converted, model, lookback)`: which channels earned one customer's
//! conversions.
//!
//! Definition: a row with a channel is a touch, one where `converted` is true a conversion; a row
//! can be both, and is then a touch of its own conversion. A conversion's touches are all of the
//! customer's from `lookback` before it up to its own time, both included, whether or not other
//! conversions lie between: each conversion looks back by itself, as in Adobe Analytics' custom
//! lookback windows and in Snowplow's paths to conversion, so that a touch may have credit for
//! several. A conversion's credit is 1, divided among its touches by the model:
//!
//! - `'first'`, `'last'`: all for the earliest or for the latest.
//! - `'linear'`: in equal parts.
//! - `'time_decay'`: in proportion to 2^(-age / 7 days), where age is the time from the touch to
//!   the conversion.
//! - `'position'`: 40 % for the earliest, 40 % for the latest, 20 % in equal parts for those
//!   between; half each of two; all for the only one.
//!
//! A conversion without touches credits the NULL channel, so that credits add up to the number of
//! conversions, as far as doubles do. Touches at the same time stand in the order of their
//! channels: the least is the first, the greatest the last.
//!
//! - `ts`, DATE or TIMESTAMP of any unit, with or without a zone. Rows where it is NULL are
//!   skipped.
//! - `channel`, of any type that can be hashed and ordered. A NULL is no touch.
//! - `converted`, BOOLEAN. NULL is false.
//! - `model`, constant, one of the names above, in any case.
//! - `lookback`, constant: an INTERVAL without months, or a number of seconds, not negative.
//!
//! Result: LIST of STRUCT(channel, credit DOUBLE), ordered by channel, NULL last; `channel` is of
//! the type given, an unsigned one as DECIMAL or wider. Channels without credit are left out; no
//! conversion, an empty list. The function is made to be grouped by customer, and its lists are
//! unnested and summed by channel afterwards.
//!
//! State: sixteen bytes a touch or conversion, and each distinct channel once; other rows take
//! nothing. Cost: a sort of each group's rows, and for each conversion a number of steps that
//! grows with the logarithm of its touches; both for the rows so far at each step of a window that
//! grows.
//! Errors: types and constants, at planning; more entries in a batch of groups than a list column
//! can hold, at execution.
//! Source: Adobe Analytics, *Attribution models and lookback windows*, for the models.

use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, BooleanArray, Float64Array, StructArray, UInt32Array};
use datafusion::arrow::compute::take;
use datafusion::arrow::datatypes::{DataType, Field, FieldRef, Fields};
use datafusion::common::ScalarValue;
use datafusion::error::Result;
use datafusion::logical_expr::Documentation;
use datafusion_macros::user_doc;

use super::keyed_events::{KeyedEvents, is_marked, key_of};
use crate::aggregate::Aggregating;
use crate::constants::Constants;
use crate::grouped::GroupedState;
use crate::interrupt;
use crate::keys::result_type;
use crate::lists::result_lists;
use crate::math::attribution::{Attribution as Shares, Contact, Model};
use crate::parameter::{Kind, Parameter};
use crate::registry::Described;
use crate::spans::Span;

const NAME: &str = "attribution";

const HALF_LIFE: Span = Span::of_seconds(7 * 86_400);

/// The credit of channels for conversions.
#[user_doc(
    doc_section(label = "Sessions, paths, attribution"),
    description = "Which channels earned one customer's conversions: to be grouped by customer, unnested and summed. A row with a channel is a touch, a row where `converted` is true a conversion, and one that is both a touch of its own conversion. Each conversion's credit of 1 is divided among all touches from `lookback` before it up to its time, whether or not other conversions lie between. Returns a LIST of STRUCT(channel, credit DOUBLE), ordered by channel; a conversion without touches credits the NULL channel, which comes last, so that credits add up to the number of conversions. Touches at the same time stand in the order of their channels.",
    syntax_example = "attribution(ts, channel, converted, model, lookback)",
    sql_example = "```sql
SELECT share['channel'] AS channel, sum(share['credit']) AS credit
FROM (SELECT unnest(attribution(ts, channel, bought, 'position', INTERVAL '30 days')) AS share
      FROM (VALUES ('ada', TIMESTAMP '2024-03-01 09:00:00', 'ads', false), ('ada', TIMESTAMP '2024-03-05 09:00:00', 'mail', false),
                   ('ada', TIMESTAMP '2024-03-09 09:00:00', 'search', true), ('bob', TIMESTAMP '2024-03-02 09:00:00', 'ads', false),
                   ('bob', TIMESTAMP '2024-03-03 09:00:00', NULL, true), ('cyd', TIMESTAMP '2024-03-04 09:00:00', NULL, true))
        AS contacts(customer, ts, channel, bought)
      GROUP BY customer)
GROUP BY channel ORDER BY channel;
+---------+--------+
| channel | credit |
+---------+--------+
| ads     | 1.4    |
| mail    | 0.2    |
| search  | 0.4    |
|         | 1.0    |
+---------+--------+
```",
    argument(
        name = "ts",
        description = "When it happened: DATE or TIMESTAMP, with or without a zone. NULLs are skipped."
    ),
    argument(
        name = "channel",
        description = "The channel of a touch, of any type that can be hashed. NULL is no touch."
    ),
    argument(
        name = "converted",
        description = "Whether this is a conversion. NULL is false."
    ),
    argument(
        name = "model",
        description = "How credit is divided, constant: `'first'` or `'last'`, all for the earliest or latest touch; `'linear'`, in equal parts; `'time_decay'`, by weights that halve with every seven days before the conversion; `'position'`, 40 % each for the earliest and latest and 20 % for those between, half each of two."
    ),
    argument(
        name = "lookback",
        description = "The constant longest time from a touch to a conversion, itself included: an INTERVAL without months, or a number of seconds."
    )
)]
#[derive(Debug, PartialEq, Eq, Hash)]
pub(crate) struct Attribution;

impl Described for Attribution {
    const PARAMETERS: &'static [Parameter] = &[
        Parameter::required("ts", Kind::Time),
        Parameter::required("channel", Kind::Key),
        Parameter::required("converted", Kind::Condition),
        Parameter::required("model", Kind::ConstantText),
        Parameter::required("lookback", Kind::ConstantSpan),
    ];

    fn check(constants: &Constants) -> Result<()> {
        // What the times are decides on no more than the length of a half-life.
        model(constants, &DataType::Date32)?;
        constants.required_span("lookback").map(drop)
    }
}

fn model(constants: &Constants, times: &DataType) -> Result<Model> {
    let half_life = HALF_LIFE.ticks(times) as f64;
    let models = [
        ("first", Model::First),
        ("last", Model::Last),
        ("linear", Model::Linear),
        ("time_decay", Model::TimeDecay { half_life }),
        ("position", Model::Position),
    ];
    constants.required_word("model", &models)
}

fn share_fields(channel: &DataType) -> Fields {
    Fields::from(vec![
        Field::new("channel", channel.clone(), true),
        Field::new("credit", DataType::Float64, true),
    ])
}

impl Aggregating for Attribution {
    const NAME: &'static str = NAME;

    const HOLISTIC: bool = true;

    const NULLABLE: bool = false;

    type State = AttributionState;

    fn result_type(fields: &[FieldRef]) -> Result<DataType> {
        let share = DataType::Struct(share_fields(&result_type(fields[1].data_type())));
        Ok(DataType::new_list(share, true))
    }

    fn state_fields(fields: &[FieldRef]) -> Vec<Field> {
        KeyedEvents::state_fields(fields[1].data_type(), true)
    }

    fn state(fields: &[FieldRef], constants: &Constants) -> Result<AttributionState> {
        let times = fields[0].data_type();
        let lookback = constants.required_span("lookback")?.ticks(times);
        Ok(AttributionState {
            contacts: KeyedEvents::new(fields[1].data_type(), true)?,
            shares: Shares::new(model(constants, times)?, lookback),
        })
    }

    fn of_nothing(result: &DataType) -> Result<ScalarValue> {
        ScalarValue::new_default(result)
    }

    fn documentation(&self) -> Option<&Documentation> {
        self.doc()
    }
}

/// The touches and conversions of each group; the latter bear the mark.
pub(crate) struct AttributionState {
    contacts: KeyedEvents,
    shares: Shares,
}

impl GroupedState for AttributionState {
    fn grow(&mut self, groups: usize) {
        self.contacts.grow(groups);
    }

    fn update(
        &mut self,
        values: &[ArrayRef],
        group_indices: &[usize],
        filter: Option<&BooleanArray>,
    ) -> Result<()> {
        let [times, channels, converted] = [&values[0], &values[1], &values[2]];
        self.contacts
            .update(times, channels, Some(converted), group_indices, filter)
    }

    fn merge(&mut self, state: &[ArrayRef], group_indices: &[usize]) -> Result<()> {
        self.contacts.merge(state, group_indices)
    }

    fn evaluate(&mut self, groups: usize) -> Result<ArrayRef> {
        let ordered = self.contacts.ordered(groups)?;
        let mut shares = Vec::new();
        let mut lengths = Vec::with_capacity(groups);
        for contacts in ordered.events.groups() {
            interrupt::check()?;
            let contacts = contacts.iter().map(|contact| Contact {
                time: contact.time,
                channel: key_of(contact.mask),
                converted: is_marked(contact.mask),
            });
            let before = shares.len();
            self.shares.append(contacts, &mut shares);
            lengths.push(shares.len() - before);
        }
        let channels: UInt32Array = shares.iter().map(|(channel, _)| *channel).collect();
        let channels = take(&ordered.keys, &channels, None)?;
        let credits = Float64Array::from_iter_values(shares.iter().map(|(_, credit)| *credit));
        let fields = share_fields(channels.data_type());
        let columns = vec![channels, Arc::new(credits)];
        let structs = StructArray::try_new(fields, columns, None)?;
        result_lists(NAME, Arc::new(structs), lengths, None)
    }

    fn state(&mut self, groups: usize) -> Result<Vec<ArrayRef>> {
        self.contacts.state(groups)
    }

    fn discard(&mut self, groups: usize) {
        self.contacts.discard(groups);
    }

    fn row_states(
        &self,
        values: &[ArrayRef],
        filter: Option<&BooleanArray>,
    ) -> Result<Vec<ArrayRef>> {
        let [times, channels, converted] = [&values[0], &values[1], &values[2]];
        self.contacts
            .row_states(times, channels, Some(converted), filter)
    }

    fn groups(&self) -> usize {
        self.contacts.groups()
    }

    fn heap_size(&self) -> usize {
        self.contacts.heap_size() + self.shares.heap_size()
    }
}

#[cfg(test)]
mod tests;
