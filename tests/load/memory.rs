//! Loads of files that are larger than the memory which they may take.

use std::io::Write;

use super::{Project, adds_up, number};

const ROWS: u64 = 1_000_000;

#[test]
fn files_larger_than_memory_are_loaded() {
    let project = Project::new();
    let mut file = std::io::BufWriter::new(std::fs::File::create(project.path("a.csv")).unwrap());
    writeln!(file, "id,customer,amount,note").unwrap();
    for id in 0..ROWS {
        let customer = id.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 20;
        writeln!(
            file,
            "{id},{customer:x},{}.{:02},note {customer}",
            id % 500,
            id % 100
        )
        .unwrap();
    }
    file.flush().unwrap();
    let columns = "id BIGINT, customer VARCHAR, amount DECIMAL(9,2), note VARCHAR";
    let load = |limit: &str, arguments: &[&str]| {
        let limited = ["--memory-limit", limit];
        let all: Vec<_> = ["a.csv", "--into", "orders", "--columns", columns]
            .iter()
            .chain(arguments)
            .chain(&limited)
            .copied()
            .collect();
        project.outcome(&all)
    };
    let outcome = load("32MB", &[]);
    adds_up(&outcome);
    assert_eq!(number(&outcome, "inserted"), ROWS);
    assert_eq!(
        number(&load("32MB", &["--mode", "replace"]), "removed"),
        ROWS
    );
    let outcome = load(
        "128MB",
        &["--mode", "merge", "--key", "id", "--order-by", "amount"],
    );
    adds_up(&outcome);
    assert_eq!(number(&outcome, "unchanged"), ROWS);
    let sums = "SELECT count(*), sum(amount), count(DISTINCT id) FROM orders";
    let cents: u64 = (0..ROWS).map(|id| id % 500 * 100 + id % 100).sum();
    let expected = format!("{ROWS},{}.{:02},{ROWS}", cents / 100, cents % 100);
    assert_eq!(project.rows(sums), expected);
}
