//! A client of this server: statements over Flight SQL, and the control service.
//!
//! ```no_run
//! # async fn example() -> Result<(), cohortql_server::ClientError> {
//! let client = cohortql_server::Client::connect("grpc://127.0.0.1:50051").await?;
//! let batches = client.query("SELECT 1 AS one").await?.collect().await?;
//! # Ok(())
//! # }
//! ```

mod address;
mod control;
mod error;
mod login;
mod stream;

use std::time::Duration;

use arrow::datatypes::Schema;
use arrow_flight::flight_service_client::FlightServiceClient;
use arrow_flight::sql::{
    CommandStatementQuery, CommandStatementUpdate, DoPutUpdateResult, ProstMessageExt,
};
use arrow_flight::{FlightData, FlightDescriptor, FlightInfo, Ticket};
use cohortql_proto::control::v1::control_client::ControlClient;
use futures::stream as streams;
use prost::Message;
use tonic::service::interceptor::InterceptedService;
use tonic::transport::{Channel, Endpoint};

pub use control::{RemoteQuery, RemoteTable, ServerVersion};
pub use error::ClientError;
pub use login::{ClientTls, ConnectOptions, Login};
pub use stream::RemoteStream;

/// Largest message taken from a server; schemas of very wide tables are larger than batches.
const MESSAGE_BYTES: usize = 64 << 20;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(30);

/// A connection to a server. Cloning is cheap and gives the same connection, and with it the
/// same session.
#[derive(Debug, Clone)]
pub struct Client {
    address: String,
    flight: FlightServiceClient<Connection>,
    control: ControlClient<Connection>,
}

/// A channel whose calls say who they come from.
type Connection = InterceptedService<Channel, login::Bearer>;

/// What a statement answers with.
#[derive(Debug)]
pub enum Answer {
    /// A query's rows.
    Rows(RemoteStream),
    /// How many rows a change affected.
    Affected(i64),
}

impl Client {
    /// Connects to `grpc://host:port`, without a login; `grpc+tcp://`, `http://` and no scheme mean
    /// the same, `grpc+tls://` and `https://` encrypt, and the port is 50051 unless given.
    pub async fn connect(uri: &str) -> Result<Self, ClientError> {
        Self::connect_with(uri, &ConnectOptions::default()).await
    }

    /// Connects, and logs in where the options say as whom.
    pub async fn connect_with(uri: &str, options: &ConnectOptions) -> Result<Self, ClientError> {
        let address = address::address(uri)?;
        let wrong = |reason: String| ClientError::Address {
            given: uri.to_owned(),
            reason,
        };
        let scheme = match (address.is_encrypted, options.tls.is_set()) {
            (true, _) => "https",
            (false, false) => "http",
            (false, true) => {
                let reason = "certificates are for grpc+tls://host:port";
                return Err(wrong(reason.to_owned()));
            }
        };
        let authority = address.authority;
        let mut endpoint = Endpoint::from_shared(format!("{scheme}://{authority}"))
            .map_err(|error| wrong(error.to_string()))?
            .connect_timeout(CONNECT_TIMEOUT)
            .http2_keep_alive_interval(KEEPALIVE_INTERVAL)
            .keep_alive_while_idle(true);
        if address.is_encrypted {
            endpoint = endpoint
                .tls_config(options.tls.config())
                .map_err(|error| wrong(error::root_cause(&error)))?;
        }
        let channel = endpoint
            .connect()
            .await
            .map_err(|error| ClientError::unreachable(&authority, &error))?;
        let bearer = match &options.login {
            None => login::Bearer::default(),
            Some(login) => login.exchange(channel.clone()).await?,
        };
        let channel = InterceptedService::new(channel, bearer);
        Ok(Self {
            address: authority,
            flight: FlightServiceClient::new(channel.clone())
                .max_decoding_message_size(MESSAGE_BYTES)
                .max_encoding_message_size(MESSAGE_BYTES),
            control: ControlClient::new(channel).max_decoding_message_size(MESSAGE_BYTES),
        })
    }

    /// Where the server is, as `host:port`.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Runs one statement, whichever kind it is. A change has happened when this returns.
    pub async fn execute(&self, sql: &str) -> Result<Answer, ClientError> {
        let info = self.info(sql).await?;
        let schema = info
            .clone()
            .try_decode_schema()
            .map_err(|error| ClientError::Protocol(format!("the schema is malformed: {error}")))?;
        if schema.fields().is_empty() && info.total_records >= 0 {
            return Ok(Answer::Affected(info.total_records));
        }
        Ok(Answer::Rows(self.rows(info, schema).await?))
    }

    /// Runs a query. A change is run as well, and answers with no columns and no rows.
    pub async fn query(&self, sql: &str) -> Result<RemoteStream, ClientError> {
        match self.execute(sql).await? {
            Answer::Rows(rows) => Ok(rows),
            Answer::Affected(_) => Ok(RemoteStream::empty()),
        }
    }

    /// Runs a change and returns the number of rows affected; a query is an error.
    pub async fn update(&self, sql: &str) -> Result<i64, ClientError> {
        let command = CommandStatementUpdate {
            query: sql.to_owned(),
            transaction_id: None,
        };
        let descriptor = FlightDescriptor::new_cmd(command.as_any().encode_to_vec());
        let message = FlightData::new().with_descriptor(descriptor);
        let mut results = self
            .flight
            .clone()
            .do_put(streams::iter([message]))
            .await?
            .into_inner();
        let result = results.message().await?.ok_or_else(|| {
            ClientError::Protocol("the server did not say how many rows it changed".to_owned())
        })?;
        let result = DoPutUpdateResult::decode(result.app_metadata)
            .map_err(|error| ClientError::Protocol(error.to_string()))?;
        Ok(result.record_count)
    }

    async fn info(&self, sql: &str) -> Result<FlightInfo, ClientError> {
        let command = CommandStatementQuery {
            query: sql.to_owned(),
            transaction_id: None,
        };
        let descriptor = FlightDescriptor::new_cmd(command.as_any().encode_to_vec());
        let info = self.flight.clone().get_flight_info(descriptor).await?;
        Ok(info.into_inner())
    }

    async fn rows(&self, info: FlightInfo, schema: Schema) -> Result<RemoteStream, ClientError> {
        let mut tickets = info
            .endpoint
            .into_iter()
            .filter_map(|endpoint| endpoint.ticket);
        let (Some(ticket), None) = (tickets.next(), tickets.next()) else {
            return Err(ClientError::Protocol(
                "expected one endpoint, got none or several".to_owned(),
            ));
        };
        self.fetch(ticket, schema).await
    }

    async fn fetch(&self, ticket: Ticket, schema: Schema) -> Result<RemoteStream, ClientError> {
        let messages = self.flight.clone().do_get(ticket).await?.into_inner();
        Ok(RemoteStream::new(schema.into(), messages))
    }
}
