//! Arrow IPC, both the file format (Feather) and the streaming one.

use std::sync::Arc;

use arrow::datatypes::{Schema, SchemaRef};
use arrow::ipc::convert::fb_to_schema;
use arrow::ipc::root_as_footer;
use async_trait::async_trait;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::exec_err;
use datafusion::datasource::file_format::FileFormat;
use datafusion::datasource::file_format::arrow::ArrowFormat;
use datafusion::datasource::file_format::file_compression_type::FileCompressionType;
use datafusion::error::{DataFusionError, Result};
use object_store::{ObjectMeta, ObjectStore, ObjectStoreExt};

use super::files::listing::DataFile;
use super::files::{self, FileKind};
use super::{OptionHelp, TableDefinition, TableFormat};

/// What a file ends with, after the length of its footer.
const MAGIC: &[u8] = b"ARROW1";

/// Bytes of the footer's length and the magic.
const TRAILER: u64 = 10;

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

#[async_trait]
impl FileKind for ArrowIpc {
    fn format(&self, _: &dyn Session, _: FileCompressionType) -> Arc<dyn FileFormat> {
        Arc::new(ArrowFormat)
    }

    async fn infer(
        &self,
        session: &dyn Session,
        store: &Arc<dyn ObjectStore>,
        files: &[DataFile],
    ) -> Result<SchemaRef> {
        let mut schemas = Vec::with_capacity(files.len());
        for file in files {
            let schema = match footer_schema(store, &file.meta).await? {
                Some(schema) => schema,
                None => {
                    let metas = std::slice::from_ref(&file.meta);
                    let found = ArrowFormat.infer_schema(session, store, metas).await?;
                    found.as_ref().clone()
                }
            };
            schemas.push(schema);
        }
        Ok(Arc::new(Schema::try_merge(schemas)?))
    }
}

/// The schema in the footer of the file format; `None` for the streaming one.
///
/// From a store, DataFusion looks for it behind eight bytes at the beginning,
/// but Arrow's writers leave 64 there.
async fn footer_schema(store: &Arc<dyn ObjectStore>, meta: &ObjectMeta) -> Result<Option<Schema>> {
    let Some(start) = meta.size.checked_sub(TRAILER) else {
        return Ok(None);
    };
    let trailer = store.get_range(&meta.location, start..meta.size).await?;
    let (length, magic) = trailer.split_at(4);
    if magic != MAGIC {
        return Ok(None);
    }
    let length = length.try_into().map_or(0, u32::from_le_bytes);
    let Some(from) = start.checked_sub(u64::from(length)) else {
        return exec_err!("not a whole Arrow file: its footer is damaged");
    };
    let footer = store.get_range(&meta.location, from..start).await?;
    let footer = root_as_footer(&footer).map_err(|error| {
        DataFusionError::Execution(format!(
            "not a whole Arrow file: its footer is damaged ({error})"
        ))
    })?;
    Ok(footer.schema().map(fb_to_schema))
}
