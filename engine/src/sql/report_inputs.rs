//! Tables that reports read, made visible to DataFusion.
//!
//! Before DataFusion plans a statement it loads the tables that the syntax tree names as tables.
//! In `cohort_retention(orders, …)` the tree has `orders` as a column, so it becomes
//! `(SELECT * FROM orders)`, which is what the report sees.

use std::ops::ControlFlow;

use datafusion::common::DataFusionError;
use datafusion::sql::sqlparser::ast::{
    Expr, FunctionArg, FunctionArgExpr, Ident, ObjectName, ObjectNamePart, Query, SetExpr,
    Statement, TableFactor, VisitorMut,
};
use datafusion::sql::sqlparser::parser::Parser;

use super::dialect;
use super::identifiers::normalised;
use crate::reports;

/// Turns the bare table names that reports are given into subqueries.
pub(super) struct Rewriter;

impl VisitorMut for Rewriter {
    type Break = DataFusionError;

    fn pre_visit_table_factor(&mut self, factor: &mut TableFactor) -> ControlFlow<Self::Break> {
        let TableFactor::Table {
            name,
            args: Some(arguments),
            ..
        } = factor
        else {
            return ControlFlow::Continue(());
        };
        let is_report = match name.0.as_slice() {
            [part] => part
                .as_ident()
                .is_some_and(|name| reports::is_report(&normalised(name))),
            _ => false,
        };
        if is_report
            && let Some(FunctionArg::Unnamed(FunctionArgExpr::Expr(table))) =
                arguments.args.first_mut()
            && let Some(name) = table_name(table)
        {
            match everything_from(name) {
                Ok(query) => *table = Expr::Subquery(query),
                Err(error) => return ControlFlow::Break(error),
            }
        }
        ControlFlow::Continue(())
    }
}

fn table_name(table: &Expr) -> Option<ObjectName> {
    let parts: Vec<Ident> = match table {
        Expr::Identifier(name) => vec![name.clone()],
        Expr::CompoundIdentifier(names) => names.clone(),
        _ => return None,
    };
    Some(ObjectName(
        parts.into_iter().map(ObjectNamePart::Identifier).collect(),
    ))
}

/// `SELECT * FROM name`, with the name as it stood in the SQL, so that an error points there.
fn everything_from(name: ObjectName) -> Result<Box<Query>, DataFusionError> {
    let mut parsed = Parser::parse_sql(dialect(), "SELECT * FROM t")
        .map_err(|error| DataFusionError::SQL(Box::new(error), None))?;
    if let Some(Statement::Query(mut query)) = parsed.pop()
        && let SetExpr::Select(select) = query.body.as_mut()
        && let [table] = select.from.as_mut_slice()
        && let TableFactor::Table { name: placed, .. } = &mut table.relation
    {
        *placed = name;
        return Ok(query);
    }
    Err(DataFusionError::Internal(
        "SELECT * FROM t parses to a query of one table".to_string(),
    ))
}
