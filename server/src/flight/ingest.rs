//! Bulk ingestion: the rows of a DoPut become a table, or go into one, while they arrive.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use arrow::array::RecordBatch;
use arrow_flight::sql::{CommandStatementIngest, TableExistsOption, TableNotExistOption};
use cohortql_engine::{EngineError, IfExists, IfMissing, IngestRequest};
use cohortql_protocol::{ProtocolError, Rows};
use futures::{FutureExt, Stream, StreamExt, stream};

use super::refusals;
use super::statement::updated;
use crate::caller::Caller;
use crate::deadline::within;
use crate::error::ServerError;

/// Why the stream from the client failed, of which the engine is told the words alone.
type Failure = Arc<Mutex<Option<ProtocolError>>>;

/// Takes the rows in, and answers with their number. When it is `ended` before, or the deadline
/// passes, that is the answer only if nothing has happened.
pub(super) async fn ingest(
    caller: &Caller,
    command: CommandStatementIngest,
    mut rows: Rows,
    ended: impl Future<Output = ServerError> + Send,
) -> Result<Vec<u8>, ServerError> {
    let request = request(command)?;
    let first = within(caller.deadline, rows.next()).await?;
    let schema = rows.schema().map(Arc::clone).ok_or_else(|| {
        ServerError::Invalid(
            "expected the schema of the rows after the command, got nothing".to_owned(),
        )
    })?;
    let failure = Failure::default();
    let rest = remaining(rows, Arc::clone(&failure));
    let incoming = stream::iter(first.map(Ok)).chain(rest).boxed();
    caller.stops_itself();
    let mut reason = None;
    let stop = async {
        let ended = within(caller.deadline, ended.map(Ok::<_, ServerError>));
        reason = Some(ended.await.unwrap_or_else(|late| late));
    };
    let session = &caller.session;
    let ingested = session.ingest_until(request, schema, incoming, stop).await;
    let count = ingested.map_err(|error| {
        let mut failed = failure.lock().unwrap_or_else(PoisonError::into_inner);
        match (failed.take(), reason, error) {
            (Some(failed), _, _) => failed.into(),
            (None, Some(reason), EngineError::Cancelled) => reason,
            (None, _, error) => error.into(),
        }
    })?;
    caller.call.add_rows(count);
    Ok(updated(i64::try_from(count).unwrap_or(i64::MAX)))
}

/// The rows that have not come yet. After a failure there are no more.
fn remaining(
    rows: Rows,
    failure: Failure,
) -> impl Stream<Item = Result<RecordBatch, EngineError>> + Send + 'static {
    stream::unfold(Some(rows), move |rows| {
        let failure = Arc::clone(&failure);
        async move {
            let mut rows = rows?;
            match rows.next().await {
                Ok(batch) => batch.map(|batch| (Ok(batch), Some(rows))),
                Err(error) => {
                    let message = error.to_string();
                    *failure.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
                    Some((Err(EngineError::Execution { message }), None))
                }
            }
        }
    })
}

/// What the command asks for, in the engine's words.
fn request(command: CommandStatementIngest) -> Result<IngestRequest, ServerError> {
    if command.transaction_id.is_some_and(|id| !id.is_empty()) {
        return Err(refusals::transactions());
    }
    if command.temporary {
        return Err(refusals::temporary());
    }
    let definition = command.table_definition_options.ok_or_else(|| {
        ServerError::Invalid(
            "expected what to do with the table (table_definition_options), got nothing".to_owned(),
        )
    })?;
    let if_missing = match definition.if_not_exist() {
        TableNotExistOption::Create => IfMissing::Create,
        TableNotExistOption::Fail => IfMissing::Fail,
        TableNotExistOption::Unspecified => return Err(unspecified("if_not_exist")),
    };
    let if_exists = match definition.if_exists() {
        TableExistsOption::Fail => IfExists::Fail,
        TableExistsOption::Append => IfExists::Append,
        TableExistsOption::Replace => IfExists::Replace,
        TableExistsOption::Unspecified => return Err(unspecified("if_exists")),
    };
    Ok(IngestRequest {
        catalog: command.catalog,
        schema: command.schema,
        table: command.table,
        if_missing,
        if_exists,
        options: BTreeMap::from_iter(command.options),
    })
}

fn unspecified(option: &str) -> ServerError {
    ServerError::Invalid(format!(
        "expected one of the values of {option}, got none that is known"
    ))
}

#[cfg(test)]
mod tests {
    use arrow_flight::sql::TableDefinitionOptions;
    use tonic::Code;

    use super::*;

    fn command(if_not_exist: i32, if_exists: i32) -> CommandStatementIngest {
        CommandStatementIngest {
            table: "t".to_owned(),
            table_definition_options: Some(TableDefinitionOptions {
                if_not_exist,
                if_exists,
            }),
            ..CommandStatementIngest::default()
        }
    }

    #[test]
    fn what_is_not_specified_is_refused() {
        for (missing, exists) in [(0, 1), (1, 0), (7, 1), (1, 9)] {
            let error = request(command(missing, exists)).unwrap_err();
            assert_eq!(error.code(), Code::InvalidArgument, "{error}");
        }
        let mut bare = command(1, 1);
        bare.table_definition_options = None;
        assert_eq!(request(bare).unwrap_err().code(), Code::InvalidArgument);
    }

    #[test]
    fn transactions_and_temporary_tables_are_refused() {
        let mut asked = command(1, 2);
        asked.temporary = true;
        assert_eq!(request(asked).unwrap_err().code(), Code::Unimplemented);
        let mut asked = command(1, 2);
        asked.transaction_id = Some("7".into());
        assert_eq!(request(asked).unwrap_err().code(), Code::Unimplemented);
        let asked = request(command(1, 3)).unwrap();
        assert_eq!(asked.if_missing, IfMissing::Create);
        assert_eq!(asked.if_exists, IfExists::Replace);
    }
}
