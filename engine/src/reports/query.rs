//! SQL with holes: a report's own query, filled with its caller's input and expressions.
//!
//! `$name` stands for an expression and the table `"$input"` for the input. They are put into the
//! syntax tree rather than the text, so that nothing the caller wrote is parsed again. The names
//! of a report's CTEs begin with an underscore and `retention_` or the like; the input is read by
//! the first of them only, so that they cannot hide a table of the caller's.

use std::ops::ControlFlow;

use datafusion::common::{DataFusionError, Result, plan_datafusion_err};
use datafusion::sql::sqlparser::ast::{
    Expr, Query, Statement, TableFactor, Value, VisitMut, VisitorMut,
};
use datafusion::sql::sqlparser::parser::Parser;

use crate::sql::dialect;

/// The parsed `sql`, its holes filled.
pub(super) fn filled(
    report: &str,
    sql: &str,
    input: &Query,
    holes: &[(&'static str, Expr)],
) -> Result<TableFactor> {
    let mut parsed = Parser::parse_sql(dialect(), sql).map_err(|error| {
        DataFusionError::Internal(format!("the query of {report} does not parse: {error}"))
    })?;
    let Some(Statement::Query(mut query)) = parsed.pop() else {
        return Err(DataFusionError::Internal(format!(
            "the query of {report} is not a query"
        )));
    };
    let mut filler = Filler { input, holes };
    if let ControlFlow::Break(name) = query.visit(&mut filler) {
        return Err(plan_datafusion_err!("{report} has nothing for {name}"));
    }
    Ok(derived(query))
}

/// A query as an item of FROM.
pub(super) fn derived(query: Box<Query>) -> TableFactor {
    TableFactor::Derived {
        lateral: false,
        subquery: query,
        alias: None,
        sample: None,
    }
}

struct Filler<'a> {
    input: &'a Query,
    holes: &'a [(&'static str, Expr)],
}

impl VisitorMut for Filler<'_> {
    type Break = String;

    fn post_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<Self::Break> {
        if let Expr::Value(value) = expr
            && let Value::Placeholder(hole) = &value.value
        {
            let wanted = hole.trim_start_matches('$');
            let Some((_, filling)) = self.holes.iter().find(|(name, _)| *name == wanted) else {
                return ControlFlow::Break(hole.clone());
            };
            *expr = Expr::Nested(Box::new(filling.clone()));
        }
        ControlFlow::Continue(())
    }

    fn post_visit_table_factor(&mut self, factor: &mut TableFactor) -> ControlFlow<Self::Break> {
        if let TableFactor::Table { name, .. } = factor
            && name.to_string() == "\"$input\""
        {
            *factor = derived(Box::new(self.input.clone()));
        }
        ControlFlow::Continue(())
    }
}
