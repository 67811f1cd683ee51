//! Result sets as text or bytes.
//!
//! Every format writes as the batches come and none holds a whole result: the
//! table keeps the few rows it shows. A new format is a file here, a variant of
//! [`Format`] and its line in [`Format::writer`].

mod arrow;
mod cell;
mod csv;
mod destination;
mod expanded;
mod fit;
mod json;
mod markdown;
mod pager;
mod parquet;
mod plan;
mod table;
pub(crate) mod terminal;

use std::io::Write;
use std::path::Path;

use ::arrow::array::RecordBatch;
use ::arrow::datatypes::SchemaRef;
use clap::ValueEnum;

pub(crate) use cell::Cell;
pub(crate) use destination::Destination;
pub(crate) use table::{Heading, Look, counted, print_cells};

use super::error::CliError;

/// How results are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// Boxes for people; long and wide results are cut, and say so. Plans are lines of text.
    Table,
    /// Comma-separated, with a header; NULL is empty.
    Csv,
    /// Tab-separated, with a header; NULL is empty.
    Tsv,
    /// One array of objects.
    Json,
    /// One object a line.
    Ndjson,
    /// A table for a README.
    Markdown,
    /// Parquet, compressed with Zstandard.
    Parquet,
    /// An Arrow IPC stream.
    Arrow,
}

impl Format {
    /// The format that the name of a file asks for.
    pub(crate) fn of_file(path: &Path) -> Option<Self> {
        let extension = path.extension()?.to_str()?.to_ascii_lowercase();
        Some(match extension.as_str() {
            "csv" => Self::Csv,
            "tsv" | "tab" => Self::Tsv,
            "json" => Self::Json,
            "ndjson" | "jsonl" => Self::Ndjson,
            "md" | "markdown" => Self::Markdown,
            "parquet" | "pq" => Self::Parquet,
            "arrow" | "arrows" | "ipc" => Self::Arrow,
            "txt" => Self::Table,
            _ => return None,
        })
    }

    /// Whether the result is bytes that a terminal can't show, and that can't be
    /// followed by another result.
    pub(crate) fn is_binary(self) -> bool {
        matches!(self, Self::Parquet | Self::Arrow)
    }

    /// Whether rows appear as they come; a table waits for the last one.
    pub(crate) fn streams(self, look: Look) -> bool {
        self != Self::Table || look.expanded
    }

    /// The name as it is given to `--format`.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Table => "table",
            Self::Csv => "csv",
            Self::Tsv => "tsv",
            Self::Json => "json",
            Self::Ndjson => "ndjson",
            Self::Markdown => "markdown",
            Self::Parquet => "parquet",
            Self::Arrow => "arrow",
        }
    }

    /// Something that writes one result of `schema` to `out`.
    pub(crate) fn writer<'a>(
        self,
        schema: SchemaRef,
        out: &'a mut (dyn Write + Send),
        look: Look,
    ) -> Result<Box<dyn ResultWriter + 'a>, CliError> {
        Ok(match self {
            Self::Table if plan::is_of(&schema) => Box::new(plan::Plans::new(out, look)),
            Self::Table if look.expanded => Box::new(expanded::Expanded::new(&schema, out, look)),
            Self::Table => Box::new(table::TableView::new(&schema, out, look)),
            Self::Csv => Box::new(csv::Delimited::new(schema, out, b',')),
            Self::Tsv => Box::new(csv::Delimited::new(schema, out, b'\t')),
            Self::Json => Box::new(json::JsonRows::array(out)),
            Self::Ndjson => Box::new(json::JsonRows::lines(out)),
            Self::Markdown => Box::new(markdown::Markdown::new(&schema, out)?),
            Self::Parquet => Box::new(parquet::ParquetFile::new(schema, out)?),
            Self::Arrow => Box::new(arrow::ArrowStream::new(&schema, out)?),
        })
    }
}

/// The values of a batch as text, row by row.
pub(crate) fn cells(batch: &RecordBatch) -> Result<Vec<Vec<Cell>>, CliError> {
    let columns = batch.columns().iter();
    let columns: Vec<_> = columns
        .map(|c| cell::Cells::new(c.as_ref()))
        .collect::<Result<_, _>>()?;
    let row = |row| columns.iter().map(|column| column.get(row)).collect();
    Ok((0..batch.num_rows()).map(row).collect())
}

/// Writes one result, batch by batch.
pub(crate) trait ResultWriter {
    /// Writes the rows of `batch`, or keeps what it needs of them.
    fn write(&mut self, batch: &RecordBatch) -> Result<(), CliError>;

    /// Writes what is left, after the last batch.
    fn finish(&mut self) -> Result<(), CliError>;
}
