//! Batches cut by what their rows take once values are written out.

use std::ops::Range;

use arrow::array::{ArrayRef, RecordBatch};

use super::flat::Room;

/// The rows of a batch in order, cut where it takes too many bytes; a row that does alone comes
/// alone.
#[derive(Debug)]
pub(crate) struct Portions {
    batch: RecordBatch,
    /// The columns of which the values are written out.
    columns: Vec<ArrayRef>,
    bytes: u64,
    /// What is still to come, the last first.
    rest: Vec<Range<usize>>,
}

impl Portions {
    /// Portions in which values of these columns take so many bytes, as far as they are said once.
    pub(crate) fn of<'a>(
        batch: &RecordBatch,
        columns: impl Iterator<Item = &'a ArrayRef>,
        bytes: u64,
    ) -> Self {
        Self {
            columns: columns.map(ArrayRef::clone).collect(),
            bytes,
            rest: std::iter::once(0..batch.num_rows()).collect(),
            batch: batch.clone(),
        }
    }
}

impl Iterator for Portions {
    type Item = RecordBatch;

    fn next(&mut self) -> Option<RecordBatch> {
        let mut rows = self.rest.pop()?;
        while rows.len() > 1 && !Room::of(self.bytes).takes(self.columns.iter(), rows.clone()) {
            let middle = rows.start + rows.len() / 2;
            self.rest.push(middle..rows.end);
            rows.end = middle;
        }
        Some(match rows.len() == self.batch.num_rows() {
            true => self.batch.clone(),
            false => self.batch.slice(rows.start, rows.len()),
        })
    }
}
