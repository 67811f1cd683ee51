//! Every `sql` block of the documents runs, over the data sets of the repository,
//! and a `text` block right after one is what the binary answers.
//!
//! A block marked `sql parse` names files or buckets of the reader and is only
//! parsed; `$TMP` stands for a fresh folder. `UPDATE_DOCS=1` rewrites the answers.

mod tutorial;

use std::process::Command;

use cohortql_engine::Engine;
use tempfile::TempDir;

use crate::support::{root, shipped};

const DOCUMENTS: [&str; 9] = [
    "README.md",
    "CONTRIBUTING.md",
    "docs/tables.md",
    "docs/load.md",
    "docs/models.md",
    "docs/reports.md",
    "docs/cookbook.md",
    "docs/flight-sql.md",
    "docs/operations.md",
];

/// The tables that documents ask in examples, made of those of the repository.
const EXAMPLES: [&str; 2] = [
    "CREATE VIEW orders AS SELECT row_id AS order_id, customer_id, order_date, amount, amount AS total, \
     order_date AS paid_at, 'paid' AS status, concat('C', customer_id) AS email FROM cdnow_sample",
    "CREATE VIEW lines AS SELECT user_id AS invoice, event AS sku, 1 AS quantity FROM ecom",
];
const TABLES: [&str; 2] = ["cdnow_sample.csv", "ecom.csv.gz"];

/// A fenced block: its language and mark, its line, and its text.
#[derive(Default)]
struct Block {
    kind: String,
    line: usize,
    text: String,
}

fn read(document: &str) -> String {
    std::fs::read_to_string(root().join(document)).unwrap()
}

fn blocks(text: &str) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut current: Option<Block> = None;
    for (number, line) in text.lines().enumerate() {
        match (line.strip_prefix("```"), &mut current) {
            (Some(_), Some(_)) => blocks.extend(current.take()),
            (Some(kind), None) => {
                current = Some(Block {
                    kind: kind.to_string(),
                    line: number + 1,
                    text: String::new(),
                });
            }
            (None, Some(block)) => block.text += &format!("{line}\n"),
            (None, None) => {}
        }
    }
    blocks
}

async fn engine() -> Engine {
    let engine = Engine::builder().build().await.unwrap();
    for file in TABLES {
        let location = shipped().join(file);
        engine
            .register_path(location.to_str().unwrap(), None)
            .await
            .unwrap();
    }
    for example in EXAMPLES {
        engine.sql(example).await.unwrap().collect().await.unwrap();
    }
    engine
}

async fn run(engine: &Engine, block: &Block) -> Result<(), String> {
    let session = engine.default_session();
    let statements = session.parse(&block.text).map_err(|e| e.to_string())?;
    assert!(!statements.is_empty(), "an empty block: {}", block.line);
    if block.kind == "sql parse" {
        return Ok(());
    }
    let folder = TempDir::new().unwrap();
    let text = block.text.replace("$TMP", folder.path().to_str().unwrap());
    for statement in session.parse(&text).map_err(|e| e.to_string())? {
        let planned = session.plan(&statement).await.map_err(|e| e.to_string())?;
        let stream = session.execute(planned).await.map_err(|e| e.to_string())?;
        stream.collect().await.map_err(|e| e.to_string())?;
    }
    Ok(())
}

#[tokio::test]
async fn sql_in_documents_runs() {
    let mut failures = Vec::new();
    for document in DOCUMENTS {
        // One engine a document: later blocks may use the views of earlier ones.
        let engine = engine().await;
        for block in blocks(&read(document)) {
            if !block.kind.starts_with("sql") {
                continue;
            }
            if let Err(e) = run(&engine, &block).await {
                failures.push(format!("{document}:{}: {e}", block.line));
            }
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

/// What the binary prints for `sql`.
fn answer(sql: &str) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_cohortql"))
        .current_dir(root())
        .args(TABLES.map(|table| shipped().join(table)))
        .args(["-c", sql])
        .output()
        .unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{stderr}: {sql}");
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines()
        .map(|line| format!("{}\n", line.trim_end()))
        .collect()
}

#[test]
fn answers_in_documents_are_true() {
    let mut failures = Vec::new();
    let mut compared = 0;
    for document in DOCUMENTS {
        let mut text = read(document);
        for pair in blocks(&text.clone()).windows(2) {
            let [question, shown] = pair else { continue };
            let gap = shown.line - question.line - question.text.lines().count();
            if question.kind != "sql" || shown.kind != "text" || gap > 3 {
                continue;
            }
            compared += 1;
            let true_answer = answer(&question.text);
            if true_answer != shown.text {
                failures.push(format!("{document}:{}", shown.line));
                let from = format!("{}```\n\n```text\n{}```", question.text, shown.text);
                let to = format!("{}```\n\n```text\n{true_answer}```", question.text);
                text = text.replace(&from, &to);
            }
        }
        if std::env::var_os("UPDATE_DOCS").is_some() {
            std::fs::write(root().join(document), text).unwrap();
            failures.clear();
        }
    }
    assert!(compared > 2, "no answers found in the documents");
    assert!(
        failures.is_empty(),
        "not what the binary answers: {failures:?}"
    );
}

/// The Rust of the README is part of an example that runs.
#[test]
fn rust_in_the_readme_is_from_an_example() {
    let examples: Vec<_> = std::fs::read_dir(root().join("examples"))
        .unwrap()
        .map(|entry| std::fs::read_to_string(entry.unwrap().path()).unwrap())
        .collect();
    let squeeze = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    for block in blocks(&read("README.md")) {
        let wanted = squeeze(&block.text);
        assert!(
            block.kind != "rust"
                || examples
                    .iter()
                    .any(|example| squeeze(example).contains(&wanted)),
            "README.md:{} is in no example",
            block.line
        );
    }
}
