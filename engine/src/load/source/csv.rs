//! CSV: rows of texts, each with its line.
//!
//! A row with too many or too few fields, or one that is not UTF-8, is given by itself; the others are
//! columns of what stands between the commas.

use std::sync::Arc;

use arrow::datatypes::{Schema, SchemaRef};
use csv::{ByteRecord, Reader, StringRecord};
use serde_json::Value;

use super::lines::{Batch, Bounded, Taken, together};
use super::{Nulls, Opened, Sender, known, named, rows_of};
use crate::formats::{Chunks, DataFile, FileSet, RawCsv, TableDefinition, read_apart};
use crate::load::came::Broken;
use crate::{EngineError, Session};

/// Files that are looked into for the columns and their types.
const SAMPLE_FILES: usize = 64;

/// Opens files of CSV.
pub(super) async fn open(
    session: &Session,
    name: &str,
    definition: &TableDefinition,
    set: FileSet,
    fingerprint: String,
) -> Result<Opened, EngineError> {
    let written = Arc::new(RawCsv::of(definition)?);
    let columns = columns(&written, &set).await?;
    let nulls = match written.nulls() {
        None => Nulls::Empty,
        Some(pattern) => Nulls::Matching(pattern.clone()),
    };
    let all = Arc::clone(&columns);
    let rows = rows_of(session, move |sender| async move {
        for file in &set.files {
            let origin = set.name(file);
            let (written, sender, all) = (Arc::clone(&written), sender.clone(), Arc::clone(&all));
            let reading = move |bytes| read(&written, &origin, &all, bytes, &sender);
            if !read_apart(&set.store, file, reading).await?? {
                break;
            }
        }
        Ok(())
    });
    Ok(Opened {
        name: name.to_owned(),
        columns,
        is_typed: false,
        nulls,
        fingerprint: Some(fingerprint),
        rows,
    })
}

/// The columns of all files that are looked into, and the types that the first rows seem to have.
async fn columns(written: &Arc<RawCsv>, set: &FileSet) -> Result<SchemaRef, EngineError> {
    let mut found = Vec::new();
    let mut left = written.sample();
    for file in set.files.iter().take(SAMPLE_FILES) {
        let (columns, rows) = sampled(written, set, file, left).await?;
        left = left.saturating_sub(rows);
        found.push(columns);
    }
    Ok(together(&found))
}

/// The columns of one file by its first rows, and how many of these there were.
async fn sampled(
    written: &Arc<RawCsv>,
    set: &FileSet,
    file: &DataFile,
    most: usize,
) -> Result<(Schema, usize), EngineError> {
    let (written, origin) = (Arc::clone(written), set.name(file));
    let sampling = move |bytes: Chunks| {
        let mut lines = Lines::new(&written, &origin, bytes)?;
        let mut rows = Vec::new();
        let length = lines.names.len();
        while rows.len() < most
            && let Some(row) = lines.next()?
        {
            if row.len() == length {
                rows.push(row.clone());
            }
        }
        let schema = written.infer(&lines.names, &rows)?;
        Ok((schema, rows.len()))
    };
    read_apart(&set.store, file, sampling).await?
}

/// The lines of one file below its header.
struct Lines {
    origin: String,
    reader: Reader<Bounded<Chunks>>,
    taken: Taken,
    row: ByteRecord,
    /// The row after it, which tells whether that was the last.
    ahead: Option<ByteRecord>,
    /// Whether the first line is a row and no header.
    first: bool,
    names: Vec<String>,
}

