//! Parquet files. Columns are found by name; a file without one reads as NULL.

use std::sync::Arc;

use async_trait::async_trait;
use datafusion::catalog::{Session, TableProvider};
use datafusion::datasource::file_format::FileFormat;
use datafusion::datasource::file_format::file_compression_type::FileCompressionType;
use datafusion::datasource::file_format::parquet::ParquetFormat;
use datafusion::error::Result;

use super::files::{self, FileKind};
use super::{OptionHelp, TableDefinition, TableFormat};

/// The format.
#[derive(Debug)]
pub(crate) struct Parquet;

#[async_trait]
impl TableFormat for Parquet {
    fn name(&self) -> &'static str {
        "parquet"
    }

    fn extensions(&self) -> &'static [&'static str] {
        &["parquet", "parq", "pq"]
    }

    fn options(&self) -> &'static [OptionHelp] {
        &[]
    }

    async fn open(
        &self,
        session: &dyn Session,
        definition: &TableDefinition,
    ) -> Result<Arc<dyn TableProvider>> {
        files::open(session, definition, &Self, Arc::new(Self)).await
    }
}

impl FileKind for Parquet {
    fn format(&self, session: &dyn Session, _: FileCompressionType) -> Arc<dyn FileFormat> {
        let options = session.default_table_options().parquet;
        Arc::new(ParquetFormat::default().with_options(options))
    }
}
