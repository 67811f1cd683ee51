//! Rows that update those of their key.
//!
//! The rows that came are put aside first (`super::stage`), so that each key has one of them before the
//! table is touched. Then joins find the files of the table in which anything changes (`sql`), and these
//! alone are written anew: what was the same stays the same file. Delta Lake's own MERGE does not tell
//! rows that are unchanged from those that are not, and joins outside of the engine's memory limit.

mod sql;
mod tables;

use std::collections::BTreeSet;
use std::sync::Arc;

use arrow::array::{AsArray, Int64Array, RecordBatch, StringArray, UInt64Array};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, Int64Type, Schema, SchemaRef, UInt64Type};
use arrow::util::display::array_value_to_string;
use datafusion::execution::SendableRecordBatchStream;
use futures::{StreamExt, TryStreamExt};

use self::sql::{FILE, NUMBER, ORIGIN, RAW, ROW, Texts};
use self::tables::Tables;
use super::check::{Checked, Misfit, Reason};
use super::columns::Columns;
use super::outcome::Counts;
use super::quarantine::Quarantine;
use super::request::Merge;
use super::stage::{Stage, Staged};
use crate::formats::{BuiltTable, Replaced, Shape, Written, file_name};
use crate::{EngineError, Session};

/// Rows that come to be merged.
pub(super) struct Merging {
    came: Stage,
    schema: SchemaRef,
    /// The keys of rows that do not fit, which are not to be taken for deleted.
    spared: Stage,
    has_unknown_key: bool,
    rows: u64,
    /// Whether rows of one key are told as they came.
    is_raw_kept: bool,
}

/// What a merge has come to.
pub(super) struct Merged {
    pub(super) written: Written,
    pub(super) replaced: Replaced,
    pub(super) counts: Counts,
    pub(super) withheld_deletions: bool,
}

impl Merging {
    /// Begins with rows of these columns.
    pub(super) fn new(
        session: &Session,
        merge: &Merge,
        columns: &SchemaRef,
    ) -> Result<Self, EngineError> {
        let is_raw_kept = merge.order_by.is_none();
        let mut fields: Vec<_> = columns.fields().iter().map(Arc::clone).collect();
        fields.push(Arc::new(Field::new(ROW, DataType::UInt64, false)));
        if is_raw_kept {
            fields.push(Arc::new(Field::new(ORIGIN, DataType::Utf8, false)));
            fields.push(Arc::new(Field::new(NUMBER, DataType::UInt64, false)));
            fields.push(Arc::new(Field::new(RAW, DataType::Utf8, false)));
        }
        let schema = Arc::new(Schema::new(fields));
        let place = |name: &String| columns.index_of(name);
        let key = merge.key.iter().map(place).collect::<Result<Vec<_>, _>>()?;
        Ok(Self {
            came: Stage::new(session, &schema)?,
            spared: Stage::new(session, &Arc::new(columns.project(&key)?))?,
            schema,
            has_unknown_key: false,
            rows: 0,
            is_raw_kept,
        })
    }

    /// Puts rows aside.
    pub(super) fn add(&mut self, checked: &Checked) -> Result<(), EngineError> {
        self.has_unknown_key |= checked.has_unknown_key;
        if checked.keys.num_rows() > 0 {
            self.spared.add(&checked.keys)?;
        }
        let rows = u64::try_from(checked.fitting.num_rows()).unwrap_or(u64::MAX);
        let mut columns = checked.fitting.columns().to_vec();
        columns.push(Arc::new(UInt64Array::from_iter_values(
            self.rows..self.rows + rows,
        )));
        if self.is_raw_kept {
            let came = &checked.came;
            let origins = checked.places.iter().map(|_| came.origin.as_ref());
            columns.push(Arc::new(StringArray::from_iter_values(origins)));
            let numbers = checked.places.iter().map(|place| came.numbers[*place]);
            columns.push(Arc::new(UInt64Array::from_iter_values(numbers)));
            let raw = came.raw(&checked.places)?;
            columns.push(Arc::new(StringArray::from_iter_values(raw)));
        }
        self.rows += rows;
        self.came
            .add(&RecordBatch::try_new(Arc::clone(&self.schema), columns)?)
    }

