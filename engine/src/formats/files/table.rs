//! The provider over plain files.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use arrow::datatypes::SchemaRef;
use async_trait::async_trait;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::{DFSchema, Statistics, plan_err};
use datafusion::datasource::TableType;
use datafusion::datasource::file_format::file_compression_type::FileCompressionType;
use datafusion::datasource::listing::helpers::{expr_applicable_for_cols, filter_partitioned_file};
use datafusion::datasource::listing::{
    ListingOptions, ListingTable, ListingTableConfig, ListingTableUrl, PartitionedFile,
};
use datafusion::datasource::physical_plan::{FileGroup, FileScanConfigBuilder};
use datafusion::datasource::table_schema::TableSchema;
use datafusion::error::Result;
use datafusion::logical_expr::dml::InsertOp;
use datafusion::logical_expr::{Expr, TableProviderFilterPushDown};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::empty::EmptyExec;
use datafusion::physical_plan::union::UnionExec;
use datafusion_datasource::compute_all_files_statistics;
use futures::{StreamExt, TryStreamExt, stream};

use super::columns::Columns;
use super::listing::DataFile;
use super::{Source, insert, partitions};

/// How long a listing made while planning serves the scan that follows.
const LISTING_SERVES: Duration = Duration::from_secs(1);

/// A table of plain files, with the columns that a statement is planned with.
pub(crate) struct FileTable {
    source: Arc<Source>,
    columns: Arc<Columns>,
    /// The columns last found, by whichever statement.
    newest: Arc<Mutex<Arc<Columns>>>,
    /// What planning has listed, where listing takes requests.
    listed: Mutex<Option<(Instant, Vec<DataFile>)>>,
    /// The files that are read, whichever there are.
    only: Option<Vec<DataFile>>,
}

impl FileTable {
    /// The table with the columns of these files.
    pub(super) async fn open(
        session: &dyn Session,
        source: Source,
        files: &[DataFile],
    ) -> Result<Self> {
        let columns = Arc::new(Columns::find(session, &source, files).await?);
        Ok(Self {
            source: Arc::new(source),
            newest: Arc::new(Mutex::new(Arc::clone(&columns))),
            columns,
            listed: Mutex::default(),
            only: None,
        })
    }

    /// The table with the columns that its files have by now.
    ///
    /// They are read again only when those files have changed which told the columns.
    pub(crate) async fn current(&self, session: &dyn Session) -> Result<Arc<dyn TableProvider>> {
        let mut columns = Arc::clone(&self.newest.lock().unwrap_or_else(PoisonError::into_inner));
        let mut listed = None;
        if self.source.declared.is_none() {
            let files = self.source.selection.list().await?;
            // A table without files keeps the columns it had.
            if !files.is_empty() && !columns.hold(&self.source, &files) {
                columns = Arc::new(Columns::find(session, &self.source, &files).await?);
                *self.newest.lock().unwrap_or_else(PoisonError::into_inner) = Arc::clone(&columns);
            }
            listed = self
                .source
                .selection
                .is_remote()
                .then(|| (Instant::now(), files));
        }
        Ok(Arc::new(Self {
            source: Arc::clone(&self.source),
            columns,
            newest: Arc::clone(&self.newest),
            listed: Mutex::new(listed),
            only: None,
        }))
    }

    /// The table of these files alone, with the same columns.
    pub(super) fn of(&self, files: Vec<DataFile>) -> Self {
        Self {
            source: Arc::clone(&self.source),
            columns: Arc::clone(&self.columns),
            newest: Arc::clone(&self.newest),
            listed: Mutex::default(),
            only: Some(files),
        }
    }

    pub(super) fn source(&self) -> &Arc<Source> {
        &self.source
    }

    /// The files there are now. A statement may be run long after it was planned, so that what
    /// planning has listed serves once and not for long.
    pub(super) async fn list(&self) -> Result<Vec<DataFile>> {
        if let Some(only) = &self.only {
            return Ok(only.clone());
        }
        let listed = self
            .listed
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        match listed {
            Some((at, files)) if at.elapsed() < LISTING_SERVES => Ok(files),
            _ => self.source.selection.list().await,
        }
    }

    fn partition_names(&self) -> Vec<&str> {
        self.source
            .partition_columns
            .iter()
            .map(|f| f.name().as_str())
            .collect()
    }

    /// The files of a query, with partition values, those that can't match left out.
    async fn files(&self, filters: &[Expr]) -> Result<Vec<(PartitionedFile, DataFile)>> {
        let names = self.partition_names();
        let pruning: Vec<_> = filters
            .iter()
            .filter(|f| !names.is_empty() && expr_applicable_for_cols(&names, f))
            .cloned()
            .collect();
        let schema = DFSchema::from_unqualified_fields(
            self.source.partition_columns.iter().cloned().collect(),
            HashMap::new(),
        )?;
        let mut out = Vec::new();
        for file in self.list().await? {
            let relative = self.source.selection.relative(&file);
            let values =
                partitions::values(&self.source.name, relative, &self.source.partition_columns)?;
            let mut part = PartitionedFile::from(file.meta.clone());
            part.partition_values = values;
            if let Some(part) = filter_partitioned_file(part, &pruning, &schema)? {
                out.push((part, file));
            }
        }
        Ok(out)
    }

