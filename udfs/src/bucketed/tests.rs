//! Random tables, asked with and without the rules, with plenty of memory and with little.

use std::sync::Arc;

use datafusion::arrow::array::{
    ArrayRef, BooleanArray, Float64Array, Int32Array, Int64Array, RecordBatch, StringArray,
    TimestampMicrosecondArray,
};
use datafusion::arrow::compute::{cast, concat_batches};
use datafusion::arrow::datatypes::DataType;
use datafusion::arrow::util::pretty::pretty_format_batches;
use datafusion::datasource::MemTable;
use datafusion::execution::SessionStateBuilder;
use datafusion::execution::memory_pool::FairSpillPool;
use datafusion::execution::runtime_env::RuntimeEnvBuilder;
use datafusion::physical_plan::{ExecutionPlan, collect, displayable};
use datafusion::prelude::{SessionConfig, SessionContext};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use crate::{physical_optimizer_rules, register_all};

/// What a query runs with.
#[derive(Debug, Clone, Copy)]
struct Setting {
    rules: bool,
    partitions: usize,
    /// Bytes; `None` for as much as there is.
    memory: Option<usize>,
}

/// Little memory: less than the rows take, more than any customer's.
const MEMORY: usize = 8 << 20;

const PLAIN: Setting = Setting {
    rules: false,
    partitions: 2,
    memory: None,
};

fn context(setting: Setting, table: &[Vec<RecordBatch>]) -> SessionContext {
    let config = SessionConfig::new()
        .with_target_partitions(setting.partitions)
        .with_batch_size(1000);
    let mut state = SessionStateBuilder::new().with_config(config);
    if let Some(memory) = setting.memory {
        let pool = Arc::new(FairSpillPool::new(memory));
        let runtime = RuntimeEnvBuilder::new().with_memory_pool(pool).build_arc();
        state = state.with_runtime_env(runtime.unwrap());
    }
    let mut state = state.with_default_features();
    if setting.rules {
        for rule in physical_optimizer_rules() {
            state = state.with_physical_optimizer_rule(rule);
        }
    }
    let context = SessionContext::new_with_state(state.build());
    register_all(&context).unwrap();
    let schema = table[0][0].schema();
    let table = MemTable::try_new(schema, table.to_vec()).unwrap();
    context.register_table("events", Arc::new(table)).unwrap();
    context
}

/// `parts` partitions of random events of about `customers` customers.
fn events(random: &mut StdRng, parts: usize, rows: usize, customers: i64) -> Vec<Vec<RecordBatch>> {
    let part = |random: &mut StdRng| {
        let batches = random.random_range(1..4);
        (0..batches)
            .map(|_| batch(random, rows, customers))
            .collect()
    };
    (0..parts).map(|_| part(random)).collect()
}

fn batch(random: &mut StdRng, rows: usize, customers: i64) -> RecordBatch {
    let rows = random.random_range(0..=rows);
    let mut some = |often: f64| {
        let chosen = (0..rows).map(|_| random.random_bool(often).then(|| random.random()));
        chosen.collect::<Vec<Option<u64>>>()
    };
    let ids = some(0.95);
    let id = |value: Option<u64>| value.map(|value| (value % customers as u64) as i64);
    let ids = ids.into_iter().map(id).collect::<Vec<_>>();
    let names = ids
        .iter()
        .map(|id| id.map(|id| format!("the customer with the number {id}")));
    let names: ArrayRef = Arc::new(names.collect::<StringArray>());
    let views = cast(&names, &DataType::Utf8View).unwrap();
    let times = some(0.9).into_iter();
    let times = times.map(|value| value.map(|value| (value % 5_000_000_000) as i64));
    let kinds = some(1.0).into_iter();
    let kinds = kinds.map(|value| value.map(|value| (value % 3) as i32));
    let amounts = some(0.8).into_iter();
    let amounts = amounts.map(|value| value.map(|value| (value % 1000) as f64));
    let flags = some(0.9).into_iter();
    let flags = flags.map(|value| value.map(|value| value % 2 == 0));
    RecordBatch::try_from_iter_with_nullable([
        ("id", Arc::new(Int64Array::from(ids)) as ArrayRef, true),
        ("name", names, true),
        ("handle", views, true),
        (
            "ts",
            Arc::new(times.collect::<TimestampMicrosecondArray>()),
            true,
        ),
        ("kind", Arc::new(kinds.collect::<Int32Array>()), true),
        ("amount", Arc::new(amounts.collect::<Float64Array>()), true),
        ("flag", Arc::new(flags.collect::<BooleanArray>()), true),
    ])
    .unwrap()
}

