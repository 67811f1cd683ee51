//! Both ways in which DataFusion runs the function, through SQL, on random events.

use datafusion::arrow::array::{AsArray, RecordBatch};
use datafusion::arrow::compute::concat_batches;
use datafusion::arrow::datatypes::Int64Type;
use datafusion::datasource::MemTable;
use datafusion::physical_plan::displayable;
use datafusion::prelude::{SessionConfig, SessionContext};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use super::*;

const CUSTOMERS: i64 = 40;

/// Customer, seconds.
type Event = (i64, Option<i64>);

fn events(random: &mut StdRng) -> Vec<Event> {
    let rows = random.random_range(0..400);
    let mut event = || {
        let seconds = random.random_bool(0.9).then(|| random.random_range(0..900));
        (random.random_range(0..CUSTOMERS), seconds)
    };
    (0..rows).map(|_| event()).collect()
}

/// Customer, time and number of each event, as SQL sorts them.
fn brute_force(
    events: &[Event],
    gap: i64,
    max: Option<i64>,
) -> Vec<(i64, Option<i64>, Option<i64>)> {
    let mut events = events.to_vec();
    events.sort_by_key(|(customer, seconds)| (*customer, seconds.is_none(), *seconds));
    let mut session: Option<(i64, i64, i64, i64)> = None;
    let mut numbered = Vec::new();
    for (customer, seconds) in events {
        let Some(time) = seconds else {
            numbered.push((customer, None, None));
            continue;
        };
        let (number, start) = match session {
            Some((of, number, start, last)) if of == customer => {
                if time - last > gap || max.is_some_and(|max| time - start > max) {
                    (number + 1, time)
                } else {
                    (number, start)
                }
            }
            _ => (1, time),
        };
        session = Some((customer, number, start, time));
        numbered.push((customer, Some(time), Some(number)));
    }
    numbered
}

async fn context(events: &[Event], batch_size: usize) -> SessionContext {
    let config = SessionConfig::new()
        .with_target_partitions(2)
        .with_batch_size(batch_size);
    let context = SessionContext::new_with_config(config);
    crate::register_all(&context).unwrap();
    let (customers, seconds): (Vec<i64>, Vec<Option<i64>>) = events.iter().copied().unzip();
    let columns: [(&str, ArrayRef); 2] = [
        ("customer", Arc::new(Int64Array::from(customers))),
        ("seconds", Arc::new(Int64Array::from(seconds))),
    ];
    let batch = RecordBatch::try_from_iter_with_nullable(columns.map(|(n, c)| (n, c, true)));
    let batch = batch.unwrap();
    let table = MemTable::try_new(batch.schema(), vec![vec![batch]]).unwrap();
    context.register_table("raw", Arc::new(table)).unwrap();
    context
}

/// `extra` is further columns, which decide how the window is run.
async fn run(
    context: &SessionContext,
    time_type: &str,
    call: &str,
    extra: &str,
) -> (String, Vec<(i64, Option<i64>, Option<i64>)>) {
    let sql = format!(
        "SELECT customer, seconds, {call} OVER (PARTITION BY customer ORDER BY ts) AS number {extra} \
         FROM (SELECT customer, seconds, arrow_cast(arrow_cast(seconds, 'Timestamp(s)'), '{time_type}') AS ts FROM raw) \
         ORDER BY customer, seconds"
    );
    let frame = context.sql(&sql).await.unwrap();
    let plan = frame.clone().create_physical_plan().await.unwrap();
    let plan = displayable(plan.as_ref()).indent(false).to_string();
    let schema = frame.schema().inner().clone();
    let batches = frame.collect().await.unwrap();
    let batch = concat_batches(&schema, &batches).unwrap();
    let [customers, seconds, numbers] =
        [0, 1, 2].map(|column| batch.column(column).as_primitive::<Int64Type>());
    let rows = customers.iter().zip(seconds).zip(numbers);
    let rows = rows.map(|((customer, seconds), number)| (customer.unwrap(), seconds, number));
    (plan, rows.collect())
}

#[tokio::test]
async fn both_plans_equal_the_definition() {
    for seed in 0..20 {
        let random = &mut StdRng::seed_from_u64(seed);
        let events = events(random);
        let context = context(&events, random.random_range(1..70)).await;
        let gap = random.random_range(0..60);
        let max = random.random_bool(0.5).then(|| random.random_range(0..200));
        let time_type = [
            "Timestamp(s)",
            "Timestamp(ms)",
            "Timestamp(µs)",
            "Timestamp(ns, \"+02:00\")",
        ][random.random_range(0..4)];
        let call = match max {
            None => format!("sessionize(ts, {gap})"),
            Some(max) => format!("sessionize(ts, INTERVAL '{gap} seconds', {max})"),
        };
        let wanted = brute_force(&events, gap, max);
        let (plan, found) = run(&context, time_type, &call, "").await;
        assert!(plan.contains("BoundedWindowAggExec"), "{plan}");
        assert_eq!(found, wanted, "seed {seed}, streaming");
        let whole = ", ntile(2) OVER (PARTITION BY customer ORDER BY ts)";
        let (plan, found) = run(&context, time_type, &call, whole).await;
        assert!(plan.contains(" WindowAggExec"), "{plan}");
        assert_eq!(found, wanted, "seed {seed}, partition by partition");
    }
}

/// More nanoseconds than an i64 counts.
#[tokio::test]
async fn a_gap_may_be_longer_than_times_are_numbers() {
    let [early, late] = [-9_151_488_000, 315_532_800];
    let context = context(&[(1, Some(early)), (1, Some(late))], 100).await;
    for (days, second) in [(110_000, 1), (109_000, 2)] {
        let call = format!("sessionize(ts, INTERVAL '{days} days')");
        let (_, found) = run(&context, "Timestamp(ns)", &call, "").await;
        let wanted = [(1, Some(early), Some(1)), (1, Some(late), Some(second))];
        assert_eq!(found, wanted, "{days} days");
    }
}

async fn failure(sql: &str) -> String {
    let context = context(&[(1, Some(5)), (1, Some(7))], 100).await;
    let frame = match context.sql(sql).await {
        Ok(frame) => frame,
        Err(error) => return error.to_string(),
    };
    frame.collect().await.unwrap_err().to_string()
}

#[tokio::test]
async fn wrong_calls_say_what_is_right() {
    let unordered = failure("SELECT sessionize(to_timestamp(seconds), 5) OVER () FROM raw").await;
    assert!(unordered.contains("add ORDER BY ts"), "{unordered}");
    for extra in ["", ", ntile(2) OVER (ORDER BY seconds DESC)"] {
        let backwards = format!(
            "SELECT sessionize(to_timestamp(seconds), 5) OVER (ORDER BY seconds DESC){extra} FROM raw"
        );
        let backwards = failure(&backwards).await;
        assert!(backwards.contains("ascending"), "{backwards}");
    }
    let negative = "SELECT sessionize(to_timestamp(seconds), -5) OVER (ORDER BY seconds) FROM raw";
    let negative = failure(negative).await;
    assert!(negative.contains("\"gap\""), "{negative}");
}
