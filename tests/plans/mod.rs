//! The functions over random rows, whatever the plan: any number of partitions
//! and any batch size give what one pass by brute force gives.

mod brute_force;
mod histories;
mod reports;

use cohortql_engine::Engine;

use crate::support::{Order, batches, lines, orders};

/// Partitions, rows in a batch of the input, rows in a batch of the engine.
const PLANS: [(usize, usize, usize); 5] = [
    (1, 10_000, 8192),
    (2, 7, 8192),
    (3, 1, 1),
    (7, 13, 2),
    (5, 100, 64),
];

const SEEDS: [u64; 3] = [1, 20, 300];

/// Runs `sql` over several random tables `t` in every plan and compares its
/// lines with those of `expected`.
async fn check(sql: &str, expected: impl Fn(&[Order]) -> Vec<String>) {
    for seed in SEEDS {
        for count in [0, 1, 2, 700] {
            let rows = orders(seed, count, 40);
            let mut wanted = expected(&rows);
            wanted.sort();
            for (partitions, input_rows, batch_size) in PLANS {
                let engine = Engine::builder()
                    .target_partitions(partitions)
                    .batch_size(batch_size)
                    .build()
                    .await
                    .unwrap();
                let schema = batches(&orders(seed, 1, 1), 1)[0].schema();
                engine
                    .register_batches("t", Some(schema), batches(&rows, input_rows))
                    .unwrap();
                let mut got = lines(&engine, sql).await.unwrap();
                got.sort();
                assert_eq!(
                    got, wanted,
                    "seed {seed}, {count} rows, {partitions} partitions, batches of {input_rows} and {batch_size}: {sql}"
                );
            }
        }
    }
}

#[tokio::test]
async fn cohort_month_of_each_customer() {
    check(
        "SELECT customer, cohort_month(ts) FROM t GROUP BY customer",
        brute_force::cohort_months,
    )
    .await;
}

#[tokio::test]
async fn cohort_month_over_a_window_is_that_of_the_group() {
    check(
        "SELECT DISTINCT customer, cohort_month(ts) OVER (PARTITION BY customer) FROM t",
        brute_force::cohort_months,
    )
    .await;
}

#[tokio::test]
async fn rfm_score_of_each_store() {
    check(
        "SELECT store, s['customer'], s['recency_days'], s['frequency'], s['monetary'], s['score'] \
         FROM (SELECT store, unnest(rfm_score(customer, ts, amount)) AS s FROM t GROUP BY store)",
        |orders| brute_force::rfm(orders, false),
    )
    .await;
}

#[tokio::test]
async fn rfm_score_of_each_store_with_split_ties() {
    check(
        "SELECT store, s['customer'], s['recency_days'], s['frequency'], s['monetary'], s['score'] \
         FROM (SELECT store, unnest(rfm_score(customer, ts, amount, ties => 'split')) AS s FROM t GROUP BY store)",
        |orders| brute_force::rfm(orders, true),
    )
    .await;
}

#[tokio::test]
async fn ntile_segment_of_each_store() {
    check(
        "SELECT store, s['customer'], s['value'], s['segment'] \
         FROM (SELECT store, unnest(ntile_segment(customer, amount, 4)) AS s FROM t GROUP BY store)",
        brute_force::segments,
    )
    .await;
}

#[tokio::test]
async fn basket_lift_of_each_store() {
    check(
        "SELECT store, s['item_a'], s['item_b'], s['baskets_a'], s['baskets_b'], s['baskets_both'], s['baskets'], \
                round(s['lift'], 9) \
         FROM (SELECT store, unnest(basket_lift(order_id, item, 0.02)) AS s FROM t GROUP BY store)",
        brute_force::lifts,
    )
    .await;
}

#[tokio::test]
async fn rfm_report_over_everything() {
    check(
        "SELECT 'all', customer, recency_days, frequency, monetary, score \
         FROM rfm(t, customer => customer, ts => ts, amount => amount)",
        |orders| {
            let together: Vec<_> = orders
                .iter()
                .cloned()
                .map(|order| Order {
                    store: "all".to_string(),
                    ..order
                })
                .collect();
            brute_force::rfm(&together, false)
        },
    )
    .await;
}
