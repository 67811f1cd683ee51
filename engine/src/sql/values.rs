//! Writes the values of parameters into a statement's text, for what is stored as text.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use arrow::datatypes::DataType;
use datafusion::scalar::ScalarValue;
use datafusion::sql::parser::Statement as Ast;
use datafusion::sql::sqlparser::ast::{self, Expr, Value, visit_expressions_mut};
use datafusion::sql::sqlparser::parser::Parser;

use super::dialect;
use crate::EngineError;
use crate::parameters::Parameter;

/// The statement's text with a literal in the place of each parameter.
pub(crate) fn with_values(
    statement: &Ast,
    values: &BTreeMap<Parameter, ScalarValue>,
) -> Result<String, EngineError> {
    Ok(bound(statement, values)?.to_string())
}

/// The same in lines, for people.
pub(crate) fn with_values_in_lines(
    statement: &Ast,
    values: &BTreeMap<Parameter, ScalarValue>,
) -> Result<String, EngineError> {
    Ok(format!("{:#}", bound(statement, values)?))
}

fn bound(
    statement: &Ast,
    values: &BTreeMap<Parameter, ScalarValue>,
) -> Result<Box<ast::Statement>, EngineError> {
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
        ControlFlow::Continue(()) => Ok(bound),
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
pub(crate) fn literal(value: &ScalarValue) -> Result<String, EngineError> {
    let data_type = value.data_type();
    let text = match value.is_null() {
        true => None,
        false => Some(value.cast_to(&DataType::Utf8)?.to_string()),
    };
    match (&data_type, &text) {
        (DataType::Null, _) => return Ok("NULL".to_owned()),
        // A minus before it, or a product with it, must not run into its sign.
        (DataType::Int64, Some(text)) if text.starts_with('-') => return Ok(format!("({text})")),
        (DataType::Int64 | DataType::Boolean, Some(text)) => return Ok(text.clone()),
        (DataType::Utf8, Some(text)) => return Ok(quoted(text)),
        _ => {}
    }
    let again = ScalarValue::Utf8(text.clone()).cast_to(&data_type);
    if again.ok().as_ref() != Some(value) {
        return Err(unsupported(format!("values of type {data_type}")));
    }
    let text = text.map_or_else(|| "NULL".to_owned(), |text| quoted(&text));
    match sql_type(&data_type) {
        Some(sql_type) => Ok(format!("CAST({text} AS {sql_type})")),
        None => Ok(format!(
            "arrow_cast({text}, {})",
            quoted(&arrow_type(&data_type)?)
        )),
    }
}

/// The SQL type that is this very type, if there is one.
fn sql_type(data_type: &DataType) -> Option<String> {
    let name = match data_type {
        DataType::Boolean => "BOOLEAN",
        DataType::Int8 => "TINYINT",
        DataType::Int16 => "SMALLINT",
        DataType::Int32 => "INT",
        DataType::Int64 => "BIGINT",
        DataType::UInt8 => "TINYINT UNSIGNED",
        DataType::UInt16 => "SMALLINT UNSIGNED",
        DataType::UInt32 => "INT UNSIGNED",
        DataType::UInt64 => "BIGINT UNSIGNED",
        DataType::Float32 => "FLOAT",
        DataType::Float64 => "DOUBLE",
        DataType::Date32 => "DATE",
        DataType::Decimal128(precision, scale) if *scale >= 0 => {
            return Some(format!("DECIMAL({precision},{scale})"));
        }
        _ => return None,
    };
    Some(name.to_owned())
}

/// An expression cast to a type, as SQL.
pub(crate) fn cast(expression: &str, data_type: &DataType) -> Result<String, EngineError> {
    let name = quoted(&arrow_type(data_type)?);
    Ok(format!("arrow_cast({expression}, {name})"))
}

/// The name of a type that `arrow_cast` reads.
fn arrow_type(data_type: &DataType) -> Result<String, EngineError> {
    let name = data_type.to_string();
    match name.parse::<DataType>() {
        Ok(parsed) if parsed == *data_type => Ok(name),
        _ => Err(unsupported(format!("values of type {data_type}"))),
    }
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
    fn literals_are_written_as_people_would() {
        let sql = "CREATE VIEW v AS SELECT $1 AS x";
        let cases = [
            (ScalarValue::from("it's"), "'it''s'"),
            (ScalarValue::Int64(Some(3)), "3"),
            (ScalarValue::Int64(Some(-3)), "(-3)"),
            (ScalarValue::Date32(Some(1)), "CAST('1970-01-02' AS DATE)"),
            (
                ScalarValue::Decimal128(Some(150), 5, 2),
                "CAST('1.50' AS DECIMAL(5,2))",
            ),
            (ScalarValue::Float64(Some(0.1)), "CAST('0.1' AS DOUBLE)"),
            (ScalarValue::Float64(None), "CAST(NULL AS DOUBLE)"),
        ];
        for (value, expected) in cases {
            assert_eq!(
                bound(sql, value),
                format!("CREATE VIEW v AS SELECT {expected} AS x")
            );
        }
    }

    #[test]
    fn a_sign_stays_apart_from_the_operator_before_it() {
        let sql = "CREATE VIEW v AS SELECT 1 AS a, -$1 AS x, 2-$1 AS y";
        assert_eq!(
            bound(sql, ScalarValue::Int64(Some(-3))),
            "CREATE VIEW v AS SELECT 1 AS a, -(-3) AS x, 2 - (-3) AS y"
        );
    }

    #[tokio::test]
    async fn values_and_types_come_back() {
        let zone = || Some("Europe/Berlin".into());
        let instant = Some(1_718_000_000_123);
        let cases = [
            ScalarValue::Null,
            ScalarValue::Utf8(None),
            ScalarValue::Int64(None),
            ScalarValue::Int64(Some(i64::MIN)),
            ScalarValue::UInt64(Some(u64::MAX)),
            ScalarValue::Float32(Some(-0.1)),
            ScalarValue::Float64(Some(f64::NEG_INFINITY)),
            ScalarValue::Boolean(None),
            ScalarValue::Utf8View(Some("it's".to_owned())),
            ScalarValue::LargeUtf8(Some(String::new())),
            ScalarValue::Date64(Some(86_400_000)),
            ScalarValue::Decimal128(Some(-150), 5, 2),
            ScalarValue::Decimal256(Some(150.into()), 5, 2),
            ScalarValue::TimestampSecond(Some(1_718_000_000), None),
            ScalarValue::TimestampMillisecond(instant, None),
            ScalarValue::TimestampMillisecond(instant, zone()),
            ScalarValue::TimestampMillisecond(None, zone()),
            ScalarValue::TimestampMicrosecond(Some(-1), Some("+05:30".into())),
            ScalarValue::TimestampNanosecond(Some(1), None),
        ];
        let context = datafusion::prelude::SessionContext::new();
        for value in cases {
            let sql = bound("CREATE VIEW v AS SELECT $1 AS x", value.clone());
            let query = sql.replace("CREATE VIEW v AS ", "");
            let batches = context.sql(&query).await.unwrap().collect().await.unwrap();
            let back = ScalarValue::try_from_array(batches[0].column(0), 0).unwrap();
            assert_eq!(back, value, "{sql}");
        }
    }
}
