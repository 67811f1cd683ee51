//! Which values of a model's key changed rows touch.

use std::sync::Arc;

use arrow::array::{Array, Int64Array, RecordBatch, UInt32Array};
use arrow::compute::{concat_batches, sort_to_indices, take_record_batch};
use arrow::datatypes::{DataType, Field, SchemaRef};
use datafusion::catalog::TableProvider;
use datafusion::common::{Column, Result, ScalarValue};
use datafusion::datasource::provider_as_source;
use datafusion::functions_aggregate::expr_fn::{count, sum};
use datafusion::logical_expr::{
    Expr, LogicalPlan, LogicalPlanBuilder, TableScan, TableScanBuilder, lit,
};

use super::inputs::Input;
use crate::formats::contents::Changes;

/// How many changed rows there are for a value of the key.
const ROWS: &str = "rows of key";

/// Which way a row went.
const WAY: &str = "way of row";

/// Values of a key, each once.
#[derive(Debug, Clone)]
pub(crate) struct Touched {
    /// The columns of the key, and last how many rows each has.
    batch: RecordBatch,
}

impl Touched {
    pub(crate) fn of(schema: &SchemaRef, batches: &[RecordBatch]) -> Result<Self> {
        Ok(Self {
            batch: concat_batches(schema, batches)?,
        })
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.batch.num_rows()
    }

    /// The values, without how many rows they have.
    pub(crate) fn values(&self) -> Result<RecordBatch> {
        let columns: Vec<_> = (0..self.batch.num_columns() - 1).collect();
        Ok(self.batch.project(&columns)?)
    }

    /// The values of a key of one column, when they are no more than so many.
    pub(crate) fn few(&self, most: usize) -> Result<Option<Vec<ScalarValue>>> {
        if self.batch.num_columns() != 2 || self.len() > most {
            return Ok(None);
        }
        let column = self.batch.column(0);
        let values = (0..column.len()).map(|row| ScalarValue::try_from_array(column, row));
        values.collect::<Result<_>>().map(Some)
    }

    /// The values in parts, in their order, each of about as many rows; a value counts for `least` at
    /// least.
    pub(crate) fn parts(&self, rows: u64, least: u64) -> Result<Vec<Self>> {
        let counts = self.batch.column(self.batch.num_columns() - 1);
        let counts = counts.as_any().downcast_ref::<Int64Array>();
        let order = sort_to_indices(self.batch.column(0), None, None)?;
        let mut parts = Vec::new();
        let (mut part, mut sum) = (Vec::new(), 0);
        for place in order.values() {
            let row = usize::try_from(*place).unwrap_or_default();
            let count = counts.map_or(0, |counts| counts.value(row));
            let weight = u64::try_from(count).unwrap_or(0).max(least);
            if !part.is_empty() && sum + weight > rows {
                parts.push(std::mem::take(&mut part));
                sum = 0;
            }
            part.push(*place);
            sum += weight;
        }
        parts.extend((!part.is_empty()).then_some(part));
        let of = |part: Vec<u32>| {
            let batch = take_record_batch(&self.batch, &UInt32Array::from(part))?;
            Ok(Self { batch })
        };
        parts.into_iter().map(of).collect()
    }
}

/// The query for the values that changed rows of inputs touch.
pub(crate) fn by_changes(
    changed: &[(&Input, Changes)],
    names: &[String],
) -> Result<Option<LogicalPlan>> {
    let mut parts = Vec::new();
    for (input, changes) in changed {
        for (scan, key) in &input.reads {
            let Some(key) = key else { continue };
            let rows = match (&changes.added, &changes.removed) {
                (Some(added), Some(removed)) => differing(scan, added, removed)?,
                (Some(rows), None) | (None, Some(rows)) => rows_of(scan, rows)?,
                (None, None) => continue,
            };
            parts.push(counted(rows, key, names)?);
        }
    }
    united(parts, names)
}

/// The values of the key in some rows, with how many rows there are for each.
fn counted(rows: LogicalPlan, key: &[Expr], names: &[String]) -> Result<LogicalPlan> {
    let key = key.iter().zip(names);
    LogicalPlanBuilder::from(rows)
        .project(key.map(|(part, name)| part.clone().alias(name)))?
        .aggregate(
            names.iter().map(|name| column(name)),
            [count(lit(1_i64)).alias(ROWS)],
        )?
        .build()
}

fn united(parts: Vec<LogicalPlan>, names: &[String]) -> Result<Option<LogicalPlan>> {
    let mut parts = parts.into_iter();
    let Some(first) = parts.next() else {
        return Ok(None);
    };
    let mut all = LogicalPlanBuilder::from(first);
    for part in parts {
        all = all.union(part)?;
    }
    let summed = all.aggregate(
        names.iter().map(|name| column(name)),
        [sum(column(ROWS)).alias(ROWS)],
    )?;
    summed.build().map(Some)
}

/// The rows of a table in the place of the one that a scan reads.
fn rows_of(scan: &TableScan, table: &Arc<dyn TableProvider>) -> Result<LogicalPlan> {
    let source = provider_as_source(Arc::clone(table));
    let scan = TableScanBuilder::new(scan.table_name.clone(), source)
        .with_projection(scan.projection.clone())
        .build()?;
    Ok(LogicalPlan::TableScan(scan))
}

/// The rows that are not as often among the ones as among the others, in the columns that the scan
/// reads.
fn differing(
    scan: &TableScan,
    added: &Arc<dyn TableProvider>,
    removed: &Arc<dyn TableProvider>,
) -> Result<LogicalPlan> {
    let came = rows_of(scan, added)?;
    let went = rows_of(scan, removed)?;
    let columns = came.schema().columns();
    let is_comparable = |field: &Arc<Field>| !holds_map(field.data_type());
    let are_comparable = came.schema().fields().iter().all(is_comparable);
    if !are_comparable {
        return LogicalPlanBuilder::from(came).union(went)?.build();
    }
    // A union forgets whose columns they were.
    let place = |at: usize| format!("column {at}");
    let marked = |plan: LogicalPlan, way: i64| {
        let named = columns.iter().cloned().enumerate();
        let named = named.map(|(at, column)| Expr::Column(column).alias(place(at)));
        LogicalPlanBuilder::from(plan).project(named.chain([lit(way).alias(WAY)]))
    };
    let named_again = columns.iter().enumerate().map(|(at, column_there)| {
        column(&place(at)).alias_qualified(column_there.relation.clone(), &column_there.name)
    });
    marked(came, 1)?
        .union(marked(went, -1)?.build()?)?
        .aggregate(
            (0..columns.len()).map(|at| column(&place(at))),
            [sum(column(WAY)).alias(WAY)],
        )?
        .filter(column(WAY).not_eq(lit(0_i64)))?
        .project(named_again)?
        .build()
}

fn holds_map(data_type: &DataType) -> bool {
    match data_type {
        DataType::Map(..) => true,
        DataType::List(field) | DataType::LargeList(field) | DataType::FixedSizeList(field, _) => {
            holds_map(field.data_type())
        }
        DataType::Struct(fields) => fields.iter().any(|field| holds_map(field.data_type())),
        _ => false,
    }
}

fn column(name: &str) -> Expr {
    Expr::Column(Column::new_unqualified(name))
}
