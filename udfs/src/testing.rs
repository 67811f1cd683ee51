//! For tests: runs an aggregate function over the same rows by every route that
//! DataFusion may take, at random, and compares each with the expected results.

use std::collections::HashMap;
use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef, BooleanArray, RecordBatch, UInt64Array};
use datafusion::arrow::compute::{concat, filter as keep, take};
use datafusion::arrow::datatypes::{Field, Schema};
use datafusion::arrow::ipc::reader::StreamReader;
use datafusion::arrow::ipc::writer::StreamWriter;
use datafusion::common::ScalarValue;
use datafusion::logical_expr::{AggregateUDF, EmitTo, GroupsAccumulator};
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_expr::aggregate::{AggregateExprBuilder, AggregateFunctionExpr};
use datafusion::physical_expr::expressions::{Column, Literal};
use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use rand::{Rng, SeedableRng};

/// One argument of a call.
pub(crate) enum Argument {
    /// A value a row.
    Column(ArrayRef),
    /// The same for all rows.
    Constant(ScalarValue),
}

/// Rows to aggregate, and the call.
pub(crate) struct Case {
    pub(crate) function: Arc<AggregateUDF>,
    pub(crate) arguments: Vec<Argument>,
    /// The group of each row.
    pub(crate) groups: Vec<usize>,
    /// The rows that count; all, when not given.
    pub(crate) filter: Option<BooleanArray>,
}

impl Case {
    /// Asserts that a single pass, random splits and merges with early emission and trips
    /// through IPC, and an accumulator a group all give `expected`, a row a group.
    pub(crate) fn assert_every_route(&self, expected: &ArrayRef, seed: u64) {
        self.assert_grouped_routes(expected, seed);
        let rng = &mut StdRng::seed_from_u64(seed);
        let found = self.group_by_group(&self.call(), rng);
        compare(&found, expected, "a group at a time");
    }

    /// The same without an accumulator a group, which a window asks for results between rows:
    /// for functions that may refuse a part of the rows.
    pub(crate) fn assert_grouped_routes(&self, expected: &ArrayRef, seed: u64) {
        let rng = &mut StdRng::seed_from_u64(seed);
        let call = self.call();
        let in_order: Vec<usize> = (0..self.groups.len()).collect();
        let mut single = Partial::new(&call);
        single.update(self, &in_order);
        compare(&single.results(rng), expected, "one pass");
        for round in 0..4 {
            let found = self.split_and_merge(&call, rng);
            compare(&found, expected, &format!("seed {seed}, merge {round}"));
        }
    }

    /// The call as physical planning makes it.
    pub(crate) fn call(&self) -> AggregateFunctionExpr {
        let mut fields = Vec::new();
        let mut exprs: Vec<Arc<dyn PhysicalExpr>> = Vec::new();
        for argument in &self.arguments {
            exprs.push(match argument {
                Argument::Constant(value) => Arc::new(Literal::new(value.clone())),
                Argument::Column(array) => {
                    let name = format!("c{}", fields.len());
                    fields.push(Field::new(&name, array.data_type().clone(), true));
                    Arc::new(Column::new(&name, fields.len() - 1))
                }
            });
        }
        AggregateExprBuilder::new(Arc::clone(&self.function), exprs)
            .schema(Arc::new(Schema::new(fields)))
            .alias("result")
            .build()
            .unwrap()
    }

    /// The arguments of `rows`, constants spread over them as DataFusion does.
    fn values(&self, rows: &[usize]) -> Vec<ArrayRef> {
        let indices = UInt64Array::from_iter_values(rows.iter().map(|&row| row as u64));
        self.arguments
            .iter()
            .map(|argument| match argument {
                Argument::Column(array) => take(array, &indices, None).unwrap(),
                Argument::Constant(value) => value.to_array_of_size(rows.len()).unwrap(),
            })
            .collect()
    }

