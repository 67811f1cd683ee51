//! The examples, run in this process.

#[path = "../examples/batches.rs"]
#[expect(dead_code, reason = "its main is not called here")]
mod batches;
#[path = "../examples/own_context.rs"]
#[expect(dead_code, reason = "its main is not called here")]
mod own_context;
#[path = "../examples/streaming.rs"]
#[expect(dead_code, reason = "its main is not called here")]
mod streaming;

#[tokio::test(flavor = "multi_thread")]
async fn batches_of_both_tables_meet() {
    let table = batches::cohorts().await.unwrap();
    for cells in ["| 781 ", "| 857 ", "| 719 "] {
        assert!(table.contains(cells), "{table}");
    }
    assert!(
        table.contains("| 1997-01-01 | 781       | 4       |"),
        "{table}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_can_be_left() {
    let (rows, sum) = streaming::first_rows(20_000).await.unwrap();
    assert!((20_000..1_000_000).contains(&rows), "{rows}");
    let n = i64::try_from(rows).unwrap();
    assert_eq!(sum, n * (n + 1) / 2);
}

#[tokio::test]
async fn our_functions_work_on_a_bare_context() {
    let table = own_context::cohort_sizes().await.unwrap();
    for cells in ["| 781 ", "| 857 ", "| 719 "] {
        assert!(table.contains(cells), "{table}");
    }
}
