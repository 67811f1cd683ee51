//! Rights that are taken away are gone at once, for what was begun before as well.

use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Array};

use super::*;

/// Without orders, and without a place to write to.
const LESS: &str = r#"
[roles.german]
read = []
[roles.sales]
read = ["public.revenue"]
[roles.keeper]
read = ["sandbox.*"]
[roles.everything]
read = ["*"]
"#;

fn refused(what: &str, status: &Status) {
    assert!(
        matches!(
            status.code(),
            Code::NotFound | Code::PermissionDenied | Code::InvalidArgument
        ),
        "{what}: {status:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_begun_before_a_grant_was_taken_away_fails() {
    let guarded = shop().await;
    let (ada, mut client) = (raw(&guarded, "ada").await, client(&guarded, "ada").await);
    let sql = "CREATE TABLE sandbox.t (id BIGINT)".to_owned();
    client.execute_update(sql, None).await.unwrap();
    let count = "SELECT count(*) FROM orders";
    let mut plain = client.prepare(count.to_owned(), None).await.unwrap();
    let mut bound = client
        .prepare(
            "SELECT count(*) FROM orders WHERE amount > ?".to_owned(),
            None,
        )
        .await
        .unwrap();
    let number: ArrayRef = Arc::new(Int64Array::from(vec![0]));
    bound
        .set_parameters(RecordBatch::try_from_iter([("n", number)]).unwrap())
        .unwrap();
    let mut change = client
        .prepare("INSERT INTO sandbox.t VALUES (1)".to_owned(), None)
        .await
        .unwrap();
    let info = plain.execute().await.unwrap();
    fetch(&mut client, bound.execute().await.unwrap())
        .await
        .unwrap();
    change.execute_update().await.unwrap();
    let polled = ada.poll(statement(count)).await.unwrap().info.unwrap();
    let masked = ada.info("SELECT id FROM customers").await.unwrap();

    guarded.configure(&configuration(LESS)).await.unwrap();

    refused("prepared", &status(plain.execute().await.unwrap_err()));
    refused("with values", &status(bound.execute().await.unwrap_err()));
    refused(
        "a change",
        &status(change.execute_update().await.unwrap_err()),
    );
    for (what, info) in [("a ticket", &info), ("customers", &masked)] {
        let failed = fetch(&mut client, info.clone()).await.unwrap_err();
        refused(what, &status(failed));
    }
    // Its rows were read while they were allowed; whatever comes of it, it is not asked anew.
    drop(ada.read(&polled).await);
    refused(
        "polled again",
        &ada.poll(statement(count)).await.unwrap_err(),
    );
    let (code, _) = ada.query(count).await.unwrap_err();
    assert_eq!(code, Code::NotFound);
    assert_eq!(
        rows(
            &raw(&guarded, "bob").await,
            "SELECT count(*) FROM sandbox.t"
        )
        .await,
        ["1"]
    );
    assert_eq!(rows(&ada, "SELECT sum(total) FROM revenue").await, ["150"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn tickets_and_handles_end_with_the_roles_of_their_user() {
    let guarded = shop().await;
    let mut client = client(&guarded, "ada").await;
    let sql = "SELECT count(*) FROM orders".to_owned();
    let mut prepared = client.prepare(sql, None).await.unwrap();
    let info = prepared.execute().await.unwrap();
    let users = format!(
        "{ROLES}{}{}",
        user("ada", &["keeper"]),
        user("bob", &["everything"])
    );
    guarded.configure(&users).await.unwrap();
    let error = status(fetch(&mut client, info).await.unwrap_err());
    assert_eq!(error.code(), Code::PermissionDenied, "{error:?}");
    let error = status(prepared.execute().await.unwrap_err());
    assert_eq!(error.code(), Code::PermissionDenied, "{error:?}");
}
