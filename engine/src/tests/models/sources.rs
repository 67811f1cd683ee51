//! Sources: columns of files made those that models read.

use super::{open, project};
use crate::tests::{cells, failure};

#[tokio::test(flavor = "multi_thread")]
async fn columns_are_found_by_name_mapped_and_typed() {
    let folder = project(
        "[sources.orders]\nlocation = 'sales.csv'\nsoft_delete_column = 'gone'\n\
         [sources.orders.columns]\norder_id = \"shop || '-' || CAST(no AS VARCHAR)\"\n\
         ordered_at = 'Day'\namount = 'CAST(cents AS DECIMAL(18, 2)) / 100'\n",
        &[(
            "sales.csv",
            "shop,no,Day,cents,STATUS,gone\na,1,2024-01-02,250,paid,false\nb,2,2024-01-03,1,,true\n",
        )],
    );
    let engine = open(&folder).await.unwrap();
    let session = engine.default_session();
    assert_eq!(
        cells(session, "SELECT * FROM source.orders").await,
        "a-1,,2024-01-02T00:00:00,paid,2.50"
    );
    let types = "SELECT column_name, data_type FROM information_schema.columns \
                 WHERE table_schema = 'source' AND table_name = 'orders'";
    let types = cells(session, types).await;
    assert!(types.contains("amount,Decimal128(18, 2)"), "{types}");
    assert!(types.contains("status,Utf8"), "{types}");
}

#[tokio::test(flavor = "multi_thread")]
async fn nested_events_are_mapped_by_expressions() {
    let folder = project(
        "[sources.events]\nlocation = 'events.ndjson'\n\
         [sources.events.columns]\nevent_time = 'to_timestamp_micros(event_timestamp)'\n\
         event_type = \"CASE event_name WHEN 'view_item' THEN 'view' ELSE event_name END\"\n\
         user_id = 'user_pseudo_id'\nuser_session = \"array_first(event_params, p -> p['key'] = 'ga_session_id')['value']['int_value']\"\n\
         product_id = \"items[1]['item_id']\"\n",
        &[(
            "events.ndjson",
            "{\"event_timestamp\":1704067200000000,\"event_name\":\"view_item\",\
             \"user_pseudo_id\":\"u\",\"event_params\":[{\"key\":\"page\",\"value\":{\"string_value\":\"/\"}},\
             {\"key\":\"ga_session_id\",\"value\":{\"int_value\":7}}],\
             \"items\":[{\"item_id\":\"p\"}]}\n",
        )],
    );
    let engine = open(&folder).await.unwrap();
    let read =
        "SELECT event_time, event_type, user_id, user_session, product_id FROM source.events";
    assert_eq!(
        cells(engine.default_session(), read).await,
        "2024-01-01T00:00:00,view,u,7,p"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_that_nothing_declares_has_the_columns_of_its_files() {
    let folder = project(
        "[sources.visits]\nlocation = 'visits.csv'\n[sources.visits.columns]\ntwice = '2 * pages'",
        &[("visits.csv", "id,pages\n1,3\n")],
    );
    let engine = open(&folder).await.unwrap();
    assert_eq!(
        cells(engine.default_session(), "SELECT * FROM source.visits").await,
        "1,3,6"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_with_a_mapping_is_named() {
    let orders = ("orders.csv", "order_id,ordered_at\n1,2024-01-01\n");
    let folder = project(
        "[sources.orders]\nlocation = 'orders.csv'\n[sources.orders.columns]\namout = 'x'",
        &[orders],
    );
    let error = open(&folder).await.unwrap_err().to_string();
    assert!(
        error.starts_with(
            "sources.orders.columns: source \"orders\" has no column \"amout\"; did you mean \
             \"amount\"?; it has order_id"
        ),
        "{error}"
    );
    let folder = project(
        "[sources.orders]\nlocation = 'orders.csv'\n[sources.orders.columns]\namount = 'price * 2'",
        &[orders],
    );
    let engine = open(&folder).await.unwrap();
    let error = failure(engine.default_session(), "SELECT * FROM source.orders").await;
    assert!(
        error
            .to_string()
            .contains("sources.orders.columns.amount: "),
        "{error}"
    );
}
