//! Writes the values of parameters into a statement's text, for what is stored as text.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use arrow::datatypes::DataType;
use datafusion::scalar::ScalarValue;
use datafusion::sql::parser::Statement as Ast;
use datafusion::sql::sqlparser::ast::{Expr, Value, visit_expressions_mut};
use datafusion::sql::sqlparser::parser::Parser;

use super::dialect;
use crate::EngineError;
use crate::parameters::Parameter;

/// The statement's text with a literal in the place of each parameter.
pub(crate) fn with_values(
    statement: &Ast,
    values: &BTreeMap<Parameter, ScalarValue>,
) -> Result<String, EngineError> {
    let Ast::Statement(statement) = statement else {
        return Err(unsupported("statements of this kind".to_owned()));
    };
    let mut bound = statement.clone();
    let outcome = visit_expressions_mut(&mut bound, |expression| {
        match replacement(expression, values) {
            Ok(Some(literal)) => *expression = literal,
            Ok(None) => {}
            Err(error) => return ControlFlow::Break(error),
        }
        ControlFlow::Continue(())
    });
    match outcome {
        ControlFlow::Continue(()) => Ok(bound.to_string()),
        ControlFlow::Break(error) => Err(error),
    }
}

fn replacement(
    expression: &Expr,
    values: &BTreeMap<Parameter, ScalarValue>,
) -> Result<Option<Expr>, EngineError> {
    let Expr::Value(value) = expression else {
        return Ok(None);
    };
    let Value::Placeholder(placeholder) = &value.value else {
        return Ok(None);
    };
    let Some(value) = values.get(&Parameter::parse(placeholder)?) else {
        return Ok(None);
    };
    let text = literal(value)?;
    let parsed = Parser::new(dialect())
        .try_with_sql(&text)
        .and_then(|mut parser| parser.parse_expr());
    match parsed {
        Ok(expression) => Ok(Some(expression)),
        Err(error) => Err(EngineError::Internal {
            message: format!("the literal {text} does not parse: {error}"),
        }),
    }
}

/// A value as SQL text that gives the same value and type back.
fn literal(value: &ScalarValue) -> Result<String, EngineError> {
    if value.is_null() {
        return Ok("NULL".to_owned());
    }
    let text = value.to_string();
    let sql_type = match value.data_type() {
        DataType::Boolean | DataType::Int64 => return Ok(text),
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => return Ok(quoted(&text)),
        DataType::Int8 => "TINYINT".to_owned(),
        DataType::Int16 => "SMALLINT".to_owned(),
        DataType::Int32 => "INT".to_owned(),
        DataType::UInt8 => "TINYINT UNSIGNED".to_owned(),
        DataType::UInt16 => "SMALLINT UNSIGNED".to_owned(),
        DataType::UInt32 => "INT UNSIGNED".to_owned(),
        DataType::UInt64 => "BIGINT UNSIGNED".to_owned(),
        DataType::Float32 => "FLOAT".to_owned(),
        DataType::Float64 => "DOUBLE".to_owned(),
        DataType::Date32 => "DATE".to_owned(),
        DataType::Decimal128(precision, scale) | DataType::Decimal256(precision, scale) => {
            return decimal(value, precision, scale);
        }
        DataType::Timestamp(_, None) => return timestamp(value, "TIMESTAMP"),
        DataType::Timestamp(_, Some(_)) => return timestamp(value, "TIMESTAMP WITH TIME ZONE"),
        other => return Err(unsupported(format!("values of type {other}"))),
    };
    Ok(format!("CAST({} AS {sql_type})", quoted(&text)))
}

fn decimal(value: &ScalarValue, precision: u8, scale: i8) -> Result<String, EngineError> {
    let text = as_text(value)?;
    Ok(format!(
        "CAST({} AS DECIMAL({precision}, {scale}))",
        quoted(&text)
    ))
}

fn timestamp(value: &ScalarValue, sql_type: &str) -> Result<String, EngineError> {
    Ok(format!("CAST({} AS {sql_type})", quoted(&as_text(value)?)))
}

/// Decimals and timestamps show their inner numbers; cast to text they show themselves.
fn as_text(value: &ScalarValue) -> Result<String, EngineError> {
    let text = value.cast_to(&DataType::Utf8)?;
    Ok(text.to_string())
}

fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

fn unsupported(what: String) -> EngineError {
    EngineError::Unsupported {
        message: format!("parameters cannot be stored in {what}"),
        location: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Statement;

    fn bound(sql: &str, value: ScalarValue) -> String {
        let statements = Statement::parse_all(sql, 50).unwrap();
        let values = BTreeMap::from([(Parameter::Position(1), value)]);
        with_values(statements[0].ast(), &values).unwrap()
    }

    #[test]
    fn literals_keep_value_and_type() {
        let sql = "CREATE VIEW v AS SELECT $1 AS x";
        let cases = [
            (ScalarValue::from("it's"), "'it''s'"),
            (ScalarValue::Int64(Some(-3)), "-3"),
            (ScalarValue::Date32(Some(1)), "CAST('1970-01-02' AS DATE)"),
            (
                ScalarValue::Decimal128(Some(150), 5, 2),
                "CAST('1.50' AS DECIMAL(5,2))",
            ),
            (ScalarValue::Float64(Some(0.1)), "CAST('0.1' AS DOUBLE)"),
            (ScalarValue::Utf8(None), "NULL"),
        ];
        for (value, expected) in cases {
            assert_eq!(
                bound(sql, value),
                format!("CREATE VIEW v AS SELECT {expected} AS x")
            );
        }
    }
}
