//! Every output format, to standard output and to files.

use std::fs::{self, File};
use std::process::Stdio;

use arrow::array::RecordBatch;
use arrow_ipc::reader::StreamReader;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use super::{command, purchases, run, scratch};
use crate::support::cells;

/// A value of each kind that formats treat differently.
const MIXED: &str = "
select * from (values
    (1, 0.1e0 + 0.2e0, 'a|b', date '2024-02-29', 12.50, [1, 2]),
    (2, null, 'say \"hi\", 数量', null, null, null)
) as t(id, ratio, text, day, money, list)";

fn in_format(format: &str, sql: &str) -> String {
    run(&["--format", format, "-c", sql]).quiet()
}

#[test]
fn tables_align_numbers_and_count_columns() {
    let expected = "\
╭────┬───────┬────────────────┬────────────┬───────┬────────╮
│ id ┆ ratio ┆ text           ┆ day        ┆ money ┆ list   │
╞════╪═══════╪════════════════╪════════════╪═══════╪════════╡
│  1 ┆   0.3 ┆ a|b            ┆ 2024-02-29 ┆  12.5 ┆ [1, 2] │
│  2 ┆  NULL ┆ say \"hi\", 数量 ┆ NULL       ┆  NULL ┆ NULL   │
╰────┴───────┴────────────────┴────────────┴───────┴────────╯
";
    assert_eq!(in_format("table", MIXED), expected);
}

#[test]
fn plans_are_lines_of_text_unless_a_program_reads_them() {
    let sql = "explain select 1 as one";
    let text = in_format("table", sql);
    assert!(
        text.starts_with(
            "logical_plan\n  Projection: Int64(1) AS one\n    EmptyRelation: rows=1\n"
        ),
        "{text}"
    );
    assert!(
        text.contains("\nphysical_plan\n  ProjectionExec: expr=[1 as one]\n"),
        "{text}"
    );
    let text = in_format("table", &sql.replace("explain", "explain analyze"));
    assert!(
        text.starts_with("Plan with Metrics\n  ProjectionExec: "),
        "{text}"
    );
    let rows = in_format("csv", sql);
    assert!(
        rows.starts_with("plan_type,plan\nlogical_plan,\"Projection: "),
        "{rows}"
    );
}

#[test]
fn csv_leaves_null_empty_and_quotes_what_needs_it() {
    let expected = "\
id,ratio,text,day,money,list
1,0.30000000000000004,a|b,2024-02-29,12.5,\"[1,2]\"
2,,\"say \"\"hi\"\", 数量\",,,
";
    assert_eq!(in_format("csv", MIXED), expected);
    assert_eq!(in_format("csv", "select 1 as one where false"), "one\n");
}

#[test]
fn tsv_is_csv_with_tabs() {
    assert_eq!(
        in_format("tsv", "select 1 as a, 'x,y' as b"),
        "a\tb\n1\tx,y\n"
    );
}

#[test]
fn json_is_one_array_and_ndjson_one_object_a_line() {
    let first = r#"{"id":1,"ratio":0.30000000000000004,"text":"a|b","day":"2024-02-29","money":12.5,"list":[1,2]}"#;
    let second =
        r#"{"id":2,"ratio":null,"text":"say \"hi\", 数量","day":null,"money":null,"list":null}"#;
    assert_eq!(in_format("json", MIXED), format!("[{first},{second}]\n"));
    assert_eq!(in_format("ndjson", MIXED), format!("{first}\n{second}\n"));
    assert_eq!(in_format("json", "select 1 as one where false"), "[]\n");
}

#[test]
fn markdown_escapes_bars() {
    let expected = "\
| id | text |
| ---: | --- |
| 1 | a\\|b |
";
    assert_eq!(
        in_format("markdown", "select 1 as id, 'a|b' as text"),
        expected
    );
}

#[test]
fn parquet_and_arrow_read_back() {
    let (_folder, path) = scratch();
    for format in ["parquet", "arrow"] {
        let file = path(&format!("out.{format}"));
        let output = command([
            "-c",
            "select customer_id, sum(amount) as total from cdnow_sample group by 1 order by 1 limit 3",
            // The name of the file tells the format.
            "-o",
        ])
        .arg(&file)
        .arg(purchases())
        .stdin(Stdio::null())
        .output()
        .unwrap();
        assert!(output.status.success() && output.stdout.is_empty());
        let batches: Vec<RecordBatch> = if format == "parquet" {
            let builder = ParquetRecordBatchReaderBuilder::try_new(File::open(&file).unwrap());
            builder
                .unwrap()
                .build()
                .unwrap()
                .map(Result::unwrap)
                .collect()
        } else {
            let reader = StreamReader::try_new(File::open(&file).unwrap(), None);
            reader.unwrap().map(Result::unwrap).collect()
        };
        let rows = cells(&batches).unwrap();
        assert_eq!(rows.len(), 3, "{format}");
        assert_eq!(rows[0][0], "4");
    }
}

