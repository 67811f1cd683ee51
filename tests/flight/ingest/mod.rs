//! Bulk ingestion as clients see it.

mod adbc;
mod broken;
mod modes;
mod stopped;
mod volume;

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Array, RecordBatch, StringArray};
use arrow_flight::encode::FlightDataEncoderBuilder;
use arrow_flight::error::FlightError;
use arrow_flight::sql::client::FlightSqlServiceClient;
use arrow_flight::sql::{
    Any, CommandStatementIngest, ProstMessageExt, TableDefinitionOptions, TableExistsOption,
    TableNotExistOption,
};
use arrow_flight::{FlightData, FlightDescriptor};
use cohortql_engine::{Config, Engine};
use cohortql_server::ServeOptions;
use futures::{TryStreamExt, stream};
use prost::Message;
use tonic::transport::Channel;

use super::server::TestServer;
use crate::support::lines;

type Flight = FlightSqlServiceClient<Channel>;

const CREATE: (TableNotExistOption, TableExistsOption) =
    (TableNotExistOption::Create, TableExistsOption::Fail);
const APPEND: (TableNotExistOption, TableExistsOption) =
    (TableNotExistOption::Fail, TableExistsOption::Append);
const REPLACE: (TableNotExistOption, TableExistsOption) =
    (TableNotExistOption::Create, TableExistsOption::Replace);
const CREATE_APPEND: (TableNotExistOption, TableExistsOption) =
    (TableNotExistOption::Create, TableExistsOption::Append);

fn command(
    table: &str,
    (missing, exists): (TableNotExistOption, TableExistsOption),
) -> CommandStatementIngest {
    CommandStatementIngest {
        table_definition_options: Some(TableDefinitionOptions {
            if_not_exist: missing.into(),
            if_exists: exists.into(),
        }),
        table: table.to_owned(),
        options: HashMap::new(),
        ..CommandStatementIngest::default()
    }
}

fn rows(ids: std::ops::Range<i64>) -> RecordBatch {
    let names = ids.clone().map(|id| format!("n{id}"));
    let names: ArrayRef = Arc::new(StringArray::from_iter_values(names));
    let ids: ArrayRef = Arc::new(Int64Array::from_iter_values(ids));
    RecordBatch::try_from_iter([("id", ids), ("name", names)]).unwrap()
}

/// The messages of an ingestion.
async fn messages(command: CommandStatementIngest, batches: Vec<RecordBatch>) -> Vec<FlightData> {
    let any: Any = command.as_any();
    FlightDataEncoderBuilder::new()
        .with_flight_descriptor(Some(FlightDescriptor::new_cmd(any.encode_to_vec())))
        .build(stream::iter(batches.into_iter().map(Ok)))
        .try_collect()
        .await
        .unwrap()
}

async fn ingest(
    client: &mut Flight,
    command: CommandStatementIngest,
    batches: Vec<RecordBatch>,
) -> Result<i64, FlightError> {
    let batches = stream::iter(batches.into_iter().map(Ok));
    client.execute_ingest(command, batches).await
}

/// A server that keeps what is sent in a folder.
async fn with_warehouse(folder: &tempfile::TempDir) -> TestServer {
    let warehouse = folder.path().join("warehouse").display().to_string();
    with_config(&format!("[ingest]\nlocation = {warehouse:?}")).await
}

async fn with_config(config: &str) -> TestServer {
    let engine = Engine::builder()
        .target_partitions(2)
        .config(Config::parse(config).unwrap())
        .build()
        .await
        .unwrap();
    TestServer::over(engine, ServeOptions::default()).await
}

/// The answer of a query to the engine behind the server, one line a row.
async fn answer(server: &TestServer, sql: &str) -> String {
    lines(&server.engine, sql).await.unwrap().join("\n")
}
