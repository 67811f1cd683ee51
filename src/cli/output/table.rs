//! The table that people read: the first and last rows of a result and as many
//! columns as the terminal has room for.
//!
//! The whole result streams through, so that the count of what is left out is
//! right, but only the rows to show are kept.

use std::collections::VecDeque;
use std::io::Write;

use arrow::array::RecordBatch;
use arrow::datatypes::Schema;
use comfy_table::modifiers::UTF8_ROUND_CORNERS;
use comfy_table::presets::UTF8_FULL_CONDENSED;
use comfy_table::{Attribute, CellAlignment, Table};

use super::ResultWriter;
use super::cell::{Cell, Cells, is_number};
use super::fit::fit;
use super::terminal::Colours;
use crate::cli::error::CliError;

/// How results look to people.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Look {
    pub(crate) colours: Colours,
    /// Columns of the terminal.
    pub(crate) width: Option<usize>,
    /// Rows that a table shows; none means all.
    pub(crate) max_rows: Option<usize>,
    /// One value a line.
    pub(crate) expanded: bool,
}

/// A column of a table, whatever its values come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Heading {
    pub(crate) name: String,
    /// Aligned to the right.
    pub(crate) is_number: bool,
}

impl Heading {
    /// A heading whose name is text as [`Cell::text`] has it.
    pub(crate) fn new(name: &str, is_number: bool) -> Self {
        Self {
            name: Cell::text(name).text,
            is_number,
        }
    }
}

pub(super) struct TableView<'a> {
    out: &'a mut (dyn Write + Send),
    look: Look,
    headings: Vec<Heading>,
    head: Vec<Vec<Cell>>,
    tail: VecDeque<Vec<Cell>>,
    rows: usize,
}

impl<'a> TableView<'a> {
    pub(super) fn new(schema: &Schema, out: &'a mut (dyn Write + Send), look: Look) -> Self {
        let headings = schema.fields().iter();
        let headings = headings.map(|f| Heading::new(f.name(), is_number(f.data_type())));
        Self {
            out,
            look,
            headings: headings.collect(),
            head: Vec::new(),
            tail: VecDeque::new(),
            rows: 0,
        }
    }

    /// How many of the first and of the last rows to keep.
    fn room(&self) -> (usize, usize) {
        match self.look.max_rows {
            None => (usize::MAX, 0),
            Some(rows) => (rows - rows / 2, rows / 2),
        }
    }
}

impl ResultWriter for TableView<'_> {
    fn write(&mut self, batch: &RecordBatch) -> Result<(), CliError> {
        let (head_room, tail_room) = self.room();
        let columns = batch.columns().iter();
        let columns: Vec<_> = columns
            .map(|c| Cells::new(c.as_ref()))
            .collect::<Result<_, _>>()?;
        let cells = |row| columns.iter().map(|column| column.get(row)).collect();

        let to_head = batch
            .num_rows()
            .min(head_room.saturating_sub(self.head.len()));
        self.head.extend((0..to_head).map(cells));
        let from = to_head.max(batch.num_rows().saturating_sub(tail_room));
        for row in from..batch.num_rows() {
            if self.tail.len() == tail_room {
                self.tail.pop_front();
            }
            if tail_room > 0 {
                self.tail.push_back(cells(row));
            }
        }
        self.rows += batch.num_rows();
        Ok(())
    }

    fn finish(&mut self) -> Result<(), CliError> {
        let head = self.head.len();
        let mut rows = std::mem::take(&mut self.head);
        rows.extend(self.tail.drain(..));
        let left_out = self.rows - rows.len();
        let gap = (left_out > 0).then_some(head);
        let columns_left_out = print_cells(self.out, &self.headings, rows, gap, self.look)?;
        if let Some(note) = elision(left_out, columns_left_out) {
            writeln!(self.out, "{note}")?;
        }
        Ok(())
    }
}

/// What a table says about what it does not show.
fn elision(rows: usize, columns: usize) -> Option<String> {
    let rows = (rows > 0).then(|| counted(rows, "row"));
    let columns = (columns > 0).then(|| counted(columns, "column"));
    let what = match (rows, columns) {
        (None, None) => return None,
        (Some(rows), Some(columns)) => format!("{rows} and {columns}"),
        (one, other) => one.or(other).unwrap_or_default(),
    };
    Some(format!("… {what} left out; \\x or --format csv shows all"))
}

