//! Columns called by their position: `ORDER BY 2`, `GROUP BY ROLLUP (1, 2)`, `DISTINCT ON (1)`.
//!
//! DataFusion sorts an aggregation only by its keys, its aggregates and the names that SELECT
//! gives, and `sum(b) / 2` is none of them, also when it is called by its position. So what is
//! sorted goes into parentheses: in `(SELECT a, sum(b) / 2 … GROUP BY a) ORDER BY 2` a position
//! may be that of any column. When something is sorted by that SELECT does not return, the
//! expression takes the place of its position, and so it does where DataFusion takes a position
//! for a constant.

use std::ops::ControlFlow;

use datafusion::common::DataFusionError;
use datafusion::sql::sqlparser::ast::{
    Distinct, Expr, GroupByExpr, OrderBy, OrderByExpr, OrderByKind, Query, Select, SelectItem,
    SetExpr, SetQuantifier, Spanned, UnaryOperator, Value, Values, VisitorMut, visit_expressions,
};

use super::identifiers::{at_span, normalised};

/// Has a position mean a column wherever it may.
pub(super) struct Rewriter;

impl VisitorMut for Rewriter {
    type Break = DataFusionError;

    fn pre_visit_query(&mut self, query: &mut Query) -> ControlFlow<Self::Break> {
        as_flow(order_by(query))
    }

    fn pre_visit_select(&mut self, select: &mut Select) -> ControlFlow<Self::Break> {
        as_flow(group_by(select).and_then(|()| distinct_on(select)))
    }
}

fn as_flow(done: Result<(), DataFusionError>) -> ControlFlow<DataFusionError> {
    match done {
        Ok(()) => ControlFlow::Continue(()),
        Err(error) => ControlFlow::Break(error),
    }
}

fn order_by(query: &mut Query) -> Result<(), DataFusionError> {
    let Some(OrderBy {
        kind: OrderByKind::Expressions(keys),
        ..
    }) = &mut query.order_by
    else {
        return Ok(());
    };
    for key in keys.iter() {
        check("ORDER BY", &key.expr, || columns(&query.body))?;
    }
    let SetExpr::Select(select) = query.body.as_mut() else {
        return Ok(());
    };
    if !keys.iter().any(|key| position(&key.expr).is_some()) {
        return Ok(());
    }
    if is_sorted_outside(select, keys) {
        parenthesise(&mut query.body);
        return Ok(());
    }
    for key in keys {
        let called = position(&key.expr).and_then(|position| item(&select.projection, position));
        if let Some(SelectItem::UnnamedExpr(expr)) = called
            && !names_an_alias(expr, &select.projection)
        {
            key.expr = expr.clone();
        }
    }
    Ok(())
}

/// DataFusion finds the columns of positions, but not of those in sets of keys.
fn group_by(select: &mut Select) -> Result<(), DataFusionError> {
    let GroupByExpr::Expressions(keys, _) = &mut select.group_by else {
        return Ok(());
    };
    let items = select.projection.as_slice();
    for key in keys {
        let (Expr::Rollup(sets) | Expr::Cube(sets) | Expr::GroupingSets(sets)) = key else {
            check("GROUP BY", key, || columns_of(items))?;
            continue;
        };
        for key in sets.iter_mut().flatten() {
            check("GROUP BY", key, || columns_of(items))?;
            let Some(position) = position(key) else {
                continue;
            };
            *key = match item(items, position) {
                Some(SelectItem::UnnamedExpr(expr) | SelectItem::ExprWithAlias { expr, .. }) => {
                    expr.clone()
                }
                _ => return Err(uncountable("GROUP BY", key)),
            };
        }
    }
    Ok(())
}

fn distinct_on(select: &mut Select) -> Result<(), DataFusionError> {
    let Some(Distinct::On(keys)) = &mut select.distinct else {
        return Ok(());
    };
    let items = select.projection.as_slice();
    for key in keys {
        check("DISTINCT ON", key, || columns_of(items))?;
        let Some(position) = position(key) else {
            continue;
        };
        *key = match item(items, position) {
            Some(SelectItem::ExprWithAlias { alias, .. }) => Expr::Identifier(alias.clone()),
            Some(SelectItem::UnnamedExpr(expr)) if !names_an_alias(expr, items) => expr.clone(),
            _ => return Err(uncountable("DISTINCT ON", key)),
        };
    }
    Ok(())
}

/// Whether the rows that SELECT returns tell their order: all keys are columns of theirs, and
/// which rows there are does not hang on it.
fn is_sorted_outside(select: &Select, keys: &[OrderByExpr]) -> bool {
    let items = select.projection.as_slice();
    let returned = |key: &Expr| match key {
        Expr::Identifier(name) => {
            let name = normalised(name);
            let named = items
                .iter()
                .filter(|item| output(item).as_ref() == Some(&name));
            named.count() == 1 && columns_of(items).is_some()
        }
        Expr::CompoundIdentifier(_) => items
            .iter()
            .any(|item| matches!(item, SelectItem::UnnamedExpr(expr) if expr == key)),
        _ => position(key).is_some(),
    };
    !matches!(select.distinct, Some(Distinct::On(_)))
        && select.into.is_none()
        && keys.iter().all(|key| returned(&key.expr))
}

