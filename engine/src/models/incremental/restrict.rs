//! A model's query for some values of its key alone.

use std::sync::Arc;

use arrow::datatypes::DataType;
use datafusion::common::{DFSchema, ExprSchema, JoinType, NullEquality, Result, ScalarValue};
use datafusion::datasource::{MemTable, provider_as_source};
use datafusion::logical_expr::{Expr, Join, JoinConstraint, LogicalPlan, LogicalPlanBuilder, lit};

use super::inputs::Inputs;
use super::touched::Touched;
use super::walk::at_scans;

/// Up to so many values are looked for one by one, which files can be left out by.
const FEW: usize = 1000;

/// What the values are called beside the rows that are looked through.
const VALUES: &str = "values of key";

/// The query of a model for these values of its key.
pub(crate) fn restricted(inputs: &Inputs, touched: &Touched) -> Result<LogicalPlan> {
    let values = Values::of(touched)?;
    let key = Some(inputs.key.clone());
    let plan = at_scans(inputs.plan.clone(), key, &mut |scan, key| {
        let scan = LogicalPlan::TableScan(scan);
        match key {
            Some(key) => values.among(scan, &key),
            None => Ok(scan),
        }
    })?;
    // Rows of other values come out where not all that is read could be restricted.
    match inputs.all_have_key() {
        true => Ok(plan),
        false => values.among(plan, &inputs.key),
    }
}

/// Values of a key to look for.
#[derive(Debug)]
pub(crate) struct Values {
    few: Option<Vec<ScalarValue>>,
    all: LogicalPlan,
}

impl Values {
    pub(crate) fn of(touched: &Touched) -> Result<Self> {
        let batch = touched.values()?;
        let table = MemTable::try_new(batch.schema(), vec![vec![batch]])?;
        let source = provider_as_source(Arc::new(table));
        Ok(Self {
            few: touched.few(FEW)?,
            all: LogicalPlanBuilder::scan(VALUES, source, None)?.build()?,
        })
    }

    /// The rows that have one of the values.
    pub(crate) fn among(&self, rows: LogicalPlan, key: &[Expr]) -> Result<LogicalPlan> {
        match (&self.few, key) {
            (Some(values), [key]) => {
                let is_one = is_one_of(key, values, rows.schema())?;
                LogicalPlanBuilder::from(rows).filter(is_one)?.build()
            }
            _ => self.joined(rows, key, JoinType::RightSemi),
        }
    }

    /// The rows that have none of the values.
    pub(crate) fn not_among(&self, rows: LogicalPlan, key: &[Expr]) -> Result<LogicalPlan> {
        self.joined(rows, key, JoinType::RightAnti)
    }

    /// The values come first: of them the table is made that the rows are looked up in.
    fn joined(&self, rows: LogicalPlan, key: &[Expr], how: JoinType) -> Result<LogicalPlan> {
        let values = self.all.schema().columns().into_iter().map(Expr::Column);
        let join = Join::try_new(
            Arc::new(self.all.clone()),
            Arc::new(rows),
            values.zip(key.iter().cloned()).collect(),
            None,
            how,
            JoinConstraint::On,
            NullEquality::NullEqualsNull,
            false,
        )?;
        Ok(LogicalPlan::Join(join))
    }
}

/// Whether the key is one of some values, in a way that files can be left out by.
fn is_one_of(key: &Expr, values: &[ScalarValue], schema: &DFSchema) -> Result<Expr> {
    let given: Vec<_> = values.iter().filter(|value| !value.is_null()).collect();
    let list = given.iter().map(|value| lit((*value).clone())).collect();
    let mut is_one = key.clone().in_list(list, false);
    if let Some(range) = around(key, &given, schema)? {
        is_one = is_one.and(range);
    }
    match given.len() < values.len() {
        true => Ok(is_one.or(key.clone().is_null())),
        false => Ok(is_one),
    }
}

/// The time around days, for a key that is the day of a time: files know the least and the greatest
/// time in them, and not the days.
fn around(key: &Expr, days: &[&ScalarValue], schema: &DFSchema) -> Result<Option<Expr>> {
    let Expr::Cast(cast) = key else {
        return Ok(None);
    };
    let Expr::Column(time) = cast.expr.as_ref() else {
        return Ok(None);
    };
    let time_type = schema.field_from_column(time)?.data_type();
    if !matches!(time_type, DataType::Timestamp(..)) {
        return Ok(None);
    }
    let mut days: Vec<i32> = days
        .iter()
        .filter_map(|day| match day {
            ScalarValue::Date32(day) => *day,
            _ => None,
        })
        .collect();
    days.sort_unstable();
    let mut runs: Vec<(i32, i32)> = Vec::new();
    for day in days {
        match runs.last_mut() {
            Some((_, last)) if day <= last.saturating_add(1) => *last = day,
            _ => runs.push((day, day)),
        }
    }
    // A day of a zone begins up to a day before or after that of UTC.
    let at =
        |day: i32| -> Result<Expr> { Ok(lit(ScalarValue::Date32(Some(day)).cast_to(time_type)?)) };
    let mut any: Option<Expr> = None;
    for (first, last) in runs {
        let time = || Expr::Column(time.clone());
        let from = time().gt_eq(at(first.saturating_sub(1))?);
        let run = from.and(time().lt(at(last.saturating_add(2))?));
        any = Some(match any {
            Some(any) => any.or(run),
            None => run,
        });
    }
    Ok(any)
}
