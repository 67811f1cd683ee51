//! Numbers that are to stay within bounds: `[alerts.NAME]` of `cohortql.toml`.

use arrow::datatypes::DataType;
use datafusion::scalar::ScalarValue;

use super::project::Project;
use crate::EngineError;

/// What an alert has found.
#[derive(Debug, Clone, PartialEq)]
pub struct Alert {
    /// Its name.
    pub name: String,
    /// The number; none when the query gives none.
    pub value: Option<f64>,
    /// Which bound it is beyond, if it is.
    pub beyond: Option<String>,
}

impl Project {
    /// Asks for the numbers that are to stay within bounds, of what is built now.
    ///
    /// # Errors
    /// When a query fails, or gives anything but one number.
    pub async fn alerts(&self) -> Result<Vec<Alert>, EngineError> {
        let mut alerts = Vec::with_capacity(self.settings.alerts.len());
        for (name, alert) in &self.settings.alerts {
            let about = |error: EngineError| error.about(&format!("alerts.{name}"));
            let value = self.number(&alert.query).await.map_err(about)?;
            let below = alert
                .below
                .filter(|bound| value.is_some_and(|value| value < *bound));
            let above = alert
                .above
                .filter(|bound| value.is_some_and(|value| value > *bound));
            let beyond = match (below, above) {
                (Some(bound), _) => Some(format!("below {bound}")),
                (_, Some(bound)) => Some(format!("above {bound}")),
                _ => None,
            };
            alerts.push(Alert {
                name: name.clone(),
                value,
                beyond,
            });
        }
        Ok(alerts)
    }

    async fn number(&self, query: &str) -> Result<Option<f64>, EngineError> {
        let batches = self.session.sql(query).await?.collect().await?;
        let rows: usize = batches.iter().map(|batch| batch.num_rows()).sum();
        let filled = batches.iter().find(|batch| batch.num_rows() > 0);
        match filled.map(|batch| batch.columns()) {
            None => Ok(None),
            Some([values]) if rows == 1 => {
                let value = ScalarValue::try_from_array(values, 0)?;
                match value.cast_to(&DataType::Float64)? {
                    ScalarValue::Float64(number) => Ok(number),
                    _ => Ok(None),
                }
            }
            Some(columns) => Err(EngineError::Execution {
                message: format!(
                    "its query must give one number, got {rows} rows of {} columns",
                    columns.len()
                ),
            }),
        }
    }
}
