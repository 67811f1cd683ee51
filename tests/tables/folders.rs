//! Folders: one table or several, partitions, mixed compressions.

use super::Place;

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_of_like_files_is_one_table() {
    let place = Place::new().await;
    place.write("sales/jan.csv", "id,amount\n1,10\n");
    place.write("sales/feb.csv", "id,amount\n2,2.5\n");
    place
        .copy(
            "SELECT 3 AS id, 1 AS amount",
            "sales/mar.csv.gz",
            "CSV",
            "OPTIONS ('format.has_header' 'true', 'format.compression' 'gzip')",
        )
        .await;
    place.write("sales/_SUCCESS", "");
    place.write("sales/README.md", "about");
    assert_eq!(place.register("sales").await, ["sales"]);
    assert_eq!(
        place.rows("SELECT count(*), sum(amount) FROM sales").await,
        "3|13.5"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_of_different_files_is_several_tables() {
    let place = Place::new().await;
    place.write("shop/customers.csv", "id,name\n1,ann\n");
    place.write("shop/orders/1.csv", "id,amount\n1,10\n");
    place.write("shop/orders/2.csv", "id,amount\n1,20\n");
    place
        .copy("SELECT 7 AS x", "shop/items.parquet", "PARQUET", "")
        .await;
    assert_eq!(
        place.register("shop").await,
        ["customers", "items", "orders"]
    );
    assert_eq!(
        place
            .rows("SELECT name, sum(amount) FROM orders JOIN customers USING (id) GROUP BY name")
            .await,
        "ann|30"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn two_things_of_one_name_are_refused() {
    let place = Place::new().await;
    place.write("d/a.csv", "x\n1\n");
    place.write("d/a.json", "{\"y\":1}\n");
    let message = place.refusal("d").await;
    assert!(message.contains("both be table \"a\""), "{message}");
}

#[tokio::test(flavor = "multi_thread")]
async fn partitions_are_found_typed_and_pruned() {
    let place = Place::new().await;
    for (dir, id) in [
        ("year=2023/shop=a%20b", 1),
        ("year=2024/shop=c", 2),
        ("year=2024/shop=__HIVE_DEFAULT_PARTITION__", 3),
    ] {
        place
            .copy(
                &format!("SELECT {id} AS id"),
                &format!("p/{dir}/x.parquet"),
                "PARQUET",
                "",
            )
            .await;
    }
    assert_eq!(place.register("p").await, ["p"]);
    assert_eq!(
        place
            .rows("SELECT id, year + 1, shop, arrow_typeof(shop) FROM p ORDER BY id")
            .await,
        "1|2024|a b|Utf8\n2|2025|c|Utf8\n3|2025||Utf8"
    );
    assert_eq!(place.rows("SELECT id FROM p WHERE shop IS NULL").await, "3");
    assert_eq!(
        place.rows("SELECT max(year), min(year) FROM p").await,
        "2024|2023"
    );
    let plan = place
        .rows("EXPLAIN SELECT id FROM p WHERE year = 2023")
        .await;
    assert!(!plan.contains("year=2024"), "{plan}");
}

#[tokio::test(flavor = "multi_thread")]
async fn globs_choose_files() {
    let place = Place::new().await;
    place.write("g/a_1.csv", "x\n1\n");
    place.write("g/a_2.csv", "x\n2\n");
    place.write("g/b_1.csv", "x\n4\n");
    assert_eq!(place.register("g/a_*.csv").await, ["a"]);
    assert_eq!(place.rows("SELECT sum(x) FROM a").await, "3");
}

#[tokio::test(flavor = "multi_thread")]
async fn parquet_files_may_lack_columns() {
    let place = Place::new().await;
    place
        .copy("SELECT 1 AS a, 'x' AS b", "u/1.parquet", "PARQUET", "")
        .await;
    place
        .copy("SELECT 2 AS a", "u/2.parquet", "PARQUET", "")
        .await;
    assert_eq!(place.register("u").await, ["u"]);
    assert_eq!(place.rows("SELECT a, b FROM u ORDER BY a").await, "1|x\n2|");
}
