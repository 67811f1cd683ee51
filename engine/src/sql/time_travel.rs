//! `t VERSION AS OF 3` and `t TIMESTAMP AS OF '2024-05-01'`.
//!
//! Loading a version is asynchronous and planning is not: before a statement is
//! planned its versions are loaded, and while it is planned a relation planner
//! puts them in. A version that nobody handles is an error, since DataFusion's
//! own planner would ignore it.

use std::collections::HashMap;
use std::future::Future;
use std::ops::ControlFlow;
use std::sync::Arc;

use datafusion::catalog::TableProvider;
use datafusion::common::{ScalarValue, TableReference, plan_err};
use datafusion::datasource::provider_as_source;
use datafusion::error::{DataFusionError, Result};
use datafusion::execution::SessionState;
use datafusion::logical_expr::LogicalPlanBuilder;
use datafusion::logical_expr::planner::{
    PlannedRelation, RelationPlanner, RelationPlannerContext, RelationPlanning,
};
use datafusion::sql::parser::{CopyToSource, Statement as Ast};
use datafusion::sql::sqlparser::ast::{
    Expr, ObjectName, TableFactor, TableVersion, Value, Visit, Visitor,
};

use crate::formats::versions::{Version, versioned};

tokio::task_local! {
    /// What the statement that is being planned reads.
    static VERSIONS: Arc<Versions>;
}

/// The tables of one statement that are read as they were, by name and version as written.
#[derive(Debug, Default)]
pub(crate) struct Versions(HashMap<(String, String), Arc<dyn TableProvider>>);

impl Versions {
    /// Loads what a statement names.
    ///
    /// # Errors
    /// When a table has no versions, or not the one that is asked for.
    pub(crate) async fn load(state: &SessionState, statement: &Ast) -> Result<Self> {
        let mut found = Relations::default();
        found.look_into(statement);
        let mut versions = Self::default();
        for (name, version) in found.0 {
            let key = (name.to_string(), version.to_string());
            if versions.0.contains_key(&key) {
                continue;
            }
            if let Some(table) = load(state, &name, &version).await? {
                versions.0.insert(key, table);
            }
        }
        Ok(versions)
    }

    /// Plans with these versions in place.
    pub(crate) async fn while_planning<F: Future>(self, planning: F) -> F::Output {
        VERSIONS.scope(Arc::new(self), planning).await
    }
}

/// A table as it was; nothing when it is not there, which the planner reports with its place.
async fn load(
    state: &SessionState,
    name: &ObjectName,
    version: &TableVersion,
) -> Result<Option<Arc<dyn TableProvider>>> {
    let reference = reference(state, name);
    let Ok(schema) = state.schema_for_ref(reference.clone()) else {
        return Ok(None);
    };
    let table = schema.table(reference.table()).await?;
    let wanted = moment(state, version)?;
    let Some(table) = table else { return Ok(None) };
    match versioned(table.as_ref()) {
        Some(table) => table.at(wanted).await.map(Some),
        None => plan_err!("table \"{name}\" has no versions: only Delta tables are read AS OF"),
    }
}

fn reference(state: &SessionState, name: &ObjectName) -> TableReference {
    let normalise = state.config_options().sql_parser.enable_ident_normalization;
    TableReference::parse_str_normalized(&name.to_string(), !normalise)
}

/// The version that is meant.
fn moment(state: &SessionState, version: &TableVersion) -> Result<Version> {
    match version {
        TableVersion::VersionAsOf(expr) => match literal(expr).and_then(|text| text.parse().ok()) {
            Some(number) => Ok(Version::Number(number)),
            None => plan_err!("VERSION AS OF must be a whole number, got {expr}"),
        },
        TableVersion::TimestampAsOf(expr) | TableVersion::ForSystemTimeAsOf(expr) => {
            match literal(expr) {
                Some(text) => Ok(Version::Time(time(state, &text)?)),
                None => plan_err!("TIMESTAMP AS OF must be a date or time as text, got {expr}"),
            }
        }
        other => plan_err!(
            "\"{other}\" is not supported; expected VERSION AS OF 3 or TIMESTAMP AS OF '2024-05-01'"
        ),
    }
}

