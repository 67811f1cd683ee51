//! Builds of incremental models: of what changed, or in full.

use std::collections::BTreeSet;
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::DataType;
use datafusion::common::Column;
use datafusion::common::cast::as_string_array;
use datafusion::datasource::provider_as_source;
use datafusion::logical_expr::{Expr, LogicalPlan, LogicalPlanBuilder, cast};
use futures::{StreamExt, TryStreamExt, stream};

use super::super::incremental::{Input, Inputs, Note, Touched, Values, by_changes, restricted};
use super::super::model::Model;
use super::super::outcome::Extent;
use super::super::properties::Strategy;
use super::Build;
use crate::formats::contents::{Changes, Since, followed};
use crate::formats::{BuiltTable, Replaced, Shape, Written, file_name};
use crate::ingest;
use crate::runtime::Task;
use crate::{EngineError, Planned};

/// Rows of the partitions that are found at a time, about.
const ROWS_AT_A_TIME: u64 = 4_000_000;

/// Such parts that are at work together: while one waits for its files, another computes.
const PARTS_AT_ONCE: usize = 2;

/// What the file of a row is called beside the row's columns.
const FILE: &str = "file of row";

/// What there is to do for a model.
enum Todo {
    Nothing,
    /// To find the rows of these values of the key anew.
    Keys(Touched),
    /// To find all rows anew, for this reason.
    All(String),
}

/// An incremental model in a build.
struct Work<'a> {
    build: &'a Build<'a>,
    planned: Planned,
    strategy: Strategy,
    inputs: Inputs,
    shape: Shape,
    /// Columns by which rows lie together in files.
    order: Vec<String>,
    table: BuiltTable,
}

impl Build<'_> {
    /// Brings the table of an incremental model up to date.
    pub(super) async fn incremental(
        &self,
        model: &Model,
        strategy: Strategy,
        planned: Planned,
    ) -> Result<(Option<u64>, Extent), EngineError> {
        let properties = &model.properties;
        let partition_by: Vec<_> = match strategy {
            Strategy::Partitions => properties.partition_by.iter().cloned().collect(),
            Strategy::Merge => Vec::new(),
        };
        let key = match strategy {
            Strategy::Partitions => &partition_by,
            Strategy::Merge => &properties.key,
        };
        let columns = planned.schema();
        let named = key.iter().chain(&properties.cluster_by);
        for name in named {
            if columns.column_with_name(name).is_none() {
                return Err(EngineError::Plan {
                    message: format!("{name:?} of its header is no column of the query"),
                    location: None,
                });
            }
        }
        let shape = Shape {
            columns: ingest::delta_columns(&columns)?,
            partition_by: partition_by.clone(),
        };
        let (state, plan) = (
            self.session.context().state(),
            planned.logical_plan().clone(),
        );
        let key = key.clone();
        let looking = async move { Inputs::of(&state, plan, &key).await };
        let inputs = Task::spawn(self.session.shared().runtimes.compute(), looking).await??;
        let mut order = partition_by;
        order.extend(properties.cluster_by.iter().cloned());
        let table = self.table(&model.name).await?;
        self.say_changes(model, &table, &shape)?;
        let work = Work {
            build: self,
            table,
            planned,
            strategy,
            inputs,
            shape,
            order,
        };
        work.run().await
    }
}