/// The name of a column that SELECT returns, where the statement gives it one.
fn output(item: &SelectItem) -> Option<String> {
    match item {
        SelectItem::ExprWithAlias { alias, .. } => Some(normalised(alias)),
        SelectItem::UnnamedExpr(Expr::Identifier(name)) => Some(normalised(name)),
        SelectItem::UnnamedExpr(Expr::CompoundIdentifier(names)) => names.last().map(normalised),
        _ => None,
    }
}

/// Whether an expression has a name in it that means something else among the keys, where the names
/// that SELECT gives come first.
fn names_an_alias(expr: &Expr, items: &[SelectItem]) -> bool {
    let walked = visit_expressions(expr, |part| match part {
        Expr::Identifier(name) => {
            let name = normalised(name);
            let is_alias = |item: &SelectItem| match item {
                SelectItem::ExprWithAlias { alias, .. } => normalised(alias) == name,
                _ => false,
            };
            match items.iter().any(is_alias) {
                true => ControlFlow::Break(()),
                false => ControlFlow::Continue(()),
            }
        }
        _ => ControlFlow::Continue(()),
    });
    walked.is_break()
}

fn parenthesise(body: &mut Box<SetExpr>) {
    let nothing = SetExpr::Values(Values {
        explicit_row: false,
        value_keyword: false,
        rows: Vec::new(),
    });
    let inner = std::mem::replace(body.as_mut(), nothing);
    **body = SetExpr::Query(Box::new(Query {
        with: None,
        body: Box::new(inner),
        order_by: None,
        limit_clause: None,
        fetch: None,
        locks: Vec::new(),
        for_clause: None,
        settings: None,
        format_clause: None,
        pipe_operators: Vec::new(),
    }));
}

/// The position, from 1, that an expression is.
fn position(expr: &Expr) -> Option<usize> {
    number(expr)?.parse().ok().filter(|position| *position > 0)
}

fn number(expr: &Expr) -> Option<&str> {
    match expr {
        Expr::Value(value) => match &value.value {
            Value::Number(number, _) => Some(number.as_str()),
            _ => None,
        },
        _ => None,
    }
}

/// What SELECT has at a position, when what stands before can be counted.
fn item(items: &[SelectItem], position: usize) -> Option<&SelectItem> {
    let counted = items.get(..position)?;
    columns_of(counted)?;
    counted.last()
}

/// How many columns a query has, when its text says so.
fn columns(body: &SetExpr) -> Option<usize> {
    let mut body = body;
    loop {
        body = match body {
            SetExpr::Select(select) => return columns_of(&select.projection),
            SetExpr::Values(values) => return values.rows.first().map(|row| row.len()),
            SetExpr::Query(query) if query.pipe_operators.is_empty() => &query.body,
            SetExpr::SetOperation {
                left,
                set_quantifier: SetQuantifier::None | SetQuantifier::All | SetQuantifier::Distinct,
                ..
            } => left,
            _ => return None,
        };
    }
}

/// None where `*` or `unnest` may be any number of columns.
fn columns_of(items: &[SelectItem]) -> Option<usize> {
    let is_one = |item: &SelectItem| match item {
        SelectItem::UnnamedExpr(expr) | SelectItem::ExprWithAlias { expr, .. } => {
            let walked = visit_expressions(expr, |part| match part {
                Expr::Function(call) if call.name.to_string().eq_ignore_ascii_case("unnest") => {
                    ControlFlow::Break(())
                }
                _ => ControlFlow::Continue(()),
            });
            walked.is_continue()
        }
        _ => false,
    };
    items.iter().all(is_one).then_some(items.len())
}

/// Refuses a number that is the position of no column.
fn check(
    clause: &str,
    key: &Expr,
    columns: impl Fn() -> Option<usize>,
) -> Result<(), DataFusionError> {
    let is_number = match key {
        Expr::UnaryOp {
            op: UnaryOperator::Minus,
            expr,
        } => number(expr).is_some(),
        _ => number(key).is_some(),
    };
    if !is_number {
        return Ok(());
    }
    let range = match (position(key), columns()) {
        (Some(position), Some(columns)) if position > columns => format!("from 1 to {columns}"),
        (Some(_), _) => return Ok(()),
        (None, Some(columns)) => format!("from 1 to {columns}"),
        (None, None) => "from 1 on".to_owned(),
    };
    let message =
        format!("{clause} takes a number for the position of a column, {range}, got {key}");
    Err(at_span(key.span(), message))
}

fn uncountable(clause: &str, key: &Expr) -> DataFusionError {
    let message =
        format!("{clause} cannot find the column at position {key}: write its expression");
    at_span(key.span(), message)
}
