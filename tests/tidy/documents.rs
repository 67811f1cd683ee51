//! Documents name only what exists: links, files, commands and options.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use arrow::datatypes::DataType;

use super::{assert_none, files_below, read};
use crate::support::root;

fn documents() -> Vec<PathBuf> {
    files_below("", &["md"])
}

/// The lines of a document that are not inside a code block, with their numbers.
fn prose(text: &str) -> Vec<(usize, &str)> {
    let mut inside = false;
    let mut lines = Vec::new();
    for (number, line) in text.lines().enumerate() {
        if line.trim_start().starts_with("```") {
            inside = !inside;
        } else if !inside {
            lines.push((number + 1, line));
        }
    }
    lines
}

/// The lines of a document's code blocks in `language`.
fn code<'a>(text: &'a str, languages: &[&str]) -> Vec<&'a str> {
    let mut inside = None;
    let mut lines = Vec::new();
    for line in text.lines() {
        if let Some(opened) = line.trim_start().strip_prefix("```") {
            inside = match inside {
                None => Some(opened.trim()),
                Some(_) => None,
            };
        } else if inside.is_some_and(|language| languages.contains(&language)) {
            lines.push(line);
        }
    }
    lines
}

/// The parts of `line` between `open` and `close`.
fn between<'a>(line: &'a str, open: &str, close: char) -> Vec<&'a str> {
    line.split(open)
        .skip(1)
        .filter_map(|rest| rest.split_once(close).map(|(part, _)| part))
        .collect()
}

#[test]
fn the_documents_exist() {
    for name in [
        "README.md",
        "ARCHITECTURE.md",
        "CONTRIBUTING.md",
        "LICENSE",
        "NOTICE",
        "docs/tables.md",
        "docs/functions.md",
        "deny.toml",
        "typos.toml",
        "rustfmt.toml",
        "justfile",
        ".ci/run",
    ] {
        assert!(root().join(name).exists(), "{name} is missing");
    }
}

#[test]
fn relative_links_resolve() {
    let mut complaints = Vec::new();
    for document in documents() {
        let text = read(&document);
        for (number, line) in prose(&text) {
            let links = between(line, "](", ')')
                .into_iter()
                .chain(between(line, "src=\"", '"'))
                .chain(between(line, "href=\"", '"'));
            for link in links {
                let (file, anchor) = link.split_once('#').unwrap_or((link, ""));
                if file.contains("://") || file.starts_with("mailto:") {
                    continue;
                }
                let target = if file.is_empty() {
                    root().join(&document)
                } else {
                    root().join(document.parent().unwrap()).join(file)
                };
                if !target.exists() {
                    complaints.push(format!("{}:{number}: {link}", document.display()));
                } else if !anchor.is_empty() && !anchors(&target).contains(anchor) {
                    complaints.push(format!("{}:{number}: no #{anchor}", document.display()));
                }
            }
        }
    }
    assert_none("links to nothing", &complaints);
}

/// The anchors of a document's headings, as GitHub makes them.
fn anchors(document: &Path) -> BTreeSet<String> {
    let text = std::fs::read_to_string(document).unwrap();
    prose(&text)
        .into_iter()
        .filter(|(_, line)| line.starts_with('#'))
        .map(|(_, line)| {
            line.trim_start_matches('#')
                .trim()
                .to_lowercase()
                .chars()
                .filter(|c| c.is_alphanumeric() || "-_ ".contains(*c))
                .map(|c| if c == ' ' { '-' } else { c })
                .collect()
        })
        .collect()
}

#[test]
fn named_files_exist() {
    let folders = [
        "src/",
        "udfs/",
        "engine/",
        "server/",
        "proto/",
        "sql/",
        "tests/",
        "benches/",
        "docs/",
        "examples/",
        ".ci/",
    ];
    let mut complaints = Vec::new();
    for document in documents() {
        let text = read(&document);
        for (number, line) in prose(&text) {
            for name in line.split('`').skip(1).step_by(2) {
                // Upper case and stars stand for a name that the reader chooses.
                let pattern = name
                    .chars()
                    .any(|c| c.is_ascii_uppercase() || "*<{ …$".contains(c));
                if folders.iter().any(|folder| name.starts_with(folder))
                    && !pattern
                    && !root().join(name).exists()
                {
                    complaints.push(format!("{}:{number}: {name}", document.display()));
                }
            }
        }
    }
    assert_none("files that do not exist", &complaints);
}

fn help(arguments: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_cohortql"))
        .args(arguments)
        .arg("--help")
        .output()
        .unwrap();
    assert!(output.status.success(), "cohortql {arguments:?} --help");
    String::from_utf8(output.stdout).unwrap()
}