impl Work<'_> {
    async fn run(self) -> Result<(Option<u64>, Extent), EngineError> {
        let (replaced, written, extent) = match self.todo().await? {
            Todo::Nothing => return Ok((self.table.rows(), Extent::Unchanged)),
            Todo::Keys(touched) => {
                let files = self.files_with(&touched).await?;
                let mut written = self.found(&touched).await?;
                if self.strategy == Strategy::Merge && !files.is_empty() {
                    written.extend([self.kept(&files, &touched).await?]);
                }
                let count = u64::try_from(touched.len()).unwrap_or(u64::MAX);
                (Replaced::Files(files), written, Extent::Keys(count))
            }
            Todo::All(reason) => (Replaced::All, self.all_found().await?, Extent::Full(reason)),
        };
        let note = Note::of(&self.inputs).write();
        let table = self
            .build
            .commit(self.table, self.shape, replaced, written, note)
            .await?;
        Ok((table.rows(), extent))
    }

    /// What there is to do.
    async fn todo(&self) -> Result<Todo, EngineError> {
        let everything = |reason: &str| Ok(Todo::All(reason.to_owned()));
        if self.build.options.full_refresh {
            return everything("as asked for");
        }
        if self.table.columns()?.is_none() {
            return everything("first build");
        }
        if let Some(reason) = &self.inputs.unsteady {
            return everything(reason);
        }
        if !self.table.has(&self.shape)? {
            return everything("its columns are others");
        }
        let Some(note) = self.table.note().await?.and_then(Note::read) else {
            return everything("somebody else has changed its rows");
        };
        if note.fingerprint != self.inputs.fingerprint {
            return everything("its query, a variable or a column that it reads is another");
        }
        let mut changed = Vec::new();
        for input in &self.inputs.inputs {
            let name = &input.name;
            let table = followed(input.held.table.as_ref());
            let (Some(before), Some(table)) = (note.inputs.get(name), table) else {
                return everything(&format!("{name} was not read before"));
            };
            match table.since(before).await? {
                Since::Same => {}
                Since::Unknown(why) => return everything(&format!("{name}: {why}")),
                Since::Changed(_) if !input.has_key() => {
                    return everything(&format!(
                        "a change in {name} may touch any {}",
                        self.inputs.names.join(", ")
                    ));
                }
                Since::Changed(changes) => changed.push((input, changes)),
            }
        }
        if changed.is_empty() {
            return Ok(Todo::Nothing);
        }
        let Some(query) = by_changes(&changed, &self.inputs.names)? else {
            return Ok(Todo::Nothing);
        };
        let touched = self.touched(query).await?;
        let count = u64::try_from(touched.len()).unwrap_or(u64::MAX);
        // Then a full build, which looks no keys up, is less work.
        if self.strategy == Strategy::Merge
            && self.table.rows().is_some_and(|rows| count > rows / 2)
        {
            return everything("most of it is touched");
        }
        Ok(Todo::Keys(touched))
    }

    /// The rows of some values of the key, found anew.
    async fn found(&self, touched: &Touched) -> Result<Written, EngineError> {
        let parts = match self.strategy {
            Strategy::Merge => vec![touched.clone()],
            Strategy::Partitions => touched.parts(ROWS_AT_A_TIME, self.table.rows_a_partition())?,
        };
        let parts = stream::iter(parts)
            .map(|part| async move { self.written(restricted(&self.inputs, &part)?).await })
            .buffer_unordered(PARTS_AT_ONCE);
        let parts: Vec<_> = parts.try_collect().await?;
        let mut written = Written::default();
        written.extend(parts);
        Ok(written)
    }

    /// All rows, found anew: those of some partitions at a time where that can be.
    async fn all_found(&self) -> Result<Written, EngineError> {
        let inputs = &self.inputs;
        if self.strategy == Strategy::Partitions
            && inputs.all_have_key()
            && let Some(query) = by_changes(&self.everything(), &inputs.names)?
        {
            return self.found(&self.touched(query).await?).await;
        }
        self.written(inputs.plan.clone()).await
    }

    /// What has changed if there was nothing before.
    fn everything(&self) -> Vec<(&Input, Changes)> {
        let inputs = self.inputs.inputs.iter();
        inputs
            .map(|input| (input, Changes::all_of(&input.held)))
            .collect()
    }

    /// The files of the table that hold rows of some values of the key.
    async fn files_with(&self, touched: &Touched) -> Result<BTreeSet<String>, EngineError> {
        let table = provider_as_source(self.table.with_files(FILE)?);
        let rows = LogicalPlanBuilder::scan("built", table, None)?.build()?;
        let rows = Values::of(touched)?.among(rows, &self.key_in_table())?;
        let file = cast(Expr::Column(Column::new_unqualified(FILE)), DataType::Utf8);
        let files = LogicalPlanBuilder::from(rows)
            .project([file])?
            .distinct()?
            .build()?;
        let mut names = BTreeSet::new();
        for batch in self.collected(files).await? {
            let paths = as_string_array(batch.column(0))?;
            names.extend(
                paths
                    .iter()
                    .flatten()
                    .map(|path| file_name(path).to_owned()),
            );
        }
        Ok(names)
    }

    /// The rows of some files that have none of the values, written anew.
    async fn kept(
        &self,
        files: &BTreeSet<String>,
        touched: &Touched,
    ) -> Result<Written, EngineError> {
        let table = provider_as_source(self.table.of_files(files)?);
        let rows = LogicalPlanBuilder::scan("built", table, None)?.build()?;
        let kept = Values::of(touched)?.not_among(rows, &self.key_in_table())?;
        self.written(kept).await
    }

    /// The key, as columns of the table.
    fn key_in_table(&self) -> Vec<Expr> {
        let names = self.inputs.names.iter();
        names
            .map(|name| Expr::Column(Column::new(Some("built"), name)))
            .collect()
    }

    /// The rows of a plan, in files.
    async fn written(&self, plan: LogicalPlan) -> Result<Written, EngineError> {
        let order = self.order.iter();
        let order: Vec<_> = order
            .map(|name| Expr::Column(Column::new_unqualified(name)).sort(true, true))
            .collect();
        let plan = match order.is_empty() {
            true => plan,
            false => LogicalPlanBuilder::from(plan).sort(order)?.build()?,
        };
        let (columns, rows, progress) = self.build.rows(self.planned_as(plan)?).await?;
        let (table, shape) = (&self.table, &self.shape);
        let written = self.build.write_files(table, shape, &columns, rows).await?;
        self.build.has_read(&progress);
        Ok(written)
    }

    async fn touched(&self, query: LogicalPlan) -> Result<Touched, EngineError> {
        let schema = Arc::clone(query.schema().inner());
        let batches = self.collected(query).await?;
        let schema = batches.first().map_or(schema, RecordBatch::schema);
        Ok(Touched::of(&schema, &batches)?)
    }

    fn planned_as(&self, plan: LogicalPlan) -> Result<Planned, EngineError> {
        let state = self.build.session.context().state();
        self.planned.of_plan(state, plan)
    }

    async fn collected(&self, plan: LogicalPlan) -> Result<Vec<RecordBatch>, EngineError> {
        let (_, rows, progress) = self.build.rows(self.planned_as(plan)?).await?;
        let batches = rows.try_collect().await?;
        self.build.has_read(&progress);
        Ok(batches)
    }
}
