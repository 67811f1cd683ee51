//! Queries that say their one row themselves, such as the `SELECT 1` with which pools of connections
//! ask whether anybody answers: they take neither a physical plan nor a worker.

use arrow::array::{ArrayRef, RecordBatch};
use arrow::datatypes::SchemaRef;
use datafusion::common::DataFusionError;
use datafusion::execution::SessionState;
use datafusion::logical_expr::{Expr, LogicalPlan};
use datafusion::scalar::ScalarValue;
use datafusion::sql::sqlparser::keywords::Keyword;
use datafusion::sql::sqlparser::tokenizer::{Token, TokenWithSpan};
use futures::FutureExt;

use crate::shape::shaped;
use crate::{EngineError, Statement};

/// Whether a statement is short and reads `SELECT literal [AS name], …`. It calls no function and reads
/// no table, so that planning it waits for nothing, and is over before another thread is awake.
pub(crate) fn is_said(text: &str, tokens: &[TokenWithSpan]) -> bool {
    let tokens = tokens.iter().map(|token| &token.token);
    let mut tokens = tokens.filter(|token| !matches!(token, Token::Whitespace(_)));
    text.len() <= Statement::SHORT_BYTES && tokens.try_fold(Place::Begin, Place::after).is_some()
}

/// Where one is in a list of literals.
#[derive(Clone, Copy)]
enum Place {
    Begin,
    /// After `SELECT` or a comma.
    Item,
    /// After a literal.
    Literal,
    /// After `AS`, where any word is a name.
    As,
    /// After a name.
    Name,
}

impl Place {
    /// Where one is after a token; none where the token is no part of such a list.
    fn after(self, token: &Token) -> Option<Self> {
        let keyword = match token {
            Token::Word(word) => Some(word.keyword),
            _ => None,
        };
        match (self, token, keyword) {
            (Self::Begin, _, Some(Keyword::SELECT)) => Some(Self::Item),
            (Self::Item, Token::Number(..) | Token::SingleQuotedString(_), _)
            | (Self::Item, _, Some(Keyword::NULL | Keyword::TRUE | Keyword::FALSE)) => {
                Some(Self::Literal)
            }
            (Self::Literal, _, Some(Keyword::AS)) => Some(Self::As),
            (Self::Literal, _, Some(Keyword::NoKeyword)) | (Self::As, _, Some(_)) => {
                Some(Self::Name)
            }
            (Self::Literal | Self::Name, Token::Comma, _) => Some(Self::Item),
            _ => None,
        }
    }
}

/// The plan of a query of which [`is_said`] holds, in a session as it stands.
pub(crate) fn plan(
    statement: &Statement,
    state: &SessionState,
) -> Result<LogicalPlan, EngineError> {
    let planning = state.statement_to_plan(statement.ast().clone());
    match planning.now_or_never() {
        Some(planned) => planned.map_err(|error| EngineError::planning(&error, state)),
        None => Err(EngineError::Internal {
            message: "planning literals has waited for something".to_owned(),
        }),
    }
}

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

    async fn is_constant(sql: &str) -> bool {
        let session = Engine::builder().build().await.unwrap().session();
        session.parse(sql).unwrap()[0].is_constant()
    }

    #[tokio::test]
    async fn what_is_said_needs_no_other_thread() {
        for sql in [
            "SELECT 1",
            "select 'x' AS \"name\", NULL, true -- a comment",
            "SELECT 1.5 half, 2e3 AS number, 'it''s'",
        ] {
            assert!(is_constant(sql).await, "{sql}");
            assert!(row_of(sql).await.is_some(), "{sql}");
        }
        // Elsewhere it comes to the same.
        let long = format!(
            "SELECT 1 AS a, 1.5 AS b, /* {} */ 'x' AS c",
            "x".repeat(500)
        );
        assert!(!is_constant(&long).await);
        let short = row_of("SELECT 1 AS a, 1.5 AS b, 'x' AS c").await;
        assert_eq!(row_of(&long).await, short);
    }

    #[tokio::test]
    async fn what_may_take_long_goes_to_another_thread() {
        let long = format!("SELECT '{}'", "x".repeat(Statement::SHORT_BYTES));
        for sql in [
            "SELECT 1 + 1",
            "SELECT repeat('x', 1000000000)",
            "SELECT current_date",
            "SELECT (SELECT 1)",
            "SELECT [1]",
            "SELECT $1",
            "SELECT name",
            "SELECT 1 FROM t",
            "SELECT 1 AS AS FROM t",
            "SELECT * FROM generate_series(1, 10)",
            "SELECT 1 UNION ALL SELECT 2",
            "SELECT DISTINCT 1 ORDER BY 1",
            "VALUES (1)",
            "EXPLAIN SELECT 1",
            "SHOW TABLES",
            "CREATE VIEW v AS SELECT 1",
            &long,
        ] {
            assert!(!is_constant(sql).await, "{sql}");
        }
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
