//! A file source whose errors name the file they come from.
//!
//! DataFusion's readers of text formats report a line or a value, but not the
//! file; in a folder of hundreds that is no help.

use std::fmt;
use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::config::ConfigOptions;
use datafusion::datasource::listing::PartitionedFile;
use datafusion::datasource::physical_plan::{
    FileOpenFuture, FileOpener, FileScanConfig, FileSource,
};
use datafusion::datasource::table_schema::TableSchema;
use datafusion::error::{DataFusionError, Result};
use datafusion::execution::object_store::ObjectStoreUrl;
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_expr::projection::ProjectionExprs;
use datafusion::physical_plan::DisplayFormatType;
use datafusion::physical_plan::filter_pushdown::{FilterPushdownPropagation, PushedDown};
use datafusion::physical_plan::metrics::ExecutionPlanMetricsSet;
use futures::{FutureExt, StreamExt};
use object_store::ObjectStore;

use crate::formats::message;

/// Opens files in a source's stead; `None` leaves it to the source.
pub(crate) trait OpenFiles: fmt::Debug + Send + Sync {
    /// An opener for `source`, or `None` for the source's own.
    fn opener(
        &self,
        source: &dyn FileSource,
        store: Arc<dyn ObjectStore>,
        config: &FileScanConfig,
        batch_size: usize,
    ) -> Result<Option<Arc<dyn FileOpener>>>;

    /// A better message for an error at a place in a file, if this one is known.
    fn explain(&self, error: &DataFusionError, schema: &SchemaRef, whole: bool) -> Option<String>;
}

/// Wraps a text format's source.
#[derive(Clone)]
pub(crate) struct NamedSource {
    inner: Arc<dyn FileSource>,
    open: Arc<dyn OpenFiles>,
    batch_size: usize,
}

impl NamedSource {
    pub(crate) fn new(inner: Arc<dyn FileSource>, open: Arc<dyn OpenFiles>) -> Self {
        Self {
            inner,
            open,
            batch_size: 8192,
        }
    }

    fn wrap(&self, inner: Arc<dyn FileSource>) -> Self {
        Self {
            inner,
            open: Arc::clone(&self.open),
            batch_size: self.batch_size,
        }
    }
}

impl FileSource for NamedSource {
    fn create_file_opener(
        &self,
        store: Arc<dyn ObjectStore>,
        config: &FileScanConfig,
        partition: usize,
    ) -> Result<Arc<dyn FileOpener>> {
        let own = self.open.opener(
            self.inner.as_ref(),
            Arc::clone(&store),
            config,
            self.batch_size,
        )?;
        let inner = match own {
            Some(opener) => opener,
            None => self.inner.create_file_opener(store, config, partition)?,
        };
        Ok(Arc::new(NamedOpener {
            inner,
            open: Arc::clone(&self.open),
            schema: Arc::clone(self.table_schema().file_schema()),
            store_url: config.object_store_url.clone(),
        }))
    }

    fn table_schema(&self) -> &TableSchema {
        self.inner.table_schema()
    }

    fn with_batch_size(&self, batch_size: usize) -> Arc<dyn FileSource> {
        Arc::new(Self {
            batch_size,
            ..self.wrap(self.inner.with_batch_size(batch_size))
        })
    }

    fn filter(&self) -> Option<Arc<dyn PhysicalExpr>> {
        self.inner.filter()
    }

    fn projection(&self) -> Option<&ProjectionExprs> {
        self.inner.projection()
    }

    fn metrics(&self) -> &ExecutionPlanMetricsSet {
        self.inner.metrics()
    }

    fn file_type(&self) -> &str {
        self.inner.file_type()
    }

    fn fmt_extra(&self, t: DisplayFormatType, f: &mut fmt::Formatter) -> fmt::Result {
        self.inner.fmt_extra(t, f)
    }

    fn supports_repartitioning(&self) -> bool {
        self.inner.supports_repartitioning()
    }

    fn try_pushdown_filters(
        &self,
        filters: Vec<Arc<dyn PhysicalExpr>>,
        _config: &ConfigOptions,
    ) -> Result<FilterPushdownPropagation<Arc<dyn FileSource>>> {
        // Text formats evaluate nothing themselves.
        Ok(FilterPushdownPropagation::with_parent_pushdown_result(
            vec![PushedDown::No; filters.len()],
        ))
    }

    fn try_pushdown_projection(
        &self,
        projection: &ProjectionExprs,
    ) -> Result<Option<Arc<dyn FileSource>>> {
        let inner = self.inner.try_pushdown_projection(projection)?;
        Ok(inner.map(|inner| Arc::new(self.wrap(inner)) as Arc<dyn FileSource>))
    }

    fn apply_expressions(
        &self,
        f: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        self.inner.apply_expressions(f)
    }
}

struct NamedOpener {
    inner: Arc<dyn FileOpener>,
    open: Arc<dyn OpenFiles>,
    schema: SchemaRef,
    store_url: ObjectStoreUrl,
}

impl FileOpener for NamedOpener {
    fn open(&self, file: PartitionedFile) -> Result<FileOpenFuture> {
        let name = message::file_name(&self.store_url, &file.object_meta.location);
        let whole = file.range.as_ref().is_none_or(|range| range.start == 0);
        let open = Arc::clone(&self.open);
        let schema = Arc::clone(&self.schema);
        let locate = move |error: DataFusionError| match open.explain(&error, &schema, whole) {
            Some(text) => DataFusionError::Execution(format!("cannot read \"{name}\": {text}")),
            None => message::in_file(&name, error),
        };
        let future = self.inner.open(file)?;
        Ok(async move {
            match future.await {
                Ok(stream) => Ok(stream.map(move |batch| batch.map_err(&locate)).boxed()),
                Err(error) => Err(locate(error)),
            }
        }
        .boxed())
    }
}
