//! Bulk ingestion: a stream of record batches that becomes a table, or goes into one.
//!
//! [`Session::ingest`] finds out what is to become of the rows (`target`), brings each batch to the
//! table's columns (`columns`, `cast`) and hands them on as they come (`rows`), so that the
//! source waits for the table. Tables in memory take all rows at once at the end, Delta tables
//! with one commit, and files get their names when they are written. Until then a `gate` stands between the rows and the table: whoever stops the statement shuts it, and
//! then nothing has happened.

mod built;
mod cast;
mod columns;
mod gate;
mod request;
mod rows;
mod source;
mod target;
mod types;
mod unfinished;
mod warehouse;

use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use datafusion::catalog::TableProvider;
use datafusion::common::TableReference;
use datafusion::logical_expr::dml::InsertOp;
use datafusion::physical_plan::execute_stream;
use datafusion::physical_plan::streaming::StreamingTableExec;
use futures::stream::BoxStream;
use futures::{FutureExt, TryStreamExt};

use self::columns::Columns;
use self::source::Source;
use self::target::Target;
use crate::formats::{DeltaProvider, DeltaWrite};
use crate::queries::Running;
use crate::{EngineError, Session, StatementKind, TouchedTables, catalog, counting};

pub(crate) use self::built::{delta_columns, for_delta};
pub(crate) use self::cast::{castable, strict};
pub(crate) use self::gate::Gate;
pub use self::request::{IfExists, IfMissing, IngestRequest};
pub(crate) use self::rows::Rows;
pub(crate) use self::target::{full, table_folder};
pub(crate) use self::types::in_delta;
pub(crate) use self::warehouse::Warehouse;

/// Batches as they come from a client.
pub type Incoming = BoxStream<'static, Result<RecordBatch, EngineError>>;

impl Session {
    /// Puts rows into a table, or makes a table of them, and returns how many there were. All
    /// of them are in the table when this returns, and none when it fails, or when its future is
    /// dropped before the rows are handed over for good.
    ///
    /// Values that batches say once for many rows are written out, a batch or a part of it at a
    /// time. How much that comes to is up to whoever makes the batches.
    ///
    /// # Errors
    /// [`EngineError::AlreadyExists`] and [`EngineError::NotFound`] as the request asks for them;
    /// [`EngineError::Denied`] without the rights to write the table, or to make it;
    /// [`EngineError::Plan`] for columns that do not fit, [`EngineError::Execution`] for values
    /// that do not; [`EngineError::Conflict`] when another writer was faster; whatever `rows`
    /// fails with.
    pub async fn ingest(
        &self,
        request: IngestRequest,
        schema: SchemaRef,
        rows: Incoming,
    ) -> Result<u64, EngineError> {
        let never = std::future::pending();
        self.ingest_until(request, schema, rows, never).await
    }

    /// Does the same, and stops when `stop` resolves: with [`EngineError::Cancelled`] where nothing
    /// has happened, else with what becomes of the rows, which were handed over for good.
    ///
    /// # Errors
    /// Those of [`Self::ingest`].
    pub async fn ingest_until(
        &self,
        request: IngestRequest,
        schema: SchemaRef,
        rows: Incoming,
        stop: impl Future<Output = ()> + Send,
    ) -> Result<u64, EngineError> {
        let text = format!("INGEST INTO {request}");
        self.work_until(&text, stop, |session, running, gate| {
            async move { put(&session, &request, &schema, rows, gate, running).await }.boxed()
        })
        .await
    }
}

async fn put(
    session: &Session,
    request: &IngestRequest,
    schema: &SchemaRef,
    incoming: Incoming,
    gate: Arc<Gate>,
    running: &Running,
) -> Result<u64, EngineError> {
    let (place, target) = target::find(session, request).await?;
    let table = TableReference::partial(place.0.as_str(), place.1.as_str());
    let tables = TouchedTables {
        read: Vec::new(),
        written: vec![table.to_quoted_string()],
    };
    running.does(StatementKind::Change, Arc::new(tables));
    let state = session.context().state();
    let columns = match &target {
        Target::Memory { .. } => Columns::for_memory(schema)?,
        Target::NewDelta(_) | Target::ReplacedDelta(_) => Columns::for_delta(schema)?,
        Target::Grown(table) => {
            let wanted = match table.downcast_ref::<DeltaProvider>() {
                Some(delta) => delta.input_schema().await?,
                None => table.schema(),
            };
            Columns::onto(schema, &wanted, table.as_ref(), &place.1, &state)?
        }
    };
    let batch_size = session.context().copied_config().batch_size();
    let rows = Rows::new(columns, incoming, batch_size, Arc::clone(&running.progress));
    let written = match &target {
        Target::Memory { replaces } => in_memory(session, &place, &rows, &gate, *replaces).await,
        Target::NewDelta(location) => {
            let written = DeltaWrite::New(location.clone())
                .run(&state, &rows, &gate)
                .await;
            written.and_then(|()| {
                let catalog = &session.shared().catalog;
                catalog.keep_delta(&place, location)
            })
        }
        Target::ReplacedDelta(table) => {
            DeltaWrite::Replace(Arc::clone(table))
                .run(&state, &rows, &gate)
                .await
        }
        Target::Grown(table) => grown(session, table, &rows, &gate, running).await,
    };
    match (written, rows.failure()) {
        (Ok(()), None) => Ok(rows.count()),
        // What the rows failed with is the cause; what became of it below are its consequences.
        (_, Some(failure)) => Err(failure),
        (Err(EngineError::AlreadyExists { .. }), None) if request.if_exists != IfExists::Fail => {
            Err(EngineError::Conflict {
                message: format!(
                    "table {:?} was made by another writer meanwhile; send the rows again",
                    place.1
                ),
            })
        }
        (Err(failure), None) => Err(failure),
    }
}

async fn in_memory(
    session: &Session,
    place: &(String, String),
    rows: &Arc<Rows>,
    gate: &Gate,
    replaces: bool,
) -> Result<(), EngineError> {
    let pool = &session.context().runtime_env().memory_pool;
    let name = TableReference::partial(place.0.as_str(), place.1.as_str());
    let mut kept = catalog::Kept::new(&name, rows.schema(), pool);
    let mut stream = rows.read()?;
    while let Some(batch) = stream.try_next().await? {
        kept.add(batch)?;
    }
    let table = kept.into_table()?;
    gate.pass()?;
    session
        .shared()
        .catalog
        .keep_in_memory(place, table, replaces)
}

/// Rows for a table that is there. Without any, nothing is written.
async fn grown(
    session: &Session,
    table: &Arc<dyn TableProvider>,
    rows: &Arc<Rows>,
    gate: &Arc<Gate>,
    running: &Running,
) -> Result<(), EngineError> {
    let context = session.context();
    let state = context.state();
    if table.downcast_ref::<DeltaProvider>().is_some() {
        if rows.are_there().await? {
            let write = DeltaWrite::Append(Arc::clone(table));
            write.run(&state, rows, gate).await?;
        }
        return Ok(());
    }
    // The plan is made first, since not every table takes rows.
    let task = counting::task_context(context, &running.progress);
    let source = Arc::new(Source::new(Arc::clone(rows), Arc::clone(gate)));
    let input = StreamingTableExec::try_new(rows.schema(), vec![source], None, [], false, None)?;
    let plan = table
        .insert_into(&state, Arc::new(input), InsertOp::Append)
        .await?;
    if rows.are_there().await? {
        execute_stream(plan, task)?.try_collect::<Vec<_>>().await?;
    }
    Ok(())
}
