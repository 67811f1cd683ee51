//! The SQL planner's part: which function a call means, string literals that are times,
//! and bad constants reported where they stand.

use std::sync::Arc;

use datafusion::common::{DFSchema, ScalarValue, plan_datafusion_err, plan_err};
use datafusion::error::Result;
use datafusion::logical_expr::expr::{Case, WindowFunction, WindowFunctionParams};
use datafusion::logical_expr::planner::{
    ExprPlanner, PlannerResult, RawAggregateExpr, RawWindowExpr,
};
use datafusion::logical_expr::{Expr, ExprSchemable, WindowFunctionDefinition, WindowUDF, cast};

use crate::binding::time_zone_position;
use crate::constants::{Constants, literal};
use crate::parameter::{Kind, Parameter};
use crate::registry::{Entry, Function, called};
use crate::sql_types::is_text;
use crate::times::time_of_text;
use crate::windowed::Windowed;

/// Plans calls of this crate's functions, and leaves all others as they are.
#[derive(Debug)]
pub(crate) struct AnalyticsPlanner;

impl ExprPlanner for AnalyticsPlanner {
    fn plan_aggregate(
        &self,
        mut call: RawAggregateExpr,
    ) -> Result<PlannerResult<RawAggregateExpr>> {
        if let Some(entry) = called(call.func.name(), false)
            && matches!(&entry.function, Function::Aggregate(ours) if *ours == call.func)
        {
            refuse_distinct(entry, call.distinct)?;
            call.args = prepare(entry, call.args)?;
        }
        Ok(PlannerResult::Original(call))
    }

    fn plan_window(&self, mut call: RawWindowExpr) -> Result<PlannerResult<RawWindowExpr>> {
        // DataFusion prefers an aggregate to a window function of the same name, so that
        // the name may arrive as either.
        let name = call.func_def.name().to_owned();
        let Some(entry) = called(&name, true).filter(|_| is_ours(&call.func_def)) else {
            return Ok(PlannerResult::Original(call));
        };
        refuse_distinct(entry, call.distinct)?;
        if call.null_treatment.is_some() {
            return plan_err!("{name} does not take IGNORE NULLS or RESPECT NULLS");
        }
        call.args = prepare(entry, call.args)?;
        match &entry.function {
            Function::Window(function) => {
                if call.filter.is_some() {
                    return plan_err!(
                        "{name}(...) OVER (...) does not take FILTER: it gives every row of \
                         the window a value; filter the rows before it, with WHERE or in a \
                         subquery"
                    );
                }
                let constants = Constants::of_logical(&name, entry.parameters, &call.args)?;
                if let Some(constants) = constants.filter(|_| call.order_by.is_empty()) {
                    (entry.check_unordered)(&constants)?;
                }
                call.func_def = WindowFunctionDefinition::WindowUDF(Arc::clone(function));
            }
            Function::Aggregate(_) if !call.window_frame.is_ever_expanding() => {
                return plan_err!(
                    "{name}(...) OVER (...) needs a frame that begins with the partition, such as \
                     ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW, got {}",
                    call.window_frame
                );
            }
            Function::Aggregate(function) if time_zone_position(entry.parameters).is_some() => {
                let windowed = Windowed::new(Arc::clone(function), entry.parameters);
                let windowed = Arc::new(WindowUDF::from(windowed));
                let name = call
                    .filter
                    .is_some()
                    .then(|| window_expr(&call).schema_name().to_string());
                call.func_def = WindowFunctionDefinition::WindowUDF(windowed);
                if let Some(name) = name {
                    filter_times(entry.parameters, &mut call);
                    return Ok(PlannerResult::Planned(window_expr(&call).alias(name)));
                }
            }
            Function::Aggregate(_) | Function::Scalar(_) => {}
        }
        Ok(PlannerResult::Original(call))
    }
}

/// Turns a FILTER, which DataFusion refuses for window functions, into times that are
/// NULL where it does not hold: such rows are skipped as well.
fn filter_times(parameters: &[Parameter], call: &mut RawWindowExpr) {
    let Some(filter) = call.filter.take() else {
        return;
    };
    for (parameter, arg) in parameters.iter().zip(&mut call.args) {
        if parameter.kind == Kind::Time {
            let time = Box::new(arg.clone());
            *arg = Expr::Case(Case::new(None, vec![(filter.clone(), time)], None));
        }
    }
}

/// The expression that DataFusion would make of a call.
fn window_expr(call: &RawWindowExpr) -> Expr {
    let call = call.clone();
    Expr::from(WindowFunction {
        fun: call.func_def,
        params: WindowFunctionParams {
            args: call.args,
            partition_by: call.partition_by,
            order_by: call.order_by,
            window_frame: call.window_frame,
            filter: call.filter,
            null_treatment: call.null_treatment,
            distinct: call.distinct,
        },
    })
}

/// Whether the function is this crate's and not somebody else's of the same name.
fn is_ours(function: &WindowFunctionDefinition) -> bool {
    let over = matches!(function, WindowFunctionDefinition::WindowUDF(_));
    let entry = called(function.name(), over).map(|entry| &entry.function);
    match (entry, function) {
        (Some(Function::Aggregate(ours)), WindowFunctionDefinition::AggregateUDF(given)) => {
            ours == given
        }
        (Some(Function::Window(ours)), WindowFunctionDefinition::WindowUDF(given)) => ours == given,
        _ => false,
    }
}

fn refuse_distinct(entry: &Entry, distinct: bool) -> Result<()> {
    if distinct {
        return plan_err!("{} does not take DISTINCT", entry.name());
    }
    Ok(())
}