/// `1 row`, `9,960 rows`.
pub(crate) fn counted(n: usize, noun: &str) -> String {
    let digits = n.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    let plural = if n == 1 { "" } else { "s" };
    format!("{text} {noun}{plural}")
}

/// Prints `rows` under `headings`, with a row of dots before row `gap`, and
/// returns how many columns there was no room for.
pub(crate) fn print_cells(
    out: &mut dyn Write,
    headings: &[Heading],
    mut rows: Vec<Vec<Cell>>,
    gap: Option<usize>,
    look: Look,
) -> Result<usize, CliError> {
    if let Some(at) = gap {
        let dots = headings.iter().map(|_| Cell::text("…"));
        rows.insert(at.min(rows.len()), dots.collect());
    }
    let fit = fit(headings, &rows, look.width);
    let mut table = Table::new();
    table
        .load_preset(UTF8_FULL_CONDENSED)
        .apply_modifier(UTF8_ROUND_CORNERS)
        .force_no_tty();
    if look.colours.any() {
        table.enforce_styling();
    }
    table.set_header(fit.row(
        |column, width| {
            let Heading { name, is_number } = &headings[column];
            styled(Cell::text(name).cut(width), *is_number).add_attribute(Attribute::Bold)
        },
        || comfy_table::Cell::new("…"),
    ));
    for row in &rows {
        table.add_row(fit.row(
            |column, width| styled(row[column].cut(width), headings[column].is_number),
            || comfy_table::Cell::new("…"),
        ));
    }
    writeln!(out, "{table}")?;
    Ok(fit.left_out())
}

fn styled(cell: Cell, is_number: bool) -> comfy_table::Cell {
    let mut styled = comfy_table::Cell::new(cell.text);
    if cell.is_null {
        styled = styled.add_attribute(Attribute::Dim);
    }
    if is_number {
        styled = styled.set_alignment(CellAlignment::Right);
    }
    styled
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{ArrayRef, Int64Array};

    use super::*;

    fn shown(batches: &[&[i64]], max_rows: Option<usize>) -> String {
        let mut out = Vec::new();
        let batch = |values: &[i64]| {
            let values: ArrayRef = Arc::new(Int64Array::from(values.to_vec()));
            RecordBatch::try_from_iter([("n", values)]).unwrap()
        };
        let look = Look {
            colours: Colours::None,
            width: None,
            max_rows,
            expanded: false,
        };
        let mut view = TableView::new(&batch(&[]).schema(), &mut out, look);
        for values in batches {
            view.write(&batch(values)).unwrap();
        }
        view.finish().unwrap();
        let text = String::from_utf8(out).unwrap();
        let values = text.lines().filter(|line| line.starts_with('│')).skip(1);
        let values = values.map(|line| line.trim_matches(['│', ' ']).to_owned());
        let note = text.lines().filter(|line| line.starts_with('…'));
        values
            .chain(note.map(str::to_owned))
            .collect::<Vec<_>>()
            .join(" ")
    }

    #[test]
    fn first_and_last_rows_are_kept_across_batches() {
        let note = "… 4 rows left out; \\x or --format csv shows all";
        assert_eq!(
            shown(&[&[1, 2], &[3], &[4, 5, 6, 7, 8]], Some(4)),
            format!("1 2 … 7 8 {note}")
        );
        assert_eq!(
            shown(&[&[1], &[2], &[3], &[4], &[5], &[6], &[7]], Some(3)),
            format!("1 2 … 7 {note}")
        );
    }

    #[test]
    fn what_fits_is_shown_whole() {
        assert_eq!(shown(&[&[1, 2], &[3]], Some(3)), "1 2 3");
        assert_eq!(shown(&[&[1, 2], &[3]], None), "1 2 3");
        assert_eq!(shown(&[], Some(3)), "");
    }

    #[test]
    fn the_note_counts_rows_and_columns() {
        assert_eq!(
            elision(9_960, 4).unwrap(),
            "… 9,960 rows and 4 columns left out; \\x or --format csv shows all"
        );
        assert!(elision(1, 0).unwrap().starts_with("… 1 row left out"));
        assert!(elision(0, 1).unwrap().starts_with("… 1 column left out"));
        assert_eq!(elision(0, 0), None);
        assert_eq!(counted(1_234_567, "row"), "1,234,567 rows");
    }
}
