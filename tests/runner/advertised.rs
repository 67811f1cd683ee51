//! Flight SQL as a suspicious client uses it: every schema that is promised for a statement, by
//! GetSchema, by GetFlightInfo and by Prepare, must be the one that comes.

use arrow::datatypes::Schema;
use arrow_flight::FlightDescriptor;
use arrow_flight::error::FlightError;
use arrow_flight::sql::client::FlightSqlServiceClient;
use arrow_flight::sql::{CommandStatementQuery, ProstMessageExt};
use async_trait::async_trait;
use futures::TryStreamExt;
use prost::Message;
use sqllogictest::{AsyncDB, DBOutput};
use tonic::transport::{Channel, Endpoint};

use super::failure::Failure;
use super::render::{self, Column};
use super::variables::Variables;

/// One connection, and with it one session, of a server.
pub(crate) struct Suspicious {
    client: FlightSqlServiceClient<Channel>,
    variables: Variables,
}

impl Suspicious {
    pub(crate) async fn connect(url: &str, variables: Variables) -> Result<Self, Failure> {
        let address = url.replacen("grpc://", "http://", 1);
        let channel = Endpoint::from_shared(address)
            .map_err(Failure::new)?
            .connect()
            .await
            .map_err(Failure::new)?;
        Ok(Self {
            client: FlightSqlServiceClient::new(channel),
            variables,
        })
    }

    async fn answer(&mut self, sql: &str) -> Result<DBOutput<Column>, Failure> {
        let mut prepared = self.client.prepare(sql.to_owned(), None).await?;
        let promised = prepared.dataset_schema()?.clone();
        if promised.fields().is_empty() {
            let affected = prepared.execute_update().await?;
            prepared.close().await?;
            return Ok(DBOutput::StatementComplete(affected.unsigned_abs()));
        }
        prepared.close().await?;
        same("Prepare", &promised, "GetSchema", &self.schema(sql).await?)?;

        let info = self.client.execute(sql.to_owned(), None).await?;
        same(
            "Prepare",
            &promised,
            "GetFlightInfo",
            &info.clone().try_decode_schema()?,
        )?;
        let ticket = info
            .endpoint
            .into_iter()
            .find_map(|endpoint| endpoint.ticket);
        let ticket = ticket.ok_or_else(|| Failure::new("the answer has no ticket"))?;
        let mut stream = self.client.do_get(ticket).await?;
        let mut batches = Vec::new();
        while let Some(batch) = stream.try_next().await? {
            same("Prepare", &promised, "a batch", &batch.schema())?;
            batches.push(batch);
        }
        let came = stream.schema();
        let came = came.ok_or_else(|| Failure::new("the stream has no schema"))?;
        same("Prepare", &promised, "DoGet", came)?;
        render::rows(&promised, &batches)
    }

    async fn schema(&mut self, sql: &str) -> Result<Schema, Failure> {
        let command = CommandStatementQuery {
            query: sql.to_owned(),
            transaction_id: None,
        };
        let descriptor = FlightDescriptor::new_cmd(command.as_any().encode_to_vec());
        let answer = self.client.inner_mut().get_schema(descriptor).await;
        let answer = answer.map_err(|status| Failure::new(status.message()))?;
        Schema::try_from(answer.into_inner()).map_err(Failure::new)
    }
}

fn same(one: &str, promised: &Schema, other: &str, found: &Schema) -> Result<(), Failure> {
    if promised == found {
        return Ok(());
    }
    Err(Failure::new(format!(
        "{one} and {other} differ: {promised:?} and {found:?}"
    )))
}

impl From<FlightError> for Failure {
    fn from(error: FlightError) -> Self {
        match error {
            FlightError::Tonic(status) => Self::new(status.message()),
            other => Self::new(other),
        }
    }
}

impl From<arrow::error::ArrowError> for Failure {
    fn from(error: arrow::error::ArrowError) -> Self {
        Self::new(error)
    }
}

#[async_trait]
impl AsyncDB for Suspicious {
    type Error = Failure;
    type ColumnType = Column;

    async fn run(&mut self, sql: &str) -> Result<DBOutput<Column>, Failure> {
        let sql = self.variables.substitute(sql);
        self.answer(&sql).await
    }

    async fn shutdown(&mut self) {}

    fn engine_name(&self) -> &str {
        "flight-sql"
    }
}
