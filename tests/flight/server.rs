//! A server in this process on a port of its own, and the ways to talk to it.

use std::time::Duration;

use arrow::array::RecordBatch;
use arrow::datatypes::{Schema, SchemaRef};
use arrow_flight::FlightInfo;
use arrow_flight::error::FlightError;
use arrow_flight::sql::client::FlightSqlServiceClient;
use cohortql_engine::Engine;
use cohortql_server::{Client, ServeOptions, ServerError, serve};
use futures::TryStreamExt;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tonic::transport::{Channel, Endpoint};
use tonic::{Code, Status};

/// Longer than anything here takes, so that a test which waits in vain fails.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// A running server; it stops when this is dropped.
pub(crate) struct TestServer {
    pub(crate) engine: Engine,
    pub(crate) address: String,
    stop: Option<oneshot::Sender<()>>,
    task: JoinHandle<Result<(), ServerError>>,
}

impl TestServer {
    pub(crate) async fn start() -> Self {
        Self::with(ServeOptions::default()).await
    }

    pub(crate) async fn with(options: ServeOptions) -> Self {
        let engine = Engine::builder()
            .target_partitions(2)
            .build()
            .await
            .unwrap();
        Self::over(engine, options).await
    }

    pub(crate) async fn over(engine: Engine, options: ServeOptions) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let (stop, stopped) = oneshot::channel();
        let served = engine.clone();
        let task = tokio::spawn(async move {
            serve(served, listener, options, async {
                let _ = stopped.await;
            })
            .await
        });
        Self {
            engine,
            address,
            stop: Some(stop),
            task,
        }
    }

    pub(crate) fn uri(&self) -> String {
        format!("grpc://{}", self.address)
    }

    /// Our own client, on a connection and so in a session of its own.
    pub(crate) async fn client(&self) -> Client {
        Client::connect(&self.uri()).await.unwrap()
    }

    /// The plain Flight SQL client of arrow-flight.
    pub(crate) async fn flight(&self) -> FlightSqlServiceClient<Channel> {
        FlightSqlServiceClient::new(self.channel().await)
    }

    pub(crate) async fn channel(&self) -> Channel {
        Endpoint::from_shared(format!("http://{}", self.address))
            .unwrap()
            .connect()
            .await
            .unwrap()
    }

    /// Asks the server to stop; waits until it has.
    pub(crate) async fn shut_down(mut self) -> Result<(), ServerError> {
        self.stop.take().unwrap().send(()).unwrap();
        tokio::time::timeout(PATIENCE, self.task)
            .await
            .unwrap()
            .unwrap()
    }
}

/// Fetches what a FlightInfo leads to: the schema promised and the one that came, which must be
/// equal, and the batches.
pub(crate) async fn fetch(
    client: &mut FlightSqlServiceClient<Channel>,
    info: FlightInfo,
) -> Result<(SchemaRef, Vec<RecordBatch>), FlightError> {
    let [endpoint] = info.endpoint.as_slice() else {
        panic!("one endpoint, got {}", info.endpoint.len());
    };
    assert!(endpoint.location.is_empty(), "the endpoint has no location");
    let ticket = endpoint.ticket.clone().unwrap();
    let promised: Schema = info.try_decode_schema().unwrap();
    let mut stream = client.do_get(ticket).await?;
    let mut batches = Vec::new();
    while let Some(batch) = stream.try_next().await? {
        assert!(batch.num_rows() > 0, "no empty batch is sent");
        assert_eq!(*batch.schema(), promised);
        batches.push(batch);
    }
    let came = stream.schema().unwrap();
    assert_eq!(**came, promised);
    Ok((came.clone(), batches))
}

/// Runs a query with arrow-flight's client.
pub(crate) async fn query(
    client: &mut FlightSqlServiceClient<Channel>,
    sql: &str,
) -> Result<(SchemaRef, Vec<RecordBatch>), FlightError> {
    let info = client.execute(sql.to_owned(), None).await?;
    fetch(client, info).await
}

/// The status in an error of arrow-flight's client.
pub(crate) fn status(error: FlightError) -> Status {
    match error {
        FlightError::Tonic(status) => *status,
        other => panic!("expected a status, got {other}"),
    }
}

/// What an error of arrow-flight's client says, and of which kind it is.
pub(crate) fn refusal(error: FlightError) -> (Code, String) {
    let status = status(error);
    (status.code(), status.message().to_owned())
}

/// Lets other tasks run until `condition` holds.
pub(crate) async fn until(what: &str, condition: impl AsyncFn() -> bool) {
    let waited = tokio::time::timeout(PATIENCE, async {
        while !condition().await {
            tokio::task::yield_now().await;
        }
    });
    assert!(waited.await.is_ok(), "waited in vain until {what}");
}
