//! Under a memory pool that is too small, queries spill and answer the same.

use std::sync::Arc;

use cohortql_engine::Engine;
use datafusion::physical_plan::{ExecutionPlan, collect};

use crate::support::{batches, cells, orders};

const ROWS: usize = 300_000;
const CUSTOMERS: i64 = 200_000;

/// One group per customer, in each of the ways that the reports take, with a
/// memory in MiB that holds a part of the state only.
const QUERIES: [(u64, &str); 4] = [
    (
        24,
        "SELECT cohort, count(*) FROM (SELECT customer, cohort_month(ts) AS cohort FROM orders GROUP BY customer) \
         GROUP BY cohort ORDER BY cohort",
    ),
    (
        64,
        "SELECT score, count(*), sum(monetary), sum(recency_days), sum(frequency) \
         FROM rfm(orders, customer => customer, ts => ts, amount => amount, order => order_id) \
         GROUP BY score ORDER BY score",
    ),
    (
        96,
        "SELECT * FROM cohort_retention(orders, customer => customer, ts => ts, amount => amount, order => order_id) \
         ORDER BY cohort, period",
    ),
    (
        24,
        "SELECT * FROM basket_rules(orders, basket => order_id, item => item, min_support => 0.0001) \
         ORDER BY antecedent, consequent",
    ),
];

/// Spills counted by the nodes of an executed plan.
fn spills(plan: &Arc<dyn ExecutionPlan>) -> usize {
    let own = plan
        .metrics()
        .and_then(|metrics| metrics.spill_count())
        .unwrap_or(0);
    own + plan.children().into_iter().map(spills).sum::<usize>()
}

async fn engine(memory_limit: u64) -> Engine {
    let engine = Engine::builder()
        .target_partitions(2)
        .memory_limit(memory_limit)
        .build()
        .await
        .unwrap();
    engine
        .register_batches("orders", None, batches(&orders(11, ROWS, CUSTOMERS), 8192))
        .unwrap();
    engine
}

/// The lines of the answer, and how often the query spilled.
async fn run(engine: &Engine, query: &str) -> (Vec<String>, usize) {
    let session = engine.session();
    let statements = session.parse(query).unwrap();
    let planned = session.plan(&statements[0]).await.unwrap();
    let context = session.context();
    let plan = context
        .state()
        .create_physical_plan(planned.logical_plan())
        .await
        .unwrap();
    let answer = collect(Arc::clone(&plan), context.task_ctx()).await;
    let answer = answer.unwrap_or_else(|e| panic!("{e}: {query}"));
    let rows = cells(&answer).unwrap();
    let lines = rows.into_iter().map(|row| row.join("|")).collect();
    (lines, spills(&plan))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn small_memory_spills_and_answers_the_same() {
    let ample = engine(4 << 30).await;
    for (mebibytes, query) in QUERIES {
        let small = engine(mebibytes << 20).await;
        let (wanted, none) = run(&ample, query).await;
        let (got, some) = run(&small, query).await;
        assert_eq!(none, 0, "ample memory must not spill: {query}");
        assert!(some > 0, "nothing spilled: {query}");
        assert_eq!(got, wanted, "{query}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn running_out_ends_the_query_and_not_the_engine() {
    let engine = engine(8 << 20).await;
    // One list of everything cannot spill, and says so.
    let everything = "SELECT rfm_score(customer, ts, amount) FROM orders";
    let error = match engine.sql(everything).await {
        Ok(stream) => stream.collect().await.unwrap_err(),
        Err(error) => error,
    };
    let message = error.to_string();
    assert!(message.contains("memory"), "{message}");
    assert!(!message.contains('\n'), "{message}");
    let count = engine.sql("SELECT count(*) FROM orders").await.unwrap();
    assert_eq!(count.collect().await.unwrap()[0].num_rows(), 1);
}
