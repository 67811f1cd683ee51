//! Rows as the source of a plan that inserts them.

use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use datafusion::error::DataFusionError;
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::streaming::PartitionStream;
use futures::{StreamExt, TryStreamExt, stream};

use super::gate::Gate;
use super::rows::Rows;

/// Rows for a table that shows none of them before it has met their end.
#[derive(Debug)]
pub(super) struct Source {
    schema: SchemaRef,
    rows: Arc<Rows>,
    gate: Arc<Gate>,
}

impl Source {
    pub(super) fn new(rows: Arc<Rows>, gate: Arc<Gate>) -> Self {
        Self {
            schema: rows.schema(),
            rows,
            gate,
        }
    }
}

impl PartitionStream for Source {
    fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    fn execute(&self, _context: Arc<TaskContext>) -> SendableRecordBatchStream {
        let (rows, gate) = (Arc::clone(&self.rows), Arc::clone(&self.gate));
        let batches = async move {
            let batches = rows.read()?.map_err(DataFusionError::from);
            // At the end, before whoever reads learns of it.
            let end = stream::once(async move { gate.pass() })
                .map_err(DataFusionError::from)
                .try_filter_map(|()| std::future::ready(Ok(None)));
            Ok::<_, DataFusionError>(batches.chain(end).boxed())
        };
        Box::pin(RecordBatchStreamAdapter::new(
            Arc::clone(&self.schema),
            stream::once(batches).try_flatten(),
        ))
    }
}
