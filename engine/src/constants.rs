//! Queries that say their one row themselves, such as the `SELECT 1` with which pools of connections
//! ask whether anybody answers: they take neither a physical plan nor a worker.

use arrow::array::{ArrayRef, RecordBatch};
use arrow::datatypes::SchemaRef;
use datafusion::common::DataFusionError;
use datafusion::logical_expr::{Expr, LogicalPlan};
use datafusion::scalar::ScalarValue;

use crate::EngineError;
use crate::shape::shaped;

/// The row of a query of literals, in this schema; none where anything has to be computed.
pub(crate) fn row(
    plan: &LogicalPlan,
    schema: &SchemaRef,
) -> Result<Option<RecordBatch>, EngineError> {
    let Some(values) = values(plan) else {
        return Ok(None);
    };
    let columns = values
        .into_iter()
        .map(ScalarValue::to_array)
        .collect::<Result<Vec<ArrayRef>, _>>()?;
    let named = schema
        .fields()
        .iter()
        .map(|field| field.name())
        .zip(columns);
    let row = RecordBatch::try_from_iter(named).map_err(DataFusionError::from)?;
    shaped(row, schema).map(Some)
}

/// The literals that are projected over one row without columns.
fn values(plan: &LogicalPlan) -> Option<Vec<&ScalarValue>> {
    let LogicalPlan::Projection(projection) = plan else {
        return None;
    };
    match projection.input.as_ref() {
        LogicalPlan::EmptyRelation(empty) if empty.produce_one_row => {
            projection.expr.iter().map(literal).collect()
        }
        _ => None,
    }
}

fn literal(expression: &Expr) -> Option<&ScalarValue> {
    match expression {
        Expr::Literal(value, _) => Some(value),
        Expr::Alias(alias) => literal(&alias.expr),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use arrow::array::AsArray;
    use arrow::datatypes::Int64Type;

    use super::*;
    use crate::Engine;

    async fn row_of(sql: &str) -> Option<RecordBatch> {
        let session = Engine::builder().build().await.unwrap().session();
        let statements = session.parse(sql).unwrap();
        let planned = session.plan(&statements[0]).await.unwrap();
        row(planned.logical_plan(), &planned.schema()).unwrap()
    }

    #[tokio::test]
    async fn literals_are_their_own_row() {
        let row = row_of("SELECT 7, 'x' AS name, NULL AS nothing")
            .await
            .unwrap();
        assert_eq!(row.num_rows(), 1);
        assert_eq!(row.column(0).as_primitive::<Int64Type>().value(0), 7);
        assert_eq!(row.schema().field(1).name(), "name");
        assert_eq!(row.column(2).logical_null_count(), 1);
    }

    #[tokio::test]
    async fn whatever_is_computed_takes_a_plan() {
        for sql in [
            "SELECT 1 + 1",
            "SELECT 1 WHERE false",
            "SELECT 1 UNION ALL SELECT 2",
            "SELECT now()",
            "VALUES (1)",
        ] {
            assert!(row_of(sql).await.is_none(), "{sql}");
        }
    }
}
