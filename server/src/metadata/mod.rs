//! The tables of metadata: what drivers and tools ask to find their way around.
//!
//! Each has the schema that the specification gives it, whether it has rows or not. One command
//! is one line in [`schema`] and one in [`rows`].

mod columns;
mod conversions;
mod functions;
mod keys;
mod listing;
mod names;
mod pattern;
mod sql_info;
mod tables;
mod xdbc;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use arrow_flight::sql::Command;
use cohortql_engine::Session;
use cohortql_protocol::Types;
use futures::stream;

use crate::bound::Batches;
use crate::caller::Caller;
use crate::compute::compute;
use crate::deadline::within;
use crate::error::ServerError;
use crate::serve::ServeOptions;
use crate::sessions::TableTerm;

pub(crate) use listing::list;

/// The schema of a metadata command's table; none for other commands.
pub(crate) fn schema(command: &Command) -> Option<SchemaRef> {
    match command {
        Command::CommandGetCatalogs(_) => Some(names::catalogs_schema()),
        Command::CommandGetDbSchemas(_) => Some(names::schemas_schema()),
        Command::CommandGetTables(query) => Some(tables::schema(query.include_schema)),
        Command::CommandGetTableTypes(_) => Some(names::table_types_schema()),
        Command::CommandGetSqlInfo(_) => Some(sql_info::schema()),
        Command::CommandGetXdbcTypeInfo(_) => xdbc::schema(),
        Command::CommandGetPrimaryKeys(_) => Some(keys::primary_schema()),
        Command::CommandGetExportedKeys(_)
        | Command::CommandGetImportedKeys(_)
        | Command::CommandGetCrossReference(_) => Some(keys::foreign_schema()),
        _ => None,
    }
}

/// The table of a metadata command, as its schema and at most one batch.
pub(crate) async fn answer(
    caller: &Caller,
    options: &ServeOptions,
    command: &Command,
) -> Result<(SchemaRef, Batches), ServerError> {
    let schema = schema(command)
        .ok_or_else(|| ServerError::Internal("a ticket holds no metadata command".to_owned()))?;
    let asked = Asked {
        session: caller.session.clone(),
        types: caller.types,
        term: caller.open.table_term(),
        options: options.clone(),
        command: command.clone(),
    };
    let work = async move { rows(&asked).await };
    let batch = within(caller.deadline, compute(&caller.engine, work)).await?;
    Ok((schema, Box::pin(stream::iter([Ok(batch)]))))
}

/// A command, and how its table is to be made.
struct Asked {
    session: Session,
    types: Types,
    term: TableTerm,
    options: ServeOptions,
    command: Command,
}

async fn rows(asked: &Asked) -> Result<RecordBatch, ServerError> {
    let Asked {
        session,
        types,
        term,
        options,
        command,
    } = asked;
    match command {
        Command::CommandGetCatalogs(_) => names::catalogs(session),
        Command::CommandGetDbSchemas(query) => names::schemas(session, query),
        Command::CommandGetTables(query) => tables::rows(session, query, *types, *term).await,
        Command::CommandGetTableTypes(_) => names::table_types(*term),
        Command::CommandGetSqlInfo(query) => sql_info::rows(session, options, &query.info),
        Command::CommandGetXdbcTypeInfo(query) => xdbc::rows(query.data_type),
        Command::CommandGetPrimaryKeys(query) => keys::primary(session, query).await,
        // DataFusion has no way to declare a foreign key.
        _ => Ok(RecordBatch::new_empty(keys::foreign_schema())),
    }
}
