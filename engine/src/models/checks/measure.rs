//! What tests find: the rows that are wrong, counted in the warehouse.

use std::time::Duration;

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Float64Type, Int64Type, SchemaRef};
use chrono::Utc;

use super::expectation::Expectation;
use super::freshness::{self, Freshness};
use super::limits::Verdict;
use super::query::column;
use super::subject::Subject;
use super::test::Test;
use crate::EngineError;
use crate::models::build::Build;
use crate::models::reads::Query;

/// The moment at which a row is, in whatever way its column tells it.
const INSTANT: &str = "'Timestamp(Microsecond, Some(\"UTC\"))'";

/// What a test has found.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) verdict: Verdict,
    pub(super) failures: u64,
    pub(super) value: Option<f64>,
    pub(super) message: Option<String>,
    /// The query of what is wrong, with values in the place of variables.
    pub(super) rows: Option<String>,
}

impl Found {
    /// One that says what it judged.
    pub(super) fn said(verdict: Verdict, value: Option<f64>, message: String) -> Self {
        Self {
            verdict,
            failures: u64::from(verdict != Verdict::Pass),
            value,
            message: Some(message),
            rows: None,
        }
    }
}

impl Build<'_> {
    /// Finds out about tests of one row of the same relation, in one scan of it.
    pub(super) async fn scanned(&mut self, tests: &[&Test]) -> Result<Vec<Found>, EngineError> {
        let Some(first) = tests.first() else {
            return Ok(Vec::new());
        };
        let relation = first.relation();
        let columns = self.columns(&relation).await?;
        let mut counts = Vec::with_capacity(2 * tests.len());
        for (number, test) in tests.iter().enumerate() {
            let wrong = test.wrong(&columns)?.unwrap_or_default();
            let looks_at = match test.limits.has_share() {
                true => test.looks_at(),
                false => "FALSE".to_owned(),
            };
            counts.push(format!("COUNT(*) FILTER (WHERE {wrong}) AS wrong_{number}"));
            counts.push(format!("COUNT(*) FILTER (WHERE {looks_at}) AS of_{number}"));
        }
        let query = format!("SELECT {} FROM {relation}", counts.join(", "));
        let row = self.one_row(&query).await?;
        let mut found = Vec::with_capacity(tests.len());
        for (number, test) in tests.iter().enumerate() {
            let failures = whole(&row, 2 * number)?;
            let looked_at = whole(&row, 2 * number + 1)?;
            found.push(self.judged(test, &columns, failures, looked_at).await?);
        }
        Ok(found)
    }

    /// Finds out about one test.
    pub(super) async fn measured(&mut self, test: &Test) -> Result<Found, EngineError> {
        match &test.expectation {
            Expectation::RowCount { of, exactly } => self.row_count(test, of, *exactly).await,
            Expectation::Freshness(freshness) => self.freshness(test, freshness).await,
            Expectation::Anomaly(anomaly) => self.anomaly(test, anomaly).await,
            _ => {
                let columns = match &test.subject {
                    Some(subject) => self.columns(&subject.sql()).await?,
                    None => SchemaRef::new(arrow::datatypes::Schema::empty()),
                };
                let failing = test.failing(&columns)?.unwrap_or_default();
                let count = format!("SELECT COUNT(*) FROM ({failing}) AS failing");
                let failures = whole(&self.one_row(&count).await?, 0)?;
                let looked_at = match (&test.subject, test.limits.has_share()) {
                    (Some(_), true) => self.looked_at(test).await?,
                    _ => failures,
                };
                self.judged(test, &columns, failures, looked_at).await
            }
        }
    }

    /// What so many failing rows come to.
    async fn judged(
        &mut self,
        test: &Test,
        columns: &SchemaRef,
        failures: u64,
        looked_at: u64,
    ) -> Result<Found, EngineError> {
        let rows = match test.failing(columns)? {
            Some(query) if failures > 0 => Some(self.bound(&query).await?),
            _ => None,
        };
        Ok(Found {
            verdict: test.limits.judge(failures, looked_at),
            failures,
            value: None,
            message: (failures > 0).then(|| test.what_is_wrong(failures)),
            rows,
        })
    }

    async fn looked_at(&mut self, test: &Test) -> Result<u64, EngineError> {
        let (relation, looks_at) = (test.relation(), test.looks_at());
        let count = format!("SELECT COUNT(*) FROM {relation} WHERE {looks_at}");
        whole(&self.one_row(&count).await?, 0)
    }

    async fn row_count(
        &mut self,
        test: &Test,
        of: &Subject,
        exactly: bool,
    ) -> Result<Found, EngineError> {
        let rows = self.looked_at(test).await?;
        let count = format!("SELECT COUNT(*) FROM {}", of.sql());
        let expected = whole(&self.one_row(&count).await?, 0)?;
        let failures = match exactly {
            true => rows.abs_diff(expected),
            false => rows.saturating_sub(expected),
        };
        let at_most = if exactly { "" } else { "at most " };
        Ok(Found {
            verdict: test.limits.judge(failures, expected),
            failures,
            value: Some(real(rows)),
            message: (failures > 0)
                .then(|| format!("{rows} rows, expected {at_most}{expected}, as {of} has")),
            rows: None,
        })
    }

    async fn freshness(
        &mut self,
        test: &Test,
        freshness: &Freshness,
    ) -> Result<Found, EngineError> {
        let (relation, looks_at) = (test.relation(), test.looks_at());
        let columns = self.columns(&relation).await?;
        let (name, field) = column(&columns, &freshness.column)?;
        if !field.data_type().is_temporal() {
            return Err(EngineError::Plan {
                message: format!(
                    "column {:?} must be a date or timestamp, got {}",
                    freshness.column,
                    field.data_type()
                ),
                location: None,
            });
        }
        let latest =
            format!("SELECT arrow_cast(MAX({name}), {INSTANT}) FROM {relation} WHERE {looks_at}");
        let row = self.one_row(&latest).await?;
        let latest = whole_or_null(&row, 0)?;
        let age = latest.map(|micros| {
            let age = Utc::now().timestamp_micros().saturating_sub(micros);
            Duration::from_micros(u64::try_from(age).unwrap_or(0))
        });
        let said = match age {
            Some(age) => format!("its latest {name} is {} ago", freshness::shown(age)),
            None => format!("it has no row with a {name}"),
        };
        let value = age.map(|age| age.as_secs_f64());
        Ok(Found::said(freshness.judge(age), value, said))
    }

    /// The columns of a relation.
    pub(super) async fn columns(&self, relation: &str) -> Result<SchemaRef, EngineError> {
        let every = format!("SELECT * FROM {relation}");
        Ok(self.session.plan_text(&every).await?.schema())
    }

    /// A query with values in the place of variables.
    pub(super) async fn bound(&mut self, query: &str) -> Result<String, EngineError> {
        let query = Query::parse(query)?;
        Ok(self.values.bind(&query).await?.sql)
    }

    /// The first row of a query's answer.
    pub(super) async fn one_row(&mut self, query: &str) -> Result<RecordBatch, EngineError> {
        let bound = self.bound(query).await?;
        let row = self.answer(&bound).await?;
        row.ok_or_else(|| EngineError::Internal {
            message: format!("a query that counts gave no row: {bound}"),
        })
    }
}