/// The rows of an answer, sorted as text.
fn text(batches: &[RecordBatch]) -> Vec<String> {
    let table = pretty_format_batches(batches).unwrap().to_string();
    let mut lines: Vec<_> = table.lines().map(str::to_owned).collect();
    lines.sort_unstable();
    lines
}

async fn planned(context: &SessionContext, sql: &str) -> Arc<dyn ExecutionPlan> {
    let frame = context.sql(sql).await.unwrap();
    frame.create_physical_plan().await.unwrap()
}

fn shown(plan: &Arc<dyn ExecutionPlan>) -> String {
    displayable(plan.as_ref()).indent(false).to_string()
}

/// Files that the nodes named so have written.
fn spills(plan: &Arc<dyn ExecutionPlan>, name: &str) -> usize {
    let own = plan.metrics().filter(|_| plan.name() == name);
    let own = own.and_then(|metrics| metrics.spill_count()).unwrap_or(0);
    own + plan
        .children()
        .into_iter()
        .map(|child| spills(child, name))
        .sum::<usize>()
}

/// Asks `sql` with the rules in many settings, and compares with the answer without. Gives how
/// often the `node` has spilled.
async fn assert_same(
    table: &[Vec<RecordBatch>],
    sql: &str,
    node: &str,
    partitions: &[usize],
) -> usize {
    let wanted = context(PLAIN, table)
        .sql(sql)
        .await
        .unwrap()
        .collect()
        .await;
    let wanted = text(&wanted.unwrap());
    let mut spilled = 0;
    for &partitions in partitions {
        for memory in [None, Some(MEMORY)] {
            let setting = Setting {
                rules: true,
                partitions,
                memory,
            };
            let context = context(setting, table);
            let plan = planned(&context, sql).await;
            assert!(shown(&plan).contains(node), "{sql}\n{}", shown(&plan));
            let found = collect(Arc::clone(&plan), context.task_ctx()).await;
            let found = found.unwrap_or_else(|error| panic!("{setting:?} {sql}: {error}"));
            assert_eq!(text(&found), wanted, "{setting:?} {sql}");
            spilled += spills(&plan, node);
        }
    }
    spilled
}

/// Every kind of key and of aggregate, few groups and many.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn aggregates_are_the_same() {
    const CALLS: &str = "count(*), count(amount), sum(amount), min(ts), max(name), \
                         exact_sum(amount) FILTER (WHERE flag), nth_time(ts, 2), \
                         count(DISTINCT kind), count(DISTINCT CAST(ts AS DATE)), bool_or(flag)";
    for (seed, rows, customers) in [(0, 0, 1), (1, 3, 5), (2, 3000, 20), (3, 4000, 100_000)] {
        let random = &mut StdRng::seed_from_u64(seed);
        let table = events(random, 3, rows, customers);
        for keys in [
            "id",
            "name",
            "handle",
            "kind, id",
            "id, handle, flag",
            "ts",
            "amount",
        ] {
            let sql = format!("SELECT {keys}, {CALLS} FROM events GROUP BY {keys}");
            assert_same(&table, &sql, "BucketedAggregateExec", &[1, 2, 5]).await;
        }
    }
}

/// Functions that keep rows, alone and beside others.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn so_are_those_that_keep_rows() {
    let random = &mut StdRng::seed_from_u64(4);
    let table = events(random, 3, 5000, 900);
    for keys in ["id", "name", "kind", "handle, kind"] {
        let sql = format!(
            "SELECT {keys}, window_funnel(600, ts, kind = 0, kind = 1, flag) AS level, \
             sequence_count('(?1).*(?2)', ts, kind = 0, kind = 1) FILTER (WHERE flag), count(*) \
             FROM events GROUP BY {keys}"
        );
        assert_same(&table, &sql, "BucketedAggregateExec", &[1, 2, 5]).await;
    }
}

/// What does not fit into memory goes to files and comes back.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_does_not_fit_is_spilled() {
    let random = &mut StdRng::seed_from_u64(5);
    let table = events(random, 3, 200_000, 50_000);
    let sql = "SELECT id, window_funnel(600, ts, kind = 0, kind = 1, flag), max(name), count(*) \
               FROM events GROUP BY id";
    assert!(assert_same(&table, sql, "BucketedAggregateExec", &[1, 2, 5]).await > 0);
    let sql = "SELECT session, count(*), max(name) \
               FROM (SELECT *, sessionize(ts, 60) OVER (PARTITION BY id ORDER BY ts) AS session \
                     FROM events) GROUP BY session";
    assert!(assert_same(&table, sql, "BucketedSessionsExec", &[1, 2, 5]).await > 0);
}

