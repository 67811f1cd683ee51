//! The steps of a load.

use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, new_null_array};
use arrow::datatypes::SchemaRef;
use futures::TryStreamExt;

use super::check::Checker;
use super::columns::{self, Columns};
use super::identity::Identity;
use super::merge::{Merged, Merging};
use super::outcome::{Counts, Loaded};
use super::quarantine::Quarantine;
use super::request::{LoadMode, LoadRequest, Merge};
use super::source::{self, Opened};
use super::target::Target;
use super::writer::Writer;
use crate::formats::{BuiltTable, Replaced, Shape, Written};
use crate::ingest::Gate;
use crate::queries::Running;
use crate::{EngineError, Session, StatementKind, TouchedTables};

/// Loads rows. The gate is passed before anything is committed.
pub(super) async fn load(
    session: &Session,
    request: &LoadRequest,
    gate: &Gate,
    running: &Running,
) -> Result<Loaded, EngineError> {
    checked(request)?;
    let target = Target::find(session, request).await?;
    running.does(
        StatementKind::Change,
        Arc::new(TouchedTables {
            read: Vec::new(),
            written: vec![target.in_sql()],
        }),
    );
    if target.table.has_rules()? {
        return Err(plan(format!(
            "table {:?} has checks, computed or mapped columns of its own, which a load does not know: \
             insert rows with SQL",
            target.name()
        )));
    }
    let declared = columns::declared(session, request).await?;
    let source = source::open(session, &request.source).await?;
    let columns = Columns::of(request, declared.as_ref(), &source, &target)?;
    let identity = Identity::of(request, &columns.came, source.fingerprint.as_deref())?;
    let mut loaded = Loaded {
        table: target.in_sql(),
        quarantine: None,
        id: identity.load.clone(),
        mode: request.mode.word(),
        counts: Counts::default(),
        added_columns: columns.added.clone(),
        was_loaded: false,
        withheld_deletions: false,
    };
    if identity.is_in(request, &target.table).await? {
        gate.pass()?;
        target.keep(session).await?;
        loaded.was_loaded = true;
        loaded.added_columns.clear();
        return Ok(loaded);
    }
    let beside = target.quarantine(session, request).await?;
    let quarantine = Quarantine::open(session, beside, &identity.load, &identity.contents).await?;
    let mut job = Job {
        session,
        request,
        columns: &columns,
        table: &target.table,
        quarantine,
        read: 0,
        running,
    };
    let name = source.name.clone();
    let merged = job.run(source).await?;
    let (read, quarantine) = (job.read, job.quarantine);
    loaded.counts = Counts {
        read,
        quarantined: quarantine.count(),
        ..merged.counts
    };
    loaded.withheld_deletions = merged.withheld_deletions;
    if read == 0 && !request.allow_empty {
        return Err(EngineError::Execution {
            message: format!(
                "{name:?} holds no rows, and nothing was loaded: give --allow-empty if that is meant"
            ),
        });
    }
    gate.pass()?;
    let beside = quarantine.name();
    loaded.quarantine = quarantine.commit(session).await?;
    if let Some(most) = request.max_quarantined
        && most.is_exceeded(loaded.counts.quarantined, read)
    {
        return Err(EngineError::Execution {
            message: format!(
                "{} of {read} rows do not fit, more than the {most} of --max-quarantined, and nothing \
                 was loaded: {beside:?} says why",
                loaded.counts.quarantined
            ),
        });
    }
    if request.mode == LoadMode::Replace {
        loaded.counts.removed = target.table.rows().unwrap_or(0);
    }
    let changes = loaded.counts.inserted + loaded.counts.updated + loaded.counts.marked_deleted > 0
        || !loaded.added_columns.is_empty()
        || !target.table.is_there()
        || request.mode == LoadMode::Replace;
    if changes {
        let table = identity.stamp(&request.mode, target.table.clone());
        let committed = table.commit(&columns.shape, &merged.replaced, merged.written, None);
        committed.await.map_err(|error| meanwhile(error, &target))?;
    }
    let kept = target.keep(session).await;
    kept.map_err(|error| meanwhile(error, &target))?;
    Ok(loaded)
}

/// What a load works with.
struct Job<'a> {
    session: &'a Session,
    request: &'a LoadRequest,
    columns: &'a Columns,
    table: &'a BuiltTable,
    quarantine: Quarantine,
    read: u64,
    running: &'a Running,
}

