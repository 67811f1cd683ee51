//! A call of a report: its input and its arguments, checked and typed.

use std::ops::RangeInclusive;

use arrow::datatypes::DataType;
use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::common::{DFSchema, DFSchemaRef, Result, ScalarValue, plan_err};
use datafusion::logical_expr::planner::RelationPlannerContext;
use datafusion::logical_expr::simplify::SimplifyContext;
use datafusion::logical_expr::{Expr, ExprSchemable, LogicalPlan};
use datafusion::optimizer::simplify_expressions::ExprSimplifier;
use datafusion::sql::sqlparser::ast::{Expr as SqlExpr, Query};

use super::query::{Hole, cast, derived, filled};
use crate::formats::names::did_you_mean;
use crate::sharing::is_volatile;

/// A call whose arguments are known by name.
pub(super) struct Call<'a> {
    report: &'static str,
    input: Box<Query>,
    schema: DFSchemaRef,
    given: Vec<Hole>,
    context: &'a mut dyn RelationPlannerContext,
}

impl<'a> Call<'a> {
    /// Plans the input, whose columns the arguments refer to.
    pub(super) fn new(
        report: &'static str,
        input: Box<Query>,
        given: Vec<Hole>,
        context: &'a mut dyn RelationPlannerContext,
    ) -> Result<Self> {
        let plan = context.plan(derived(input.clone()))?;
        for expr in plan.all_out_ref_exprs() {
            check_reference(&expr, || format!("the input of {report}"))?;
        }
        if is_volatile(&plan)? {
            return plan_err!(
                "the input of {report} may give other rows each time it is read, and it is read more \
                 than once: keep its rows with CREATE TABLE … AS first"
            );
        }
        Ok(Self {
            report,
            schema: plan.schema().clone(),
            input,
            given,
            context,
        })
    }