    fn filter(&self, rows: &[usize]) -> Option<BooleanArray> {
        let filter = self.filter.as_ref()?;
        let chosen = rows
            .iter()
            .map(|&row| filter.is_valid(row).then(|| filter.value(row)));
        Some(chosen.collect())
    }

    fn split_and_merge(&self, call: &AggregateFunctionExpr, rng: &mut StdRng) -> Results {
        let mut rows: Vec<usize> = (0..self.groups.len()).collect();
        rows.shuffle(rng);
        let mut partials: Vec<Partial> = (0..rng.random_range(1..4))
            .map(|_| Partial::new(call))
            .collect();
        let mut emitted = Vec::new();
        let mut rest = rows.as_slice();
        while !rest.is_empty() {
            let (batch, later) = rest.split_at(rng.random_range(1..=rest.len().min(40)));
            rest = later;
            let which = rng.random_range(0..partials.len());
            let partial = &mut partials[which];
            match rng.random_range(0..5) {
                0 => emitted.push(partial.pass_through(self, batch)),
                1 => {
                    partial.update(self, batch);
                    let first = rng.random_range(0..=partial.names.len());
                    emitted.push(partial.emit_state(EmitTo::First(first)));
                }
                _ => partial.update(self, batch),
            }
        }
        emitted.extend(
            partials
                .iter_mut()
                .map(|partial| partial.emit_state(EmitTo::All)),
        );
        emitted.shuffle(rng);
        let mut last = Partial::new(call);
        for (names, state) in emitted {
            // What is merged may be a slice of a larger emission.
            let state = through_ipc(call, state);
            let cut = rng.random_range(0..=names.len());
            for rows in [0..cut, cut..names.len()] {
                let slice = state.iter().map(|part| part.slice(rows.start, rows.len()));
                last.merge(&names[rows.clone()], &slice.collect::<Vec<_>>());
            }
        }
        last.results(rng)
    }

    fn group_by_group(&self, call: &AggregateFunctionExpr, rng: &mut StdRng) -> Results {
        let mut results = Results::default();
        let groups = self.groups.iter().max().map_or(0, |max| max + 1);
        for group in 0..groups {
            let rows: Vec<usize> = (0..self.groups.len())
                .filter(|&row| self.groups[row] == group)
                .collect();
            if rows.is_empty() {
                continue;
            }
            let mut first = call.create_accumulator().unwrap();
            let mut second = call.create_accumulator().unwrap();
            for batch in rows.chunks(rng.random_range(1..10)) {
                let chosen = if rng.random_bool(0.5) {
                    &mut first
                } else {
                    &mut second
                };
                let mut values = self.values(batch);
                if let Some(filter) = self.filter(batch) {
                    values = values.iter().map(|v| keep(v, &filter).unwrap()).collect();
                }
                chosen.update_batch(&values).unwrap();
                // A window that grows asks again and again.
                chosen.evaluate().unwrap();
            }
            let state = second.state().unwrap();
            let state: Vec<ArrayRef> = state.iter().map(|v| v.to_array().unwrap()).collect();
            first.merge_batch(&through_ipc(call, state)).unwrap();
            let state = first.state().unwrap();
            let state: Vec<ArrayRef> = state.iter().map(|v| v.to_array().unwrap()).collect();
            assert_honest(first.size(), &state);
            let result = first.evaluate().unwrap();
            assert_eq!(result, first.evaluate().unwrap(), "a second look differs");
            results.insert(group, result.to_array().unwrap());
        }
        results
    }
}

/// Asserts that `size` covers what is kept. States leave out what can be made again, but
/// add offsets and NULLs, so that only their greater half must have been there.
fn assert_honest(size: usize, state: &[ArrayRef]) {
    let bytes = state.iter().map(|array| {
        let data = array.to_data();
        data.get_slice_memory_size().unwrap()
    });
    let bytes = bytes.sum::<usize>();
    assert!(size >= bytes / 2, "{size} bytes claimed, {bytes} emitted");
}

/// One row a group, by the group's name.
type Results = HashMap<usize, ArrayRef>;