impl Job<'_> {
    /// Makes files of the rows.
    async fn run(&mut self, source: Opened) -> Result<Merged, EngineError> {
        match &self.request.mode {
            LoadMode::Append => self.added(source, Replaced::nothing()).await,
            LoadMode::Replace => self.added(source, Replaced::All).await,
            LoadMode::Merge(merge) => self.merged(source, merge).await,
        }
    }

    /// Rows that come beside those that stay.
    async fn added(&mut self, source: Opened, replaced: Replaced) -> Result<Merged, EngineError> {
        let checker = Checker::new(self.columns.came.clone(), &[], source.nulls.clone());
        let mut writer = Writer::start(self.session, self.table, &self.columns.shape);
        let mut counts = Counts::default();
        let mut rows = source.rows;
        while let Some(came) = rows.try_next().await? {
            self.count(came.numbers.len() + came.broken.len());
            let checked = checker.check(came)?;
            counts.inserted += u64::try_from(checked.fitting.num_rows()).unwrap_or(u64::MAX);
            self.quarantine.take(checked.misfits).await?;
            let whole = widened(&checked.fitting, &self.columns.shape)?;
            if whole.num_rows() > 0 {
                writer.write(whole).await?;
            }
        }
        Ok(Merged {
            written: writer.finish().await?,
            replaced,
            counts,
            withheld_deletions: false,
        })
    }

    /// Rows that update those of their key.
    async fn merged(&mut self, source: Opened, merge: &Merge) -> Result<Merged, EngineError> {
        let checker = Checker::new(self.columns.came.clone(), &merge.key, source.nulls.clone());
        let mut merging = Merging::new(self.session, merge, &checker.schema())?;
        let mut rows = source.rows;
        while let Some(came) = rows.try_next().await? {
            self.count(came.numbers.len() + came.broken.len());
            let mut checked = checker.check(came)?;
            let misfits = std::mem::take(&mut checked.misfits);
            self.quarantine.take(misfits).await?;
            merging.add(&checked)?;
        }
        if self.read == 0 && !self.request.allow_empty {
            // Nothing is to be taken for deleted: the caller says why.
            return Ok(Merged {
                written: Written::default(),
                replaced: Replaced::nothing(),
                counts: Counts::default(),
                withheld_deletions: false,
            });
        }
        let merged = merging.merge(
            self.session,
            merge,
            self.columns,
            self.table,
            &mut self.quarantine,
        );
        merged.await
    }

    fn count(&mut self, rows: usize) {
        self.running.progress.returned(rows);
        self.read += u64::try_from(rows).unwrap_or(u64::MAX);
    }
}

/// Rows with all columns of the table, NULL in those that did not come.
fn widened(rows: &RecordBatch, shape: &Shape) -> Result<RecordBatch, EngineError> {
    let schema: &SchemaRef = &shape.columns;
    let columns: Vec<ArrayRef> = schema
        .fields()
        .iter()
        .map(|field| match rows.column_by_name(field.name()) {
            Some(values) => Arc::clone(values),
            None => new_null_array(field.data_type(), rows.num_rows()),
        })
        .collect();
    Ok(RecordBatch::try_new(Arc::clone(schema), columns)?)
}

/// Refuses what makes no sense whatever the source.
fn checked(request: &LoadRequest) -> Result<(), EngineError> {
    let LoadMode::Merge(merge) = &request.mode else {
        return Ok(());
    };
    if merge.key.is_empty() {
        return Err(plan(
            "a merge needs the columns that tell rows apart: give --key".to_owned(),
        ));
    }
    match &merge.deleted_column {
        Some(deleted) if merge.key.contains(deleted) => Err(plan(format!(
            "column {deleted:?} cannot be in the key and mark deleted rows"
        ))),
        _ => Ok(()),
    }
}

/// The error of a load that another writer has come before.
fn meanwhile(error: EngineError, target: &Target) -> EngineError {
    match error {
        EngineError::Conflict { .. } | EngineError::AlreadyExists { .. } => EngineError::Conflict {
            message: format!(
                "table {} was changed by another writer while the load went on, and nothing was \
                 loaded: load again",
                target.in_sql()
            ),
        },
        other => other,
    }
}

fn plan(message: String) -> EngineError {
    EngineError::Plan {
        message,
        location: None,
    }
}