    /// The report's name.
    pub(super) fn report(&self) -> &'static str {
        self.report
    }

    /// Whether the caller gave an argument.
    pub(super) fn has(&self, name: &str) -> bool {
        self.given(name).is_some()
    }

    /// The time zone of the session.
    pub(super) fn session_time_zone(&self) -> Option<String> {
        let options = self.context.context_provider().options();
        options.execution.time_zone.clone()
    }

    /// Plans the report's own SQL, with the arguments in its holes.
    pub(super) fn plan(&mut self, sql: &str) -> Result<LogicalPlan> {
        let query = filled(self.report, sql, &self.input, &self.given)?;
        self.context.plan(query)
    }

    /// The type of an argument that is an expression over the input; None when not given.
    pub(super) fn column(&mut self, name: &'static str) -> Result<Option<DataType>> {
        let Some(given) = self.given(name).cloned() else {
            return Ok(None);
        };
        let expr = self.context.sql_to_expr(given, &self.schema)?;
        self.check_row_wise(name, &expr)?;
        expr.get_type(self.schema.as_ref()).map(Some)
    }

    /// Checks a condition over the input; says whether it was given.
    pub(super) fn condition(&mut self, name: &'static str) -> Result<bool> {
        match self.column(name)? {
            None => Ok(false),
            Some(DataType::Boolean | DataType::Null) => Ok(true),
            Some(other) => self.wrong(name, "a condition", &other),
        }
    }

    /// Checks a list of conditions over the input, which fill the holes `name_1`, `name_2` and so
    /// on; says how many there are.
    ///
    /// They are planned one by one: DataFusion would make one list of them, a row each.
    pub(super) fn conditions(&mut self, name: &'static str) -> Result<usize> {
        let elements = match self.given(name) {
            None => return Ok(0),
            Some(SqlExpr::Array(array)) => array.elem.clone(),
            Some(other) => {
                return plan_err!(
                    "argument \"{name}\" of {} must be a list of conditions such as \
                     [kind = 'view', kind = 'buy'], got {other}",
                    self.report
                );
            }
        };
        for (number, element) in (1..).zip(&elements) {
            let expr = self.context.sql_to_expr(element.clone(), &self.schema)?;
            self.check_row_wise(name, &expr)?;
            match expr.get_type(self.schema.as_ref())? {
                DataType::Boolean | DataType::Null => {}
                other => {
                    return plan_err!(
                        "element {number} of argument \"{name}\" of {} must be a condition, got {}: \
                         {element}",
                        self.report,
                        cohortql_udfs::sql_name(&other)
                    );
                }
            }
            let hole = format!("{name}_{number}");
            self.given.push((hole.into(), element.clone()));
        }
        Ok(elements.len())
    }

    /// The type of a column whose values can be told apart and ordered.
    pub(super) fn key(&mut self, name: &'static str) -> Result<Option<DataType>> {
        match self.column(name)? {
            Some(
                nested @ (DataType::List(_)
                | DataType::LargeList(_)
                | DataType::FixedSizeList(..)
                | DataType::Map(..)
                | DataType::Struct(_)),
            ) => self.wrong(name, "a single value", &nested),
            other => Ok(other),
        }
    }

    /// Checks a key that the report returns, and casts it to a type that results may have:
    /// neither an unsigned integer nor a dictionary. Gives that type; None when not given.
    pub(super) fn returned_key(&mut self, name: &'static str) -> Result<Option<DataType>> {
        let Some(given) = self.key(name)? else {
            return Ok(None);
        };
        if !given.is_unsigned_integer() && !matches!(given, DataType::Dictionary(..)) {
            return Ok(Some(given));
        }
        let returned = cohortql_udfs::key_type(&given);
        for (_, value) in self.given.iter_mut().filter(|(given, _)| given == name) {
            *value = cast(value.clone(), &returned)?;
        }
        Ok(Some(returned))
    }

    /// The type of a number over the input; None when not given.
    pub(super) fn number_column(&mut self, name: &'static str) -> Result<Option<DataType>> {
        match self.column(name)? {
            Some(other) if !other.is_numeric() => self.wrong(name, "a number", &other),
            other => Ok(other),
        }
    }

    /// One of a set of words.
    pub(super) fn word(
        &mut self,
        name: &'static str,
        choices: &[&'static str],
        default: &'static str,
    ) -> Result<&'static str> {
        let text = match self.constant(name)? {
            None => return Ok(default),
            Some(value) => match value.try_as_str() {
                Some(Some(text)) => text.to_lowercase(),
                _ => return self.wrong(name, "a string", &value.data_type()),
            },
        };
        match choices.iter().find(|choice| **choice == text) {
            Some(choice) => Ok(choice),
            None => plan_err!(
                "argument \"{name}\" of {} must be one of '{}', got '{text}'{}",
                self.report,
                choices.join("', '"),
                did_you_mean(&text, choices.iter().copied())
            ),
        }
    }

    /// A constant whole number within bounds.
    pub(super) fn whole_number(
        &mut self,
        name: &'static str,
        bounds: RangeInclusive<i64>,
        default: i64,
    ) -> Result<i64> {
        let Some(value) = self.constant(name)? else {
            return Ok(default);
        };
        let number = match value.data_type().is_integer() {
            true => value.cast_to(&DataType::Int64)?,
            false => return self.wrong(name, "a whole number", &value.data_type()),
        };
        match number {
            ScalarValue::Int64(Some(number)) if bounds.contains(&number) => Ok(number),
            other => plan_err!(
                "argument \"{name}\" of {} must be from {} to {}, got {other}",
                self.report,
                bounds.start(),
                bounds.end()
            ),
        }
    }

    /// A constant number within bounds.
    pub(super) fn number(
        &mut self,
        name: &'static str,
        bounds: RangeInclusive<f64>,
        default: f64,
    ) -> Result<f64> {
        let Some(value) = self.constant(name)? else {
            return Ok(default);
        };
        if !value.data_type().is_numeric() {
            return self.wrong(name, "a number", &value.data_type());
        }
        match value.cast_to(&DataType::Float64)? {
            ScalarValue::Float64(Some(number)) if bounds.contains(&number) => Ok(number),
            _ if *bounds.end() == f64::MAX => plan_err!(
                "argument \"{name}\" of {} must be {} or more, got {value}",
                self.report,
                bounds.start()
            ),
            _ => plan_err!(
                "argument \"{name}\" of {} must be from {} to {}, got {value}",
                self.report,
                bounds.start(),
                bounds.end()
            ),
        }
    }

    /// A constant that is true or false.
    pub(super) fn truth(&mut self, name: &'static str, default: bool) -> Result<bool> {
        match self.constant(name)? {
            None => Ok(default),
            Some(ScalarValue::Boolean(Some(truth))) => Ok(truth),
            Some(other) => self.wrong(name, "true or false", &other.data_type()),
        }
    }

    /// A constant string.
    pub(super) fn text(&mut self, name: &'static str) -> Result<Option<String>> {
        match self.constant(name)? {
            None => Ok(None),
            Some(value) => match value.try_as_str() {
                Some(Some(text)) => Ok(Some(text.to_string())),
                _ => self.wrong(name, "a string", &value.data_type()),
            },
        }
    }

    /// The value of an argument that must be the same for the whole query.
    fn constant(&mut self, name: &'static str) -> Result<Option<ScalarValue>> {
        if let Some(expr) = self.free(name)?
            && expr.exists(|part| Ok(matches!(part, Expr::Placeholder(_))))?
        {
            return plan_err!(
                "argument \"{name}\" of {} shapes the plan, so it must be a constant, not a \
                 parameter such as $1",
                self.report
            );
        }
        match self.simplified(name)? {
            None => Ok(None),
            Some(Expr::Literal(value, _)) => Ok(Some(value)),
            Some(other) => plan_err!(
                "argument \"{name}\" of {} must be a constant, got {other}",
                self.report
            ),
        }
    }

    /// An argument that refers to no column, as far as it can be worked out; None when it is NULL.
    pub(super) fn simplified(&mut self, name: &'static str) -> Result<Option<Expr>> {
        let Some(expr) = self.free(name)? else {
            return Ok(None);
        };
        let simplifier =
            ExprSimplifier::new(SimplifyContext::builder().with_current_time().build());
        let coerced = simplifier.coerce(expr, &DFSchema::empty())?;
        Ok(match simplifier.simplify(coerced)? {
            Expr::Literal(value, _) if value.is_null() => None,
            simplified => Some(simplified),
        })
    }

    /// An argument as an expression that refers to no column.
    fn free(&mut self, name: &'static str) -> Result<Option<Expr>> {
        let Some(given) = self.given(name).cloned() else {
            return Ok(None);
        };
        let text = given.to_string();
        match self.context.sql_to_expr(given, &DFSchema::empty()) {
            Ok(expr) => {
                self.check_references(name, &expr)?;
                Ok(Some(expr))
            }
            Err(error) => plan_err!(
                "argument \"{name}\" of {} can't refer to columns, got {text}: {}",
                self.report,
                error.find_root().message()
            ),
        }
    }

    fn given(&self, name: &str) -> Option<&SqlExpr> {
        let found = self.given.iter().find(|(given, _)| given == name);
        found.map(|(_, value)| value)
    }

    fn check_references(&self, name: &str, expr: &Expr) -> Result<()> {
        expr.apply(|part| {
            check_reference(part, || format!("argument \"{name}\" of {}", self.report))?;
            Ok(TreeNodeRecursion::Continue)
        })?;
        Ok(())
    }

    fn check_row_wise(&self, name: &str, expr: &Expr) -> Result<()> {
        self.check_references(name, expr)?;
        let mut culprit = None;
        expr.apply(|part| {
            let kind = match part {
                Expr::AggregateFunction(_) => "an aggregate",
                Expr::WindowFunction(_) => "a window function",
                Expr::Unnest(_) => "unnest",
                Expr::InSubquery(_) => "IN (SELECT …)",
                Expr::Exists(_) => "EXISTS",
                _ => return Ok(TreeNodeRecursion::Continue),
            };
            culprit = Some((kind, part.to_string()));
            Ok(TreeNodeRecursion::Stop)
        })?;
        match culprit {
            None => Ok(()),
            Some((kind, part)) => plan_err!(
                "argument \"{name}\" of {} can't hold {kind}, got {part}: compute it in a subquery",
                self.report
            ),
        }
    }

    /// The error of an argument of a wrong type.
    pub(super) fn wrong<T>(&self, name: &str, expected: &str, got: &DataType) -> Result<T> {
        plan_err!(
            "argument \"{name}\" of {} must be {expected}, got {}",
            self.report,
            cohortql_udfs::sql_name(got)
        )
    }
}

/// Refuses a column of a query around the report, which computes all its rows at once.
fn check_reference(expr: &Expr, place: impl Fn() -> String) -> Result<()> {
    let Expr::OuterReferenceColumn(_, column) = expr else {
        return Ok(());
    };
    plan_err!(
        "{} can't refer to \"{}\" of the query around it: call the report over all rows and join \
         what it answers",
        place(),
        column.flat_name()
    )
}
