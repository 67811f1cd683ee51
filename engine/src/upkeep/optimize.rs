//! `OPTIMIZE table [WHERE condition] [ZORDER BY (column, …)]`.

use datafusion::sql::sqlparser::ast::{BinaryOperator, Expr, Ident, Statement, Value};
use deltalake::FilterOp;

use crate::EngineError;
use crate::formats::{Compaction, PartitionIs};

/// What an `OPTIMIZE` asks for.
///
/// # Errors
/// For conditions on anything but partitions, and clauses of other databases.
pub(super) fn compaction(
    statement: &Statement,
    normalizes: bool,
) -> Result<Compaction, EngineError> {
    let Statement::OptimizeTable {
        on_cluster: None,
        partition: None,
        include_final: false,
        deduplicate: None,
        predicate,
        zorder,
        ..
    } = statement
    else {
        return Err(wrong(
            "expected OPTIMIZE table [WHERE condition] [ZORDER BY (column, …)]",
        ));
    };
    let mut partitions = Vec::new();
    if let Some(predicate) = predicate {
        conditions(predicate, normalizes, &mut partitions)?;
    }
    let order = zorder.iter().flatten();
    let z_order = order.map(|column| {
        name(column, normalizes)
            .ok_or_else(|| wrong(&format!("ZORDER BY takes columns, got {column}")))
    });
    Ok(Compaction {
        partitions,
        z_order: z_order.collect::<Result<_, _>>()?,
    })
}

/// Comparisons of partition columns with values, all of which hold.
fn conditions(
    condition: &Expr,
    normalizes: bool,
    found: &mut Vec<PartitionIs>,
) -> Result<(), EngineError> {
    match condition {
        Expr::Nested(inner) => conditions(inner, normalizes, found),
        Expr::BinaryOp {
            left,
            op: BinaryOperator::And,
            right,
        } => {
            conditions(left, normalizes, found)?;
            conditions(right, normalizes, found)
        }
        Expr::BinaryOp { left, op, right } => {
            let said = name(left, normalizes).zip(operator(op)).zip(value(right));
            let ((column, op), value) = said.ok_or_else(|| not_of_partitions(condition))?;
            found.push(PartitionIs { column, op, value });
            Ok(())
        }
        _ => Err(not_of_partitions(condition)),
    }
}

fn name(expression: &Expr, normalizes: bool) -> Option<String> {
    match expression {
        Expr::Nested(inner) => name(inner, normalizes),
        Expr::Identifier(Ident {
            value,
            quote_style: None,
            ..
        }) if normalizes => Some(value.to_lowercase()),
        Expr::Identifier(column) => Some(column.value.clone()),
        _ => None,
    }
}

fn operator(operator: &BinaryOperator) -> Option<&'static str> {
    let said = match operator {
        BinaryOperator::Eq => FilterOp::Eq,
        BinaryOperator::NotEq => FilterOp::Ne,
        BinaryOperator::Lt => FilterOp::Lt,
        BinaryOperator::LtEq => FilterOp::Le,
        BinaryOperator::Gt => FilterOp::Gt,
        BinaryOperator::GtEq => FilterOp::Ge,
        _ => return None,
    };
    Some(said.as_str())
}

/// A value as Delta Lake writes it into the names of partitions.
fn value(expression: &Expr) -> Option<String> {
    match expression {
        Expr::Value(value) => match &value.value {
            Value::SingleQuotedString(text) | Value::Number(text, _) => Some(text.clone()),
            Value::Boolean(value) => Some(value.to_string()),
            _ => None,
        },
        Expr::TypedString(typed) => typed.value.value.clone().into_string(),
        _ => None,
    }
}

fn not_of_partitions(condition: &Expr) -> EngineError {
    wrong(&format!(
        "OPTIMIZE … WHERE takes comparisons of partition columns with values, joined by AND, got \
         {condition}"
    ))
}

fn wrong(message: &str) -> EngineError {
    EngineError::Plan {
        message: message.to_owned(),
        location: None,
    }
}