#[test]
fn binary_formats_hold_one_result() {
    let (_folder, path) = scratch();
    let file = path("two.parquet");
    let file = file.to_str().unwrap();
    let error = run(&["-c", "select 1 as a; select 2 as a", "-o", file]).failed();
    assert!(
        error.contains("a parquet file holds one result, and this is the second"),
        "{error}"
    );
    assert!(!fs::exists(file).unwrap());
}

#[test]
fn long_and_wide_tables_say_what_they_leave_out() {
    let sql = "select value from generate_series(1, 10000) as t(value)";
    let table = run(&["-c", sql]).quiet();
    assert!(table.contains("│     1 │") && table.contains("│ 10000 │") && !table.contains(" 21 "));
    let note = "… 9,960 rows left out; \\x or --format csv shows all\n";
    assert!(table.ends_with(note), "{table}");

    let columns: Vec<String> = (1..=30).map(|n| format!("{n} as column_{n}")).collect();
    let sql = format!("select {}", columns.join(", "));
    let output = command(["-c", &sql])
        .env("COLUMNS", "80")
        .stdin(Stdio::null())
        .output();
    let table = String::from_utf8(output.unwrap().stdout).unwrap();
    assert!(table.contains("column_1 ") && table.contains("column_30"));
    assert!(
        table.contains(" columns left out; \\x or --format csv shows all"),
        "{table}"
    );
    assert!(
        table.lines().all(|line| line.chars().count() <= 80),
        "{table}"
    );

    let all = run(&[
        "--max-rows",
        "0",
        "-c",
        "select value from generate_series(1, 100) as t(value)",
    ]);
    assert_eq!(all.quiet().lines().count(), 104);
}

#[test]
fn expanded_rows_are_whole() {
    let text = run(&["-c", "\\x\nselect 1 as id, null as note"]).quiet();
    let expected = "\
─[ row 1 ]──────────────────────────────
id   │ 1
note │ NULL
";
    assert_eq!(text, expected);
}

#[test]
fn names_cannot_command_the_terminal() {
    let sql = "select 1 as \"a\u{1b}[2J\nb|c\"";
    for (before, format, shown) in [
        ("", "table", "│ a\\u{1b}[2J\\nb|c │"),
        ("\\x\n", "table", "a\\u{1b}[2J\\nb|c │ 1\n"),
        ("", "markdown", "| a\\u{1b}[2J\\nb\\|c |\n| ---: |\n| 1 |\n"),
    ] {
        let text = in_format(format, &format!("{before}{sql}"));
        assert!(text.contains(shown) && !text.contains('\u{1b}'), "{text}");
    }
    let sql = format!("create table t as {sql};\n\\d t");
    let text = in_format("table", &sql);
    assert!(text.contains("a\\u{1b}[2J\\nb|c"), "{text}");
}

#[test]
fn intervals_are_quoted_once_at_most() {
    let sql = "select interval '1 month 2 days' as i, null as n";
    assert_eq!(in_format("csv", sql), "i,n\n1 mons 2 days,\n");
}

#[test]
fn a_failure_leaves_the_file_as_it_was() {
    let (_folder, path) = scratch();
    let file = path("kept.csv");
    fs::write(&file, "before").unwrap();
    let failed = run(&["-c", "select 1; select 1 / 0", "-o", file.to_str().unwrap()]);
    assert_eq!(failed.code, Some(1));
    assert_eq!(fs::read_to_string(&file).unwrap(), "before");
    let done = run(&[
        "-c",
        "select 1 as one; select 2 as two",
        "-o",
        file.to_str().unwrap(),
    ]);
    assert_eq!(done.quiet(), "");
    assert_eq!(fs::read_to_string(&file).unwrap(), "one\n1\ntwo\n2\n");
}

#[test]
fn without_a_terminal_there_are_no_colours() {
    let text = run(&["-c", "select null as nothing"]).quiet();
    assert!(!text.contains('\u{1b}'));
}
