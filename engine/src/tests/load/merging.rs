//! Merges: what becomes of rows whose key comes again, comes twice, or comes no more.

use super::{Shop, by_id, full, merging};
use crate::load::{Counts, LoadRequest, Merge};

const ALL: &str = "SELECT * FROM orders ORDER BY id";

#[tokio::test]
async fn rows_are_inserted_updated_and_left_alone() {
    let shop = Shop::new().await;
    shop.counts(shop.file("a.csv", "id,name\n1,a\n2,b\n3,c\n"))
        .await;
    let second = shop.file("b.csv", "id,name\n2,b\n3,C\n4,d\n");
    let counts = shop.counts(merging(second.clone(), by_id())).await;
    let expected = Counts {
        read: 3,
        inserted: 1,
        updated: 1,
        unchanged: 1,
        ..Counts::default()
    };
    assert_eq!(counts, expected);
    assert_eq!(shop.cells(ALL).await, "1,a\n2,b\n3,C\n4,d");
    // Once more, nothing changes, and no version is committed.
    let version = shop
        .cells("SELECT count(*) FROM orders VERSION AS OF 1")
        .await;
    let counts = shop.counts(merging(second, by_id())).await;
    assert_eq!((counts.unchanged, counts.read), (3, 3));
    assert_eq!(version, "4");
    let later = super::super::failure(shop.session(), "SELECT * FROM orders VERSION AS OF 2").await;
    assert!(later.to_string().contains("version 2"), "{later}");
}

#[tokio::test]
async fn a_merge_makes_the_table_too() {
    let shop = Shop::new().await;
    let first = shop.file("a.csv", "id,name\n1,a\n2,b\n");
    let counts = shop.counts(merging(first, full())).await;
    assert_eq!((counts.read, counts.inserted), (2, 2));
    assert_eq!(shop.cells(ALL).await, "1,a,false\n2,b,false");
}

#[tokio::test]
async fn the_later_of_two_rows_wins_where_something_says_which_it_is() {
    let shop = Shop::new().await;
    let text = "id,at,name\n1,2024-01-02,new\n1,2024-01-01,old\n2,,none\n2,2024-01-01,some\n\
                3,2024-01-01,first\n3,2024-01-01,last\n";
    let by_time = Merge {
        order_by: Some("at".to_owned()),
        ..by_id()
    };
    let counts = shop
        .counts(merging(shop.file("a.csv", text), by_time))
        .await;
    assert_eq!((counts.inserted, counts.duplicates), (3, 3));
    let names = shop.cells("SELECT name FROM orders ORDER BY id").await;
    assert_eq!(names, "new\nsome\nlast");
}

#[tokio::test]
async fn without_that_all_rows_of_the_key_are_put_aside() {
    let shop = Shop::new().await;
    shop.counts(shop.file("a.csv", "id,name\n1,a\n2,b\n")).await;
    let text = "id,name\n1,x\n1,y\n3,c\n";
    let loaded = shop
        .load(merging(shop.file("b.csv", text), full()))
        .await
        .unwrap();
    let counts = loaded.counts;
    assert_eq!((counts.inserted, counts.quarantined), (1, 2));
    // 1 is there, though nobody knows how; 2 is not.
    assert_eq!(counts.marked_deleted, 1);
    assert_eq!(shop.cells(ALL).await, "1,a,\n2,b,true\n3,c,false");
    let aside = "SELECT row_number, raw, reasons[1]['problem'] FROM orders_quarantine \
                 ORDER BY row_number";
    let why = "has the key (id) of another row of the load, and no --order-by says which is the \
               later one";
    // The cells of the test's table are parted by commas too.
    let expected =
        format!("2,{{\"id\":\"1\",\"name\":\"x\"}},{why}\n3,{{\"id\":\"1\",\"name\":\"y\"}},{why}");
    assert_eq!(shop.cells(aside).await, expected);
}

#[tokio::test]
async fn rows_that_come_no_more_are_marked_until_they_come_again() {
    let shop = Shop::new().await;
    let load =
        async |name: &str, text: &str| shop.counts(merging(shop.file(name, text), full())).await;
    load("a.csv", "id,name\n1,a\n2,b\n3,c\n").await;
    let counts = load("b.csv", "id,name\n1,a\n").await;
    assert_eq!((counts.unchanged, counts.marked_deleted), (1, 2));
    assert_eq!(shop.cells(ALL).await, "1,a,false\n2,b,true\n3,c,true");
    // Marked once, they are not marked again.
    let counts = load("c.csv", "id,name\n1,a\n3,c\n").await;
    assert_eq!(
        (counts.unchanged, counts.updated, counts.marked_deleted),
        (1, 1, 0)
    );
    assert_eq!(shop.cells(ALL).await, "1,a,false\n2,b,true\n3,c,false");
}

