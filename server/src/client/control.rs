//! The control service from the client's side.

use std::time::Duration;

use cohortql_proto::control::v1::{
    CancelQueryRequest, ListQueriesRequest, ListTablesRequest, VersionRequest,
};

use super::{Client, ClientError};

/// A table or view on the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RemoteTable {
    /// Its catalog.
    pub catalog: String,
    /// Its schema.
    pub schema: String,
    /// Its name.
    pub name: String,
    /// TABLE or VIEW.
    pub kind: String,
}

/// A query that the server is running.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RemoteQuery {
    /// Its name, for [`Client::cancel`].
    pub id: String,
    /// Its text.
    pub sql: String,
    /// How long it has been running.
    pub elapsed: Duration,
    /// Rows read or returned so far.
    pub rows: u64,
    /// Bytes read so far.
    pub bytes: u64,
    /// Whose it is; none on a server without users.
    pub user: Option<String>,
    /// Where it stands: `planning`, `queued` or `running`.
    pub phase: String,
}

/// What a server is built of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerVersion {
    /// Version of CohortQL.
    pub cohortql: String,
    /// Version of DataFusion.
    pub datafusion: String,
    /// Version of the Arrow libraries.
    pub arrow: String,
}

impl Client {
    /// The tables and views that this connection's session can name, in order.
    pub async fn tables(&self) -> Result<Vec<RemoteTable>, ClientError> {
        let request = ListTablesRequest {};
        let answer = self.control.clone().list_tables(request).await?;
        let tables = answer.into_inner().tables.into_iter();
        Ok(tables
            .map(|table| RemoteTable {
                catalog: table.catalog,
                schema: table.schema,
                name: table.name,
                kind: table.kind,
            })
            .collect())
    }

    /// The queries that the server is running, oldest first.
    pub async fn queries(&self) -> Result<Vec<RemoteQuery>, ClientError> {
        let request = ListQueriesRequest {};
        let answer = self.control.clone().list_queries(request).await?;
        let queries = answer.into_inner().queries.into_iter();
        Ok(queries
            .map(|query| RemoteQuery {
                id: query.id,
                sql: query.sql,
                elapsed: Duration::from_millis(query.elapsed_millis),
                rows: query.rows,
                bytes: query.bytes,
                user: Some(query.user).filter(|user| !user.is_empty()),
                phase: query.phase,
            })
            .collect())
    }

    /// Asks a query to stop; false when it was not running any more.
    pub async fn cancel(&self, id: &str) -> Result<bool, ClientError> {
        let request = CancelQueryRequest { id: id.to_owned() };
        let answer = self.control.clone().cancel_query(request).await?;
        Ok(answer.into_inner().cancelled)
    }

    /// What the server is built of.
    pub async fn version(&self) -> Result<ServerVersion, ClientError> {
        let answer = self.control.clone().version(VersionRequest {}).await?;
        let version = answer.into_inner();
        Ok(ServerVersion {
            cohortql: version.cohortql,
            datafusion: version.datafusion,
            arrow: version.arrow,
        })
    }
}
