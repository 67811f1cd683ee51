//! How the columns that come become those of the table: by name, upper and lower case as given.

use std::collections::HashSet;
use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, RecordBatchOptions, new_null_array};
use arrow::datatypes::{Field, Fields, Schema, SchemaRef};
use datafusion::catalog::TableProvider;
use datafusion::common::DFSchema;
use datafusion::execution::SessionState;
use datafusion::physical_plan::PhysicalExpr;

use super::{cast, types};
use crate::EngineError;

/// Marks a column of a Delta table whose values the table computes itself.
const COMPUTED: &str = "delta.generationExpression";

/// Names that Delta tables cannot have hold one of these.
const NOT_IN_DELTA: [char; 10] = [' ', ',', ';', '{', '}', '(', ')', '\n', '\t', '='];

/// The table's columns, each with where its values come from.
pub(super) struct Columns {
    schema: SchemaRef,
    sources: Vec<Source>,
}

/// Where the values of a column come from.
enum Source {
    /// The column of that place among those that come.
    Came(usize),
    /// The value that the table gives to rows without one.
    Default(Arc<dyn PhysicalExpr>),
    Null,
}

impl Columns {
    /// The columns of a table to be made in memory.
    pub(super) fn for_memory(came: &Schema) -> Result<Self, EngineError> {
        Self::new_table(came, |field| Ok(types::in_memory(field)))
    }

    /// The columns of a Delta table to be made.
    pub(super) fn for_delta(came: &Schema) -> Result<Self, EngineError> {
        let mut lower = HashSet::new();
        for name in came.fields().iter().map(|field| field.name()) {
            if name.contains(NOT_IN_DELTA) {
                return Err(plan(format!(
                    "column {name:?} needs another name: in a Delta table, none may hold blanks, \
                     tabs, line breaks or any of , ; {{ }} ( ) ="
                )));
            }
            if !lower.insert(name.to_lowercase()) {
                return Err(plan(format!(
                    "column {name:?} needs another name: in a Delta table, names that differ in \
                     upper and lower case alone are the same"
                )));
            }
        }
        Self::new_table(came, types::in_delta)
    }

    fn new_table(
        came: &Schema,
        keep: impl Fn(&Field) -> Result<Field, EngineError>,
    ) -> Result<Self, EngineError> {
        checked(came)?;
        let fields = came
            .fields()
            .iter()
            .map(|field| keep(field))
            .collect::<Result<Fields, _>>()?;
        Ok(Self {
            sources: (0..fields.len()).map(Source::Came).collect(),
            schema: Arc::new(Schema::new(fields)),
        })
    }

    /// The columns of a table that is there, for rows with some of them.
    pub(super) fn onto(
        came: &Schema,
        wanted: &Schema,
        table: &dyn TableProvider,
        name: &str,
        state: &SessionState,
    ) -> Result<Self, EngineError> {
        checked(came)?;
        let extra: Vec<_> = came
            .fields()
            .iter()
            .filter(|field| wanted.field_with_name(field.name()).is_err())
            .map(|field| format!("{:?}", field.name()))
            .collect();
        if !extra.is_empty() {
            let has: Vec<_> = wanted
                .fields()
                .iter()
                .map(|field| field.name().as_str())
                .collect();
            return Err(plan(format!(
                "table {name:?} has no column {}; it has {}",
                extra.join(", "),
                has.join(", ")
            )));
        }
        let mut fields = Vec::with_capacity(wanted.fields().len());
        let mut sources = Vec::with_capacity(wanted.fields().len());
        for field in wanted.fields() {
            let source = match came.column_with_name(field.name()) {
                Some((place, from)) => {
                    cast::check(from, field)?;
                    Source::Came(place)
                }
                None if field.metadata().contains_key(COMPUTED) => continue,
                None => without_values(field, table, name, state)?,
            };
            fields.push(Arc::clone(field));
            sources.push(source);
        }
        Ok(Self {
            schema: Arc::new(Schema::new(fields)),
            sources,
        })
    }

    pub(super) fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    /// The batch with the table's columns, when `before` rows came before it.
    pub(super) fn fit(&self, batch: &RecordBatch, before: u64) -> Result<RecordBatch, EngineError> {
        let columns = self
            .sources
            .iter()
            .zip(self.schema.fields())
            .map(|(source, field)| source.values(field, batch, before))
            .collect::<Result<Vec<_>, _>>()?;
        let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
        RecordBatch::try_new_with_options(Arc::clone(&self.schema), columns, &options).map_err(
            |error| EngineError::Execution {
                message: format!("the rows do not fit the table: {error}"),
            },
        )
    }
}

impl Source {
    fn values(
        &self,
        field: &Field,
        batch: &RecordBatch,
        before: u64,
    ) -> Result<ArrayRef, EngineError> {
        match self {
            Self::Came(place) => {
                let values = batch
                    .columns()
                    .get(*place)
                    .ok_or_else(|| EngineError::Execution {
                        message: "a batch has fewer columns than the schema announced".to_owned(),
                    })?;
                cast::cast(values, field, before)
            }
            Self::Default(value) => {
                let values = value.evaluate(batch)?.into_array(batch.num_rows())?;
                cast::cast(&values, field, before)
            }
            Self::Null => Ok(new_null_array(field.data_type(), batch.num_rows())),
        }
    }
}

/// What a column holds of which no values come.
fn without_values(
    field: &Field,
    table: &dyn TableProvider,
    name: &str,
    state: &SessionState,
) -> Result<Source, EngineError> {
    if let Some(value) = table.get_column_default(field.name()) {
        let value = state.create_physical_expr(value.clone(), &DFSchema::empty())?;
        return Ok(Source::Default(value));
    }
    if field.is_nullable() {
        return Ok(Source::Null);
    }
    Err(plan(format!(
        "column {:?} of table {name:?} must not be NULL, so that its values must come",
        field.name()
    )))
}

/// Refuses columns of which no table can be made.
fn checked(came: &Schema) -> Result<(), EngineError> {
    if came.fields().is_empty() {
        return Err(plan("expected at least one column, got none".to_owned()));
    }
    let mut seen = HashSet::new();
    for (place, field) in came.fields().iter().enumerate() {
        let name = field.name();
        if name.is_empty() {
            return Err(plan(format!("column {} has no name", place + 1)));
        }
        if !seen.insert(name) {
            return Err(plan(format!(
                "two columns are named {name:?}: give one another name"
            )));
        }
    }
    Ok(())
}

fn plan(message: String) -> EngineError {
    EngineError::Plan {
        message,
        location: None,
    }
}
