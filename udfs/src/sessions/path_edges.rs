//! `path_edges(event, ts, gap, depth)`: how one customer's sessions go from event to event.
//!
//! Definition: events are put in the order of their times, those at the same time in the order of
//! their values, and cut into sessions as by `sessionize(ts, gap)`. The k-th event of a session
//! and the one after it are a transition at depth k. An edge is all transitions of the same depth,
//! source and target; `n` counts them, and `total_seconds` adds up the time from source to target.
//!
//! - `event`, of any type that can be hashed and ordered: a page, a name. Rows where it is NULL
//!   are skipped, as if they were not there.
//! - `ts`, DATE or TIMESTAMP of any unit, with or without a zone. NULLs are skipped.
//! - `gap`, constant: an INTERVAL without months, or a number of seconds, not negative. A session
//!   ends where the next event is more than this away.
//! - `depth`, constant, 1 or more: transitions further from the session's start are left out.
//!
//! Result: LIST of STRUCT(depth INT, source, target, n BIGINT, total_seconds DOUBLE), ordered by
//! depth, source and target; `source` and `target` are of the type of `event`, unsigned ones as
//! DECIMAL or wider. No edges, an empty list, when no session has two events. An event that
//! repeats itself is a transition like others. The last event of a session is the source of no
//! edge, so that what arrives at an event at depth k and does not leave it at depth k + 1 ended
//! there; nodes for starts and ends, which some diagrams draw, follow from that difference.
//!
//! The function is made to be grouped by customer; its lists are unnested and summed by depth,
//! source and target afterwards.
//!
//! State: sixteen bytes a row, and each distinct event once. Cost: a sort of each group's rows,
//! and of the rows so far at each step of a window that grows.
//! Errors: types and constants, at planning; more edges in a batch of groups than a list column
//! can hold, at execution.
//! Source: transition graphs and step Sankey diagrams as in retentioneering.

use std::sync::Arc;

use datafusion::arrow::array::{
    ArrayRef, BooleanArray, Float64Array, Int32Array, Int64Array, StructArray, UInt32Array,
};
use datafusion::arrow::compute::take;
use datafusion::arrow::datatypes::{DataType, Field, FieldRef, Fields};
use datafusion::common::ScalarValue;
use datafusion::error::Result;
use datafusion::logical_expr::Documentation;
use datafusion_macros::user_doc;

use super::keyed_events::{KeyedEvents, key_of};
use crate::aggregate::Aggregating;
use crate::constants::Constants;
use crate::grouped::GroupedState;
use crate::interrupt;
use crate::keys::result_type;
use crate::lists::result_lists;
use crate::math::paths::{Edge, Paths};
use crate::parameter::{Kind, Parameter};
use crate::registry::Described;
use crate::spans::seconds;

const NAME: &str = "path_edges";

/// What `depth` may be, for messages.
const DEPTHS: &str = "a whole number from 1 to 2147483647";

/// The edges of a customer's paths.
#[user_doc(
    doc_section(label = "Sessions, paths, attribution"),
    description = "How the sessions of one customer go from event to event: the edges of a Sankey diagram or a transition graph, to be grouped by customer, unnested and summed. The k-th event of a session and the one after it are a transition at depth k. Returns a LIST of STRUCT(depth INT, source, target, n BIGINT, total_seconds DOUBLE), ordered by depth, source and target; `n` counts the transitions and `total_seconds` adds up the time that they take. Events at the same time stand in the order of their values. The last event of a session is no source: what arrives at an event and does not leave it ended there.",
    syntax_example = "path_edges(event, ts, gap, depth)",
    sql_example = "```sql
SELECT edge['depth'] AS depth, edge['source'] AS source, edge['target'] AS target,
       sum(edge['n']) AS n, sum(edge['total_seconds']) / sum(edge['n']) AS mean_seconds
FROM (SELECT unnest(path_edges(page, ts, INTERVAL '30 minutes', 2)) AS edge
      FROM (VALUES ('ada', 'home', TIMESTAMP '2024-03-01 09:00:00'), ('ada', 'cart', TIMESTAMP '2024-03-01 09:01:00'),
                   ('ada', 'home', TIMESTAMP '2024-03-01 09:02:00'), ('ada', 'home', TIMESTAMP '2024-03-02 09:00:00'),
                   ('bob', 'home', TIMESTAMP '2024-03-01 09:00:00'), ('bob', 'cart', TIMESTAMP '2024-03-01 09:03:00'))
        AS events(customer, page, ts)
      GROUP BY customer)
