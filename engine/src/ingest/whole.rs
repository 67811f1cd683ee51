//! A Delta table whose rows are replaced as a whole, or added to, with one commit.

use std::sync::Arc;
use std::time::Duration;

use arrow::datatypes::{Field, Fields, Schema};
use datafusion::catalog::TableProvider;

use super::columns::Columns;
use super::{Gate, Incoming, Rows};
use crate::formats::{DeltaWrite, TableDefinition, holds_delta};
use crate::runtime::Task;
use crate::stores::Location;
use crate::{EngineError, Progress, Session, formats};

/// Makes `rows` all that the Delta table at a location holds, and makes the table if there is none.
/// Readers see the rows from before until all of these are there. Returns how many there are.
///
/// # Errors
/// Whatever the rows or the store fail with; then the table is what it was.
pub(crate) async fn replace(
    session: &Session,
    table: &str,
    location: &Location,
    columns: &Schema,
    rows: Incoming,
) -> Result<u64, EngineError> {
    write(session, table, location, columns, rows, DeltaWrite::Replace).await
}

/// Adds `rows` to the Delta table at a location, and makes the table if there is none. Returns how
/// many there are.
///
/// # Errors
/// Whatever the rows or the store fail with; then the table is what it was.
pub(crate) async fn append(
    session: &Session,
    table: &str,
    location: &Location,
    columns: &Schema,
    rows: Incoming,
) -> Result<u64, EngineError> {
    write(session, table, location, columns, rows, DeltaWrite::Append).await
}

/// Writes to a table that is there as `onto` says.
async fn write(
    session: &Session,
    table: &str,
    location: &Location,
    columns: &Schema,
    rows: Incoming,
    onto: fn(Arc<dyn TableProvider>) -> DeltaWrite,
) -> Result<u64, EngineError> {
    let state = session.context().state();
    let batch_size = session.context().copied_config().batch_size();
    let progress = Arc::new(Progress::new(Duration::ZERO, session.limits().memory));
    let rows = Rows::new(
        Columns::for_delta(&nullable(columns))?,
        rows,
        batch_size,
        progress,
    );
    let (table, location) = (table.to_owned(), location.clone());
    let work = async move {
        let write = if holds_delta(&state, &location).await? {
            let definition = TableDefinition::delta(table, location)?;
            onto(formats::open(&state, &definition).await?)
        } else {
            DeltaWrite::New(location)
        };
        let written = write.run(&state, &rows, &Arc::new(Gate::default())).await;
        // What the rows failed with is the cause; what became of it below are its consequences.
        match rows.failure() {
            Some(failure) => Err(failure),
            None => written.map(|()| rows.count()),
        }
    };
    Task::spawn(session.shared().runtimes.compute(), work).await?
}

/// The same columns, NULL allowed in each: whether a plan can tell that there is none depends on
/// more than the query, and the table is to stay the same.
fn nullable(columns: &Schema) -> Schema {
    let fields = columns
        .fields()
        .iter()
        .map(|field| Field::new(field.name(), field.data_type().clone(), true));
    Schema::new(fields.collect::<Fields>())
}
