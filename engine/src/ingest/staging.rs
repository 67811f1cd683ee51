//! Rows as the source of a plan that inserts them.
//!
//! A table of plain files gets its files while they are written, and DataFusion closes those
//! whose rows break off. So the rows are put aside on disk until the last one is there; only
//! then does the table see the first.

use std::fmt;
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use datafusion::error::{DataFusionError, Result};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_plan::EmptyRecordBatchStream;
use datafusion::physical_plan::metrics::{ExecutionPlanMetricsSet, SpillMetrics};
use datafusion::physical_plan::spill::SpillManager;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::streaming::PartitionStream;
use futures::stream::{self, BoxStream};
use futures::{StreamExt, TryStreamExt};

use super::gate::Gate;
use super::rows::Rows;

/// Rows for a table that takes all of them at once, at their end.
#[derive(Debug)]
pub(super) struct Direct(Source);

/// Rows for a table that takes them one by one.
#[derive(Debug)]
pub(super) struct Staged(Source);

struct Source {
    schema: SchemaRef,
    rows: Arc<Rows>,
    gate: Arc<Gate>,
}

impl Direct {
    pub(super) fn new(rows: Arc<Rows>, gate: Arc<Gate>) -> Self {
        Self(Source::new(rows, gate))
    }
}

impl Staged {
    pub(super) fn new(rows: Arc<Rows>, gate: Arc<Gate>) -> Self {
        Self(Source::new(rows, gate))
    }
}

impl Source {
    fn new(rows: Arc<Rows>, gate: Arc<Gate>) -> Self {
        Self {
            schema: rows.schema(),
            rows,
            gate,
        }
    }

    fn stream(
        &self,
        batches: impl Future<Output = Result<BoxStream<'static, Result<RecordBatch>>>> + Send + 'static,
    ) -> SendableRecordBatchStream {
        let batches = stream::once(batches).try_flatten();
        Box::pin(RecordBatchStreamAdapter::new(
            Arc::clone(&self.schema),
            batches,
        ))
    }
}

impl fmt::Debug for Source {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.rows.fmt(formatter)
    }
}

impl PartitionStream for Direct {
    fn schema(&self) -> &SchemaRef {
        &self.0.schema
    }

    fn execute(&self, _context: Arc<TaskContext>) -> SendableRecordBatchStream {
        let (rows, gate) = (Arc::clone(&self.0.rows), Arc::clone(&self.0.gate));
        self.0.stream(async move {
            let batches = rows.read()?.map_err(DataFusionError::from);
            // At the end, before whoever reads learns of it.
            let end = stream::once(async move { gate.pass() })
                .map_err(DataFusionError::from)
                .try_filter_map(|()| std::future::ready(Ok(None)));
            Ok(batches.chain(end).boxed())
        })
    }
}

impl PartitionStream for Staged {
    fn schema(&self) -> &SchemaRef {
        &self.0.schema
    }

    fn execute(&self, context: Arc<TaskContext>) -> SendableRecordBatchStream {
        let (rows, gate) = (Arc::clone(&self.0.rows), Arc::clone(&self.0.gate));
        self.0.stream(async move {
            let batches = put_aside(&rows, &context).await?;
            gate.pass()?;
            Ok(batches.boxed())
        })
    }
}

/// The rows once more, after all of them have come.
async fn put_aside(rows: &Rows, context: &TaskContext) -> Result<SendableRecordBatchStream> {
    let metrics = SpillMetrics::new(&ExecutionPlanMetricsSet::new(), 0);
    let spilling = SpillManager::new(context.runtime_env(), metrics, rows.schema())
        .with_compression_type(context.session_config().spill_compression());
    let mut file = spilling.create_in_progress_file("rows to be ingested")?;
    let mut batches = rows.read()?;
    while let Some(batch) = batches.try_next().await? {
        if batch.num_rows() > 0 {
            file.append_batch(&batch)?;
        }
    }
    match file.finish()? {
        Some(file) => spilling.read_spill_as_stream(file, None),
        None => Ok(Box::pin(EmptyRecordBatchStream::new(rows.schema()))),
    }
}