GROUP BY depth, source, target ORDER BY depth, source, target;
+-------+--------+--------+---+--------------+
| depth | source | target | n | mean_seconds |
+-------+--------+--------+---+--------------+
| 1     | home   | cart   | 2 | 120.0        |
| 2     | cart   | home   | 1 | 60.0         |
+-------+--------+--------+---+--------------+
```",
    argument(
        name = "event",
        description = "What happened: a page, a name, any type that can be hashed. NULLs are skipped."
    ),
    argument(
        name = "ts",
        description = "When it happened: DATE or TIMESTAMP, with or without a zone. NULLs are skipped."
    ),
    argument(
        name = "gap",
        description = "The constant longest time between two events of a session, itself included: an INTERVAL without months, or a number of seconds."
    ),
    argument(
        name = "depth",
        description = "The constant largest depth, 1 or more: 1 is the transition from a session's first event to its second."
    )
)]
#[derive(Debug, PartialEq, Eq, Hash)]
pub(crate) struct PathEdges;

impl Described for PathEdges {
    const PARAMETERS: &'static [Parameter] = &[
        Parameter::required("event", Kind::Key),
        Parameter::required("ts", Kind::Time),
        Parameter::required("gap", Kind::ConstantSpan),
        Parameter::required("depth", Kind::ConstantInteger),
    ];

    fn check(constants: &Constants) -> Result<()> {
        constants.required_span("gap")?;
        depth(constants).map(drop)
    }
}

fn depth(constants: &Constants) -> Result<u32> {
    let given = constants.integer("depth")?;
    given
        .and_then(|depth| u32::try_from(depth).ok())
        .filter(|depth| (1..=i32::MAX.cast_unsigned()).contains(depth))
        .ok_or_else(|| constants.out_of_range("depth", DEPTHS))
}

fn edge_fields(event: &DataType) -> Fields {
    Fields::from(vec![
        Field::new("depth", DataType::Int32, true),
        Field::new("source", event.clone(), true),
        Field::new("target", event.clone(), true),
        Field::new("n", DataType::Int64, true),
        Field::new("total_seconds", DataType::Float64, true),
    ])
}

impl Aggregating for PathEdges {
    const NAME: &'static str = NAME;

    const HOLISTIC: bool = true;

    const NULLABLE: bool = false;

    type State = PathEdgesState;

    fn result_type(fields: &[FieldRef]) -> Result<DataType> {
        let edge = DataType::Struct(edge_fields(&result_type(fields[0].data_type())));
        Ok(DataType::new_list(edge, true))
    }

    fn state_fields(fields: &[FieldRef]) -> Vec<Field> {
        KeyedEvents::state_fields(fields[0].data_type(), false)
    }

    fn state(fields: &[FieldRef], constants: &Constants) -> Result<PathEdgesState> {
        let times = fields[1].data_type();
        let gap = constants.required_span("gap")?.ticks(times);
        Ok(PathEdgesState {
            times: times.clone(),
            events: KeyedEvents::new(fields[0].data_type(), false)?,
            paths: Paths::new(gap, depth(constants)?),
        })
    }

    fn of_nothing(result: &DataType) -> Result<ScalarValue> {
        ScalarValue::new_default(result)
    }

    fn documentation(&self) -> Option<&Documentation> {
        self.doc()
    }
}

/// The events of each group.
pub(crate) struct PathEdgesState {
    times: DataType,
    events: KeyedEvents,
    paths: Paths,
}

impl PathEdgesState {
    /// Edges as structs; their events are places in `events`.
    fn structs(&self, edges: &[Edge], events: &ArrayRef) -> Result<ArrayRef> {
        let depths: Int32Array = edges.iter().map(|edge| Some(edge.depth as i32)).collect();
        let sources = UInt32Array::from_iter_values(edges.iter().map(|edge| edge.source));
        let targets = UInt32Array::from_iter_values(edges.iter().map(|edge| edge.target));
        let counts = Int64Array::from_iter_values(edges.iter().map(|edge| edge.n));
        let totals = edges.iter().map(|edge| seconds(edge.ticks, &self.times));
        let columns: Vec<ArrayRef> = vec![
            Arc::new(depths),
            take(events, &sources, None)?,
            take(events, &targets, None)?,
            Arc::new(counts),
            Arc::new(Float64Array::from_iter_values(totals)),
        ];
        let fields = edge_fields(events.data_type());
        Ok(Arc::new(StructArray::try_new(fields, columns, None)?))
    }
}

impl GroupedState for PathEdgesState {
    fn grow(&mut self, groups: usize) {
        self.events.grow(groups);
    }

    fn update(
        &mut self,
        values: &[ArrayRef],
        group_indices: &[usize],
        filter: Option<&BooleanArray>,
    ) -> Result<()> {
        self.events
            .update(&values[1], &values[0], None, group_indices, filter)
    }

    fn merge(&mut self, state: &[ArrayRef], group_indices: &[usize]) -> Result<()> {
        self.events.merge(state, group_indices)
    }

    fn evaluate(&mut self, groups: usize) -> Result<ArrayRef> {
        let ordered = self.events.ordered(groups)?;
        let mut edges = Vec::new();
        let mut lengths = Vec::with_capacity(groups);
        for events in ordered.events.groups() {
            interrupt::check()?;
            let events = events
                .iter()
                .filter_map(|event| Some((event.time, key_of(event.mask)?)));
            let before = edges.len();
            self.paths.append(events, &mut edges);
            lengths.push(edges.len() - before);
        }
        result_lists(NAME, self.structs(&edges, &ordered.keys)?, lengths, None)
    }

    fn state(&mut self, groups: usize) -> Result<Vec<ArrayRef>> {
        self.events.state(groups)
    }

    fn discard(&mut self, groups: usize) {
        self.events.discard(groups);
    }

    fn row_states(
        &self,
        values: &[ArrayRef],
        filter: Option<&BooleanArray>,
    ) -> Result<Vec<ArrayRef>> {
        self.events.row_states(&values[1], &values[0], None, filter)
    }

    fn groups(&self) -> usize {
        self.events.groups()
    }

    fn heap_size(&self) -> usize {
        self.events.heap_size() + self.paths.heap_size()
    }
}

#[cfg(test)]
mod tests;