    async fn prepare(
        &self,
        session: &dyn Session,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> Result<(Vec<(PartitionedFile, FileCompressionType)>, bool)> {
        let files = self.files(filters).await?;
        let concurrency = session
            .config_options()
            .execution
            .meta_fetch_concurrency
            .get();
        let mut prepared = stream::iter(files)
            .map(|(part, file)| async move {
                self.columns.verify(session, &self.source, &file).await?;
                let part = self
                    .columns
                    .statistics
                    .attach(session, part, file.compression)
                    .await?;
                Ok::<_, datafusion::error::DataFusionError>((part, file.compression))
            })
            .buffered(concurrency);
        let mut out = Vec::new();
        let mut rows = Some(0);
        // With a limit and nothing to filter, files past the limit stay unread.
        let stop_at = limit.filter(|_| filters.is_empty());
        while let Some(next) = prepared.try_next().await? {
            let known = next.0.statistics.as_ref().map(|s| s.num_rows);
            rows = match (rows, known) {
                (Some(sum), Some(datafusion::common::stats::Precision::Exact(n))) => Some(sum + n),
                _ => None,
            };
            out.push(next);
            if let (Some(stop), Some(rows)) = (stop_at, rows)
                && rows > stop
            {
                let more = prepared.next().await.is_some();
                return Ok((out, more));
            }
        }
        Ok((out, false))
    }

    /// One scan over files that are compressed alike.
    async fn scan_alike(
        &self,
        session: &dyn Session,
        compression: FileCompressionType,
        files: Vec<PartitionedFile>,
        cut: bool,
        projection: Option<&Vec<usize>>,
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let known = files.iter().all(|f| f.statistics.is_some());
        let groups = FileGroup::new(files).split_files(session.config().target_partitions());
        let (groups, statistics) = if known && session.config().collect_statistics() {
            compute_all_files_statistics(groups, Arc::clone(&self.columns.table_schema), true, cut)?
        } else {
            (groups, Statistics::new_unknown(&self.columns.table_schema))
        };
        let columns: Vec<_> = self
            .source
            .partition_columns
            .iter()
            .cloned()
            .map(Arc::new)
            .collect();
        let table_schema = TableSchema::builder(Arc::clone(&self.columns.file_schema))
            .with_table_partition_cols(columns)
            .build();
        let format = self.source.kind.format(session, compression);
        let config = FileScanConfigBuilder::new(
            self.source.selection.store_url().clone(),
            format.file_source(table_schema),
        )
        .with_file_groups(groups)
        .with_statistics(statistics)
        .with_projection_indices(projection.cloned())?
        .with_limit(limit)
        .with_file_compression_type(compression)
        .build();
        self.source.kind.scan(session, compression, config).await
    }
}

impl fmt::Debug for FileTable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FileTable")
            .field("name", &self.source.name)
            .finish_non_exhaustive()
    }
}

#[async_trait]
impl TableProvider for FileTable {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.columns.table_schema)
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    fn get_table_definition(&self) -> Option<&str> {
        self.source.sql.as_deref()
    }

    async fn scan(
        &self,
        session: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let (files, cut) = self.prepare(session, filters, limit).await?;
        let mut alike: Vec<(FileCompressionType, Vec<PartitionedFile>)> = Vec::new();
        for (file, compression) in files {
            match alike.iter_mut().find(|(c, _)| *c == compression) {
                Some((_, files)) => files.push(file),
                None => alike.push((compression, vec![file])),
            }
        }
        let mut plans = Vec::with_capacity(alike.len());
        for (compression, files) in alike {
            let plan = self
                .scan_alike(session, compression, files, cut, projection, limit)
                .await?;
            plans.push(plan);
        }
        match plans.len() {
            0 => {
                let schema = match projection {
                    Some(columns) => Arc::new(self.columns.table_schema.project(columns)?),
                    None => self.schema(),
                };
                Ok(Arc::new(EmptyExec::new(schema)))
            }
            1 => Ok(plans.swap_remove(0)),
            _ => UnionExec::try_new(plans),
        }
    }

    fn supports_filters_pushdown(
        &self,
        filters: &[&Expr],
    ) -> Result<Vec<TableProviderFilterPushDown>> {
        let names = self.partition_names();
        Ok(filters
            .iter()
            .map(|filter| {
                if !names.is_empty() && expr_applicable_for_cols(&names, filter) {
                    TableProviderFilterPushDown::Exact
                } else {
                    TableProviderFilterPushDown::Inexact
                }
            })
            .collect())
    }

    async fn insert_into(
        &self,
        session: &dyn Session,
        input: Arc<dyn ExecutionPlan>,
        op: InsertOp,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let [place] = self.source.selection.places.as_slice() else {
            return plan_err!(
                "table \"{}\" has several locations: insert into one of them",
                self.source.name
            );
        };
        if !place.folder || place.location.glob().is_some() {
            return plan_err!(
                "table \"{}\" is the file \"{}\": only a table that is a folder takes new rows",
                self.source.name,
                place.location
            );
        }
        let compression = self
            .source
            .selection
            .compression
            .unwrap_or(FileCompressionType::UNCOMPRESSED);
        let columns = self
            .source
            .partition_columns
            .iter()
            .map(|f| (f.name().clone(), f.data_type().clone()));
        let options = ListingOptions::new(self.source.kind.format(session, compression))
            .with_table_partition_cols(columns.collect());
        let url = ListingTableUrl::try_new(place.location.url().clone(), None)?;
        let config = ListingTableConfig::new(url)
            .with_listing_options(options)
            .with_schema(Arc::clone(&self.columns.file_schema));
        let folder = ListingTable::try_new(config)?;
        let plan = folder.insert_into(session, input, op).await?;
        insert::whole(plan.as_ref())
    }
}
