//! Rows that become a version of a Delta table, with one commit.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::datatypes::{Schema, SchemaRef};
use datafusion::catalog::streaming::StreamingTable;
use datafusion::catalog::{Session, TableProvider};
use datafusion::datasource::provider_as_source;
use datafusion::error::DataFusionError;
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::logical_expr::LogicalPlanBuilder;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::streaming::PartitionStream;
use deltalake::delta_datafusion::{DataFusionMixins, DeltaSessionContext};
use deltalake::kernel::transaction::{CommitProperties, TransactionError};
use deltalake::logstore::{LogStoreRef, StorageConfig, default_logstore};
use deltalake::operations::write::{SchemaMode, WriteBuilder};
use deltalake::protocol::SaveMode;
use deltalake::{DeltaTable, DeltaTableError};
use futures::{StreamExt, TryStreamExt, stream};
use parquet::basic::Compression;
use parquet::file::properties::WriterProperties;

use super::gated::Gated;
use super::{DeltaProvider, failure, log_store};
use crate::EngineError;
use crate::formats::files::listing::Place;
use crate::ingest::{Gate, Rows};
use crate::stores::Location;

/// Encoded bytes of a row group, of which one is held in memory.
const ROW_GROUP_BYTES: usize = 32 << 20;

/// What the rows become.
pub(crate) enum DeltaWrite {
    /// The first version of a table.
    New(Location),
    /// More rows of a table.
    Append(Arc<dyn TableProvider>),
    /// All that a table has, columns included.
    Replace(Arc<dyn TableProvider>),
}

/// Whether a Delta table lies at a location, which need not be there.
pub(crate) async fn holds_delta(
    session: &dyn Session,
    location: &Location,
) -> Result<bool, EngineError> {
    let log = log_store(&Place::to_be(session, location)?);
    let held = log.is_delta_table_location().await;
    held.map_err(|error| failure(&location.to_string(), error).into())
}

impl DeltaProvider {
    /// The columns that rows are written with.
    pub(crate) async fn input_schema(&self) -> Result<SchemaRef, EngineError> {
        let table = self.newest().await?;
        let state = table
            .snapshot()
            .map_err(|error| failure(self.location(), error))?;
        Ok(state.snapshot().input_schema())
    }
}

impl DeltaWrite {
    /// Writes the rows, and commits them once all have come.
    ///
    /// # Errors
    /// [`EngineError::Conflict`] when another writer has committed what does not go with it;
    /// whatever the rows or the store fail with.
    pub(crate) async fn run(
        self,
        session: &dyn Session,
        rows: &Arc<Rows>,
        gate: &Arc<Gate>,
    ) -> Result<(), EngineError> {
        match self {
            Self::New(location) => {
                let log = log_store(&Place::to_be(session, &location)?);
                let write = WriteBuilder::new(gated(&log, gate), None)
                    // Retried, it would go on top of a table that somebody else has made.
                    .with_commit_properties(CommitProperties::default().with_max_retries(0));
                commit(write, rows, &location.to_string()).await
            }
            Self::Append(table) => {
                let (table, name) = newest(&table).await?;
                let write = onto(&table, &name, gate)?;
                commit(write.with_save_mode(SaveMode::Append), rows, &name).await
            }
            Self::Replace(table) => {
                let (table, name) = newest(&table).await?;
                let mut write = onto(&table, &name, gate)?.with_save_mode(SaveMode::Overwrite);
                let snapshot = table.snapshot().map_err(|error| failure(&name, error))?;
                let partitions = snapshot.metadata().partition_columns();
                if !same(&snapshot.snapshot().input_schema(), &rows.schema()) {
                    write = write.with_schema_mode(SchemaMode::Overwrite);
                    let stays = |column| rows.schema().column_with_name(column).is_some();
                    if !partitions.iter().all(|column| stays(column)) {
                        write = write.with_partition_columns(Vec::<String>::new());
                    }
                }
                commit(write, rows, &name).await
            }
        }
    }
}

/// A table as it is now, and what messages call it.
async fn newest(table: &Arc<dyn TableProvider>) -> Result<(DeltaTable, String), EngineError> {
    let table = table
        .downcast_ref::<DeltaProvider>()
        .ok_or_else(|| EngineError::Internal {
            message: "a table that is no Delta table came to its writer".to_owned(),
        })?;
    let name = table.location().to_owned();
    Ok((table.newest().await?, name))
}

