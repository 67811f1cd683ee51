//! Gives batches the schema that was promised when the statement was planned.
//!
//! The optimiser knows more than the plan said: that a minimum is never NULL, for one. Readers
//! that were told a schema must get that schema to the bit, so every batch is labelled anew, and
//! cast where the difference is inside a list or a struct.

use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, RecordBatchOptions};
use arrow::compute::cast;
use arrow::datatypes::{FieldRef, SchemaRef};
use arrow::error::ArrowError;

use crate::EngineError;

/// The batch with exactly this schema.
pub(crate) fn shaped(batch: RecordBatch, schema: &SchemaRef) -> Result<RecordBatch, EngineError> {
    if batch.schema_ref() == schema {
        return Ok(batch);
    }
    if batch.num_columns() != schema.fields().len() {
        return Err(EngineError::Internal {
            message: format!(
                "the plan promised {} columns, the query gave {}",
                schema.fields().len(),
                batch.num_columns()
            ),
        });
    }
    relabelled(&batch, schema).map_err(|error| EngineError::Internal {
        message: format!("the answer does not have the schema of the plan: {error}"),
    })
}

fn relabelled(batch: &RecordBatch, schema: &SchemaRef) -> Result<RecordBatch, ArrowError> {
    let columns = batch
        .columns()
        .iter()
        .zip(schema.fields())
        .map(|(column, field)| column_as(column, field))
        .collect::<Result<Vec<_>, _>>()?;
    let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
    RecordBatch::try_new_with_options(Arc::clone(schema), columns, &options)
}

fn column_as(column: &ArrayRef, field: &FieldRef) -> Result<ArrayRef, ArrowError> {
    if column.data_type() == field.data_type() {
        Ok(Arc::clone(column))
    } else {
        cast(column, field.data_type())
    }
}

#[cfg(test)]
mod tests {
    use arrow::array::Int64Array;
    use arrow::datatypes::{DataType, Field, Schema};

    use super::*;

    #[test]
    fn nullability_follows_the_plan() {
        let given = Arc::new(Schema::new(vec![Field::new("n", DataType::Int64, false)]));
        let column: ArrayRef = Arc::new(Int64Array::from(vec![1, 2]));
        let batch = RecordBatch::try_new(given, vec![column]).unwrap();
        let promised = Arc::new(Schema::new(vec![Field::new("n", DataType::Int64, true)]));
        assert_eq!(shaped(batch, &promised).unwrap().schema(), promised);
    }

    #[test]
    fn rows_without_columns_are_still_counted() {
        let empty = Arc::new(Schema::empty());
        let options = RecordBatchOptions::new().with_row_count(Some(7));
        let batch = RecordBatch::try_new_with_options(empty, vec![], &options).unwrap();
        let labelled = Schema::empty().with_metadata([("k".to_owned(), "v".to_owned())].into());
        assert_eq!(shaped(batch, &Arc::new(labelled)).unwrap().num_rows(), 7);
    }
}
