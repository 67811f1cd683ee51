//! The provider of a Delta table.
//!
//! deltalake's own provider is one snapshot for good. This one looks for newer
//! commits whenever it is scanned, once for each query, so that a query which
//! reads the table twice reads one version.

use std::fmt;
use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use async_trait::async_trait;
use chrono::{DateTime, Utc};
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::{exec_err, plan_err};
use datafusion::datasource::TableType;
use datafusion::error::Result;
use datafusion::logical_expr::dml::InsertOp;
use datafusion::logical_expr::{Expr, TableProviderFilterPushDown};
use datafusion::physical_plan::ExecutionPlan;
use deltalake::DeltaTable;
use deltalake::delta_datafusion::{DeltaScanConfig, DeltaScanNext};
use tokio::sync::Mutex;

use super::failure;
use super::history::History;
use crate::formats::contents::Identity;
use crate::formats::versions::{Version, Versioned};

/// Queries whose version is remembered; more at one moment may see a newer one
/// in their later scans.
const QUERIES_REMEMBERED: usize = 64;

/// A session and the start of one of its queries.
type Query = (String, Option<DateTime<Utc>>);

/// What all providers of one table share.
#[derive(Debug)]
struct State {
    newest: DeltaTable,
    queries: Vec<(Query, DeltaTable)>,
}

/// A Delta table with the columns it had when this provider was made.
pub(crate) struct DeltaProvider {
    name: String,
    location: String,
    state: Arc<Mutex<State>>,
    /// The version that is read for good, if not the newest.
    pinned: Option<DeltaTable>,
    schema: SchemaRef,
}

impl DeltaProvider {
    pub(super) fn new(name: String, location: String, table: DeltaTable) -> Result<Self> {
        let schema = scan_of(&table, &location)?.schema();
        let state = State {
            newest: table,
            queries: Vec::new(),
        };
        Ok(Self {
            name,
            location,
            state: Arc::new(Mutex::new(state)),
            pinned: None,
            schema,
        })
    }

    /// The table with the columns that the newest commit gives it.
    pub(crate) async fn current(&self) -> Result<Arc<dyn TableProvider>> {
        if let Some(pinned) = &self.pinned {
            return Ok(self.with(Some(pinned.clone()), self.schema()));
        }
        let newest = self.newest().await?;
        let schema = scan_of(&newest, &self.location)?.schema();
        Ok(self.with(None, schema))
    }

    /// What messages call it.
    pub(crate) fn location(&self) -> &str {
        &self.location
    }

    /// The table as the newest commit leaves it.
    pub(super) async fn newest(&self) -> Result<DeltaTable> {
        let mut state = self.state.lock().await;
        self.refresh(&mut state).await?;
        Ok(state.newest.clone())
    }

    async fn refresh(&self, state: &mut State) -> Result<()> {
        let updated = state.newest.update_state().await;
        updated.map_err(|error| failure(&self.location, error))
    }

    /// The version that a query reads: the newest when it first asks.
    async fn for_query(&self, session: &dyn Session) -> Result<DeltaTable> {
        if let Some(pinned) = &self.pinned {
            return Ok(pinned.clone());
        }
        let started = session.execution_props().query_execution_start_time;
        let query = (session.session_id().to_string(), started);
        let mut state = self.state.lock().await;
        if started.is_some()
            && let Some((_, table)) = state.queries.iter().find(|(q, _)| *q == query)
        {
            return Ok(table.clone());
        }
        self.refresh(&mut state).await?;
        let table = state.newest.clone();
        if state.queries.len() >= QUERIES_REMEMBERED {
            state.queries.remove(0);
        }
        state.queries.push((query, table.clone()));
        Ok(table)
    }

    /// The version that is read by who asks now.
    pub(super) async fn read_now(&self) -> Result<DeltaTable> {
        match &self.pinned {
            Some(pinned) => Ok(pinned.clone()),
            None => self.newest().await,
        }
    }

    /// The same table, read at one version for good.
    pub(super) fn fixed(&self, table: DeltaTable) -> Result<Arc<dyn TableProvider>> {
        let schema = scan_of(&table, &self.location)?.schema();
        Ok(self.with(Some(table), schema))
    }

    /// The same for all providers of one table that read the same of it.
    pub(super) fn read_by(&self) -> Identity {
        let pinned = self.pinned.as_ref().and_then(DeltaTable::version);
        (Arc::as_ptr(&self.state).addr(), pinned)
    }

    fn with(&self, pinned: Option<DeltaTable>, schema: SchemaRef) -> Arc<dyn TableProvider> {
        Arc::new(Self {
            name: self.name.clone(),
            location: self.location.clone(),
            state: Arc::clone(&self.state),
            pinned,
            schema,
        })
    }
}

/// The scan of one version, string partitions as plain strings.
pub(super) fn scan_of(table: &DeltaTable, location: &str) -> Result<DeltaScanNext> {
    let snapshot = table.snapshot().map_err(|error| failure(location, error))?;
    let config = DeltaScanConfig::new().with_wrap_partition_values(false);
    DeltaScanNext::new(snapshot.snapshot().clone(), config)
}

impl fmt::Debug for DeltaProvider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DeltaProvider")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

#[async_trait]
impl TableProvider for DeltaProvider {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    async fn scan(
        &self,
        session: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let table = self.for_query(session).await?;
        let scan = scan_of(&table, &self.location)?;
        let now = scan.schema();
        if now == self.schema {
            return scan.scan(session, projection, filters, limit).await;
        }
        // The columns changed after this plan was made: they are found by name.
        let all: Vec<usize> = (0..self.schema.fields().len()).collect();
        let wanted = projection.unwrap_or(&all);
        let mut columns = Vec::with_capacity(wanted.len());
        for index in wanted {
            let field = self.schema.field(*index);
            match now.column_with_name(field.name()) {
                Some((at, found)) if found.data_type() == field.data_type() => columns.push(at),
                _ => {
                    return exec_err!(
                        "column \"{}\" of table \"{}\" was changed or removed since the statement was \
                         planned; run it again",
                        field.name(),
                        self.name
                    );
                }
            }
        }
        scan.scan(session, Some(&columns), filters, limit).await
    }

    fn supports_filters_pushdown(
        &self,
        filters: &[&Expr],
    ) -> Result<Vec<TableProviderFilterPushDown>> {
        // Which files are read is decided with the version; each filter is
        // evaluated again above.
        Ok(vec![TableProviderFilterPushDown::Inexact; filters.len()])
    }

    async fn insert_into(
        &self,
        session: &dyn Session,
        input: Arc<dyn ExecutionPlan>,
        op: InsertOp,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        if self.pinned.is_some() {
            return plan_err!("an old version of table \"{}\" can't be changed", self.name);
        }
        let table = self.newest().await?;
        table
            .table_provider()
            .build()
            .await?
            .insert_into(session, input, op)
            .await
    }
}

#[async_trait]
impl Versioned for DeltaProvider {
    async fn at(&self, version: Version) -> Result<Arc<dyn TableProvider>> {
        let newest = self.newest().await?;
        let number = History::read(&newest, &self.location)
            .await?
            .resolve(&self.name, version)?;
        let mut table = DeltaTable::new(newest.log_store());
        table
            .load_version(number)
            .await
            .map_err(|error| failure(&self.location, error))?;
        self.fixed(table)
    }
}
