//! Arrow IPC, both the file format (Feather) and the streaming one.

use std::sync::Arc;

use async_trait::async_trait;
use datafusion::catalog::{Session, TableProvider};
use datafusion::datasource::file_format::FileFormat;
use datafusion::datasource::file_format::arrow::ArrowFormat;
use datafusion::datasource::file_format::file_compression_type::FileCompressionType;
use datafusion::error::Result;

use super::files::{self, FileKind};
use super::{OptionHelp, TableDefinition, TableFormat};

/// The format.
#[derive(Debug)]
pub(crate) struct ArrowIpc;

#[async_trait]
impl TableFormat for ArrowIpc {
    fn name(&self) -> &'static str {
        "arrow"
    }

    fn aliases(&self) -> &'static [&'static str] {
        &["ipc", "feather"]
    }

    fn extensions(&self) -> &'static [&'static str] {
        &["arrow", "arrows", "ipc", "feather"]
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

impl FileKind for ArrowIpc {
    fn format(&self, _: &dyn Session, _: FileCompressionType) -> Arc<dyn FileFormat> {
        Arc::new(ArrowFormat)
    }
}
