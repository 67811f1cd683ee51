//! Rows of text: read one by one, each no longer than there is room for, and handed on together.

use std::borrow::Cow;
use std::io::{self, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use arrow::array::{ArrayRef, RecordBatch, RecordBatchOptions, StringBuilder};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};

use super::shared;
use crate::EngineError;
use crate::formats::common;
use crate::load::came::{Broken, Came};

/// Rows and bytes of text that are handed on together, about.
const ROWS_AT_ONCE: usize = 8192;
const BYTES_AT_ONCE: usize = 8 << 20;

/// Bytes that one row may have: more are taken for a quote that is never closed.
const LARGEST_ROW: usize = 64 << 20;

/// Bytes that fail when a row takes more of them than it may.
pub(super) struct Bounded<R> {
    bytes: R,
    quote: Option<u8>,
    taken: Taken,
}

/// What was read: how much since the last row was complete, and how many quotes in all.
#[derive(Debug, Clone, Default)]
pub(super) struct Taken {
    bytes: Arc<AtomicUsize>,
    quotes: Arc<AtomicUsize>,
}

impl Taken {
    /// A row is complete.
    pub(super) fn row(&self) {
        self.bytes.store(0, Ordering::Relaxed);
    }

    /// Whether a quote has no other to close it.
    pub(super) fn has_open_quote(&self) -> bool {
        self.quotes.load(Ordering::Relaxed) % 2 == 1
    }
}

impl<R: Read> Bounded<R> {
    /// Bytes in which quotes are counted, where there are any.
    pub(super) fn new(bytes: R, quote: Option<u8>) -> (Self, Taken) {
        let taken = Taken::default();
        let bounded = Self {
            bytes,
            quote,
            taken: taken.clone(),
        };
        (bounded, taken)
    }
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.bytes.read(buffer)?;
        if let Some(quote) = self.quote {
            let quotes = buffer[..read].iter().filter(|byte| **byte == quote).count();
            self.taken.quotes.fetch_add(quotes, Ordering::Relaxed);
        }
        let before = self.taken.bytes.fetch_add(read, Ordering::Relaxed);
        match before.saturating_add(read) > LARGEST_ROW {
            true => Err(io::Error::other(format!(
                "a row takes more than {} MB; is a quote never closed?",
                LARGEST_ROW >> 20
            ))),
            false => Ok(read),
        }
    }
}

/// Rows of one file that are handed on together.
pub(super) struct Batch {
    origin: Arc<str>,
    columns: SchemaRef,
    cells: Vec<StringBuilder>,
    numbers: Vec<u64>,
    raw: Vec<String>,
    broken: Vec<Broken>,
    bytes: usize,
}

impl Batch {
    pub(super) fn new(origin: &str, names: impl IntoIterator<Item = impl Into<String>>) -> Self {
        let fields = names.into_iter();
        let fields: Vec<_> = fields
            .map(|name| Field::new(name, DataType::Utf8, true))
            .collect();
        Self {
            origin: shared(origin),
            cells: fields.iter().map(|_| StringBuilder::new()).collect(),
            columns: Arc::new(Schema::new(fields)),
            numbers: Vec::new(),
            raw: Vec::new(),
            broken: Vec::new(),
            bytes: 0,
        }
    }

    /// The columns, all of text.
    pub(super) fn columns(&self) -> SchemaRef {
        Arc::clone(&self.columns)
    }

    /// Adds a row with a cell a column, and how it stands in the file where the cells do not say.
    pub(super) fn add<'a>(
        &mut self,
        number: u64,
        cells: impl Iterator<Item = Option<Cow<'a, str>>>,
        raw: Option<String>,
    ) {
        for (cell, column) in cells.zip(&mut self.cells) {
            match cell {
                Some(text) => {
                    self.bytes += text.len();
                    column.append_value(text);
                }
                None => column.append_null(),
            }
        }
        self.numbers.push(number);
        if let Some(raw) = raw {
            self.bytes += raw.len();
            self.raw.push(raw);
        }
    }

    /// Adds a row of which no cells can be made.
    pub(super) fn add_broken(&mut self, broken: Broken) {
        self.bytes += broken.raw.len();
        self.broken.push(broken);
    }

    /// Whether it is time to hand the rows on.
    pub(super) fn is_full(&self) -> bool {
        self.numbers.len() + self.broken.len() >= ROWS_AT_ONCE || self.bytes >= BYTES_AT_ONCE
    }

    /// The rows, of which none are left.
    pub(super) fn take(&mut self) -> Result<Came, EngineError> {
        let cells = self.cells.iter_mut();
        let cells = cells
            .map(|cells| Arc::new(cells.finish()) as ArrayRef)
            .collect();
        let options = RecordBatchOptions::new().with_row_count(Some(self.numbers.len()));
        let columns = RecordBatch::try_new_with_options(self.columns(), cells, &options);
        let columns = columns.map_err(|error| EngineError::Internal {
            message: format!("rows of text make no columns: {error}"),
        })?;
        self.bytes = 0;
        let raw = std::mem::take(&mut self.raw);
        Ok(Came {
            raw: (!raw.is_empty()).then_some(raw),
            columns,
            numbers: std::mem::take(&mut self.numbers),
            origin: Arc::clone(&self.origin),
            broken: std::mem::take(&mut self.broken),
        })
    }
}

/// The columns of files that were looked into, with types that hold the values of all.
pub(super) fn together(found: &[Schema]) -> SchemaRef {
    let mut fields: Vec<Field> = Vec::new();
    for field in found.iter().flat_map(|schema| schema.fields()) {
        match fields.iter_mut().find(|known| known.name() == field.name()) {
            None => fields.push(field.as_ref().clone().with_nullable(true)),
            Some(known) => {
                let data_type = common(known.data_type(), field.data_type());
                known.set_data_type(data_type.unwrap_or(DataType::Utf8));
            }
        }
    }
    let fields = fields.into_iter().map(|field| match field.data_type() {
        DataType::Null => field.with_data_type(DataType::Utf8),
        _ => field,
    });
    Arc::new(Schema::new(fields.collect::<Vec<_>>()))
}