/// Sessions by every kind of key, in several windows, beside other columns.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sessions_are_the_same() {
    for (seed, rows, customers) in [(6, 20, 3), (7, 2000, 30), (8, 5000, 20_000)] {
        let random = &mut StdRng::seed_from_u64(seed);
        let table = events(random, 3, rows, customers);
        for keys in ["id", "name", "handle, kind"] {
            let sql = format!(
                "SELECT *, sessionize(ts, 100) OVER window AS one, \
                 sessionize(ts, 10, 50) OVER window AS two \
                 FROM events WINDOW window AS (PARTITION BY {keys} ORDER BY ts, amount DESC)"
            );
            assert_same(&table, &sql, "BucketedSessionsExec", &[2, 5]).await;
        }
    }
}

/// A query that asks for the order of the window, or for more than sessions, keeps its sort.
#[tokio::test]
async fn windows_that_others_rely_on_stay_sorted() {
    let table = events(&mut StdRng::seed_from_u64(9), 2, 50, 5);
    let over = "OVER (PARTITION BY id ORDER BY ts)";
    let session = format!("sessionize(ts, 60) {over} AS session");
    for partitions in [1, 2] {
        let setting = Setting {
            rules: true,
            partitions,
            memory: None,
        };
        let context = context(setting, &table);
        for sql in [
            format!("SELECT id, ts, {session} FROM events ORDER BY id, ts"),
            format!("SELECT max(id), max(ts) FROM (SELECT *, {session} FROM events ORDER BY id, ts LIMIT 20)"),
            format!("SELECT count(*), max(id) FROM (SELECT *, {session} FROM events ORDER BY id, ts LIMIT 99 OFFSET 9) WHERE session > 1"),
            format!("SELECT first_value(id ORDER BY id, ts), last_value(ts ORDER BY id, ts), max(session) \
                     FROM (SELECT *, {session} FROM events)"),
            format!("SELECT {session}, lag(ts) {over} FROM events"),
            format!("SELECT {session}, rank() OVER (PARTITION BY id ORDER BY kind) FROM events"),
            "SELECT sessionize(ts, 60) OVER (ORDER BY ts) FROM events".to_owned(),
            "SELECT sessionize(ts, 60) OVER (PARTITION BY id ORDER BY kind, ts) FROM events WHERE kind = 1".to_owned(),
        ] {
            let plan = planned(&context, &sql).await;
            let shown = shown(&plan);
            let wanted = self::context(PLAIN, &table).sql(&sql).await.unwrap();
            let wanted = wanted.collect().await.unwrap();
            let found = collect(plan, context.task_ctx()).await.unwrap();
            if sql.ends_with("ORDER BY id, ts") {
                let keys = |batches: &[RecordBatch]| {
                    let all = concat_batches(&batches[0].schema(), batches).unwrap();
                    pretty_format_batches(&[all]).unwrap().to_string()
                };
                assert_eq!(keys(&found), keys(&wanted), "{shown}");
            }
            assert_eq!(text(&found), text(&wanted), "{sql}\n{shown}");
        }
    }
}

/// Each call of a volatile function is one of its own.
#[tokio::test]
async fn volatile_arguments_are_not_shared() {
    let table = events(&mut StdRng::seed_from_u64(11), 2, 500, 5);
    let setting = Setting {
        rules: true,
        ..PLAIN
    };
    let context = context(setting, &table);
    let sql =
        "SELECT kind, corr(random(), random()) < 0.99 AS apart, count(*) FROM events GROUP BY kind";
    let found = context.sql(sql).await.unwrap().collect().await.unwrap();
    let found = text(&found);
    assert!(found.iter().any(|line| line.contains("true")), "{found:?}");
    assert!(
        !found.iter().any(|line| line.contains("false")),
        "{found:?}"
    );
}

/// A failure of the input is the query's, whoever reads it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn failures_are_reported() {
    let table = events(&mut StdRng::seed_from_u64(10), 2, 50, 5);
    let setting = Setting {
        rules: true,
        partitions: 3,
        memory: None,
    };
    let context = context(setting, &table);
    let sql = "SELECT id, count(*) FROM events WHERE 1 / (kind - kind) > 0 GROUP BY id";
    let error = context.sql(sql).await.unwrap().collect().await.unwrap_err();
    assert!(error.to_string().contains("Divide by zero"), "{error}");
}
