//! The groups of a bucket and what their aggregates hold.

use std::sync::Arc;

use datafusion::arrow::array::{AsArray, RecordBatch};
use datafusion::arrow::datatypes::{Schema, SchemaRef};
use datafusion::common::{Result, internal_err};
use datafusion::logical_expr::{EmitTo, GroupsAccumulator};
use datafusion::physical_expr::aggregate::AggregateFunctionExpr;
use datafusion::physical_expr::{GroupsAccumulatorAdapter, PhysicalExpr};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::aggregates::AggregateExec;
use datafusion::physical_plan::aggregates::group_values::{GroupValues, new_group_values};
use datafusion::physical_plan::aggregates::order::GroupOrdering;

use crate::is_holistic;

use super::scatter::evaluated;
use super::work::{Contents, Plan};

/// What is computed of each group.
#[derive(Debug)]
pub(super) struct Calls {
    keys: Vec<Arc<dyn PhysicalExpr>>,
    /// The keys among the states.
    sent_keys: Vec<Arc<dyn PhysicalExpr>>,
    key_schema: SchemaRef,
    functions: Vec<Arc<AggregateFunctionExpr>>,
    arguments: Vec<Vec<Arc<dyn PhysicalExpr>>>,
    filters: Vec<Option<Arc<dyn PhysicalExpr>>>,
    result: SchemaRef,
    /// Of keys and states.
    states: SchemaRef,
    /// Whether states grow with their rows.
    holistic: bool,
}

impl Calls {
    /// Those of an aggregation in one step.
    pub(super) fn of(once: &AggregateExec) -> Result<Self> {
        let keys = once.group_expr();
        let key_schema = keys.group_schema(&once.input_schema())?;
        let mut states = key_schema.fields().to_vec();
        for function in once.aggr_expr() {
            states.extend(function.state_fields()?);
        }
        let functions = once.aggr_expr().to_vec();
        Ok(Self {
            keys: keys.input_exprs(),
            sent_keys: keys.output_exprs(),
            key_schema,
            holistic: functions.iter().any(|call| is_holistic(call.fun())),
            arguments: functions.iter().map(|call| call.expressions()).collect(),
            functions,
            filters: once.filter_expr().to_vec(),
            result: once.schema(),
            states: Arc::new(Schema::new(states)),
        })
    }
}

impl Plan<Groups> for Calls {
    const NAME: &'static str = "BucketedAggregateExec";

    fn keys(&self) -> &[Arc<dyn PhysicalExpr>] {
        &self.keys
    }

    fn unloaded_keys(&self) -> &[Arc<dyn PhysicalExpr>] {
        &self.sent_keys
    }

    fn unloaded(&self) -> SchemaRef {
        Arc::clone(&self.states)
    }

    fn empty(self: &Arc<Self>) -> Result<Groups> {
        Groups::new(self)
    }
}

/// A bucket of groups.
pub(super) struct Groups {
    calls: Arc<Calls>,
    values: Box<dyn GroupValues>,
    accumulators: Vec<Box<dyn GroupsAccumulator>>,
    /// The group of each row of the last batch, for its memory.
    numbers: Vec<usize>,
}

impl Groups {
    fn new(calls: &Arc<Calls>) -> Result<Self> {
        let accumulators = calls.functions.iter().map(accumulator);
        Ok(Self {
            calls: Arc::clone(calls),
            values: new_group_values(Arc::clone(&calls.key_schema), &GroupOrdering::None)?,
            accumulators: accumulators.collect::<Result<_>>()?,
            numbers: Vec::new(),
        })
    }
}

impl Contents for Groups {
    type Plan = Calls;

    fn add(&mut self, batches: &[RecordBatch]) -> Result<()> {
        let calls = &self.calls;
        for rows in batches {
            let keys = evaluated(&calls.keys, rows)?;
            self.values.intern(&keys, &mut self.numbers)?;
            let groups = self.values.len();
            let each = calls.arguments.iter().zip(&calls.filters);
            for (accumulator, (arguments, filter)) in self.accumulators.iter_mut().zip(each) {
                let arguments = evaluated(arguments, rows)?;
                let filter = evaluated(filter.as_slice(), rows)?;
                let filter = filter.first().map(|filter| filter.as_boolean());
                accumulator.update_batch(&arguments, &self.numbers, filter, groups)?;
            }
        }
        Ok(())
    }

    fn unload(mut self) -> Result<RecordBatch> {
        // Some accumulators forget a column of the state where they have no groups.
        if self.values.is_empty() {
            return Ok(RecordBatch::new_empty(Arc::clone(&self.calls.states)));
        }
        let mut columns = self.values.emit(EmitTo::All)?;
        for accumulator in &mut self.accumulators {
            columns.extend(accumulator.state(EmitTo::All)?);
        }
        Ok(RecordBatch::try_new(
            Arc::clone(&self.calls.states),
            columns,
        )?)
    }

    fn reload(&mut self, rows: &RecordBatch) -> Result<()> {
        let (keys, mut states) = rows.columns().split_at(self.calls.keys.len());
        self.values.intern(keys, &mut self.numbers)?;
        let groups = self.values.len();
        let calls = self.accumulators.iter_mut().zip(&self.calls.functions);
        for (accumulator, function) in calls {
            let Some((own, others)) = states.split_at_checked(function.state_fields()?.len())
            else {
                return internal_err!("a spilled state of {} is not whole", function.name());
            };
            accumulator.merge_batch(own, &self.numbers, groups)?;
            states = others;
        }
        Ok(())
    }

    fn finish(mut self) -> Result<RecordBatch> {
        if self.values.is_empty() {
            return Ok(RecordBatch::new_empty(Arc::clone(&self.calls.result)));
        }
        let mut columns = self.values.emit(EmitTo::All)?;
        for accumulator in &mut self.accumulators {
            columns.push(accumulator.evaluate(EmitTo::All)?);
        }
        Ok(RecordBatch::try_new(
            Arc::clone(&self.calls.result),
            columns,
        )?)
    }

    fn size(&self) -> usize {
        let accumulators = self
            .accumulators
            .iter()
            .map(|accumulator| accumulator.size());
        let numbers = self.numbers.capacity() * size_of::<usize>();
        self.values.size() + accumulators.sum::<usize>() + numbers
    }

    fn groups(&self) -> Option<usize> {
        (!self.calls.holistic).then(|| self.values.len())
    }
}

fn accumulator(function: &Arc<AggregateFunctionExpr>) -> Result<Box<dyn GroupsAccumulator>> {
    if function.groups_accumulator_supported() {
        return function.create_groups_accumulator();
    }
    let function = Arc::clone(function);
    let each = move || function.create_accumulator();
    Ok(Box::new(GroupsAccumulatorAdapter::new(each)))
}