#[tokio::test]
async fn a_mark_that_the_source_has_is_kept() {
    let shop = Shop::new().await;
    let load =
        async |name: &str, text: &str| shop.counts(merging(shop.file(name, text), full())).await;
    load(
        "a.csv",
        "id,name,_deleted\n1,a,true\n2,b,false\n3,c,false\n",
    )
    .await;
    assert_eq!(shop.cells(ALL).await, "1,a,true\n2,b,false\n3,c,false");
    load("b.csv", "id,name,_deleted\n1,a,true\n2,b,true\n").await;
    assert_eq!(shop.cells(ALL).await, "1,a,true\n2,b,true\n3,c,true");
}

#[tokio::test]
async fn a_mark_that_nobody_has_yet_is_one() {
    let shop = Shop::new().await;
    let request = merging(shop.file("a.csv", "id,_deleted\n1,\n"), full());
    assert_eq!(shop.counts(request).await.inserted, 1);
    let request = merging(shop.file("b.csv", "id,_deleted\n2,true\n"), full());
    assert_eq!(shop.counts(request).await.marked_deleted, 1);
    assert_eq!(shop.cells(ALL).await, "1,true\n2,true");
}

#[tokio::test]
async fn a_row_that_does_not_fit_is_not_taken_for_deleted() {
    let shop = Shop::new().await;
    let typed = |request| super::with_columns(request, "id BIGINT, n BIGINT");
    let load = async |name: &str, text: &str| {
        shop.load(merging(typed(shop.file(name, text)), full()))
            .await
            .unwrap()
    };
    load("a.csv", "id,n\n1,1\n2,2\n3,3\n").await;
    let loaded = load("b.csv", "id,n\n1,1\n2,x\n").await;
    assert_eq!(
        (loaded.counts.quarantined, loaded.counts.marked_deleted),
        (1, 1)
    );
    assert_eq!(shop.cells(ALL).await, "1,1,false\n2,2,false\n3,3,true");
    // Of a row without a readable key nobody knows which row of the table it is.
    let loaded = load("c.csv", "id,n\nx,1\n").await;
    assert!(loaded.withheld_deletions);
    assert_eq!(loaded.counts.marked_deleted, 0);
    assert_eq!(shop.cells(ALL).await, "1,1,false\n2,2,false\n3,3,true");
}

#[tokio::test]
async fn columns_that_did_not_come_keep_their_values() {
    let shop = Shop::new().await;
    shop.counts(shop.file("a.csv", "id,name,city\n1,a,Bern\n"))
        .await;
    let second = shop.file("b.csv", "city,id\nBasel,1\nZug,2\n");
    let counts = shop.counts(merging(second, by_id())).await;
    assert_eq!((counts.updated, counts.inserted), (1, 1));
    assert_eq!(shop.cells(ALL).await, "1,a,Basel\n2,,Zug");
}

#[tokio::test]
async fn columns_may_come_with_a_merge() {
    let shop = Shop::new().await;
    shop.counts(shop.file("a.csv", "id,name\n1,a\n2,b\n")).await;
    let second = LoadRequest {
        add_columns: true,
        ..shop.file("b.csv", "id,at\n1,2024-01-01 10:00:00\n2,\n")
    };
    let counts = shop.counts(merging(second, by_id())).await;
    assert_eq!((counts.updated, counts.unchanged), (1, 1));
    assert_eq!(shop.cells(ALL).await, "1,a,2024-01-01T10:00:00\n2,b,");
}

#[tokio::test]
async fn a_table_whose_rows_share_keys_is_not_merged_into() {
    let shop = Shop::new().await;
    shop.counts(shop.file("a.csv", "id,name\n1,a\n1,b\n2,c\n"))
        .await;
    let second = shop.file("b.csv", "id,name\n1,x\n");
    let error = shop.refusal(merging(second, by_id())).await;
    assert!(error.contains("more than one row with id = 1"), "{error}");
    assert_eq!(shop.cells("SELECT count(*) FROM orders").await, "3");
    // Other keys can be told apart.
    let second = shop.file("c.csv", "id,name\n2,x\n");
    assert_eq!(shop.counts(merging(second, by_id())).await.updated, 1);
}
