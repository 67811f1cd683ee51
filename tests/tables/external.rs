//! `CREATE EXTERNAL TABLE`.

use super::Place;

#[tokio::test(flavor = "multi_thread")]
async fn declared_columns_and_partitions_hold() {
    let place = Place::new().await;
    place.write("t/region=01/a.csv", "id,price\n1,1.10\n2,2.20\n");
    place
        .rows(&format!(
            "CREATE EXTERNAL TABLE t (id BIGINT, price DECIMAL(10, 2), region VARCHAR) STORED AS CSV \
             PARTITIONED BY (region) LOCATION '{}'",
            place.path("t")
        ))
        .await;
    assert_eq!(
        place.rows("SELECT sum(price), min(region) FROM t").await,
        "3.30|01"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn existing_tables_are_kept_or_replaced() {
    let place = Place::new().await;
    let one = place.write("one.csv", "x\n1\n");
    let two = place.write("two.csv", "x\n2\n");
    let create = |how: &str, what: &str, path: &str| {
        format!("CREATE {how} EXTERNAL TABLE {what} t STORED AS CSV LOCATION '{path}'")
    };
    place.rows(&create("", "", &one)).await;
    let message = place.error(&create("", "", &two)).await;
    assert!(message.contains("exists already"), "{message}");
    place.rows(&create("", "IF NOT EXISTS", &two)).await;
    assert_eq!(place.rows("SELECT x FROM t").await, "1");
    place.rows(&create("OR REPLACE", "", &two)).await;
    assert_eq!(place.rows("SELECT x FROM t").await, "2");
}

#[tokio::test(flavor = "multi_thread")]
async fn credentials_and_unknown_options_are_refused() {
    let place = Place::new().await;
    let path = place.write("t.csv", "x\n1\n");
    let create = |option: &str| {
        format!(
            "CREATE EXTERNAL TABLE t STORED AS CSV LOCATION '{path}' OPTIONS ({option} 'hunter2')"
        )
    };
    let message = place.error(&create("'aws.secret_access_key'")).await;
    assert!(
        message.contains("cohortql.toml") && !message.contains("hunter2"),
        "{message}"
    );
    let message = place.error(&create("'delimeter'")).await;
    assert!(message.contains("did you mean \"delimiter\"?"), "{message}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_format_lists_the_known_ones() {
    let place = Place::new().await;
    let path = place.write("t.csv", "x\n1\n");
    let message = place
        .error(&format!(
            "CREATE EXTERNAL TABLE t STORED AS PARKET LOCATION '{path}'"
        ))
        .await;
    assert!(message.to_lowercase().contains("parket"), "{message}");
}
