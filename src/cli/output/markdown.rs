//! A table in GitHub's Markdown.

use std::io::Write;

use arrow::array::RecordBatch;
use arrow::datatypes::Schema;

use super::ResultWriter;
use super::cell::{Cell, Cells, is_number};
use crate::cli::error::CliError;

pub(super) struct Markdown<'a> {
    out: &'a mut (dyn Write + Send),
}

impl<'a> Markdown<'a> {
    pub(super) fn new(schema: &Schema, out: &'a mut (dyn Write + Send)) -> Result<Self, CliError> {
        for field in schema.fields() {
            write!(out, "| {} ", escaped(&Cell::text(field.name()).text))?;
        }
        writeln!(out, "|")?;
        for field in schema.fields() {
            let rule = if is_number(field.data_type()) {
                "---:"
            } else {
                "---"
            };
            write!(out, "| {rule} ")?;
        }
        writeln!(out, "|")?;
        Ok(Self { out })
    }
}

impl ResultWriter for Markdown<'_> {
    fn write(&mut self, batch: &RecordBatch) -> Result<(), CliError> {
        let columns = batch.columns().iter();
        let columns: Vec<_> = columns
            .map(|c| Cells::new(c.as_ref()))
            .collect::<Result<_, _>>()?;
        for row in 0..batch.num_rows() {
            for column in &columns {
                write!(self.out, "| {} ", escaped(&column.get(row).text))?;
            }
            writeln!(self.out, "|")?;
        }
        Ok(())
    }

    fn finish(&mut self) -> Result<(), CliError> {
        Ok(())
    }
}

fn escaped(text: &str) -> String {
    text.replace('|', "\\|")
}