impl Test {
    /// What failing rows mean.
    fn what_is_wrong(&self, failures: u64) -> String {
        let rows = match failures {
            1 => "1 row has".to_owned(),
            _ => format!("{failures} rows have"),
        };
        let column = self.column.as_deref().unwrap_or_default();
        match &self.expectation {
            Expectation::NotNull => format!("{rows} no {column:?}"),
            Expectation::NonNegative => format!("{rows} a {column:?} below 0"),
            Expectation::AcceptedValues(_) => format!("{rows} another {column:?}"),
            Expectation::Range { .. } => format!("{rows} a {column:?} out of range"),
            Expectation::Relationships { to, .. } => {
                format!("{rows} a {column:?} that {to} has not")
            }
            Expectation::Unique(columns) => {
                let key = columns.join(", ");
                match failures {
                    1 => format!("1 value of {key} is there more than once"),
                    _ => format!("{failures} values of {key} are there more than once"),
                }
            }
            Expectation::Expression(condition) => match failures {
                1 => format!("{condition} does not hold in 1 row"),
                _ => format!("{condition} does not hold in {failures} rows"),
            },
            _ => match failures {
                1 => "1 row is wrong".to_owned(),
                _ => format!("{failures} rows are wrong"),
            },
        }
    }
}

/// A count in a row.
fn whole(row: &RecordBatch, column: usize) -> Result<u64, EngineError> {
    let count = whole_or_null(row, column)?.unwrap_or(0);
    Ok(u64::try_from(count).unwrap_or(0))
}

/// A whole number in a row, or a moment.
pub(super) fn whole_or_null(row: &RecordBatch, column: usize) -> Result<Option<i64>, EngineError> {
    let values = cast(row.column(column), &DataType::Int64)
        .map_err(datafusion::error::DataFusionError::from)?;
    let values = values.as_primitive::<Int64Type>();
    Ok((!values.is_null(0)).then(|| values.value(0)))
}

/// Numbers of a column, without NULLs.
pub(super) fn reals(batch: &RecordBatch, column: usize) -> Result<Vec<Option<f64>>, EngineError> {
    let values = cast(batch.column(column), &DataType::Float64)
        .map_err(datafusion::error::DataFusionError::from)?;
    Ok(values.as_primitive::<Float64Type>().iter().collect())
}

#[expect(
    clippy::cast_precision_loss,
    reason = "a count that a double cannot hold is told about right"
)]
pub(super) fn real(count: u64) -> f64 {
    count as f64
}
