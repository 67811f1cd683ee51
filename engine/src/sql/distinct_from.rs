//! `a IS DISTINCT FROM b OR c` is `(a IS DISTINCT FROM b) OR c`; sqlparser takes all that follows
//! FROM for what `a` is compared with.

use datafusion::sql::sqlparser::ast::Expr;
use datafusion::sql::sqlparser::dialect::Precedence;
use datafusion::sql::sqlparser::keywords::Keyword;
use datafusion::sql::sqlparser::parser::{Parser, ParserError};

use super::dialect;

const DISTINCT: [Keyword; 3] = [Keyword::IS, Keyword::DISTINCT, Keyword::FROM];
const NOT_DISTINCT: [Keyword; 4] = [Keyword::IS, Keyword::NOT, Keyword::DISTINCT, Keyword::FROM];

/// The comparison that stands after an expression, if one does.
pub(super) fn parse(parser: &mut Parser, left: &Expr) -> Option<Result<Expr, ParserError>> {
    let compared: fn(Box<Expr>, Box<Expr>) -> Expr = if parser.parse_keywords(&DISTINCT) {
        Expr::IsDistinctFrom
    } else if parser.parse_keywords(&NOT_DISTINCT) {
        Expr::IsNotDistinctFrom
    } else {
        return None;
    };
    let precedence = dialect().prec_value(Precedence::Is);
    let right = parser.parse_subexpr(precedence);
    Some(right.map(|right| compared(Box::new(left.clone()), Box::new(right))))
}
