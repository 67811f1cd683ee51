//! SQL with holes: a report's own query, filled with its caller's input and expressions.
//!
//! `$name` stands for an expression and the table `"$input"` for the input. They are put into the
//! syntax tree rather than the text, so that nothing the caller wrote is parsed again. The names
//! of a report's CTEs begin with an underscore and `retention_` or the like, and get a number and
//! a blank that nobody writes by chance: DataFusion refuses a name that a query around has already,
//! be it the caller's or that of a report which this one is an argument of.

use std::borrow::Cow;
use std::ops::ControlFlow;

use arrow::datatypes::DataType;
use datafusion::common::{DataFusionError, Result, plan_datafusion_err};
use datafusion::sql::sqlparser::ast::{
    Expr, Ident, ObjectName, Query, Statement, TableFactor, Value, Visit, VisitMut, VisitorMut,
    visit_expressions_mut, visit_relations,
};
use datafusion::sql::sqlparser::parser::Parser;

use super::instant::arrow_cast;
use crate::sql::dialect;

/// An expression, and the name of the holes that it fills.
pub(super) type Hole = (Cow<'static, str>, Expr);

/// The parsed `sql`, its holes filled.
pub(super) fn filled(
    report: &str,
    sql: &str,
    input: &Query,
    holes: &[Hole],
) -> Result<TableFactor> {
    let mut parsed = Parser::parse_sql(dialect(), sql).map_err(|error| {
        DataFusionError::Internal(format!("the query of {report} does not parse: {error}"))
    })?;
    let Some(Statement::Query(mut query)) = parsed.pop() else {
        return Err(DataFusionError::Internal(format!(
            "the query of {report} is not a query"
        )));
    };
    let mut filler = Filler {
        input,
        holes,
        number: relations(input) + holes.iter().map(|(_, hole)| relations(hole)).sum::<usize>(),
    };
    if let ControlFlow::Break(name) = VisitMut::visit(&mut query, &mut filler) {
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

/// SQL for a key that has been through one of our functions, in the type `key` that it had before:
/// they give strings and bytes back in one layout, whatever they came in.
pub(super) fn in_own_type(sql: &str, key: &DataType) -> String {
    match cohortql_udfs::key_type(key) == *key {
        true => sql.to_string(),
        false => arrow_cast(sql, key),
    }
}

/// An expression, cast to an Arrow type.
pub(super) fn cast(expr: Expr, data_type: &DataType) -> Result<Expr> {
    let sql = arrow_cast("$expr", data_type);
    let mut cast = Parser::new(dialect())
        .try_with_sql(&sql)
        .and_then(|mut parser| parser.parse_expr())
        .map_err(|error| DataFusionError::Internal(format!("{sql} does not parse: {error}")))?;
    let holes = [("expr".into(), expr)];
    let _ = visit_expressions_mut(&mut cast, |part| fill(part, &holes));
    Ok(cast)
}

/// How many relations a part of a statement names. A report has more of them than any report
/// within its arguments.
fn relations(part: &impl Visit) -> usize {
    let mut relations = 0;
    let _ = visit_relations(part, |_| {
        relations += 1;
        ControlFlow::<()>::Continue(())
    });
    relations
}

/// Puts what belongs there into a hole, if `expr` is one; breaks with its name if nothing does.
fn fill(expr: &mut Expr, holes: &[Hole]) -> ControlFlow<String> {
    if let Expr::Value(value) = expr
        && let Value::Placeholder(hole) = &value.value
    {
        let wanted = hole.trim_start_matches('$');
        let Some((_, filling)) = holes.iter().find(|(name, _)| name == wanted) else {
            return ControlFlow::Break(hole.clone());
        };
        *expr = Expr::Nested(Box::new(filling.clone()));
    }
    ControlFlow::Continue(())
}

struct Filler<'a> {
    input: &'a Query,
    holes: &'a [Hole],
    /// Tells the names of this report's CTEs from those of one that it is an argument of.
    number: usize,
}

impl Filler<'_> {
    fn rename(&self, name: &mut Ident) {
        if name.value.starts_with('_') {
            *name = Ident::with_quote('"', format!("{} {}", name.value, self.number));
        }
    }
}

impl VisitorMut for Filler<'_> {
    type Break = String;

    fn pre_visit_query(&mut self, query: &mut Query) -> ControlFlow<Self::Break> {
        let tables = query.with.iter_mut().flat_map(|with| &mut with.cte_tables);
        tables.for_each(|table| self.rename(&mut table.alias.name));
        ControlFlow::Continue(())
    }

    fn post_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<Self::Break> {
        fill(expr, self.holes)
    }

    fn post_visit_table_factor(&mut self, factor: &mut TableFactor) -> ControlFlow<Self::Break> {
        let TableFactor::Table { name, .. } = factor else {
            return ControlFlow::Continue(());
        };
        if name.to_string() == "\"$input\"" {
            *factor = derived(Box::new(self.input.clone()));
        } else if let [part] = name.0.as_slice()
            && let Some(part) = part.as_ident()
        {
            let mut part = part.clone();
            self.rename(&mut part);
            *name = ObjectName::from(vec![part]);
        }
        ControlFlow::Continue(())
    }
}
