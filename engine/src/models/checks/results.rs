//! Results of tests, kept as a Delta table of the warehouse: `system.test_results`.
//!
//! Each run of tests adds its rows with one commit. Once the table has the results of twice as many
//! runs as are to be kept, the older ones go.

use std::sync::{Arc, LazyLock};

use arrow::array::{
    ArrayRef, Float64Array, Int64Array, RecordBatch, StringArray, TimestampMicrosecondArray,
};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit};
use futures::{StreamExt, stream};

use super::outcome::TestOutcome;
use crate::EngineError;
use crate::formats::Replaced;
use crate::models::build::Build;
use crate::stores::Location;

/// The folder in the warehouse. No model can have its name.
const FOLDER: &str = "test-results";

/// The table's name in schema `system`.
pub(crate) const TABLE: &str = "test_results";

/// The columns.
static COLUMNS: LazyLock<SchemaRef> = LazyLock::new(|| {
    let text = |name| Field::new(name, DataType::Utf8, true);
    let real = |name| Field::new(name, DataType::Float64, true);
    let moment = DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()));
    Arc::new(Schema::new(vec![
        text("invocation_id"),
        text("target"),
        text("test"),
        text("model"),
        text("column_name"),
        text("kind"),
        text("severity"),
        text("status"),
        Field::new("failures", DataType::Int64, true),
        real("value"),
        text("message"),
        Field::new("started", moment, true),
        real("seconds"),
    ]))
});

/// The columns of the results.
pub(crate) fn columns() -> SchemaRef {
    Arc::clone(&COLUMNS)
}

/// Where the results of a warehouse are.
///
/// # Errors
/// When the name makes no folder.
pub(crate) fn location(warehouse: &Location) -> Result<Location, EngineError> {
    Ok(warehouse.child(FOLDER, true)?)
}

impl Build<'_> {
    /// Adds what the tests of this run have come to.
    ///
    /// # Errors
    /// When the table cannot be written.
    pub(in crate::models) async fn keep_results(&self) -> Result<(), EngineError> {
        if self.tested.is_empty() {
            return Ok(());
        }
        let batch = self.batch()?;
        let location = location(&self.warehouse.location)?;
        let rows = stream::iter([Ok(batch)]).boxed();
        self.put(location.clone(), &columns(), rows, Replaced::nothing())
            .await?;
        self.forget_old_results(&location).await
    }

    async fn forget_old_results(&self, location: &Location) -> Result<(), EngineError> {
        let keep = self.project.keep_runs();
        let runs = format!(
            "SELECT invocation_id FROM system.{TABLE} GROUP BY invocation_id \
             ORDER BY MAX(started) DESC"
        );
        let most = keep.saturating_mul(2);
        let count =
            format!("SELECT COUNT(*) AS runs FROM ({runs}) AS runs HAVING COUNT(*) > {most}");
        if self.answer(&count).await?.is_none() {
            return Ok(());
        }
        let newest = format!(
            "SELECT * FROM system.{TABLE} WHERE invocation_id IN ({runs} LIMIT {keep}) \
             ORDER BY started"
        );
        let rows = self.session.sql(&newest).await?.collect().await?;
        let rows = stream::iter(rows.into_iter().map(Ok)).boxed();
        self.put(location.clone(), &columns(), rows, Replaced::All)
            .await
    }

    fn batch(&self) -> Result<RecordBatch, EngineError> {
        let tested = self.tested.as_slice();
        let text = |of: &dyn Fn(&TestOutcome) -> Option<String>| -> ArrayRef {
            Arc::new(StringArray::from_iter(tested.iter().map(of)))
        };
        let said = |of: &dyn Fn(&TestOutcome) -> String| text(&|test| Some(of(test)));
        let failures = tested.iter().map(|test| {
            let failures = test.failures?;
            Some(i64::try_from(failures).unwrap_or(i64::MAX))
        });
        let started = tested.iter().map(|test| test.started.timestamp_micros());
        let started = TimestampMicrosecondArray::from_iter_values(started).with_timezone("UTC");
        let seconds = tested.iter().map(|test| test.elapsed.as_secs_f64());
        let batch = RecordBatch::try_new(
            columns(),
            vec![
                said(&|_| self.invocation.clone()),
                said(&|_| self.project.target().to_owned()),
                said(&|test| test.test.clone()),
                text(&|test| test.model.clone()),
                text(&|test| test.column.clone()),
                said(&|test| test.kind.to_owned()),
                said(&|test| test.severity.word().to_owned()),
                said(&|test| test.status.word().to_owned()),
                Arc::new(Int64Array::from_iter(failures)),
                Arc::new(Float64Array::from_iter(
                    tested.iter().map(|test| test.value),
                )),
                text(&|test| test.message.clone()),
                Arc::new(started),
                Arc::new(Float64Array::from_iter_values(seconds)),
            ],
        );
        Ok(batch.map_err(datafusion::error::DataFusionError::from)?)
    }
}