    /// Merges the rows with those of the table, into files that no commit has made part of it yet.
    pub(super) async fn merge(
        self,
        session: &Session,
        merge: &Merge,
        columns: &Columns,
        table: &BuiltTable,
        quarantine: &mut Quarantine,
    ) -> Result<Merged, EngineError> {
        let known = table.columns()?;
        let marks = merge.deleted_column.is_some() && known.is_some() && !self.has_unknown_key;
        let withheld_deletions = merge.deleted_column.is_some() && self.has_unknown_key;
        let mut counts = Counts::default();
        let (rows, schema) = (self.rows, Arc::clone(&self.schema));
        let came = self.came.finish(session).await?;
        let mut spared = self.spared;
        let tables = Tables::new(session, came.bytes)?;
        let texts = Texts::new(merge, columns, known.as_deref(), marks);
        tables.put("came", Arc::clone(&came.table))?;
        // Both live for as long as the tables are asked.
        let (_repeated, latest);
        if let Some(order) = &merge.order_by {
            let found =
                staged(session, &schema, tables.ask(&texts.latest_by(order)).await?).await?;
            counts.duplicates = rows - found.rows;
            tables.put("latest", Arc::clone(&found.table))?;
            latest = Some(found);
            _repeated = None;
        } else {
            let key = columns_of_key(&schema, merge)?;
            let found = staged(session, &key, tables.ask(&texts.repeated()).await?).await?;
            if found.rows == 0 {
                tables.put("latest", Arc::clone(&came.table))?;
                latest = None;
            } else {
                tables.put("repeated", Arc::clone(&found.table))?;
                refuse(&tables, &texts, merge, quarantine).await?;
                let mut keys = tables.ask("SELECT * FROM repeated").await?;
                while let Some(keys) = keys.try_next().await? {
                    spared.add(&exact(&keys, &key)?)?;
                }
                let others = tables.ask(&texts.of_others()).await?;
                let others = staged(session, &schema, others).await?;
                tables.put("latest", Arc::clone(&others.table))?;
                latest = Some(others);
            }
            _repeated = Some(found);
        }
        let merged = latest.as_ref().map_or(rows, |latest| latest.rows);
        let spared = spared.finish(session).await?;
        tables.put("spared", Arc::clone(&spared.table))?;
        let mut files = BTreeSet::new();
        if known.is_some() {
            tables.put("target", table.with_files(FILE)?)?;
            files = changes(&tables, &texts, &mut counts).await?;
        }
        let shape = &columns.shape;
        let (mut written, inserted) =
            write(table, shape, tables.ask(&texts.inserted()?).await?).await?;
        counts.inserted = inserted;
        if counts.updated + counts.unchanged + counts.inserted != merged {
            return Err(ambiguous(&tables, &texts, merge).await?);
        }
        if !files.is_empty() {
            tables.put("target", table.of_files(&table.paths(&files)?)?)?;
            let (rewritten, _) =
                write(table, shape, tables.ask(&texts.rewritten()?).await?).await?;
            written.extend([rewritten]);
        }
        Ok(Merged {
            written,
            replaced: Replaced::Files(files),
            counts,
            withheld_deletions,
        })
    }
}

/// Files in which anything changes; counts what.
async fn changes(
    tables: &Tables,
    texts: &Texts<'_>,
    counts: &mut Counts,
) -> Result<BTreeSet<String>, EngineError> {
    let mut files = BTreeSet::new();
    for batch in tables.few(&texts.changes()).await? {
        let paths = cast(batch.column(0), &DataType::Utf8)?;
        let number = |place: usize, row: usize| {
            let numbers: &Int64Array = batch.column(place).as_primitive::<Int64Type>();
            u64::try_from(numbers.value(row)).unwrap_or(0)
        };
        for row in 0..batch.num_rows() {
            let (updated, marked) = (number(1, row), number(3, row));
            counts.updated += updated;
            counts.unchanged += number(2, row);
            counts.marked_deleted += marked;
            if updated + marked > 0 {
                let path = paths.as_string::<i32>().value(row);
                files.insert(file_name(path).to_owned());
            }
        }
    }
    Ok(files)
}

