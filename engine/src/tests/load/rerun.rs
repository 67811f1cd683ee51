//! Loads that come again, and loads that come together.

use futures::future::join_all;

use super::{Shop, by_id, merging, replacing, with_columns};
use crate::EngineError;
use crate::load::LoadRequest;

#[tokio::test]
async fn files_are_appended_once() {
    let shop = Shop::new().await;
    let request = with_columns(shop.file("a.csv", "id\n1\nx\n"), "id BIGINT");
    let first = shop.load(request.clone()).await.unwrap();
    assert!(!first.was_loaded);
    let second = shop.load(request.clone()).await.unwrap();
    assert!(second.was_loaded);
    assert_eq!((second.id, second.counts.read), (first.id, 0));
    let count = "SELECT count(*) FROM orders";
    assert_eq!(shop.cells(count).await, "1");
    assert_eq!(
        shop.cells("SELECT count(*) FROM orders_quarantine").await,
        "1"
    );
    let again = LoadRequest {
        again: true,
        ..request.clone()
    };
    assert_eq!(shop.counts(again).await.inserted, 1);
    assert_eq!(shop.cells(count).await, "2");
    // The same file is in quarantine once.
    assert_eq!(
        shop.cells("SELECT count(*) FROM orders_quarantine").await,
        "1"
    );
    // Where other rows have replaced its own, they are not there any more.
    shop.counts(replacing(shop.file("b.csv", "id\n7\n"))).await;
    assert_eq!(shop.counts(request).await.inserted, 1);
    assert_eq!(shop.cells(count).await, "2");
}

#[tokio::test]
async fn a_name_of_ones_own_tells_loads_apart() {
    let shop = Shop::new().await;
    let named = |name: &str, text: &str, id: &str| LoadRequest {
        id: Some(id.to_owned()),
        ..shop.file(name, text)
    };
    assert_eq!(
        shop.counts(named("a.csv", "id\n1\n", "monday"))
            .await
            .inserted,
        1
    );
    let second = shop
        .load(named("b.csv", "id\n2\n", "monday"))
        .await
        .unwrap();
    assert!(second.was_loaded);
    assert_eq!(
        shop.counts(named("b.csv", "id\n2\n", "tuesday"))
            .await
            .inserted,
        1
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_loads_at_once_each_is_whole_or_told_to_come_again() {
    let shop = Shop::new().await;
    let columns = "id BIGINT, n BIGINT";
    shop.counts(with_columns(shop.file("0.csv", "id,n\n0,0\n"), columns))
        .await;
    let loads = (1..7).map(|number| {
        let text = format!("id,n\n{number},1\n{number}00,1\nx,2\n");
        let name = format!("{number}.csv");
        let request = shop.file(&name, &text);
        let request = match number % 2 {
            0 => merging(request, by_id()),
            _ => request,
        };
        let session = shop.engine.session();
        async move { (number, session.load(request).await) }
    });
    let mut ids = vec!["0".to_owned()];
    for (number, outcome) in join_all(loads).await {
        match outcome {
            Ok(loaded) => {
                assert_eq!((loaded.counts.inserted, loaded.counts.quarantined), (2, 1));
                ids.extend([number.to_string(), format!("{number}00")]);
            }
            Err(EngineError::Conflict { message }) => {
                assert!(message.ends_with("load again"), "{message}");
            }
            Err(other) => panic!("{other}"),
        }
    }
    assert!(ids.len() > 1);
    ids.sort();
    let found = shop
        .cells("SELECT id FROM orders ORDER BY id::VARCHAR")
        .await;
    assert_eq!(found, ids.join("\n"));
}
