//! The rows of a bucket of customers, and the sessions that their events belong to.

use std::sync::Arc;

use datafusion::arrow::array::{
    Array, ArrayRef, AsArray, Int64Array, MutableArrayData, RecordBatch, make_array,
};
use datafusion::arrow::compute::concat_batches;
use datafusion::arrow::datatypes::{DataType, Schema, SchemaRef};
use datafusion::common::Result;
use datafusion::common::utils::memory::RecordBatchMemoryCounter;
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_plan::aggregates::group_values::new_group_values;
use datafusion::physical_plan::aggregates::order::GroupOrdering;

use crate::math::sessions::{SessionRule, session_numbers};
use crate::rows::counted;
use crate::times::ticks;

use super::scatter::evaluated;
use super::work::{Contents, Plan};

/// What is computed of each customer's rows.
#[derive(Debug)]
pub(super) struct Numbering {
    /// Who the customer is.
    pub(super) keys: Vec<Arc<dyn PhysicalExpr>>,
    /// The times and the rule of each call.
    pub(super) calls: Vec<(Arc<dyn PhysicalExpr>, SessionRule)>,
    pub(super) input: SchemaRef,
    /// The columns of the input and a number a call.
    pub(super) result: SchemaRef,
}

impl Plan<Histories> for Numbering {
    const NAME: &'static str = "BucketedSessionsExec";

    fn keys(&self) -> &[Arc<dyn PhysicalExpr>] {
        &self.keys
    }

    fn unloaded_keys(&self) -> &[Arc<dyn PhysicalExpr>] {
        &self.keys
    }

    fn unloaded(&self) -> SchemaRef {
        Arc::clone(&self.input)
    }

    fn empty(self: &Arc<Self>) -> Result<Histories> {
        Ok(Histories {
            numbering: Arc::clone(self),
            batches: Vec::new(),
            size: 0,
        })
    }
}

/// The rows of a bucket of customers.
pub(super) struct Histories {
    numbering: Arc<Numbering>,
    batches: Vec<RecordBatch>,
    size: usize,
}

impl Histories {
    fn rows(&self) -> Result<RecordBatch> {
        Ok(concat_batches(&self.numbering.input, &self.batches)?)
    }

    fn push(&mut self, rows: &RecordBatch) -> Result<()> {
        let columns = rows.columns().iter().map(owned);
        let rows = RecordBatch::try_new(rows.schema(), columns.collect::<Result<_>>()?)?;
        self.size += RecordBatchMemoryCounter::new().count_batch(&rows);
        self.batches.push(rows);
        Ok(())
    }
}

impl Contents for Histories {
    type Plan = Numbering;

    fn add(&mut self, batches: &[RecordBatch]) -> Result<()> {
        self.push(&concat_batches(&self.numbering.input, batches)?)
    }

    fn unload(self) -> Result<RecordBatch> {
        self.rows()
    }

    fn reload(&mut self, rows: &RecordBatch) -> Result<()> {
        self.push(rows)
    }

    fn finish(self) -> Result<RecordBatch> {
        let rows = self.rows()?;
        let keys = evaluated(&self.numbering.keys, &rows)?;
        let fields = self.numbering.keys.iter();
        let fields = fields.map(|key| key.return_field(&self.numbering.input));
        let schema = Arc::new(Schema::new(fields.collect::<Result<Vec<_>>>()?));
        let mut values = new_group_values(schema, &GroupOrdering::None)?;
        let mut customers = Vec::new();
        values.intern(&keys, &mut customers)?;
        let mut columns = rows.columns().to_vec();
        for (times, rule) in &self.numbering.calls {
            let times = times.evaluate(&rows)?.into_array(rows.num_rows())?;
            let known = counted(None, &[&times]);
            let is_known = |row| known.as_ref().is_none_or(|known| known.is_valid(row));
            let numbers =
                session_numbers(*rule, &customers, values.len(), &ticks(&times)?, is_known);
            columns.push(Arc::new(Int64Array::new(numbers.into(), known)));
        }
        Ok(RecordBatch::try_new(
            Arc::clone(&self.numbering.result),
            columns,
        )?)
    }

    fn size(&self) -> usize {
        self.size
    }

    fn groups(&self) -> Option<usize> {
        None
    }
}

/// The same values in memory of their own: part of a window, or of what was read from a file,
/// would hold on to all of it.
fn owned(column: &ArrayRef) -> Result<ArrayRef> {
    Ok(match column.data_type() {
        DataType::Utf8View => Arc::new(column.as_string_view().gc()),
        DataType::BinaryView => Arc::new(column.as_binary_view().gc()),
        _ => {
            let values = column.to_data();
            let mut copy = MutableArrayData::new(vec![&values], false, values.len());
            copy.try_extend(0, 0, values.len())?;
            make_array(copy.freeze())
        }
    })
}
