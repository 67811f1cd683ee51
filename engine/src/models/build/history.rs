//! A further moment of a snapshot.

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;

use super::super::model::{Kind, Model};
use super::super::snapshot::Snapshot;
use super::super::values;
use super::Build;
use crate::sql::quoted_name;
use crate::{EngineError, Planned};

impl Build<'_> {
    /// Plans what a snapshot is to hold from now on.
    pub(super) async fn snapshot(
        &mut self,
        model: &Model,
        query: &str,
        columns: &SchemaRef,
    ) -> Result<Planned, EngineError> {
        let variable = model.properties.as_of.as_deref().unwrap_or_default();
        let moment = self.values.value(variable).await?;
        let name = model.name.as_str();
        let snapshot = Snapshot::new(name, query, columns, &model.properties.key, &moment)?;
        if let Some(row) = self.answer(&snapshot.repeated()).await? {
            return Err(EngineError::Execution {
                message: format!(
                    "its query has more than one row with the key {}",
                    shown(&row)
                ),
            });
        }
        let before = self.manifest.models.get(name);
        let has_history = before.is_some_and(|built| built.kind == Kind::Snapshot.word());
        if !has_history || self.options.full_refresh {
            if moment.is_null() && self.answer(query).await?.is_some() {
                return Err(no_moment(variable));
            }
            return self.session.plan_text(&snapshot.first()).await;
        }
        let last = self.answer(&snapshot.last()).await?;
        if let Some(last) = last.filter(|row| row.column(0).null_count() == 0) {
            if moment.is_null() {
                return Err(no_moment(variable));
            }
            let is_later = format!("SELECT 1 WHERE {} < ({})", snapshot.moment, snapshot.last());
            if self.answer(&is_later).await?.is_some() {
                return Err(EngineError::Execution {
                    message: format!(
                        "it was taken at {} before, which is later than {variable}, {}: \
                         --full-refresh begins its history anew",
                        shown(&last),
                        values::text(&moment)?.unwrap_or_default()
                    ),
                });
            }
        }
        let history = self
            .session
            .plan_text(&format!("SELECT * FROM {}", quoted_name(name)))
            .await?;
        let next = snapshot.next(&history.schema())?;
        self.session.plan_text(&next).await
    }
}

fn no_moment(variable: &str) -> EngineError {
    EngineError::Execution {
        message: format!("its moment, {variable}, is NULL: give as_of a value"),
    }
}

/// The values of a row, separated by commas.
fn shown(row: &RecordBatch) -> String {
    let columns = row.columns().iter();
    let values = columns.map(|column| {
        arrow::util::display::array_value_to_string(column, 0).unwrap_or_else(|_| "?".to_owned())
    });
    values.collect::<Vec<_>>().join(", ")
}
