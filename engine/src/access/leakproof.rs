//! Conditions that may be tried on rows which their author must not see.
//!
//! A condition that can fail tells of the row it failed on: `1 / (amount - 500) > 0` ends the query if there
//! is a hidden row of 500. Comparisons of columns with constants cannot fail.

use datafusion::logical_expr::{Between, BinaryExpr, Expr, Operator};

/// Whether a condition cannot fail, whatever the row.
pub(super) fn leakproof(condition: &Expr) -> bool {
    match condition {
        Expr::BinaryExpr(BinaryExpr { left, op, right }) => match op {
            Operator::And | Operator::Or => leakproof(left) && leakproof(right),
            Operator::Eq
            | Operator::NotEq
            | Operator::Lt
            | Operator::LtEq
            | Operator::Gt
            | Operator::GtEq
            | Operator::IsDistinctFrom
            | Operator::IsNotDistinctFrom => plain(left) && plain(right),
            _ => false,
        },
        Expr::Not(inner) => leakproof(inner),
        Expr::IsNull(inner) | Expr::IsNotNull(inner) => plain(inner),
        Expr::IsTrue(inner) | Expr::IsFalse(inner) | Expr::IsUnknown(inner) => leakproof(inner),
        Expr::Between(Between {
            expr, low, high, ..
        }) => plain(expr) && plain(low) && plain(high),
        Expr::InList(list) => plain(&list.expr) && list.list.iter().all(plain),
        other => plain(other),
    }
}

fn plain(expression: &Expr) -> bool {
    matches!(expression, Expr::Column(_) | Expr::Literal(_, _))
}

#[cfg(test)]
mod tests {
    use datafusion::logical_expr::{col, lit};

    use super::*;

    #[test]
    fn comparisons_pass_and_what_can_fail_does_not() {
        for condition in [
            col("a").eq(lit(1)),
            col("a").gt(lit(1)).and(col("b").is_null().or(col("c"))),
            col("a").in_list(vec![lit(1), lit(2)], false),
            col("a").between(lit(1), col("b")),
        ] {
            assert!(leakproof(&condition), "{condition}");
        }
        for condition in [
            (lit(1) / (col("a") - lit(500))).gt(lit(0)),
            datafusion::prelude::cast(col("a"), arrow::datatypes::DataType::Int32).eq(lit(1)),
            col("a").like(lit("%x")),
            col("a").eq(lit(1)).or((lit(1) / col("a")).eq(lit(1))),
        ] {
            assert!(!leakproof(&condition), "{condition}");
        }
    }
}
