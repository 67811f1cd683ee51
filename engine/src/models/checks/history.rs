//! The values that an anomaly is looked for in: days of a relation, or what earlier builds found.

use std::collections::BTreeMap;

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Date32Type};
use chrono::{Datelike, NaiveDate, TimeDelta};
use datafusion::scalar::ScalarValue;

use super::anomaly::{Anomaly, Expected, LEAST_PAST};
use super::measure::{Found, reals};
use super::query::column;
use super::test::Test;
use crate::models::build::Build;
use crate::{EngineError, sql};

impl Build<'_> {
    /// Finds out whether the last value is like those before it.
    pub(super) async fn anomaly(
        &mut self,
        test: &Test,
        anomaly: &Anomaly,
    ) -> Result<Found, EngineError> {
        match &anomaly.by {
            Some(by) => self.of_days(test, anomaly, by).await,
            None => self.of_builds(test, anomaly).await,
        }
    }

    /// The last day that is over, beside the days before it. Whether the latest day in the data is
    /// over cannot be told from them, so that the one before it counts.
    async fn of_days(
        &mut self,
        test: &Test,
        anomaly: &Anomaly,
        by: &str,
    ) -> Result<Found, EngineError> {
        let (relation, looks_at) = (test.relation(), test.looks_at());
        let columns = self.columns(&relation).await?;
        let (by, _) = column(&columns, by)?;
        let day = format!("CAST({by} AS DATE)");
        let latest = format!("SELECT MAX({day}) FROM {relation} WHERE {looks_at}");
        let latest = self.one_row(&latest).await?;
        let Some(last) = days(&latest)?.first().copied().flatten() else {
            return Ok(not_judged(None, "there are no rows"));
        };
        let last = last - TimeDelta::days(1);
        let first = last - TimeDelta::days(i64::from(anomaly.over));
        let query = format!(
            "SELECT {day}, CAST({of} AS DOUBLE) FROM {relation} \
             WHERE {looks_at} AND {day} BETWEEN {} AND {} GROUP BY {day}",
            literal(first)?,
            literal(last)?,
            of = anomaly.of,
        );
        let query = self.bound(&query).await?;
        let mut values = BTreeMap::new();
        for batch in self.session.sql(&query).await?.collect().await? {
            for (day, value) in days(&batch)?.into_iter().zip(reals(&batch, 1)?) {
                values.extend(day.zip(value));
            }
        }
        let value = values.remove(&last);
        let same_weekday = |day: &NaiveDate| day.weekday() == last.weekday();
        let is_open = values.keys().any(same_weekday);
        if anomaly.same_weekday {
            values.retain(|day, _| same_weekday(day));
        }
        let past: Vec<f64> = values.into_values().collect();
        let expected = anomaly.expected(&past);
        match (expected, value) {
            (None, value) => Ok(too_little(value, &past)),
            (Some(expected), Some(value)) => {
                let what = format!("{} of {last}", anomaly.of);
                Ok(compared(test, expected, value, &what, past.len()))
            }
            (Some(_), None) if is_open => {
                let said = format!("there is nothing of {last}, the day before the last");
                Ok(Found::said(test.limits.judge(1, 1), None, said))
            }
            (Some(_), None) => Ok(not_judged(
                None,
                &format!("there is nothing of {last}, nor of its weekday before"),
            )),
        }
    }

    /// The value now, beside those that earlier runs of the test have found in this target.
    async fn of_builds(&mut self, test: &Test, anomaly: &Anomaly) -> Result<Found, EngineError> {
        let (relation, looks_at) = (test.relation(), test.looks_at());
        let query = format!(
            "SELECT CAST({} AS DOUBLE) FROM {relation} WHERE {looks_at}",
            anomaly.of
        );
        let row = self.one_row(&query).await?;
        let Some(value) = reals(&row, 0)?.first().copied().flatten() else {
            return Ok(not_judged(None, "it is NULL"));
        };
        let text = |text: &str| sql::literal(&ScalarValue::from(text));
        let earlier = format!(
            "SELECT value FROM system.test_results WHERE test = {} AND target = {} \
             AND value IS NOT NULL ORDER BY started DESC LIMIT {}",
            text(&test.name)?,
            text(self.project.target())?,
            anomaly.over
        );
        let mut past = Vec::new();
        for batch in self.session.sql(&earlier).await?.collect().await? {
            past.extend(reals(&batch, 0)?.into_iter().flatten());
        }
        Ok(match anomaly.expected(&past) {
            Some(expected) => compared(test, expected, value, &anomaly.of, past.len()),
            None => too_little(Some(value), &past),
        })
    }
}

fn compared(test: &Test, expected: Expected, value: f64, what: &str, past: usize) -> Found {
    let failures = u64::from(!expected.holds(value));
    let said = format!(
        "{what} is {}, expected {} to {}, as the {past} before have the median {}",
        rounded(value),
        rounded(expected.median - expected.reach),
        rounded(expected.median + expected.reach),
        rounded(expected.median),
    );
    Found::said(test.limits.judge(failures, 1), Some(value), said)
}

fn too_little(value: Option<f64>, past: &[f64]) -> Found {
    let said = format!(
        "{} values before it, and {LEAST_PAST} are needed",
        past.len()
    );
    not_judged(value, &said)
}

fn not_judged(value: Option<f64>, why: &str) -> Found {
    let verdict = super::limits::Verdict::Pass;
    Found::said(verdict, value, format!("not judged: {why}"))
}

/// A number for people.
fn rounded(value: f64) -> String {
    let text = format!("{value:.2}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// The days of the first column.
fn days(batch: &RecordBatch) -> Result<Vec<Option<NaiveDate>>, EngineError> {
    let values = cast(batch.column(0), &DataType::Date32)
        .map_err(datafusion::error::DataFusionError::from)?;
    let values = values.as_primitive::<Date32Type>();
    let days = (0..values.len()).map(|row| match values.is_null(row) {
        true => None,
        false => values.value_as_date(row),
    });
    Ok(days.collect())
}

fn literal(day: NaiveDate) -> Result<String, EngineError> {
    sql::literal(&ScalarValue::Date32(Some(Date32Type::from_naive_date(day))))
}