/// Fills the place of an option that is left out before what is required, reads string literals
/// given for times, and checks the constants that are known.
fn prepare(entry: &Entry, mut args: Vec<Expr>) -> Result<Vec<Expr>> {
    if let Some(at) = option_left_out(entry.parameters, &args) {
        args.insert(at, Expr::Literal(ScalarValue::Utf8(None), None));
    }
    let mut prepared = Vec::with_capacity(args.len());
    for (index, arg) in args.into_iter().enumerate() {
        prepared.push(match entry.parameters.get(index) {
            Some(parameter) if parameter.kind.is_time() => {
                read_time(entry.name(), parameter.name, arg)?
            }
            _ => arg,
        });
    }
    if let Some(constants) = Constants::of_logical(entry.name(), entry.parameters, &prepared)?
        && required_are_given(entry, &prepared)
    {
        (entry.check)(&constants)?;
    }
    Ok(prepared)
}

/// Where an option stands in the middle of `parameters` that `args` leave out: it is text, and
/// what they have there is neither that nor NULL, or is a time written as text.
fn option_left_out(parameters: &[Parameter], args: &[Expr]) -> Option<usize> {
    let required = |parameter: &Parameter| parameter.required;
    let last_required = parameters.iter().rposition(required)?;
    let at = parameters
        .iter()
        .position(|parameter| !required(parameter))?;
    let arg = args.get(at).filter(|_| at < last_required)?;
    let given = match literal(arg) {
        Some(value) => match value.try_as_str() {
            Some(text) => text.and_then(time_of_text).is_none(),
            None => value.is_null(),
        },
        None if arg.any_column_refs() => false,
        // What has no type yet, such as `$1`, may be text.
        None => arg
            .get_type(&DFSchema::empty())
            .map_or(true, |data_type| data_type.is_null() || is_text(&data_type)),
    };
    (!given).then_some(at)
}

/// Whether there are enough arguments to say anything of them; that there are not is
/// reported with the function's form when its type is asked for.
fn required_are_given(entry: &Entry, args: &[Expr]) -> bool {
    let last = entry
        .parameters
        .iter()
        .rposition(|parameter| parameter.required);
    last.is_none_or(|last| last < args.len()) && args.len() <= entry.parameters.len()
}

/// A string literal as a date when it is one, else as a timestamp; anything else as it is.
fn read_time(function: &str, parameter: &str, arg: Expr) -> Result<Expr> {
    let Expr::Literal(value, _) = &arg else {
        return Ok(arg);
    };
    let Some(Some(text)) = value.try_as_str() else {
        return Ok(arg);
    };
    if let Some(time) = time_of_text(text) {
        return Ok(cast(arg.clone(), time.data_type()));
    }
    Err(plan_datafusion_err!(
        "argument \"{parameter}\" of {function} must be a date or timestamp, got '{text}'"
    ))
}

#[cfg(test)]
mod tests {
    use datafusion::arrow::datatypes::Int64Type;
    use datafusion::functions_aggregate::min_max::Min;
    use datafusion::logical_expr::AggregateUDF;
    use datafusion::prelude::SessionContext;

    use super::*;

    fn context() -> SessionContext {
        let context = SessionContext::new();
        crate::register_all(&context).unwrap();
        context
    }

    async fn plan(sql: &str) -> Result<String> {
        let plan = context().sql(sql).await?.into_optimized_plan()?;
        Ok(plan.display_indent().to_string())
    }

    #[tokio::test]
    async fn over_means_the_window_function_of_a_name() {
        let rows = "FROM (VALUES (1, 2, 3)) AS t(a, b, c)";
        let window = plan(&format!("SELECT rfm_score(a, b, c) OVER () {rows}")).await;
        assert!(window.unwrap().contains("WindowAggr"));
        let filtered = format!("SELECT rfm_score(a, b, c) FILTER (WHERE a > 0) OVER () {rows}");
        let error = plan(&filtered).await.unwrap_err().to_string();
        assert!(error.contains("does not take FILTER"), "{error}");
    }

    /// The session's zone becomes an argument, and the column keeps its name.
    #[tokio::test]
    async fn an_aggregate_under_over_learns_the_zone_of_its_session() {
        let context = context();
        let set = "SET datafusion.execution.time_zone = 'Asia/Tokyo'";
        context.sql(set).await.unwrap().collect().await.unwrap();
        let sql = "SELECT cohort_month(ts) OVER () FROM (VALUES (TIMESTAMP '2024-03-31 22:30:00')) AS t(ts)";
        let frame = context.sql(sql).await.unwrap();
        let name = frame.schema().field(0).name().clone();
        assert!(name.starts_with("cohort_month(t.ts)"), "{name}");
        let plan = frame.into_optimized_plan().unwrap();
        assert_eq!(plan.schema().field(0).name(), &name);
        assert!(plan.display_indent().to_string().contains("Asia/Tokyo"));
    }

    /// A constant that has to be worked out first is checked when it has been.
    #[tokio::test]
    async fn folded_constants_are_checked() {
        let sql = "SELECT basket_lift(b, b, 4 * 0.5) FROM (VALUES (1)) AS t(b)";
        let error = plan(sql).await.unwrap_err().to_string();
        assert!(error.contains("at most 1, got 2"), "{error}");
    }

    #[tokio::test]
    async fn somebody_elses_function_of_the_same_name_is_left_alone() {
        let context = context();
        let theirs = AggregateUDF::from(Min::new()).with_aliases(["cohort_month"]);
        context.register_udaf(theirs);
        let sql = "SELECT cohort_month(DISTINCT v) FROM (VALUES (7), (5)) AS t(v)";
        let answer = context.sql(sql).await.unwrap().collect().await.unwrap();
        let column = datafusion::arrow::array::AsArray::as_primitive::<Int64Type>(
            answer[0].column(0).as_ref(),
        );
        assert_eq!(column.value(0), 5);
    }
}