impl Lines {
    fn new(written: &RawCsv, origin: &str, bytes: Chunks) -> Result<Self, EngineError> {
        let (bytes, taken) = Bounded::new(bytes, written.quote());
        let mut lines = Self {
            origin: origin.to_owned(),
            reader: written.reader(bytes),
            taken,
            row: ByteRecord::new(),
            ahead: None,
            first: false,
            names: Vec::new(),
        };
        lines.ahead = lines.following(ByteRecord::new())?;
        if lines.next()?.is_none() {
            return Err(EngineError::Execution {
                message: format!("{origin:?} holds no line of CSV"),
            });
        }
        if !written.has_header() {
            lines.first = true;
            lines.names = (1..=lines.row.len())
                .map(|n| format!("column_{n}"))
                .collect();
            return Ok(lines);
        }
        let header = StringRecord::from_byte_record(lines.row.clone());
        let header = header.map_err(|_| EngineError::Execution {
            message: format!("the header of {origin:?} is not UTF-8"),
        })?;
        lines.names = header.iter().map(|name| name.trim().to_owned()).collect();
        if let Some(first) = lines.names.first_mut()
            && let Some(rest) = first.strip_prefix('\u{feff}')
        {
            // The byte order mark that spreadsheets write keeps the quotes from being seen.
            *first = rest.trim_matches('"').to_owned();
        }
        named(origin, &lines.names)?;
        Ok(lines)
    }

    fn next(&mut self) -> Result<Option<&ByteRecord>, EngineError> {
        if !std::mem::take(&mut self.first) {
            let Some(ahead) = self.ahead.take() else {
                return Ok(None);
            };
            let before = std::mem::replace(&mut self.row, ahead);
            self.ahead = self.following(before)?;
        }
        Ok(Some(&self.row))
    }

    /// The next row of the file, in the place of one that is not needed any more.
    fn following(&mut self, mut row: ByteRecord) -> Result<Option<ByteRecord>, EngineError> {
        let read = self.reader.read_byte_record(&mut row);
        let read = read.map_err(|error| EngineError::Execution {
            message: format!("cannot read {:?}: {error}", self.origin),
        })?;
        self.taken.row();
        Ok(read.then_some(row))
    }

    /// Whether the row goes on to the end of the file because a quote in it is never closed.
    fn is_open(&self) -> bool {
        self.ahead.is_none() && self.taken.has_open_quote() && self.row.as_slice().contains(&b'\n')
    }
}

/// Puts the rows of a file into the channel; false when nobody wants more.
fn read(
    written: &RawCsv,
    origin: &str,
    columns: &SchemaRef,
    bytes: Chunks,
    sender: &Sender,
) -> Result<bool, EngineError> {
    let mut lines = Lines::new(written, origin, bytes)?;
    known(origin, &lines.names, columns)?;
    let mut batch = Batch::new(origin, &lines.names);
    let fills = written.fills_short_rows();
    while lines.next()?.is_some() {
        add(&mut batch, &lines.row, fills, lines.is_open());
        if batch.is_full() && sender.blocking_send(Ok(batch.take()?)).is_err() {
            return Ok(false);
        }
    }
    Ok(sender.blocking_send(Ok(batch.take()?)).is_ok())
}

/// Adds a row, by itself where no columns can be made of it.
fn add(batch: &mut Batch, row: &ByteRecord, fills: bool, is_open: bool) {
    let number = row.position().map_or(0, csv::Position::line);
    let (came, expected) = (row.len(), batch.columns().fields().len());
    let problem = if is_open {
        "has a quote that is never closed".to_owned()
    } else if came > expected || (came < expected && !fills) {
        format!("has {came} fields instead of {expected}")
    } else {
        let cells: Result<Vec<&str>, usize> = row
            .iter()
            .enumerate()
            .map(|(place, cell)| str::from_utf8(cell).map_err(|_| place + 1))
            .collect();
        match cells {
            Ok(cells) => {
                let cells = (0..expected).map(|place| cells.get(place).map(|cell| (*cell).into()));
                batch.add(number, cells, None);
                return;
            }
            Err(place) => format!("field {place} is not UTF-8"),
        }
    };
    let cells = row
        .iter()
        .map(|cell| Value::from(String::from_utf8_lossy(cell)));
    batch.add_broken(Broken {
        number,
        raw: Value::Array(cells.collect()).to_string(),
        problem,
    });
}
