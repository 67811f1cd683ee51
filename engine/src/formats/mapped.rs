//! Renamed columns and soft-deleted rows, over any table.
//!
//! Replication tools mark deleted rows instead of removing them. With
//! `soft_delete_column` such rows are out of sight for everyone, and so is the
//! column. The table is planned as a view over its source, so that filters and
//! projections are pushed down as they would be without it.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use arrow::datatypes::{DataType, Schema, SchemaRef};
use async_trait::async_trait;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::{Column, plan_err};
use datafusion::datasource::{TableType, provider_as_source};
use datafusion::error::Result;
use datafusion::logical_expr::{Expr, LogicalPlan, LogicalPlanBuilder, lit};
use datafusion::physical_plan::ExecutionPlan;

use super::TableDefinition;
use super::versions::{Version, Versioned, versioned};
use crate::nearest::did_you_mean;

/// The texts that say "not deleted", besides NULL.
const NOT_DELETED: [&str; 12] = [
    "", "false", "False", "FALSE", "f", "F", "0", "no", "No", "NO", "n", "N",
];

/// A table with other names for columns and without deleted rows.
pub(crate) struct MappedTable {
    name: String,
    source: Arc<dyn TableProvider>,
    columns: BTreeMap<String, String>,
    soft_delete_column: Option<String>,
    plan: LogicalPlan,
    schema: SchemaRef,
}

impl MappedTable {
    /// Puts on a table what its definition asks for; nothing asked, nothing changed.
    ///
    /// # Errors
    /// When a column that is named is not there, or two would get one name.
    pub(super) fn over(
        definition: &TableDefinition,
        source: Arc<dyn TableProvider>,
    ) -> Result<Arc<dyn TableProvider>> {
        if definition.columns.is_empty() && definition.soft_delete_column.is_none() {
            return Ok(source);
        }
        let table = Self::new(
            definition.name.clone(),
            source,
            definition.columns.clone(),
            definition.soft_delete_column.clone(),
        )?;
        Ok(Arc::new(table))
    }

    /// The table underneath, where all that is done to it is to hide deleted rows.
    pub(crate) fn hiding(&self) -> Option<&Arc<dyn TableProvider>> {
        self.columns.is_empty().then_some(&self.source)
    }

    fn new(
        name: String,
        source: Arc<dyn TableProvider>,
        columns: BTreeMap<String, String>,
        soft_delete_column: Option<String>,
    ) -> Result<Self> {
        let schema = source.schema();
        let mut renamed: BTreeMap<&str, &str> = BTreeMap::new();
        for (ours, theirs) in &columns {
            let theirs = find(&name, &schema, theirs)?;
            if let Some(other) = renamed.insert(theirs, ours) {
                return plan_err!(
                    "columns of table \"{name}\": \"{theirs}\" is given two names, \"{other}\" and \"{ours}\""
                );
            }
        }
        let deleted = soft_delete_column
            .as_deref()
            .map(|c| find(&name, &schema, c))
            .transpose()?;
        let mut outputs: Vec<(&str, Expr)> = Vec::new();
        for field in schema.fields() {
            if deleted == Some(field.name().as_str()) {
                continue;
            }
            let ours = renamed
                .get(field.name().as_str())
                .copied()
                .unwrap_or(field.name());
            if outputs.iter().any(|(other, _)| *other == ours) {
                return plan_err!(
                    "columns of table \"{name}\": \"{}\" can't be called \"{ours}\", which another column is",
                    field.name()
                );
            }
            outputs.push((ours, column(field.name()).alias(ours)));
        }
        let mut plan =
            LogicalPlanBuilder::scan(name.as_str(), provider_as_source(Arc::clone(&source)), None)?;
        if let Some(deleted) = deleted {
            let ty = schema.field_with_name(deleted)?.data_type();
            plan = plan.filter(visible(column(deleted), ty))?;
        }
        let plan = plan
            .project(outputs.into_iter().map(|(_, expr)| expr))?
            .build()?;
        let schema = Arc::new(Schema::new(
            plan.schema()
                .fields()
                .iter()
                .map(|f| f.as_ref().clone())
                .collect::<Vec<_>>(),
        ));
        Ok(Self {
            name,
            source,
            columns,
            soft_delete_column,
            plan,
            schema,
        })
    }

    /// The table underneath.
    pub(super) fn source(&self) -> &Arc<dyn TableProvider> {
        &self.source
    }

    /// The same over another state of the table underneath.
    pub(super) fn again(&self, source: Arc<dyn TableProvider>) -> Result<Arc<dyn TableProvider>> {
        Ok(Arc::new(Self::new(
            self.name.clone(),
            source,
            self.columns.clone(),
            self.soft_delete_column.clone(),
        )?))
    }
}

fn find<'a>(table: &str, schema: &'a Schema, wanted: &str) -> Result<&'a str> {
    match source_column(schema, wanted) {
        Some(name) => Ok(name),
        None => plan_err!(
            "table \"{table}\" has no source column \"{wanted}\"{}",
            did_you_mean(wanted, schema.fields().iter().map(|f| f.name().as_str()))
        ),
    }
}

/// A column of files, whatever the case of its letters.
pub(crate) fn source_column<'a>(schema: &'a Schema, wanted: &str) -> Option<&'a str> {
    let names = || schema.fields().iter().map(|f| f.name().as_str());
    let exact = names().find(|n| *n == wanted);
    exact.or_else(|| names().find(|n| n.eq_ignore_ascii_case(wanted)))
}

fn column(name: &str) -> Expr {
    Expr::Column(Column::new_unqualified(name))
}

/// Whether a row is visible, by its mark of deletion: a truth value, a number
/// other than 0, a text other than those that say no, or a time.
fn visible(mark: Expr, ty: &DataType) -> Expr {
    let unmarked = mark.clone().is_null();
    match ty {
        DataType::Boolean => mark.is_not_true(),
        ty if ty.is_numeric() => unmarked.or(mark.eq(lit(0_i64))),
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View | DataType::Dictionary(..) => {
            unmarked.or(mark.in_list(NOT_DELETED.iter().map(|text| lit(*text)).collect(), false))
        }
        _ => unmarked,
    }
}

impl fmt::Debug for MappedTable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MappedTable")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

#[async_trait]
impl TableProvider for MappedTable {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    fn get_table_definition(&self) -> Option<&str> {
        self.source.get_table_definition()
    }

    fn get_logical_plan(&self) -> Option<Cow<'_, LogicalPlan>> {
        Some(Cow::Borrowed(&self.plan))
    }

    async fn scan(
        &self,
        session: &dyn Session,
        projection: Option<&Vec<usize>>,
        _filters: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let mut plan = LogicalPlanBuilder::from(self.plan.clone());
        if let Some(columns) = projection {
            let fields = columns.iter().map(|i| column(self.schema.field(*i).name()));
            plan = plan.project(fields)?;
        }
        if limit.is_some() {
            plan = plan.limit(0, limit)?;
        }
        session.create_physical_plan(&plan.build()?).await
    }
}

#[async_trait]
impl Versioned for MappedTable {
    async fn at(&self, version: Version) -> Result<Arc<dyn TableProvider>> {
        match versioned(self.source.as_ref()) {
            Some(source) => self.again(source.at(version).await?),
            None => plan_err!("table \"{}\" has no versions", self.name),
        }
    }
}
