//! An ingestion whose session is closed: it has not happened, or it says what has become of it.

use std::fmt;

use arrow::datatypes::SchemaRef;
use arrow_flight::PutResult;
use arrow_flight::sql::DoPutUpdateResult;
use async_trait::async_trait;
use datafusion::catalog::{Session, TableProvider};
use datafusion::datasource::sink::{DataSink, DataSinkExec};
use datafusion::error::Result;
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::logical_expr::dml::InsertOp;
use datafusion::logical_expr::{Expr, TableType};
use datafusion::physical_plan::empty::EmptyExec;
use datafusion::physical_plan::{DisplayAs, DisplayFormatType, ExecutionPlan};
use futures::{Stream, StreamExt};
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tonic::{Code, Status};

use super::*;
use crate::flight::raw::{CLOSED, Raw};
use crate::flight::server::{PATIENCE, until};

/// A table that says when it has got all rows, and is done with them when it is told.
#[derive(Debug, Clone)]
struct Slow {
    schema: SchemaRef,
    got: Arc<Notify>,
    done: Arc<Notify>,
}

#[async_trait]
impl TableProvider for Slow {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    async fn scan(
        &self,
        _state: &dyn Session,
        _projection: Option<&Vec<usize>>,
        _filters: &[Expr],
        _limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        Ok(Arc::new(EmptyExec::new(Arc::clone(&self.schema))))
    }

    async fn insert_into(
        &self,
        _state: &dyn Session,
        input: Arc<dyn ExecutionPlan>,
        _how: InsertOp,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        Ok(Arc::new(DataSinkExec::new(
            input,
            Arc::new(self.clone()),
            None,
        )))
    }
}

#[async_trait]
impl DataSink for Slow {
    fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    async fn write_all(
        &self,
        mut data: SendableRecordBatchStream,
        _context: &Arc<TaskContext>,
    ) -> Result<u64> {
        let mut rows = 0;
        while let Some(batch) = data.try_next().await? {
            rows += batch.num_rows() as u64;
        }
        self.got.notify_one();
        self.done.notified().await;
        Ok(rows)
    }
}

impl DisplayAs for Slow {
    fn fmt_as(&self, _how: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Slow")
    }
}

/// Sends messages in the session of a connection.
fn put(
    raw: &Raw,
    messages: impl Stream<Item = FlightData> + Send + 'static,
) -> JoinHandle<Result<Option<PutResult>, Status>> {
    let (mut client, request) = (raw.client.clone(), raw.request(messages));
    tokio::spawn(async move {
        let mut answer = client.do_put(request).await?.into_inner();
        answer.try_next().await
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_that_are_handed_over_are_told_of_whatever_ends_meanwhile() {
    let server = TestServer::start().await;
    let slow = Slow {
        schema: rows(0..0).schema(),
        got: Arc::default(),
        done: Arc::default(),
    };
    server
        .engine
        .register_table("slow", Arc::new(slow.clone()))
        .unwrap();
    let raw = Raw::of(&server).await;
    let sent = messages(command("slow", APPEND), vec![rows(0..6)]).await;
    let answer = put(&raw, stream::iter(sent));
    let got = tokio::time::timeout(PATIENCE, slow.got.notified());
    got.await.unwrap();
    assert_eq!(raw.close().await.unwrap(), CLOSED);
    // Whoever is told now that it was stopped would send the rows again.
    raw.query("SELECT 1").await.unwrap();
    slow.done.notify_one();
    let told = answer.await.unwrap().unwrap().unwrap();
    let told = DoPutUpdateResult::decode(told.app_metadata).unwrap();
    assert_eq!(told.record_count, 6);
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_that_still_come_are_none_when_the_session_is_closed() {
    let folder = tempfile::TempDir::new().unwrap();
    let server = with_warehouse(&folder).await;
    for format in ["memory", "delta"] {
        let raw = Raw::of(&server).await;
        let mut asked = command("fresh", CREATE);
        asked.options = [("format".to_owned(), format.to_owned())].into();
        let sent = messages(asked, vec![rows(0..6)]).await;
        let answer = put(&raw, stream::iter(sent).chain(stream::pending()));
        until("the rows come in", async || {
            !server.engine.queries().is_empty()
        })
        .await;
        assert_eq!(raw.close().await.unwrap(), CLOSED);
        let told = answer.await.unwrap().unwrap_err();
        assert_eq!(
            (told.code(), told.message()),
            (Code::Cancelled, "the session was closed")
        );
        until("nothing runs", async || server.engine.queries().is_empty()).await;
        assert!(server.engine.sql("SELECT * FROM fresh").await.is_err());
    }
}
