//! `cohortql load`: rows of files and databases that go into a table of the project.

mod report;
mod request;

use std::collections::BTreeMap;

use clap::{Args, ValueEnum};
use cohortql_engine::load::MaxQuarantined;

use super::args::{Settings, Tables};
use super::error::CliError;
use super::open;

/// Rows, and the table that they go into.
#[derive(Debug, Args)]
pub(crate) struct Load {
    /// File, folder, pattern or URL of CSV, JSON, Parquet, Arrow or Delta, or
    /// postgres://USER@HOST/DATABASE
    #[arg(value_name = "SOURCE")]
    source: String,

    /// The table, which is made if it is not there
    #[arg(long, value_name = "TABLE")]
    into: String,

    /// What becomes of the rows that the table has
    #[arg(long, value_name = "MODE", default_value = "append")]
    mode: Mode,

    /// The columns that tell rows apart, for --mode merge
    #[arg(long, value_name = "COLUMNS", value_delimiter = ',')]
    key: Vec<String>,

    /// The column whose greatest value wins among rows of one key; without it, all rows of a key that
    /// comes twice go into quarantine
    #[arg(long, value_name = "COLUMN", requires = "key")]
    order_by: Option<String>,

    /// The source has all rows there are: mark those of the table that it has no more
    #[arg(long, requires = "key")]
    soft_delete: bool,

    /// The column that --soft-delete marks
    #[arg(long, value_name = "COLUMN", default_value = "_deleted")]
    deleted_column: String,

    /// Columns and types of a table to be made, as CREATE TABLE has them [default: those of the source]
    #[arg(long, value_name = "COLUMNS")]
    columns: Option<String>,

    /// A column that has another name in the source; may be given several times
    #[arg(long, value_name = "OURS=SOURCE", value_parser = pair)]
    rename: Vec<(String, String)>,

    /// Columns in which NULL does not fit, besides those of the key
    #[arg(long, value_name = "COLUMNS", value_delimiter = ',')]
    not_null: Vec<String>,

    /// Add columns to the table that only the source has
    #[arg(long)]
    add_columns: bool,

    /// Load nothing if more rows than this, or a larger share, do not fit
    #[arg(long, value_name = "N|P%", value_parser = str::parse::<MaxQuarantined>)]
    max_quarantined: Option<MaxQuarantined>,

    /// The folder of a table to be made [default: where the project keeps its tables]
    #[arg(long, value_name = "FOLDER")]
    location: Option<String>,

    /// Take a source without rows for one that has none
    #[arg(long)]
    allow_empty: bool,

    /// Append files that the table has taken already
    #[arg(long)]
    again: bool,

    /// What tells this load from others, so that it is appended once [default: found from the files]
    #[arg(long, value_name = "ID")]
    load_id: Option<String>,

    /// The format of files whose names do not tell
    #[arg(long, value_name = "FORMAT")]
    source_format: Option<String>,

    /// An option of the format, such as delimiter=; or null_values=NA; may be given several times
    #[arg(long, value_name = "NAME=VALUE", value_parser = pair)]
    option: Vec<(String, String)>,

    /// The table or view of a database
    #[arg(long = "table", value_name = "SCHEMA.NAME", conflicts_with = "query")]
    relation: Option<String>,

    /// A query in the database's own SQL
    #[arg(long, value_name = "SQL")]
    query: Option<String>,

    /// How the outcome is written
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: Format,
}

/// What becomes of the rows that the table has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Mode {
    /// They stay, and others come
    Append,
    /// They go
    Replace,
    /// Those whose key comes are updated
    Merge,
}

/// How the outcome is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// A line for people
    Text,
    /// One JSON object
    Json,
}

/// Loads rows, and says what became of them.
pub(crate) fn run(load: &Load, settings: &Settings) -> Result<(), CliError> {
    let request = request::of(load)?;
    open::runtime()?.block_on(async {
        let tables = Tables { paths: Vec::new() };
        let engine = open::engine(settings, &tables).await?;
        let stop = async {
            // Where Ctrl-C cannot be heard, nobody stops the load.
            if tokio::signal::ctrl_c().await.is_err() {
                std::future::pending::<()>().await;
            }
        };
        let loaded = engine.default_session().load_until(request, stop).await?;
        report::say(&loaded, load.format)
    })
}

/// Splits `NAME=VALUE`.
fn pair(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err(format!("expected NAME=VALUE, got {text:?}")),
    }
}

/// Pairs by their names.
fn by_name(pairs: &[(String, String)]) -> BTreeMap<String, String> {
    pairs.iter().cloned().collect()
}
