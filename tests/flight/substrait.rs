//! Substrait plans in place of SQL, by every call that takes a statement.

use arrow_flight::sql::{
    ActionCreatePreparedStatementResult, ActionCreatePreparedSubstraitPlanRequest, Any, Command,
    CommandPreparedStatementQuery, CommandStatementSubstraitPlan, ProstMessageExt, SubstraitPlan,
};
use arrow_flight::{FlightDescriptor, IpcMessage};
use datafusion_substrait::logical_plan::producer::to_substrait_plan;
use futures::TryStreamExt;
use prost::Message;
use tonic::Code;

use super::raw::Raw;
use super::server::TestServer;
use crate::support::cells;

async fn server_with_orders() -> TestServer {
    let server = TestServer::start().await;
    let sql = "CREATE TABLE orders AS SELECT * FROM (VALUES (1, 'ada', 10.5), (2, 'bob', 20.0), \
               (3, 'ada', 30.25)) AS v(id, customer, amount)";
    server.engine.sql(sql).await.unwrap();
    server
}

/// What a query is in Substrait.
async fn plan(server: &TestServer, sql: &str) -> SubstraitPlan {
    let session = server.engine.default_session();
    let statements = session.parse(sql).unwrap();
    let planned = session.plan(&statements[0]).await.unwrap();
    let state = session.context().state();
    let plan = state.optimize(planned.logical_plan()).unwrap();
    let plan = to_substrait_plan(&plan, &state).unwrap();
    SubstraitPlan {
        plan: plan.encode_to_vec().into(),
        version: "0.85.0".to_owned(),
    }
}

fn command(plan: Option<SubstraitPlan>) -> FlightDescriptor {
    let command = CommandStatementSubstraitPlan {
        plan,
        transaction_id: None,
    };
    FlightDescriptor::new_cmd(command.as_any().encode_to_vec())
}

const TOTALS: &str =
    "SELECT customer, sum(amount) AS total FROM orders GROUP BY customer ORDER BY customer";

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_is_described_run_and_polled_like_a_query() {
    let server = server_with_orders().await;
    let raw = Raw::of(&server).await;
    let descriptor = command(Some(plan(&server, TOTALS).await));
    let schema = raw.client.clone().get_schema(descriptor.clone()).await;
    let schema = IpcMessage(schema.unwrap().into_inner().schema);
    let schema = arrow::datatypes::Schema::try_from(schema).unwrap();
    let info = raw.client.clone().get_flight_info(descriptor.clone()).await;
    let info = info.unwrap().into_inner();
    assert_eq!(info.clone().try_decode_schema().unwrap(), schema);
    let polled = raw.poll(descriptor).await.unwrap().info.unwrap();
    for info in [info, polled] {
        let batches: Vec<_> = raw.read(&info).await.unwrap().try_collect().await.unwrap();
        assert_eq!(*batches[0].schema(), schema);
        assert_eq!(
            cells(&batches).unwrap(),
            [["ada", "40.75"], ["bob", "20.0"]]
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_is_prepared_and_sees_the_rows_that_there_are_then() {
    let server = server_with_orders().await;
    let raw = Raw::of(&server).await;
    let request = ActionCreatePreparedSubstraitPlanRequest {
        plan: Some(plan(&server, TOTALS).await),
        transaction_id: None,
    };
    let (body, _) = raw
        .action(
            "CreatePreparedSubstraitPlan",
            request.as_any().encode_to_vec(),
        )
        .await
        .unwrap();
    let any = Any::decode(body.as_slice()).unwrap();
    let Ok(Command::ActionCreatePreparedStatementResult(created)) = Command::try_from(any) else {
        panic!("expected a prepared statement");
    };
    let ActionCreatePreparedStatementResult {
        prepared_statement_handle,
        dataset_schema,
        ..
    } = created;
    assert!(!dataset_schema.is_empty());
    let insert = "INSERT INTO orders VALUES (4, 'cleo', 1.0)";
    server.engine.sql(insert).await.unwrap();
    let query = CommandPreparedStatementQuery {
        prepared_statement_handle,
    };
    let descriptor = FlightDescriptor::new_cmd(query.as_any().encode_to_vec());
    let info = raw.client.clone().get_flight_info(descriptor).await;
    let info = info.unwrap().into_inner();
    let batches: Vec<_> = raw.read(&info).await.unwrap().try_collect().await.unwrap();
    assert_eq!(cells(&batches).unwrap().len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_plan_or_changes_nothing_is_refused() {
    let server = server_with_orders().await;
    let raw = Raw::of(&server).await;
    let no_plan = SubstraitPlan {
        plan: "SELECT 1".into(),
        version: String::new(),
    };
    for nothing in [None, Some(no_plan)] {
        let error = raw.client.clone().get_flight_info(command(nothing)).await;
        let error = error.unwrap_err();
        assert_eq!(error.code(), Code::InvalidArgument);
        let message = error.message();
        assert!(message.contains("expected a Substrait plan"), "{message}");
    }
    let update = arrow_flight::FlightData {
        flight_descriptor: Some(command(Some(plan(&server, TOTALS).await))),
        ..Default::default()
    };
    let update = futures::stream::iter([update]);
    let error = raw.client.clone().do_put(update).await.unwrap_err();
    assert_eq!(error.code(), Code::InvalidArgument);
    assert!(error.message().contains("got a query"), "{error}");
}
