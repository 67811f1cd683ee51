//! A source: a project's files with the columns that models read.
//!
//! A column is an expression over those of the files, else the one of its name there, else a NULL
//! of its type, and is cast to its type. A source that `sources.yml` does not declare has the
//! columns of its files, and those of its expressions.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use arrow::datatypes::Schema;
use datafusion::catalog::TableProvider;
use datafusion::common::{Column, DFSchema, DataFusionError};
use datafusion::datasource::provider_as_source;
use datafusion::execution::SessionState;
use datafusion::logical_expr::{Expr, LogicalPlan, LogicalPlanBuilder, cast, lit};
use datafusion::scalar::ScalarValue;
use datafusion::sql::sqlparser::ast::ExprWithAlias;

use super::sources::SourceColumn;
use crate::EngineError;
use crate::config::SourceConfig;
use crate::formats::{TableDefinition, source_column};
use crate::nearest::did_you_mean;
use crate::sql;

/// A source of `[sources]`.
#[derive(Debug)]
pub(crate) struct MappedSource {
    pub(crate) name: String,
    /// Its files, without what is to be made of their columns.
    pub(crate) files: TableDefinition,
    expressions: BTreeMap<String, String>,
    /// The columns that models read, where they are declared.
    columns: Option<Vec<SourceColumn>>,
}

impl MappedSource {
    /// Checks a section of the configuration.
    ///
    /// # Errors
    /// When its location or options are wrong, or it maps a column that is not declared.
    pub(crate) fn new(
        name: &str,
        config: &SourceConfig,
        columns: Option<&Vec<SourceColumn>>,
        base: &Path,
    ) -> Result<Self, EngineError> {
        if let Some(columns) = columns {
            let known = || columns.iter().map(|column| column.name.as_str());
            if let Some(unknown) = config
                .columns
                .keys()
                .find(|column| !known().any(|known| known == *column))
            {
                return Err(EngineError::Config {
                    message: format!(
                        "sources.{name}.columns: source {name:?} has no column {unknown:?}{}; it \
                         has {}",
                        did_you_mean(unknown, known()),
                        known().collect::<Vec<_>>().join(", ")
                    ),
                });
            }
        }
        let files = TableDefinition::from_config(name, &config.files(), base)
            .map_err(|error| EngineError::from(error).about(&format!("sources.{name}")))?;
        Ok(Self {
            name: name.to_owned(),
            files,
            expressions: config.columns.clone(),
            columns: columns.cloned(),
        })
    }

    /// The columns that the source is of no use without, and that nothing in its files stands for.
    pub(crate) fn lacking(&self, files: &Schema) -> Vec<&str> {
        let columns = self.columns.iter().flatten();
        let missing = columns.filter(|column| {
            column.is_required
                && !self.expressions.contains_key(&column.name)
                && source_column(files, &column.name).is_none()
        });
        missing.map(|column| column.name.as_str()).collect()
    }

    /// The query that makes the source of its files.
    ///
    /// # Errors
    /// When an expression does not fit the columns of the files.
    pub(crate) fn plan(
        &self,
        state: &SessionState,
        files: Arc<dyn TableProvider>,
    ) -> Result<LogicalPlan, EngineError> {
        let schema = files.schema();
        let scan = LogicalPlanBuilder::scan(self.name.as_str(), provider_as_source(files), None)?;
        let outputs = match &self.columns {
            Some(columns) => columns
                .iter()
                .map(|column| self.declared(column, state, &schema, scan.schema()))
                .collect::<Result<Vec<_>, _>>()?,
            None => self.undeclared(state, &schema, scan.schema())?,
        };
        Ok(scan.project(outputs)?.build()?)
    }

    /// A column that models read.
    fn declared(
        &self,
        column: &SourceColumn,
        state: &SessionState,
        files: &Schema,
        scanned: &DFSchema,
    ) -> Result<Expr, EngineError> {
        let found = match self.expressions.get(&column.name) {
            Some(text) => Some(self.expression(&column.name, text, state, files, scanned)?),
            None => source_column(files, &column.name).map(of_files),
        };
        let typed = match (found, &column.data_type) {
            (Some(found), Some(data_type)) => cast(found, data_type.clone()),
            (Some(found), None) => found,
            (None, _) => lit(ScalarValue::try_from(&column.type_alone())?),
        };
        Ok(typed.alias(&column.name))
    }

    /// All columns of the files that no expression takes the name of, and the expressions.
    fn undeclared(
        &self,
        state: &SessionState,
        files: &Schema,
        scanned: &DFSchema,
    ) -> Result<Vec<Expr>, EngineError> {
        let names = files.fields().iter().map(|field| field.name().as_str());
        let mut outputs: Vec<_> = names
            .filter(|name| !self.expressions.contains_key(*name))
            .map(of_files)
            .collect();
        for (name, text) in &self.expressions {
            let expression = self.expression(name, text, state, files, scanned)?;
            outputs.push(expression.alias(name));
        }
        Ok(outputs)
    }

    fn expression(
        &self,
        name: &str,
        text: &str,
        state: &SessionState,
        files: &Schema,
        scanned: &DFSchema,
    ) -> Result<Expr, EngineError> {
        if let Some(column) = source_column(files, text.trim()) {
            return Ok(of_files(column));
        }
        let planned = sql::expression(text)
            .map_err(DataFusionError::from)
            .and_then(|expr| {
                let parsed = ExprWithAlias { expr, alias: None };
                state.create_logical_expr_from_sql_expr(parsed, scanned)
            });
        planned.map_err(|error| {
            let error = EngineError::planning(&error, state);
            error.about(&format!("sources.{}.columns.{name}", self.name))
        })
    }
}

fn of_files(name: &str) -> Expr {
    Expr::Column(Column::new_unqualified(name))
}
