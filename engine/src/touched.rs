//! What a statement touches: the tables that it reads and writes, and whether it is light.

use std::collections::BTreeSet;
use std::sync::Arc;

use arrow::datatypes::DataType;
use datafusion::catalog::information_schema::INFORMATION_SCHEMA;
use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::common::{DFSchema, TableReference};
use datafusion::config::CatalogOptions;
use datafusion::error::Result;
use datafusion::logical_expr::{DdlStatement, Expr, ExprSchemable, LogicalPlan};

use crate::environment::CATALOG;
use crate::queries::TouchedTables;
use crate::system;
use crate::upkeep::Upkeep;

/// What a plan touches.
#[derive(Debug, Clone, Default)]
pub(crate) struct Touched {
    pub(crate) tables: Arc<TouchedTables>,
    /// Whether it does next to nothing, so that it need not wait for its turn: it sets or defines
    /// something, explains what has no long constants, or goes once through values that it says
    /// itself, or through one table of `information_schema` or `system`.
    pub(crate) light: bool,
}

/// What is met in a plan.
#[derive(Default)]
struct Met {
    scans: Vec<TableReference>,
    written: BTreeSet<TableReference>,
    /// Something makes many rows or long values, or writes some.
    heavy: bool,
}

impl Touched {
    /// What literals touch.
    pub(crate) fn nothing() -> Self {
        Self {
            tables: Arc::default(),
            light: true,
        }
    }

    /// What a plan touches for which these tables were looked up, by schema and name.
    pub(crate) fn of(
        plan: &LogicalPlan,
        looked_up: Vec<(String, String)>,
        defaults: &CatalogOptions,
    ) -> Result<Self> {
        let full = |name: &TableReference| -> TableReference {
            let name = name.clone();
            name.resolve(&defaults.default_catalog, &defaults.default_schema)
                .into()
        };
        let mut met = Met::default();
        plan.apply_with_subqueries(|node| {
            match node {
                // So are functions named that stand in FROM.
                LogicalPlan::TableScan(scan) if scan.table_name.table().ends_with("()") => {
                    met.heavy = true;
                }
                LogicalPlan::TableScan(scan) => met.scans.push(scan.table_name.clone()),
                LogicalPlan::EmptyRelation(_)
                | LogicalPlan::Values(_)
                | LogicalPlan::SubqueryAlias(_)
                | LogicalPlan::Projection(_)
                | LogicalPlan::Filter(_)
                | LogicalPlan::Aggregate(_)
                | LogicalPlan::Distinct(_)
                | LogicalPlan::Sort(_)
                | LogicalPlan::Limit(_) => met.heavy |= !is_cheap(node)?,
                // What it keeps is what its query makes.
                LogicalPlan::Ddl(_) => {}
                // Joins, unions and recursion make many rows of few, whatever they are made of.
                _ => met.heavy = true,
            }
            met.written.extend(target(node).map(full));
            Ok(TreeNodeRecursion::Continue)
        })?;
        let mut read = BTreeSet::new();
        // A plan names tables as somebody wrote them: in a view of another schema, the same name is
        // another table. What was looked up has its full name.
        let found: Vec<TableReference> = looked_up
            .into_iter()
            .map(|(schema, name)| TableReference::full(CATALOG, schema, name))
            .collect();
        let elsewhere = |scan: &&TableReference| !found.iter().any(|table| may_mean(scan, table));
        read.extend(met.scans.iter().filter(elsewhere).map(full));
        read.extend(found.into_iter().filter(|table| {
            // A table that is only written was looked up for its columns.
            let scanned = met.scans.iter().any(|scan| may_mean(scan, table));
            scanned || !met.written.contains(table)
        }));
        Ok(Self {
            light: is_light(plan, &met, &read)?,
            tables: Arc::new(TouchedTables {
                read: read.iter().map(written_out).collect(),
                written: met.written.iter().map(written_out).collect(),
            }),
        })
    }
}

/// Whether a name, as somebody wrote it, may stand for a table.
fn may_mean(name: &TableReference, table: &TableReference) -> bool {
    name.table() == table.table()
        && name
            .schema()
            .is_none_or(|schema| table.schema() == Some(schema))
        && name
            .catalog()
            .is_none_or(|catalog| table.catalog() == Some(catalog))
}

