//! The same results whatever the format, the place, the plan and the memory.

mod places;
mod plans;
mod queries;
mod spill;

use cohortql_engine::Engine;

use crate::support::{batches, lines, orders};
use queries::QUERIES;

/// Enough for every partition to have rows, few enough for batches of one row.
const ROWS: usize = 2_000;
const CUSTOMERS: i64 = 150;

/// The answers of all queries over the orders held in memory, in one partition.
async fn baseline() -> Vec<Vec<String>> {
    let engine = Engine::builder()
        .target_partitions(1)
        .build()
        .await
        .unwrap();
    engine
        .register_batches("orders", None, batches(&orders(7, ROWS, CUSTOMERS), ROWS))
        .unwrap();
    let answers = answers(&engine).await;
    for (query, answer) in QUERIES.iter().zip(&answers) {
        assert!(!answer.is_empty(), "nothing to compare: {query}");
    }
    answers
}

async fn answers(engine: &Engine) -> Vec<Vec<String>> {
    let mut answers = Vec::new();
    for query in QUERIES {
        let answer = lines(engine, query).await;
        answers.push(answer.unwrap_or_else(|e| panic!("{e}: {query}")));
    }
    answers
}

#[track_caller]
fn assert_same(way: &str, got: &[Vec<String>], wanted: &[Vec<String>]) {
    for ((query, got), wanted) in QUERIES.iter().zip(got).zip(wanted) {
        if let Some(at) = (0..got.len().max(wanted.len())).find(|&at| got.get(at) != wanted.get(at))
        {
            panic!(
                "{way}: line {at} of {query}\n  got    {:?}\n  wanted {:?}",
                got.get(at),
                wanted.get(at)
            );
        }
    }
}
