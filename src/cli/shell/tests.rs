//! What becomes of the file of `\o` when a session goes on after an error.

use std::fs;
use std::path::PathBuf;

use cohortql_engine::Engine;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use tempfile::TempDir;

use super::*;
use crate::cli::backend::Local;

/// Gives rows, and then an error.
const BREAKS_OFF: &str =
    "select 1 / (20000 - value) as n from generate_series(1, 30000) as t(value)";

fn session() -> (TempDir, Shell) {
    let runtime = crate::cli::open::runtime().unwrap();
    let engine = runtime.block_on(Engine::builder().target_partitions(1).build());
    let presentation = Presentation {
        format: Format::Csv,
        max_rows: None,
        expanded: false,
        timing: false,
    };
    let backend = Backend::Local(Box::new(Local::new(engine.unwrap())));
    let shell = Shell::new(runtime, backend, presentation, Manner::Interactive);
    (TempDir::new().unwrap(), shell)
}

/// A file that holds something already.
fn kept(folder: &TempDir) -> PathBuf {
    let path = folder.path().join("keep.csv");
    fs::write(&path, "before").unwrap();
    path
}

#[test]
fn a_file_that_got_no_result_is_left_as_it_was() {
    let (folder, mut shell) = session();
    let path = kept(&folder);
    shell.redirect(Some(&path)).unwrap();
    shell.run_script("selec 1;", None).unwrap_err();
    shell
        .run_script("create table t as select 1 as a;", None)
        .unwrap();
    shell.redirect(None).unwrap();
    assert_eq!(fs::read_to_string(&path).unwrap(), "before");
    shell.redirect(Some(&path)).unwrap();
    shell.run_script("selec 1;", None).unwrap_err();
    shell
        .run_script("select a from t where a > 1;", None)
        .unwrap();
    shell.redirect(None).unwrap();
    assert_eq!(fs::read_to_string(&path).unwrap(), "a\n");
}

#[test]
fn a_result_that_breaks_off_leaves_the_file_as_it_was() {
    let (folder, mut shell) = session();
    let path = kept(&folder);
    shell.redirect(Some(&path)).unwrap();
    shell.run_script("select 1 as whole;", None).unwrap();
    shell.run_script(BREAKS_OFF, None).unwrap_err();
    assert!(shell.output.is_none());
    shell.redirect(None).unwrap();
    assert_eq!(fs::read_to_string(&path).unwrap(), "before");
}

#[test]
fn a_parquet_file_is_whole_or_not_there() {
    let (folder, mut shell) = session();
    let path = folder.path().join("out.parquet");
    shell.presentation.format = Format::Parquet;
    shell.redirect(Some(&path)).unwrap();
    shell.run_script(BREAKS_OFF, None).unwrap_err();
    shell.redirect(None).unwrap();
    assert!(!path.exists());
    shell.redirect(Some(&path)).unwrap();
    shell.run_script("selec 1;", None).unwrap_err();
    shell.run_script("select 1 as a;", None).unwrap();
    shell.redirect(None).unwrap();
    let file = fs::File::open(&path).unwrap();
    let reader = ParquetRecordBatchReaderBuilder::try_new(file).unwrap();
    assert_eq!(reader.metadata().file_metadata().num_rows(), 1);
}

#[test]
fn the_columns_of_a_table_go_where_results_go() {
    let (folder, mut shell) = session();
    let path = folder.path().join("columns.csv");
    shell
        .run_script("create table t as select 1 as a;", None)
        .unwrap();
    shell.redirect(Some(&path)).unwrap();
    shell.run_script("\\d t", None).unwrap();
    shell.redirect(None).unwrap();
    let text = fs::read_to_string(&path).unwrap();
    assert_eq!(text, "column,type,nullable\na,BIGINT,no\n");
}

#[cfg(unix)]
#[test]
fn a_link_and_the_rights_of_a_file_stay() {
    use std::os::unix::fs::{PermissionsExt, symlink};

    let (folder, mut shell) = session();
    let path = kept(&folder);
    fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
    let link = folder.path().join("link.csv");
    symlink("keep.csv", &link).unwrap();
    shell.redirect(Some(&link)).unwrap();
    shell.run_script("select 1 as a;", None).unwrap();
    shell.redirect(None).unwrap();
    assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    assert_eq!(fs::read_to_string(&path).unwrap(), "a\n1\n");
    let mode = fs::metadata(&path).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o640);
}