/// Puts rows into quarantine whose key others have too.
async fn refuse(
    tables: &Tables,
    texts: &Texts<'_>,
    merge: &Merge,
    quarantine: &mut Quarantine,
) -> Result<(), EngineError> {
    let mut rows = tables.ask(&texts.of_repeated()).await?;
    while let Some(batch) = rows.try_next().await? {
        let origins = cast(batch.column(0), &DataType::Utf8)?;
        let numbers = batch.column(1).as_primitive::<UInt64Type>();
        let raw = cast(batch.column(2), &DataType::Utf8)?;
        let misfits = (0..batch.num_rows()).map(|row| Misfit {
            origin: origins.as_string::<i32>().value(row).into(),
            number: numbers.value(row),
            raw: raw.as_string::<i32>().value(row).to_owned(),
            reasons: vec![Reason::of_row(format!(
                "has the key ({}) of another row of the load, and no --order-by says which is the \
                 later one",
                merge.key.join(", ")
            ))],
        });
        quarantine.take(misfits.collect()).await?;
    }
    Ok(())
}

/// The error for a key that more than one row of the table has.
async fn ambiguous(
    tables: &Tables,
    texts: &Texts<'_>,
    merge: &Merge,
) -> Result<EngineError, EngineError> {
    let found = tables.few(&texts.ambiguous()).await?;
    let Some(batch) = found.iter().find(|batch| batch.num_rows() > 0) else {
        return Ok(EngineError::Internal {
            message: "the rows of a merge do not add up".to_owned(),
        });
    };
    let values = batch.columns().iter();
    let values = values
        .zip(&merge.key)
        .map(|(values, name)| Ok(format!("{name} = {}", array_value_to_string(values, 0)?)))
        .collect::<Result<Vec<_>, EngineError>>()?;
    Ok(EngineError::Execution {
        message: format!(
            "the table has more than one row with {}, so that a merge cannot tell which to update: \
             remove all but one, or merge by a key that tells rows apart",
            values.join(" and ")
        ),
    })
}

/// The columns of the key.
fn columns_of_key(schema: &Schema, merge: &Merge) -> Result<SchemaRef, EngineError> {
    let places = merge.key.iter().map(|name| schema.index_of(name));
    let places = places.collect::<Result<Vec<_>, _>>()?;
    Ok(Arc::new(schema.project(&places)?))
}

/// Puts the rows of an answer aside.
async fn staged(
    session: &Session,
    schema: &SchemaRef,
    mut rows: SendableRecordBatchStream,
) -> Result<Staged, EngineError> {
    let mut stage = Stage::new(session, schema)?;
    while let Some(batch) = rows.try_next().await? {
        stage.add(&exact(&batch, schema)?)?;
    }
    stage.finish(session).await
}

/// Writes the rows of an answer into files of a table, and counts them.
async fn write(
    table: &BuiltTable,
    shape: &Shape,
    rows: SendableRecordBatchStream,
) -> Result<(Written, u64), EngineError> {
    let counted = Arc::new(std::sync::atomic::AtomicU64::new(0));
    let rows = {
        let (columns, counted) = (Arc::clone(&shape.columns), Arc::clone(&counted));
        rows.map(move |batch| {
            let batch = exact(&batch?, &columns)?;
            let rows = u64::try_from(batch.num_rows()).unwrap_or(u64::MAX);
            counted.fetch_add(rows, std::sync::atomic::Ordering::Relaxed);
            Ok(batch)
        })
    };
    let written = table.write(shape, rows.boxed()).await?;
    Ok((written, counted.load(std::sync::atomic::Ordering::Relaxed)))
}

/// An answer's first columns, in just these types.
fn exact(batch: &RecordBatch, schema: &SchemaRef) -> Result<RecordBatch, EngineError> {
    let columns = schema.fields().iter().zip(batch.columns());
    let columns = columns.map(|(field, values)| cast(values, field.data_type()));
    let columns = columns.collect::<Result<Vec<_>, _>>()?;
    Ok(RecordBatch::try_new(Arc::clone(schema), columns)?)
}
