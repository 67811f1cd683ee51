//! One value a line, for rows too wide for a table. Shows every row and column.

use std::io::Write;

use arrow::array::RecordBatch;
use arrow::datatypes::Schema;
use nu_ansi_term::Style;
use unicode_width::UnicodeWidthStr;

use super::ResultWriter;
use super::cell::{Cell, Cells};
use super::table::Look;
use crate::cli::error::CliError;

/// How long the line above a row is, at least.
const RULE_WIDTH: usize = 40;

pub(super) struct Expanded<'a> {
    out: &'a mut (dyn Write + Send),
    names: Vec<String>,
    rows: u64,
    dim: Style,
}

impl<'a> Expanded<'a> {
    pub(super) fn new(schema: &Schema, out: &'a mut (dyn Write + Send), look: Look) -> Self {
        let names = schema.fields().iter().map(|f| Cell::text(f.name()).text);
        let names: Vec<String> = names.collect();
        let width = names.iter().map(|name| name.width()).max().unwrap_or(0);
        let pad = |name: String| format!("{name}{}", " ".repeat(width - name.width()));
        Self {
            out,
            names: names.into_iter().map(pad).collect(),
            rows: 0,
            dim: if look.colours.any() {
                Style::new().dimmed()
            } else {
                Style::new()
            },
        }
    }
}

impl ResultWriter for Expanded<'_> {
    fn write(&mut self, batch: &RecordBatch) -> Result<(), CliError> {
        let columns = batch.columns().iter();
        let columns: Vec<_> = columns
            .map(|c| Cells::new(c.as_ref()))
            .collect::<Result<_, _>>()?;
        for row in 0..batch.num_rows() {
            self.rows += 1;
            let title = format!("─[ row {} ]", self.rows);
            let rule = format!("{title:─<RULE_WIDTH$}");
            writeln!(self.out, "{}", self.dim.paint(rule))?;
            for (name, column) in self.names.iter().zip(&columns) {
                let cell = column.get(row);
                let style = if cell.is_null { self.dim } else { Style::new() };
                let bar = self.dim.paint("│");
                writeln!(self.out, "{name} {bar} {}", style.paint(cell.text))?;
            }
        }
        Ok(())
    }

    fn finish(&mut self) -> Result<(), CliError> {
        if self.rows == 0 {
            writeln!(self.out, "{}", self.dim.paint("no rows"))?;
        }
        Ok(())
    }
}
