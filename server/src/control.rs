//! The control service: what the shell's backslash commands ask of a server.

use std::time::SystemTime;

use cohortql_engine::QueryId;
use cohortql_proto::control::v1::control_server::Control;
use cohortql_proto::control::v1::{
    CancelQueryRequest, CancelQueryResponse, ListQueriesRequest, ListQueriesResponse,
    ListTablesRequest, ListTablesResponse, Query, Table, VersionRequest, VersionResponse,
};
use tonic::{Request, Response, Status};

use crate::caller::Caller;
use crate::compute::compute;
use crate::deadline::within;
use crate::error::ServerError;
use crate::metadata;
use crate::sessions::TableTerm;

/// Characters of a statement's text that are shown.
const SHOWN_CHARACTERS: usize = 4_000;

/// The service; everything it tells comes from the caller's connection.
pub(crate) struct ControlService;

#[tonic::async_trait]
impl Control for ControlService {
    async fn list_tables(
        &self,
        request: Request<ListTablesRequest>,
    ) -> Result<Response<ListTablesResponse>, Status> {
        let caller = Caller::of(&request)?;
        let session = caller.session.clone();
        let work = async move { Ok(metadata::list(&session, |_, _, _| true).await) };
        let listed = within(caller.deadline, compute(&caller.engine, work)).await?;
        let tables = listed.into_iter().map(|table| Table {
            kind: table.kind.name(TableTerm::Table).to_owned(),
            catalog: table.catalog,
            schema: table.schema,
            name: table.name,
        });
        Ok(Response::new(ListTablesResponse {
            tables: tables.collect(),
        }))
    }

    async fn list_queries(
        &self,
        request: Request<ListQueriesRequest>,
    ) -> Result<Response<ListQueriesResponse>, Status> {
        let caller = Caller::of(&request)?;
        let now = SystemTime::now();
        let session = &caller.session;
        let queries = session.queries().into_iter().map(|query| {
            let elapsed = now.duration_since(query.started).unwrap_or_default();
            let (rows, bytes) = session.reads(&query).unwrap_or_default();
            Query {
                id: query.id.to_string(),
                sql: query.sql.chars().take(SHOWN_CHARACTERS).collect(),
                elapsed_millis: u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX),
                rows: rows.max(query.progress.rows_returned()),
                bytes,
                phase: query.phase().to_string(),
                user: query.principal.unwrap_or_default(),
            }
        });
        Ok(Response::new(ListQueriesResponse {
            queries: queries.collect(),
        }))
    }

    async fn cancel_query(
        &self,
        request: Request<CancelQueryRequest>,
    ) -> Result<Response<CancelQueryResponse>, Status> {
        let caller = Caller::of(&request)?;
        let id: QueryId = request.get_ref().id.parse().map_err(ServerError::Engine)?;
        let cancelled = caller.session.cancel(&id);
        Ok(Response::new(CancelQueryResponse { cancelled }))
    }

    async fn version(
        &self,
        _request: Request<VersionRequest>,
    ) -> Result<Response<VersionResponse>, Status> {
        Ok(Response::new(VersionResponse {
            cohortql: env!("CARGO_PKG_VERSION").to_owned(),
            datafusion: datafusion::DATAFUSION_VERSION.to_owned(),
            arrow: arrow::ARROW_VERSION.to_owned(),
        }))
    }
}
