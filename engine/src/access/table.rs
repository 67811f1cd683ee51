//! A table as its reader may see it.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use async_trait::async_trait;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::{Column, Constraints, Statistics, TableReference, plan_err};
use datafusion::error::{DataFusionError, Result};
use datafusion::logical_expr::dml::InsertOp;
use datafusion::logical_expr::{
    Expr, LogicalPlan, LogicalPlanBuilder, TableProviderFilterPushDown, TableType,
};
use datafusion::physical_plan::ExecutionPlan;

use super::leakproof::leakproof;
use super::rights::Rights;
use super::{Guard, GuardedExec, partial};
use crate::EngineError;
use crate::environment::CATALOG;
use crate::formats::versions::{Version, Versioned, versioned};

/// A table with the rights that a principal has on it.
pub(crate) struct GuardedTable {
    schema_name: String,
    name: String,
    table: Arc<dyn TableProvider>,
    guard: Arc<Guard>,
    rights: Rights,
    /// What is shown, where that is not everything.
    part: Option<LogicalPlan>,
    schema: SchemaRef,
}

impl GuardedTable {
    /// The table as its reader may see it; nothing where it may not.
    ///
    /// # Errors
    /// When the rights do not fit the table.
    pub(super) fn new(
        guard: &Arc<Guard>,
        (schema_name, name): (&str, &str),
        table: Arc<dyn TableProvider>,
    ) -> Result<Option<Self>> {
        let access = &guard.access;
        let rights = access.rights(schema_name, name);
        let part = match &rights {
            Rights::None => return Ok(None),
            Rights::Whole | Rights::WriteOnly => None,
            Rights::Part(grants) => {
                let reference = TableReference::full(CATALOG, schema_name, name);
                Some(partial::plan(
                    &guard.state,
                    &reference,
                    &table,
                    grants,
                    access,
                )?)
            }
        };
        let schema = match &part {
            Some(plan) => Arc::clone(plan.schema().inner()),
            None => table.schema(),
        };
        Ok(Some(Self {
            schema_name: schema_name.to_owned(),
            name: name.to_owned(),
            table,
            guard: Arc::clone(guard),
            rights,
            part,
            schema,
        }))
    }

    /// The table itself, with nothing hidden.
    pub(crate) fn table(&self) -> &Arc<dyn TableProvider> {
        &self.table
    }

    /// The same table as it was, under the same rights.
    fn again(&self, table: Arc<dyn TableProvider>) -> Result<Arc<dyn TableProvider>> {
        match Self::new(&self.guard, (&self.schema_name, &self.name), table)? {
            Some(guarded) => Ok(Arc::new(guarded)),
            None => Err(self.changed()),
        }
    }

    /// Whether its reader sees all of it.
    pub(super) fn is_whole(&self) -> bool {
        self.rights == Rights::Whole
    }

    fn is_view(&self) -> bool {
        self.table.table_type() == TableType::View
    }

    /// Refuses what was planned under other rights than those in force.
    fn check(&self) -> Result<()> {
        match self.guard.access.rights(&self.schema_name, &self.name) == self.rights {
            true => Ok(()),
            false => Err(self.changed()),
        }
    }

    fn changed(&self) -> DataFusionError {
        denied(format!(
            "the rights of user {:?} on table {:?} have changed since the statement was planned; run it \
             again",
            self.guard.access.principal.name, self.name
        ))
    }