/// Names of the subcommands that `cohortql --help` lists.
fn subcommands() -> BTreeSet<String> {
    help(&[])
        .lines()
        .skip_while(|line| !line.starts_with("Commands:"))
        .skip(1)
        .take_while(|line| !line.trim().is_empty())
        .filter_map(|line| line.split_whitespace().next())
        .map(str::to_string)
        .collect()
}

#[test]
fn commands_in_documents_exist() {
    let known = subcommands();
    assert!(known.contains("demo"), "no commands in --help: {known:?}");
    let mut complaints = Vec::new();
    for document in documents() {
        let text = read(&document);
        for line in code(&text, &["sh", "console", "bash"]) {
            let line = line.trim_start_matches("$ ").trim();
            let Some(rest) = line
                .strip_prefix("cargo run --release -- ")
                .or_else(|| line.strip_prefix("cargo run -- "))
                .or_else(|| line.strip_prefix("cohortql "))
            else {
                continue;
            };
            let words: Vec<_> = rest.split_whitespace().collect();
            let command = words.iter().find(|word| known.contains(**word)).copied();
            let text = command.map_or_else(|| help(&[]), |name| help(&[]) + &help(&[name]));
            let bare = words.first().filter(|word| {
                word.chars().all(|c| c.is_ascii_lowercase() || c == '-') && !word.starts_with('-')
            });
            if let Some(word) = bare.filter(|word| !known.contains(**word)) {
                complaints.push(format!("{}: no command {word}", document.display()));
            }
            for option in words.iter().filter(|word| word.starts_with("--")) {
                let name = option.split('=').next().unwrap();
                if !text.contains(name) {
                    complaints.push(format!("{}: no option {name}", document.display()));
                }
            }
        }
    }
    assert_none("commands that do not exist", &complaints);
}

/// The names and types in the table of columns of `docs/operations.md`.
fn documented_columns(text: &str) -> Vec<(&str, &str)> {
    let rows = text.lines().skip_while(|line| *line != "|---|---|---|");
    rows.skip(1)
        .map_while(|line| {
            let mut cells = line.strip_prefix("| `")?.split(" | ");
            Some((cells.next()?.trim_end_matches('`'), cells.next()?))
        })
        .collect()
}

/// What documents call a type.
fn sql_type(data_type: &DataType) -> &'static str {
    match data_type {
        DataType::Utf8 => "VARCHAR",
        DataType::Int64 => "BIGINT",
        DataType::Float64 => "DOUBLE",
        DataType::List(_) => "VARCHAR[]",
        DataType::Timestamp(_, Some(_)) => "TIMESTAMP WITH TIME ZONE",
        other => panic!("{other}"),
    }
}

#[tokio::test]
async fn the_columns_of_test_results_are_documented() {
    let text = read(Path::new("docs/models.md"));
    let project = cohortql_engine::Config::parse("[project]\nname = 'shop'").unwrap();
    let engine = cohortql_engine::Engine::builder().config(project);
    let engine = engine.build().await.unwrap();
    let results = engine.sql("SELECT * FROM system.test_results").await;
    for field in results.unwrap().schema().fields() {
        let row = format!("| `{}` | {} |", field.name(), sql_type(field.data_type()));
        assert!(text.contains(&row), "docs/models.md lacks {row}");
    }
}

#[tokio::test]
async fn the_columns_of_statements_are_documented() {
    let text = read(Path::new("docs/operations.md"));
    let engine = cohortql_engine::Engine::builder().build().await.unwrap();
    let stream = engine.sql("SELECT * FROM system.queries").await.unwrap();
    let schema = stream.schema();
    let fields = schema.fields().iter();
    let there = fields.map(|field| (field.name().as_str(), sql_type(field.data_type())));
    assert_eq!(documented_columns(&text), there.collect::<Vec<_>>());
    for field in engine
        .sql("SELECT * FROM system.running")
        .await
        .unwrap()
        .schema()
        .fields()
    {
        assert!(text.contains(&format!("`{}`", field.name())), "{field}");
    }
}

#[test]
fn the_readme_names_the_two_commands() {
    let readme = read(Path::new("README.md"));
    let commands = code(&readme, &["sh"]);
    for command in ["cargo run -- demo", "cargo test --workspace"] {
        assert!(
            commands.contains(&command),
            "README.md must show `{command}`"
        );
    }
    let ci = read(Path::new(".ci/run"));
    assert_eq!(
        ci.lines().rfind(|line| !line.trim().is_empty()),
        Some("cargo test --workspace"),
        "the last step of .ci/run is the test command of the README"
    );
}