/// The table that a node writes, makes or drops.
fn target(node: &LogicalPlan) -> Option<&TableReference> {
    match node {
        LogicalPlan::Dml(dml) => Some(&dml.table_name),
        LogicalPlan::Ddl(ddl) => match ddl {
            DdlStatement::CreateExternalTable(create) => Some(&create.name),
            DdlStatement::CreateMemoryTable(create) => Some(&create.name),
            DdlStatement::CreateView(create) => Some(&create.name),
            DdlStatement::DropTable(drop) => Some(&drop.name),
            DdlStatement::DropView(drop) => Some(&drop.name),
            _ => None,
        },
        plan => Upkeep::of(plan).map(Upkeep::table),
    }
}

fn is_light(plan: &LogicalPlan, met: &Met, read: &BTreeSet<TableReference>) -> Result<bool> {
    Ok(match plan {
        LogicalPlan::Statement(_) | LogicalPlan::DescribeTable(_) => true,
        LogicalPlan::Explain(explain) => !has_long_constants(&explain.plan)?,
        // It keeps the rows of a query.
        LogicalPlan::Ddl(ddl) if !matches!(ddl, DdlStatement::CreateMemoryTable(_)) => true,
        _ => !met.heavy && met.scans.len() <= 1 && read.iter().all(is_about_the_engine),
    })
}

/// Whether optimising a plan may take long or make something long: an expression of constants is
/// worked out then, such as `length(repeat('x', 1000000000))`.
fn has_long_constants(plan: &LogicalPlan) -> Result<bool> {
    let nothing = DFSchema::empty();
    let mut found = false;
    plan.apply_with_subqueries(|node| {
        node.apply_expressions(|whole| {
            whole.apply(|part| {
                let runs_later = matches!(
                    part,
                    Expr::ScalarSubquery(_) | Expr::Exists(_) | Expr::InSubquery(_)
                );
                found |= !runs_later && !is_short_made(part, &nothing) && !part.any_column_refs();
                Ok(match found {
                    true => TreeNodeRecursion::Stop,
                    false => TreeNodeRecursion::Continue,
                })
            })
        })
    })?;
    Ok(found)
}

/// Whether what a node computes for a row takes no longer than the row is long. Only what makes
/// texts and lists may make long ones.
fn is_cheap(node: &LogicalPlan) -> Result<bool> {
    let nothing = DFSchema::empty();
    let inputs = node.inputs();
    let schema = inputs
        .first()
        .map_or(&nothing, |input| input.schema().as_ref());
    let mut cheap = true;
    node.apply_expressions(|whole| {
        whole.apply(|part| {
            cheap &= is_short_made(part, schema);
            Ok(match cheap {
                true => TreeNodeRecursion::Continue,
                false => TreeNodeRecursion::Stop,
            })
        })
    })?;
    Ok(cheap)
}

/// Whether the outermost part of an expression makes nothing that is longer than what it is made of.
fn is_short_made(part: &Expr, schema: &DFSchema) -> bool {
    match part {
        Expr::Column(_)
        | Expr::Literal(..)
        | Expr::Placeholder(_)
        | Expr::Alias(_)
        | Expr::Cast(_)
        | Expr::TryCast(_)
        | Expr::Case(_)
        | Expr::AggregateFunction(_) => true,
        Expr::ScalarFunction(call) if call.args.is_empty() => true,
        other => other.get_type(schema).is_ok_and(|made| is_short(&made)),
    }
}

fn is_short(data_type: &DataType) -> bool {
    matches!(data_type, DataType::Boolean | DataType::Null) || data_type.is_primitive()
}

/// Whether a table tells of the engine, and not of anybody's data.
fn is_about_the_engine(table: &TableReference) -> bool {
    let schemas = [Some(INFORMATION_SCHEMA), Some(system::SCHEMA)];
    table.catalog() == Some(CATALOG) && schemas.contains(&table.schema())
}

/// A name as SQL writes it; the engine's own catalog goes without saying.
fn written_out(table: &TableReference) -> String {
    match table {
        TableReference::Full {
            catalog,
            schema,
            table,
        } if &**catalog == CATALOG => {
            TableReference::partial(Arc::clone(schema), Arc::clone(table)).to_quoted_string()
        }
        other => other.to_quoted_string(),
    }
}
