//! The table of rows that do not fit.
//!
//! It is written while the others go on, and committed before them, so that no row is in neither. Rows
//! that a load of the same files has left are not left again.

use std::sync::Arc;

use arrow::array::{
    ArrayRef, Int64Array, ListBuilder, RecordBatch, StringArray, StringBuilder, StructBuilder,
    TimestampMicrosecondArray,
};
use arrow::datatypes::{DataType, Field, Fields, Schema, SchemaRef, TimeUnit};
use chrono::Utc;

use super::check::Misfit;
use super::target::Target;
use super::writer::Writer;
use crate::formats::{Replaced, Shape};
use crate::{EngineError, Session};

/// Rows that are written at a time.
const ROWS_AT_ONCE: usize = 8192;

/// How often a commit is tried again on top of what others have committed.
const TRIES: usize = 8;

/// What a load leaves in the table of rows that do not fit.
const STAMP: &str = "cohortql.quarantined/";

/// Rows on their way into quarantine.
pub(super) struct Quarantine {
    target: Target,
    shape: Shape,
    writer: Option<Writer>,
    waiting: Vec<Misfit>,
    load: String,
    /// What tells these rows from those of other files.
    contents: String,
    count: u64,
}

impl Quarantine {
    /// Gets ready for the rows of a load.
    pub(super) async fn open(
        session: &Session,
        target: Target,
        load: &str,
        contents: &str,
    ) -> Result<Self, EngineError> {
        let shape = Shape::whole(&columns())?;
        if target.table.is_there() && !target.table.has(&shape)? {
            return Err(EngineError::Plan {
                message: format!(
                    "table {:?} is not one that loads put rows into: rename it, so that rows which \
                     do not fit have a place",
                    target.name()
                ),
                location: None,
            });
        }
        let is_known = target.table.stamp(&stamp(contents)).await?.is_some();
        let writer = (!is_known).then(|| Writer::start(session, &target.table, &shape));
        Ok(Self {
            target,
            shape,
            writer,
            waiting: Vec::new(),
            load: load.to_owned(),
            contents: contents.to_owned(),
            count: 0,
        })
    }

    /// How many rows there are.
    pub(super) fn count(&self) -> u64 {
        self.count
    }

    /// What messages call the table.
    pub(super) fn name(&self) -> String {
        self.target.name().to_owned()
    }

    /// Takes rows that do not fit.
    pub(super) async fn take(&mut self, misfits: Vec<Misfit>) -> Result<(), EngineError> {
        self.count += u64::try_from(misfits.len()).unwrap_or(u64::MAX);
        self.waiting.extend(misfits);
        match self.waiting.len() >= ROWS_AT_ONCE {
            true => self.hand_on().await,
            false => Ok(()),
        }
    }

    async fn hand_on(&mut self) -> Result<(), EngineError> {
        let waiting = std::mem::take(&mut self.waiting);
        match &mut self.writer {
            Some(writer) if !waiting.is_empty() => {
                let batch = rows(&self.shape.columns, &self.load, &waiting)?;
                writer.write(batch).await
            }
            _ => Ok(()),
        }
    }

    /// Makes the rows part of the table, and returns its name in SQL if there were any.
    pub(super) async fn commit(mut self, session: &Session) -> Result<Option<String>, EngineError> {
        self.hand_on().await?;
        let in_sql = self.target.in_sql();
        let Some(writer) = self.writer else {
            return Ok((self.count > 0).then_some(in_sql));
        };
        let written = writer.finish().await?;
        if self.count == 0 {
            return Ok(None);
        }
        let mut target = self.target;
        for _ in 0..TRIES {
            let table = target.table.clone().stamped(stamp(&self.contents));
            let nothing = Replaced::nothing();
            let committed = table.commit(&self.shape, &nothing, written.clone(), None);
            match committed.await {
                Ok(_) => {
                    let kept = target.keep(session).await;
                    return kept.map(|()| Some(in_sql)).map_err(|error| match error {
                        EngineError::AlreadyExists { .. } => busy(target.name()),
                        other => other,
                    });
                }
                // Another load has put rows there meanwhile, which these go beside.
                Err(EngineError::Conflict { .. }) => target = target.again().await?,
                Err(error) => return Err(error),
            }
        }
        Err(busy(target.name()))
    }
}

/// The error of a load before which others have come.
fn busy(table: &str) -> EngineError {
    EngineError::Conflict {
        message: format!(
            "table {table:?} was changed by other loads meanwhile, and nothing was loaded: load again"
        ),
    }
}

fn stamp(contents: &str) -> String {
    format!("{STAMP}{contents}")
}

/// The columns of the table, but for how Delta Lake keeps them.
fn columns() -> Schema {
    let text = |name: &str| Field::new(name, DataType::Utf8, true);
    let moment = DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()));
    let reason = Field::new("element", DataType::Struct(reason()), true);
    Schema::new(vec![
        text("load_id"),
        Field::new("loaded_at", moment, true),
        text("source"),
        Field::new("row_number", DataType::Int64, true),
        text("raw"),
        Field::new("reasons", DataType::List(Arc::new(reason)), true),
    ])
}

fn reason() -> Fields {
    ["column_name", "value", "expected", "problem"]
        .into_iter()
        .map(|name| Field::new(name, DataType::Utf8, true))
        .collect()
}

fn rows(schema: &SchemaRef, load: &str, misfits: &[Misfit]) -> Result<RecordBatch, EngineError> {
    let now = Utc::now().timestamp_micros();
    let every = misfits.iter();
    let ids = StringArray::from_iter_values(every.clone().map(|_| load));
    let times = TimestampMicrosecondArray::from_iter_values(every.clone().map(|_| now));
    let sources = StringArray::from_iter_values(every.clone().map(|misfit| &misfit.origin));
    let number = |misfit: &Misfit| i64::try_from(misfit.number).unwrap_or(i64::MAX);
    let numbers = Int64Array::from_iter_values(every.clone().map(number));
    let raw = StringArray::from_iter_values(every.clone().map(|misfit| &misfit.raw));
    let element = Field::new("element", DataType::Struct(reason()), true);
    let builder = StructBuilder::from_fields(reason(), misfits.len());
    let mut reasons = ListBuilder::new(builder).with_field(element);
    for misfit in misfits {
        for reason in &misfit.reasons {
            let cells = [
                reason.column.as_deref(),
                reason.value.as_deref(),
                reason.expected.as_deref(),
                Some(reason.problem.as_str()),
            ];
            let one = reasons.values();
            for (place, cell) in cells.into_iter().enumerate() {
                if let Some(texts) = one.field_builder::<StringBuilder>(place) {
                    texts.append_option(cell);
                }
            }
            one.append(true);
        }
        reasons.append(true);
    }
    let columns: Vec<ArrayRef> = vec![
        Arc::new(ids),
        Arc::new(times.with_timezone("UTC")),
        Arc::new(sources),
        Arc::new(numbers),
        Arc::new(raw),
        Arc::new(reasons.finish()),
    ];
    Ok(RecordBatch::try_new(Arc::clone(schema), columns)?)
}