    /// The part that is shown, with conditions, columns and the number of rows that are asked for.
    fn asked(
        part: LogicalPlan,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> Result<LogicalPlan> {
        let columns: Vec<Expr> = part
            .schema()
            .columns()
            .into_iter()
            .map(Expr::Column)
            .collect();
        let mut plan = LogicalPlanBuilder::from(part);
        if let Some(all) = filters.iter().cloned().reduce(Expr::and) {
            plan = plan.filter(unqualified(all)?)?;
        }
        if let Some(projection) = projection {
            plan = plan.project(projection.iter().filter_map(|at| columns.get(*at).cloned()))?;
        }
        if limit.is_some() {
            plan = plan.limit(0, limit)?;
        }
        plan.build()
    }
}

fn denied(message: String) -> DataFusionError {
    EngineError::Denied { message }.into()
}

/// Conditions come qualified with whatever the statement calls the table.
fn unqualified(condition: Expr) -> Result<Expr> {
    use datafusion::common::tree_node::{Transformed, TreeNode};
    let renamed = condition.transform(|part| match part {
        Expr::Column(column) => Ok(Transformed::yes(Expr::Column(Column::new_unqualified(
            column.name,
        )))),
        other => Ok(Transformed::no(other)),
    })?;
    Ok(renamed.data)
}

impl fmt::Debug for GuardedTable {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("GuardedTable")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

#[async_trait]
impl Versioned for GuardedTable {
    async fn at(&self, version: Version) -> Result<Arc<dyn TableProvider>> {
        match versioned(self.table.as_ref()) {
            Some(table) => self.again(table.at(version).await?),
            None => plan_err!("table {:?} has no versions", self.name),
        }
    }
}

#[async_trait]
impl TableProvider for GuardedTable {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    fn constraints(&self) -> Option<&Constraints> {
        // They count columns, which may be others here.
        match self.part {
            None => self.table.constraints(),
            Some(_) => None,
        }
    }

    fn table_type(&self) -> TableType {
        self.table.table_type()
    }

    /// A view's text names what its readers need not know.
    fn get_table_definition(&self) -> Option<&str> {
        None
    }

    /// Never the plan of a view, which would be read without asking for rights again.
    fn get_logical_plan(&'_ self) -> Option<Cow<'_, LogicalPlan>> {
        None
    }

    fn get_column_default(&self, column: &str) -> Option<&Expr> {
        self.table.get_column_default(column)
    }

    fn statistics(&self) -> Option<Statistics> {
        match self.is_whole() && !self.is_view() {
            true => self.table.statistics(),
            false => None,
        }
    }

    fn supports_filters_pushdown(
        &self,
        filters: &[&Expr],
    ) -> Result<Vec<TableProviderFilterPushDown>> {
        // A view hides rows like a part does: what could fail must not meet them.
        if self.part.is_none() && !self.is_view() {
            return self.table.supports_filters_pushdown(filters);
        }
        let exact = |filter: &&Expr| match leakproof(filter) {
            true => TableProviderFilterPushDown::Exact,
            false => TableProviderFilterPushDown::Unsupported,
        };
        Ok(filters.iter().map(exact).collect())
    }

    async fn scan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        self.check()?;
        let inner = match (&self.rights, &self.part) {
            (Rights::Whole, _) => {
                let inner = self.table.scan(state, projection, filters, limit).await?;
                if !self.is_view() {
                    return Ok(inner);
                }
                inner
            }
            (Rights::Part(_), Some(part)) => {
                let plan = Self::asked(part.clone(), projection, filters, limit)?;
                state.create_physical_plan(&plan).await?
            }
            _ => {
                let what = format!("read table {:?}", self.name);
                return Err(self.guard.access.denied(&what).into());
            }
        };
        Ok(Arc::new(GuardedExec::new(self.name.clone(), inner)))
    }

    async fn insert_into(
        &self,
        state: &dyn Session,
        input: Arc<dyn ExecutionPlan>,
        how: InsertOp,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        self.check()?;
        let reference = TableReference::partial(self.schema_name.as_str(), self.name.as_str());
        self.guard.access.may_write(&reference)?;
        if self.part.is_some() {
            return Err(denied(format!(
                "user {:?} sees only a part of table {:?} and so may not write to it",
                self.guard.access.principal.name, self.name
            )));
        }
        self.table.insert_into(state, input, how).await
    }
}
