//! JSON: one object a line, or (`newline_delimited = false`) one array.

use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use async_trait::async_trait;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::plan_err;
use datafusion::datasource::file_format::FileFormat;
use datafusion::datasource::file_format::file_compression_type::FileCompressionType;
use datafusion::datasource::file_format::json::JsonFormat;
use datafusion::datasource::physical_plan::{
    FileOpener, FileScanConfig, FileScanConfigBuilder, FileSource,
};
use datafusion::datasource::source::DataSourceExec;
use datafusion::error::{DataFusionError, Result};
use datafusion::physical_plan::ExecutionPlan;
use object_store::ObjectStore;

use super::files::listing::DataFile;
use super::files::named::{NamedSource, OpenFiles};
use super::files::{self, FileKind, widen};
use super::{OptionHelp, TableDefinition, TableFormat};

/// Files that are looked into; the columns of others are assumed to be the same.
const SAMPLE_FILES: usize = 64;

/// The format.
#[derive(Debug)]
pub(crate) struct Json;

#[async_trait]
impl TableFormat for Json {
    fn name(&self) -> &'static str {
        "json"
    }

    fn aliases(&self) -> &'static [&'static str] {
        &["ndjson", "jsonl"]
    }

    fn extensions(&self) -> &'static [&'static str] {
        &["json", "ndjson", "jsonl"]
    }

    fn options(&self) -> &'static [OptionHelp] {
        &[
            (
                "compression",
                "gzip, zstd or none, for files whose extension does not say",
            ),
            (
                "newline_delimited",
                "false when a file is one array; default true",
            ),
            (
                "schema_infer_max_rec",
                "objects read to find the columns; default 10000",
            ),
        ]
    }

    async fn open(
        &self,
        session: &dyn Session,
        definition: &TableDefinition,
    ) -> Result<Arc<dyn TableProvider>> {
        let options = &definition.options;
        let kind = JsonFiles {
            newline_delimited: options.boolean("newline_delimited")?.unwrap_or(true),
            sample: options.count("schema_infer_max_rec")?.unwrap_or(10_000),
        };
        files::open(session, definition, &Self, Arc::new(kind)).await
    }
}

#[derive(Debug)]
struct JsonFiles {
    newline_delimited: bool,
    sample: usize,
}

#[async_trait]
impl FileKind for JsonFiles {
    fn format(&self, _: &dyn Session, compression: FileCompressionType) -> Arc<dyn FileFormat> {
        let format = JsonFormat::default()
            .with_newline_delimited(self.newline_delimited)
            .with_schema_infer_max_rec(self.sample)
            .with_file_compression_type(compression);
        Arc::new(format)
    }

    async fn infer(
        &self,
        session: &dyn Session,
        store: &Arc<dyn ObjectStore>,
        files: &[DataFile],
    ) -> Result<SchemaRef> {
        let mut schemas = Vec::new();
        for file in files.iter().take(SAMPLE_FILES) {
            let format = self.format(session, file.compression);
            let metas = std::slice::from_ref(&file.meta);
            schemas.push(
                format
                    .infer_schema(session, store, metas)
                    .await?
                    .as_ref()
                    .clone(),
            );
        }
        widen::by_name(schemas)
            .map(Arc::new)
            .or_else(|(name, a, b)| {
                plan_err!("\"{name}\" is {a} in one file and {b} in another; declare the columns")
            })
    }

    fn sampled(&self) -> usize {
        SAMPLE_FILES
    }

    async fn scan(
        &self,
        _session: &dyn Session,
        _compression: FileCompressionType,
        config: FileScanConfig,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let source = NamedSource::new(Arc::clone(&config.file_source), Arc::new(PlainJson));
        let config = FileScanConfigBuilder::from(config)
            .with_source(Arc::new(source))
            .build();
        Ok(DataSourceExec::from_data_source(config))
    }
}

/// JSON as DataFusion reads it.
#[derive(Debug)]
struct PlainJson;

impl OpenFiles for PlainJson {
    fn opener(
        &self,
        _source: &dyn FileSource,
        _store: Arc<dyn ObjectStore>,
        _config: &FileScanConfig,
        _batch_size: usize,
    ) -> Result<Option<Arc<dyn FileOpener>>> {
        Ok(None)
    }

    fn explain(&self, _: &DataFusionError, _: &SchemaRef, _whole: bool) -> Option<String> {
        None
    }
}
