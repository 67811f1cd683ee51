//! Finds calls of reports in FROM and hands them to the report.

use datafusion::common::{Result, plan_err};
use datafusion::logical_expr::planner::{
    PlannedRelation, RelationPlanner, RelationPlannerContext, RelationPlanning,
};
use datafusion::sql::sqlparser::ast::{
    Expr, FunctionArg, FunctionArgExpr, Ident, Query, TableAlias, TableFactor, Value,
};

use super::argument::listed;
use super::call::Call;
use super::query::Hole;
use super::{REPORTS, Report};
use crate::formats::names::did_you_mean;
use crate::sql::at;

/// Plans every report.
#[derive(Debug)]
pub(super) struct ReportPlanner;

impl RelationPlanner for ReportPlanner {
    fn plan_relation(
        &self,
        relation: TableFactor,
        context: &mut dyn RelationPlannerContext,
    ) -> Result<RelationPlanning> {
        let (name, arguments, alias) = match &relation {
            TableFactor::Table {
                name,
                args: Some(arguments),
                alias,
                ..
            } => (name, &arguments.args, alias),
            TableFactor::Function {
                name, args, alias, ..
            } => (name, args, alias),
            _ => return Ok(RelationPlanning::Original(Box::new(relation))),
        };
        let called = match name.0.as_slice() {
            [part] => part.as_ident().cloned(),
            _ => None,
        };
        let called = called.map(|name| context.normalize_ident(name));
        let Some(report) = REPORTS
            .iter()
            .find(|report| called.as_deref() == Some(report.name()))
        else {
            return match called.filter(|_| has_names(arguments)) {
                Some(called) => plan_err!(
                    "there is no report \"{called}\"{}",
                    did_you_mean(&called, REPORTS.iter().map(|report| report.name()))
                ),
                None => Ok(RelationPlanning::Original(Box::new(relation))),
            };
        };
        let alias = alias.clone().unwrap_or_else(|| TableAlias {
            explicit: true,
            name: Ident::new(report.name()),
            columns: Vec::new(),
            at: None,
        });
        let mut call = read(*report, arguments.clone(), context)?;
        let plan = report.plan(&mut call)?;
        let planned = PlannedRelation::new(plan, Some(alias));
        Ok(RelationPlanning::Planned(Box::new(planned)))
    }
}

/// Whether arguments are given by name, which nothing but a report takes in FROM.
fn has_names(arguments: &[FunctionArg]) -> bool {
    let mut arguments = arguments.iter();
    arguments.any(|argument| !matches!(argument, FunctionArg::Unnamed(_)))
}

/// Sorts a call's arguments out: one table, then names that the report knows, each once.
fn read<'a>(
    report: &dyn Report,
    arguments: Vec<FunctionArg>,
    context: &'a mut dyn RelationPlannerContext,
) -> Result<Call<'a>> {
    let name = report.name();
    let mut arguments = arguments.into_iter();
    let input = input(name, arguments.next())?;
    let mut given: Vec<Hole> = Vec::new();
    let mut seen: Vec<&'static str> = Vec::new();
    for argument in arguments {
        let (ident, value) = match argument {
            FunctionArg::Named {
                name,
                arg: FunctionArgExpr::Expr(value),
                ..
            }
            | FunctionArg::ExprNamed {
                name: Expr::Identifier(name),
                arg: FunctionArgExpr::Expr(value),
                ..
            } => (name, value),
            other => {
                return plan_err!(
                    "{name} takes its arguments after the table by name (name => value), got {other}"
                );
            }
        };
        let wanted = context.normalize_ident(ident.clone());
        let Some(known) = report.arguments().iter().find(|known| known.name == wanted) else {
            let names = report.arguments().iter().map(|known| known.name);
            let near = did_you_mean(&wanted, names);
            let message = format!(
                "{name} has no argument \"{wanted}\"{near}{} takes a table, {}",
                if near.is_empty() { ": it" } else { " It" },
                listed(report.arguments())
            );
            return Err(at(&ident, message));
        };
        if seen.contains(&known.name) {
            let message = format!("{name} got its argument \"{wanted}\" twice");
            return Err(at(&ident, message));
        }
        seen.push(known.name);
        if !is_null(&value) {
            given.push((known.name.into(), value));
        }
    }
    for argument in report.arguments() {
        if argument.is_required() && !given.iter().any(|(name, _)| name == argument.name) {
            return plan_err!(
                "{name} needs its argument \"{}\": it takes a table, {}",
                argument.name,
                listed(report.arguments())
            );
        }
    }
    Call::new(name, input, given, context)
}

fn input(report: &str, argument: Option<FunctionArg>) -> Result<Box<Query>> {
    let expected = format!(
        "{report} takes a table name, a CTE or a subquery in parentheses as its first argument"
    );
    match argument {
        Some(FunctionArg::Unnamed(FunctionArgExpr::Expr(Expr::Subquery(query)))) => Ok(query),
        Some(FunctionArg::Unnamed(FunctionArgExpr::Expr(Expr::Function(rows))))
            if rows.name.to_string().eq_ignore_ascii_case("values") =>
        {
            plan_err!("{expected}: write (VALUES …) AS t(a, b)")
        }
        Some(other) => plan_err!("{expected}, got {other}"),
        None => plan_err!("{expected}"),
    }
}

fn is_null(value: &Expr) -> bool {
    matches!(value, Expr::Value(value) if value.value == Value::Null)
}
