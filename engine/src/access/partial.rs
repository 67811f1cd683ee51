//! The part of a table that grants show, as a plan over the table.

use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::sync::Arc;

use datafusion::catalog::TableProvider;
use datafusion::common::{Column, DFSchema, TableReference, plan_err};
use datafusion::datasource::provider_as_source;
use datafusion::error::Result;
use datafusion::execution::SessionState;
use datafusion::logical_expr::expr_fn::when;
use datafusion::logical_expr::{Expr, LogicalPlan, LogicalPlanBuilder};
use datafusion::scalar::ScalarValue;
use datafusion::sql::sqlparser::ast::{self, visit_expressions, visit_expressions_mut};
use datafusion::sql::sqlparser::parser::Parser;

use super::Access;
use super::mask::Mask;
use super::roles::Grant;
use crate::sql;

/// A grant with its filter made an expression.
struct Planned<'a> {
    grant: &'a Grant,
    filter: Option<Expr>,
}

/// The rows and columns of a table that any of the grants shows.
///
/// Grants of several roles add up row by row: a value is shown as clearly as the clearest grant that
/// shows its row does, and is NULL where only grants without its column show the row.
///
/// # Errors
/// When a filter or mask does not fit the table.
pub(super) fn plan(
    state: &SessionState,
    name: &TableReference,
    table: &Arc<dyn TableProvider>,
    grants: &[Grant],
    access: &Access,
) -> Result<LogicalPlan> {
    let scan = LogicalPlanBuilder::scan(name.clone(), provider_as_source(Arc::clone(table)), None)?;
    let schema = Arc::clone(scan.schema());
    let grants = grants.iter().map(|grant| {
        let user = &access.principal.name;
        let filter = grant.filter.as_deref();
        let filter = filter.map(|text| filter_of(state, &schema, text, user));
        check_columns(grant, &schema, name)?;
        Ok(Planned {
            grant,
            filter: filter.transpose()?,
        })
    });
    let grants: Vec<Planned<'_>> = grants.collect::<Result<_>>()?;
    let mut columns = Vec::new();
    for (qualifier, field) in schema.iter() {
        let column = Expr::Column(Column::new(qualifier.cloned(), field.name()));
        if let Some(shown) = shown(&grants, &column, field.name(), field.data_type(), access)? {
            columns.push(shown.alias_qualified(qualifier.cloned(), field.name()));
        }
    }
    let visible = match grants
        .iter()
        .map(|grant| grant.filter.clone())
        .collect::<Option<Vec<_>>>()
    {
        Some(filters) => match filters.into_iter().reduce(Expr::or) {
            Some(any) => scan.filter(any)?,
            None => scan,
        },
        None => scan,
    };
    visible.project(columns)?.build()
}

/// What is shown of a column; nothing when no grant shows it.
fn shown(
    grants: &[Planned<'_>],
    column: &Expr,
    name: &str,
    data_type: &arrow::datatypes::DataType,
    access: &Access,
) -> Result<Option<Expr>> {
    let mut ways: Vec<(Option<Mask>, Option<&Expr>)> = grants
        .iter()
        .filter(|planned| planned.grant.shows(name))
        .map(|planned| {
            (
                planned.grant.masks.get(name).copied(),
                planned.filter.as_ref(),
            )
        })
        .collect();
    if ways.is_empty() {
        return Ok(None);
    }
    // Clear before masked, and less masked before more.
    ways.sort_by_key(|(mask, _)| *mask);
    let value = |mask: Option<Mask>| match mask {
        None => Ok(column.clone()),
        Some(mask) => mask.of(column.clone(), data_type, &access.policies.mask_key),
    };
    let last = match ways.iter().find(|(_, filter)| filter.is_none()) {
        Some((mask, _)) => value(*mask)?,
        // Every row that is left passes the one filter there is.
        None if grants.len() == 1 => return Ok(Some(value(ways[0].0)?)),
        None => Expr::Literal(ScalarValue::try_from(data_type)?, None),
    };
    let mut conditional = ways
        .iter()
        .map_while(|(mask, filter)| filter.map(|filter| (*mask, filter)));
    let Some((mask, filter)) = conditional.next() else {
        return Ok(Some(last));
    };
    let mut cases = when(filter.clone(), value(mask)?);
    for (mask, filter) in conditional {
        cases = cases.when(filter.clone(), value(mask)?);
    }
    Ok(Some(cases.otherwise(last)?))
}

fn check_columns(grant: &Grant, schema: &DFSchema, name: &TableReference) -> Result<()> {
    let there: BTreeSet<&String> = schema.fields().iter().map(|field| field.name()).collect();
    let named = grant.columns.iter().flatten().chain(grant.masks.keys());
    for column in named {
        if !there.contains(column) {
            return plan_err!(
                "the rights on table {name} name column \"{column}\", which it does not have"
            );
        }
    }
    Ok(())
}

/// The filter of a grant over a table's columns, in which `current_user` is the principal's name.
fn filter_of(state: &SessionState, schema: &DFSchema, text: &str, user: &str) -> Result<Expr> {
    let mut parser = Parser::new(sql::dialect()).try_with_sql(text)?;
    let mut parsed = parser.parse_expr()?;
    parser.expect_token(&datafusion::sql::sqlparser::tokenizer::Token::EOF)?;
    let asks = visit_expressions(&parsed, |part| match part {
        ast::Expr::Subquery(_) | ast::Expr::Exists { .. } | ast::Expr::InSubquery { .. } => {
            ControlFlow::Break(())
        }
        _ => ControlFlow::Continue(()),
    });
    if asks.is_break() {
        return plan_err!(
            "the filter of a role must be a condition on the table's own columns, got a subquery"
        );
    }
    let named = ControlFlow::<()>::Continue(());
    let _ = visit_expressions_mut(&mut parsed, |part| {
        if is_current_user(part) {
            *part = ast::Expr::Value(ast::Value::SingleQuotedString(user.to_owned()).into());
        }
        named
    });
    let parsed = ast::ExprWithAlias {
        expr: parsed,
        alias: None,
    };
    let filter = state.create_logical_expr_from_sql_expr(parsed, schema)?;
    // Where the filter is NULL the row is hidden, also under an OR of several.
    Ok(filter.is_true())
}

fn is_current_user(part: &ast::Expr) -> bool {
    match part {
        ast::Expr::Function(function) => function
            .name
            .to_string()
            .eq_ignore_ascii_case("current_user"),
        _ => false,
    }
}
