//! Rows on their way into the Delta table of a build.

use std::sync::Arc;
use std::time::Duration;

use arrow::datatypes::{Field, Fields, Schema, SchemaRef};

use super::columns::Columns;
use super::{Incoming, Rows};
use crate::{EngineError, Progress, Session};

/// The columns of a Delta table for rows with these.
///
/// # Errors
/// When there can be none.
pub(crate) fn delta_columns(came: &Schema) -> Result<SchemaRef, EngineError> {
    let columns = Columns::for_delta(&nullable(came))?;
    Ok(Arc::clone(columns.schema()))
}

/// Brings rows to the columns of a Delta table.
///
/// # Errors
/// When there can be none.
pub(crate) fn for_delta(
    session: &Session,
    came: &Schema,
    rows: Incoming,
) -> Result<Arc<Rows>, EngineError> {
    let batch_size = session.context().copied_config().batch_size();
    let progress = Arc::new(Progress::new(Duration::ZERO, session.limits().memory));
    let columns = Columns::for_delta(&nullable(came))?;
    Ok(Rows::new(columns, rows, batch_size, progress))
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
