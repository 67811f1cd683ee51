//! Rows put aside in a temporary file, so that a merge may look at them more than once.

use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use datafusion::catalog::TableProvider;
use datafusion::common::utils::memory::get_record_batch_memory_size;
use parquet::arrow::ArrowWriter;
use parquet::basic::Compression;
use parquet::file::properties::WriterProperties;
use tempfile::NamedTempFile;

use crate::formats::{self, TableDefinition, format_named};
use crate::stores::Location;
use crate::{EngineError, Session};

/// Encoded bytes of a row group, of which one is held in memory.
const ROW_GROUP_BYTES: usize = 16 << 20;

/// Rows that are being put aside.
pub(super) struct Stage {
    writer: ArrowWriter<NamedTempFile>,
    /// What may be written to the disk.
    limit: u64,
    rows: u64,
    bytes: u64,
}

impl Stage {
    /// Begins with rows of these columns.
    pub(super) fn new(session: &Session, schema: &SchemaRef) -> Result<Self, EngineError> {
        let settings = &session.shared().settings;
        let mut builder = tempfile::Builder::new();
        builder.prefix("cohortql-load-").suffix(".parquet");
        let file = match &settings.temp_dir {
            Some(folder) => builder.tempfile_in(folder),
            None => builder.tempfile(),
        };
        let file = file.map_err(|error| EngineError::Storage {
            message: format!("a temporary file for rows to be merged cannot be made: {error}"),
        })?;
        let properties = WriterProperties::builder()
            .set_compression(Compression::SNAPPY)
            .set_max_row_group_bytes(Some(ROW_GROUP_BYTES))
            .build();
        let writer = ArrowWriter::try_new(file, Arc::clone(schema), Some(properties));
        Ok(Self {
            writer: writer.map_err(failed)?,
            limit: settings.temp_limit,
            rows: 0,
            bytes: 0,
        })
    }

    /// Puts rows aside.
    pub(super) fn add(&mut self, batch: &RecordBatch) -> Result<(), EngineError> {
        self.writer.write(batch).map_err(failed)?;
        let (rows, bytes) = (batch.num_rows(), get_record_batch_memory_size(batch));
        self.rows += u64::try_from(rows).unwrap_or(u64::MAX);
        self.bytes += u64::try_from(bytes).unwrap_or(u64::MAX);
        let written = u64::try_from(self.writer.bytes_written()).unwrap_or(u64::MAX);
        if written > self.limit {
            return Err(EngineError::Resources {
                message: format!(
                    "rows to be merged take more than the {} bytes of temporary disk space that \
                     temp_limit allows: merge them in parts, or raise it",
                    self.limit
                ),
            });
        }
        Ok(())
    }

    /// The rows as a table.
    pub(super) async fn finish(self, session: &Session) -> Result<Staged, EngineError> {
        let file = self.writer.into_inner().map_err(failed)?;
        let path = file.path().display().to_string();
        let location = Location::parse(&path, file.path().parent().unwrap_or(file.path()))?;
        let definition = TableDefinition {
            format: Some(format_named("parquet")?),
            ..TableDefinition::at("rows to be merged", location)
        };
        let mut state = session.context().state();
        // Views of text keep all that was read with it, which a sort would take for its own.
        let options = state.config_mut().options_mut();
        options.execution.parquet.schema_force_view_types = false;
        Ok(Staged {
            table: formats::open(&state, &definition).await?,
            rows: self.rows,
            bytes: self.bytes,
            _file: file,
        })
    }
}

/// Rows that were put aside, for as long as this is there.
pub(super) struct Staged {
    pub(super) table: Arc<dyn TableProvider>,
    pub(super) rows: u64,
    /// What they take in memory.
    pub(super) bytes: u64,
    _file: NamedTempFile,
}

fn failed(error: parquet::errors::ParquetError) -> EngineError {
    EngineError::Storage {
        message: format!("rows to be merged cannot be put aside: {error}"),
    }
}
