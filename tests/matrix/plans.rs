//! 1, 2 and 7 partitions, batches of 1, 2 and 8192 rows.

use cohortql_engine::Engine;

use super::{CUSTOMERS, ROWS, answers, assert_same, baseline};
use crate::support::{batches, orders};

#[tokio::test]
async fn partitions_and_batch_sizes_do_not_matter() {
    let wanted = baseline().await;
    for partitions in [1, 2, 7] {
        for batch_size in [1, 2, 8192] {
            let engine = Engine::builder()
                .target_partitions(partitions)
                .batch_size(batch_size)
                .build()
                .await
                .unwrap();
            let rows = orders(7, ROWS, CUSTOMERS);
            engine
                .register_batches("orders", None, batches(&rows, 100))
                .unwrap();
            assert_same(
                &format!("{partitions} partitions, batches of {batch_size}"),
                &answers(&engine).await,
                &wanted,
            );
        }
    }
}