fn compare(found: &Results, expected: &ArrayRef, route: &str) {
    for (&group, found) in found {
        assert_eq!(found, &expected.slice(group, 1), "{route}, group {group}");
    }
}

/// `state` as another process would read it, after a check of its declared types.
fn through_ipc(call: &AggregateFunctionExpr, state: Vec<ArrayRef>) -> Vec<ArrayRef> {
    let schema = Arc::new(Schema::new(call.state_fields().unwrap()));
    let batch = RecordBatch::try_new(Arc::clone(&schema), state).unwrap();
    let mut writer = StreamWriter::try_new(Vec::new(), &schema).unwrap();
    writer.write(&batch).unwrap();
    let bytes = writer.into_inner().unwrap();
    let mut reader = StreamReader::try_new(bytes.as_slice(), None).unwrap();
    reader.next().unwrap().unwrap().columns().to_vec()
}

/// An accumulator of groups, and which group each of its numbers stands for.
struct Partial {
    accumulator: Box<dyn GroupsAccumulator>,
    names: Vec<usize>,
}

impl Partial {
    fn new(call: &AggregateFunctionExpr) -> Self {
        assert!(call.groups_accumulator_supported());
        Self {
            accumulator: call.create_groups_accumulator().unwrap(),
            names: Vec::new(),
        }
    }

    fn numbers(&mut self, names: impl Iterator<Item = usize>) -> Vec<usize> {
        let mut known: HashMap<usize, usize> = HashMap::new();
        for (number, &name) in self.names.iter().enumerate() {
            known.insert(name, number);
        }
        names
            .map(|name| {
                *known.entry(name).or_insert_with(|| {
                    self.names.push(name);
                    self.names.len() - 1
                })
            })
            .collect()
    }

    fn update(&mut self, case: &Case, rows: &[usize]) {
        let numbers = self.numbers(rows.iter().map(|&row| case.groups[row]));
        let values = case.values(rows);
        let filter = case.filter(rows);
        let total = self.names.len();
        self.accumulator
            .update_batch(&values, &numbers, filter.as_ref(), total)
            .unwrap();
    }

    fn merge(&mut self, names: &[usize], state: &[ArrayRef]) {
        let numbers = self.numbers(names.iter().copied());
        let total = self.names.len();
        self.accumulator
            .merge_batch(state, &numbers, total)
            .unwrap();
    }

    fn pass_through(&self, case: &Case, rows: &[usize]) -> (Vec<usize>, Vec<ArrayRef>) {
        let filter = case.filter(rows);
        let state = self
            .accumulator
            .convert_to_state(&case.values(rows), filter.as_ref())
            .unwrap();
        (rows.iter().map(|&row| case.groups[row]).collect(), state)
    }

    fn emit_state(&mut self, emit_to: EmitTo) -> (Vec<usize>, Vec<ArrayRef>) {
        let size = self.accumulator.size();
        let state = self.accumulator.state(emit_to).unwrap();
        assert_honest(size, &state);
        (emit_to.take_needed(&mut self.names), state)
    }

    fn results(mut self, rng: &mut StdRng) -> Results {
        let mut names = Vec::new();
        let mut parts = Vec::new();
        while !self.names.is_empty() {
            let first = rng.random_range(0..=self.names.len());
            let emit_to = if rng.random_bool(0.3) {
                EmitTo::All
            } else {
                EmitTo::First(first)
            };
            parts.push(self.accumulator.evaluate(emit_to).unwrap());
            names.extend(emit_to.take_needed(&mut self.names));
        }
        let Some(first) = parts.first() else {
            return Results::new();
        };
        assert_eq!(first.data_type(), parts[parts.len() - 1].data_type());
        let parts: Vec<&dyn Array> = parts.iter().map(AsRef::as_ref).collect();
        let all = concat(&parts).unwrap();
        assert_eq!(all.len(), names.len());
        let rows = names.into_iter().enumerate();
        rows.map(|(row, name)| (name, all.slice(row, 1))).collect()
    }
}
