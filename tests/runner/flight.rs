//! The engine behind Flight SQL, in this process but over a socket.

use async_trait::async_trait;
use cohortql_server::{Answer, Client, ServeOptions, serve};
use sqllogictest::{AsyncDB, DBOutput};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use super::embedded;
use super::failure::Failure;
use super::render::{self, Column};
use super::variables::Variables;

/// A server with an engine of its own, on a port of its own; it ends when dropped.
pub(crate) struct Server {
    url: String,
    task: JoinHandle<()>,
}

impl Server {
    pub(crate) async fn start() -> Result<Self, Failure> {
        let engine = embedded::engine().await?;
        let listener = TcpListener::bind("127.0.0.1:0")
            .await
            .map_err(Failure::new)?;
        let url = format!("grpc://{}", listener.local_addr().map_err(Failure::new)?);
        let task = tokio::spawn(async move {
            let forever = std::future::pending();
            let served = serve(engine, listener, ServeOptions::default(), forever).await;
            served.unwrap();
        });
        Ok(Self { url, task })
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// One connection, and with it one session, of a server.
pub(crate) struct Remote {
    client: Client,
    variables: Variables,
}

impl Remote {
    pub(crate) async fn connect(url: &str, variables: Variables) -> Result<Self, Failure> {
        let client = Client::connect(url).await.map_err(Failure::new)?;
        Ok(Self { client, variables })
    }
}

#[async_trait]
impl AsyncDB for Remote {
    type Error = Failure;
    type ColumnType = Column;

    async fn run(&mut self, sql: &str) -> Result<DBOutput<Column>, Failure> {
        let sql = self.variables.substitute(sql);
        match self.client.execute(&sql).await.map_err(Failure::new)? {
            Answer::Rows(stream) => {
                let schema = stream.schema();
                let batches = stream.collect().await.map_err(Failure::new)?;
                render::rows(&schema, &batches)
            }
            Answer::Affected(count) => Ok(DBOutput::StatementComplete(count.unsigned_abs())),
        }
    }

    async fn shutdown(&mut self) {}

    fn engine_name(&self) -> &str {
        "flight-sql"
    }
}