/// The text of a constant: `3`, `'…'`, `TIMESTAMP '…'`, `DATE '…'`, `CAST('…' AS …)`.
fn literal(expr: &Expr) -> Option<String> {
    let value = match expr {
        Expr::Value(value) => &value.value,
        Expr::TypedString(typed) => &typed.value.value,
        Expr::Cast { expr, .. } | Expr::Nested(expr) => return literal(expr),
        _ => return None,
    };
    match value {
        Value::Number(number, _) => Some(number.to_string()),
        Value::SingleQuotedString(text) => Some(text.clone()),
        _ => None,
    }
}

/// A time in the session's zone, unless it names its own.
fn time(state: &SessionState, text: &str) -> Result<chrono::DateTime<chrono::Utc>> {
    use arrow::datatypes::{DataType, TimeUnit};
    let zone = state.config_options().execution.time_zone.clone();
    let ty = DataType::Timestamp(
        TimeUnit::Microsecond,
        zone.or_else(|| Some("UTC".into())).map(Into::into),
    );
    match ScalarValue::try_from_string(text.to_string(), &ty) {
        Ok(ScalarValue::TimestampMicrosecond(Some(micros), _)) => {
            chrono::DateTime::from_timestamp_micros(micros).ok_or_else(|| {
                DataFusionError::Plan(format!("TIMESTAMP AS OF '{text}' is out of range"))
            })
        }
        _ => plan_err!("TIMESTAMP AS OF must be a date or time, got '{text}'"),
    }
}

/// The tables that a statement reads as they were, with their versions.
#[derive(Default)]
struct Relations(Vec<(ObjectName, TableVersion)>);

impl Relations {
    fn look_into(&mut self, statement: &Ast) {
        let flow = match statement {
            Ast::Statement(statement) => statement.visit(self),
            Ast::Explain(explain) => return self.look_into(&explain.statement),
            Ast::CopyTo(copy) => match &copy.source {
                CopyToSource::Query(query) => query.visit(self),
                CopyToSource::Relation(_) => ControlFlow::Continue(()),
            },
            _ => ControlFlow::Continue(()),
        };
        let ControlFlow::Continue(()) = flow;
    }
}

impl Visitor for Relations {
    type Break = std::convert::Infallible;

    fn pre_visit_table_factor(&mut self, factor: &TableFactor) -> ControlFlow<Self::Break> {
        if let TableFactor::Table {
            name,
            version: Some(version),
            args: None,
            ..
        } = factor
        {
            self.0.push((name.clone(), version.clone()));
        }
        ControlFlow::Continue(())
    }
}

/// Puts loaded versions in the place of tables.
#[derive(Debug)]
pub(crate) struct TimeTravel;

impl RelationPlanner for TimeTravel {
    fn plan_relation(
        &self,
        relation: TableFactor,
        context: &mut dyn RelationPlannerContext,
    ) -> Result<RelationPlanning> {
        let TableFactor::Table {
            name,
            alias,
            args: None,
            version: Some(version),
            ..
        } = &relation
        else {
            return Ok(RelationPlanning::Original(Box::new(relation)));
        };
        let key = (name.to_string(), version.to_string());
        let loaded = VERSIONS
            .try_with(|versions| versions.0.get(&key).cloned())
            .ok()
            .flatten();
        let Some(table) = loaded else {
            return plan_err!("\"{name} {version}\": there is no table \"{name}\" with versions");
        };
        let reference = context.object_name_to_table_reference(name.clone())?;
        let plan = LogicalPlanBuilder::scan(reference, provider_as_source(table), None)?.build()?;
        let planned = PlannedRelation::new(plan, alias.clone());
        Ok(RelationPlanning::Planned(Box::new(planned)))
    }
}