fn onto(table: &DeltaTable, name: &str, gate: &Arc<Gate>) -> Result<WriteBuilder, EngineError> {
    let state = table.snapshot().map_err(|error| failure(name, error))?;
    let log = gated(&table.log_store(), gate);
    Ok(WriteBuilder::new(log, Some(state.snapshot().clone())))
}

/// The same table, its log behind the gate.
fn gated(log: &LogStoreRef, gate: &Arc<Gate>) -> LogStoreRef {
    default_logstore(
        Arc::new(Gated::new(log.object_store(None), Arc::clone(gate))),
        log.root_object_store(None),
        log.root_url(),
        &StorageConfig::default(),
    )
}

/// Whether columns have the same names, types and NULLs, in the same order.
pub(super) fn same(one: &Schema, other: &Schema) -> bool {
    let alike = |(one, other): (&Arc<_>, &Arc<_>)| {
        let (one, other): (&arrow::datatypes::Field, &arrow::datatypes::Field) = (one, other);
        one.name() == other.name()
            && one.data_type().equals_datatype(other.data_type())
            && one.is_nullable() == other.is_nullable()
    };
    one.fields().len() == other.fields().len() && one.fields().iter().zip(other.fields()).all(alike)
}

async fn commit(write: WriteBuilder, rows: &Arc<Rows>, name: &str) -> Result<(), EngineError> {
    let source = StreamingTable::try_new(rows.schema(), vec![Arc::new(Source::of(rows))])?;
    let plan = LogicalPlanBuilder::scan("rows", provider_as_source(Arc::new(source)), None)?;
    // One writer keeps the rows in their order, and no more than one row group in memory.
    let alone = HashMap::from([(
        "datafusion.execution.target_partitions".to_owned(),
        "1".to_owned(),
    )]);
    let session = DeltaSessionContext::new_with_session_overrides(&alone)
        .map_err(|error| failure(name, error))?;
    let written = write
        .with_input_plan(plan.build()?)
        .with_session_state(Arc::new(session.state()))
        .with_writer_properties(properties())
        .await;
    written.map(drop).map_err(|error| refused(name, error))
}

/// How Parquet files are written.
pub(super) fn properties() -> WriterProperties {
    WriterProperties::builder()
        .set_compression(Compression::SNAPPY)
        .set_max_row_group_bytes(Some(ROW_GROUP_BYTES))
        .build()
}

/// What a writer says, in our words.
pub(super) fn refused(name: &str, error: DeltaTableError) -> EngineError {
    let refused = |why: &str| EngineError::Execution {
        message: format!("Delta table \"{name}\" cannot be written: {why}"),
    };
    match error {
        DeltaTableError::VersionAlreadyExists(_)
        | DeltaTableError::Transaction {
            source: TransactionError::CommitConflict(_) | TransactionError::MaxCommitAttempts(_),
        } => EngineError::Conflict {
            message: format!(
                "Delta table \"{name}\" was changed by another writer meanwhile, and nothing was \
                 written; try it again"
            ),
        },
        DeltaTableError::Transaction {
            source: TransactionError::DeltaTableAppendOnly,
        } => refused("it takes new rows only, and none of its rows may go"),
        DeltaTableError::InvalidData { message } => refused(&message),
        DeltaTableError::Generic(message) => refused(&message),
        DeltaTableError::Transaction { source } => refused(&source.to_string()),
        other => failure(name, other).into(),
    }
}

/// The rows as the one partition of a table.
#[derive(Debug)]
struct Source {
    schema: SchemaRef,
    rows: Arc<Rows>,
}

impl Source {
    fn of(rows: &Arc<Rows>) -> Self {
        Self {
            schema: rows.schema(),
            rows: Arc::clone(rows),
        }
    }
}

impl PartitionStream for Source {
    fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    fn execute(&self, _context: Arc<TaskContext>) -> SendableRecordBatchStream {
        let batches = match self.rows.read() {
            Ok(batches) => batches,
            Err(error) => stream::iter([Err(error)]).boxed(),
        };
        let batches = batches.map_err(DataFusionError::from);
        Box::pin(RecordBatchStreamAdapter::new(self.rows.schema(), batches))
    }
}
