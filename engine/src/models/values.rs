//! The values that the variables of a query have in a build.

use std::collections::BTreeMap;

use arrow::array::RecordBatch;
use arrow::datatypes::DataType;
use datafusion::scalar::ScalarValue;
use futures::FutureExt;
use futures::future::BoxFuture;

use super::project::Project;
use super::reads::Query;
use super::variables::Value;
use crate::parameters::Parameter;
use crate::{EngineError, sql};

/// The values of variables, each found when it is first asked for and the same for all models.
#[derive(Debug)]
pub(super) struct Values<'a> {
    project: &'a Project,
    found: BTreeMap<Parameter, ScalarValue>,
}

/// A query with values in the place of its variables.
#[derive(Debug)]
pub(super) struct Bound {
    pub(super) sql: String,
    /// The values, as text.
    pub(super) variables: BTreeMap<String, Option<String>>,
}

impl<'a> Values<'a> {
    pub(super) fn of(project: &'a Project) -> Self {
        Self {
            project,
            found: project.known(),
        }
    }

    /// Puts values in the place of a query's variables.
    ///
    /// # Errors
    /// When a variable's own query fails, or gives anything but one value of its type.
    pub(super) async fn bind(&mut self, query: &Query) -> Result<Bound, EngineError> {
        let mut variables = BTreeMap::new();
        for name in &query.variables {
            let value = self.value(name).await?;
            variables.insert(name.clone(), text(&value)?);
        }
        Ok(Bound {
            sql: sql::with_values(query.statement.ast(), &self.found)?,
            variables,
        })
    }

    /// The value of a variable.
    pub(super) fn value<'b>(
        &'b mut self,
        name: &'b str,
    ) -> BoxFuture<'b, Result<ScalarValue, EngineError>> {
        async move {
            let parameter = Parameter::Name(name.to_owned());
            if let Some(value) = self.found.get(&parameter) {
                return Ok(value.clone());
            }
            let project = self.project;
            let variable = project.library.variables.get(name);
            let Some((variable, Value::Found(query))) = variable.map(|v| (v, &v.value)) else {
                return Err(EngineError::Internal {
                    message: format!("variable {name:?} has no value"),
                });
            };
            let about = |error: EngineError| error.about(&format!("variable {name:?}"));
            let bound = self.bind(query).await?;
            let stream = project.session.sql(&bound.sql).await.map_err(about)?;
            let batches = stream.collect().await.map_err(about)?;
            let value = one_value(&batches, &variable.data_type).map_err(about)?;
            self.found.insert(parameter, value.clone());
            Ok(value)
        }
        .boxed()
    }
}

fn one_value(batches: &[RecordBatch], data_type: &DataType) -> Result<ScalarValue, EngineError> {
    let rows: usize = batches.iter().map(RecordBatch::num_rows).sum();
    let filled = batches.iter().find(|batch| batch.num_rows() > 0);
    match filled.map(RecordBatch::columns) {
        Some([values]) if rows == 1 => {
            Ok(ScalarValue::try_from_array(values, 0)?.cast_to(data_type)?)
        }
        columns => Err(EngineError::Execution {
            message: format!(
                "its query must give one value, got {rows} rows of {} columns",
                columns.map_or(0, <[_]>::len)
            ),
        }),
    }
}

/// A value as text; none for NULL.
pub(super) fn text(value: &ScalarValue) -> Result<Option<String>, EngineError> {
    Ok(match value.is_null() {
        true => None,
        false => Some(value.cast_to(&DataType::Utf8)?.to_string()),
    })
}
