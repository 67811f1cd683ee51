//! Parquet files. Columns are found by name; a file without one reads as NULL.

use std::sync::Arc;

use arrow::datatypes::{FieldRef, Schema, SchemaRef};
use async_trait::async_trait;
use datafusion::catalog::{Session, TableProvider};
use datafusion::datasource::file_format::FileFormat;
use datafusion::datasource::file_format::file_compression_type::FileCompressionType;
use datafusion::datasource::file_format::parquet::ParquetFormat;
use datafusion::error::Result;
use object_store::ObjectStore;

use super::files::listing::DataFile;
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

#[async_trait]
impl FileKind for Parquet {
    /// Some writers say that their text is views, and others not; each file alone is read the same
    /// way.
    async fn infer(
        &self,
        session: &dyn Session,
        store: &Arc<dyn ObjectStore>,
        files: &[DataFile],
    ) -> Result<SchemaRef> {
        let format = self.format(session, FileCompressionType::UNCOMPRESSED);
        let metas: Vec<_> = files.iter().map(|file| file.meta.clone()).collect();
        let refused = match format.infer_schema(session, store, &metas).await {
            Ok(schema) => return Ok(schema),
            Err(error) => error,
        };
        let mut schemas = Vec::with_capacity(metas.len());
        for meta in &metas {
            let alone = format.infer_schema(session, store, std::slice::from_ref(meta));
            schemas.push(Arc::unwrap_or_clone(alone.await?));
        }
        let alike = schemas
            .iter()
            .flat_map(|schema| schema.fields())
            .all(|field| {
                let same = |other: &FieldRef| other.data_type() == field.data_type();
                let others = schemas
                    .iter()
                    .flat_map(|schema| schema.fields().find(field.name()));
                others.map(|(_, other)| other).all(same)
            });
        match alike {
            true => Ok(Arc::new(Schema::try_merge(schemas)?)),
            false => Err(refused),
        }
    }

    fn format(&self, session: &dyn Session, _: FileCompressionType) -> Arc<dyn FileFormat> {
        let options = session.default_table_options().parquet;
        Arc::new(ParquetFormat::default().with_options(options))
    }
}
