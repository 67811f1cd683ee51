//! What CohortQL's SQL adds to DataFusion's.

mod depth;
mod dialect;
mod distinct_from;
mod fingerprint;
mod identifiers;
mod intervals;
mod named_arguments;
mod ordinals;
mod report_inputs;
mod size;
mod time_travel;
mod time_zone;
mod vacuum;
mod values;

use std::ops::ControlFlow;

use datafusion::common::DataFusionError;
use datafusion::sql::parser::{CopyToSource, Statement as Ast};
use datafusion::sql::sqlparser::ast::{Expr, VisitMut, VisitorMut};
use datafusion::sql::sqlparser::parser::{Parser, ParserError};
use datafusion::sql::sqlparser::tokenizer::Token;

use crate::EngineError;

pub(crate) use depth::check as check_depth;
pub use dialect::dialect;
pub use fingerprint::Fingerprint;
pub(crate) use identifiers::{at, quoted_name};
pub(crate) use intervals::IntervalPlanner;
pub(crate) use size::Size;
pub(crate) use time_travel::{TimeTravel, Versions};
pub(crate) use vacuum::Vacuum;
pub(crate) use values::{cast, literal, with_values, with_values_in_lines};

/// Reads a text that is one expression.
pub(crate) fn expression(text: &str) -> Result<Expr, ParserError> {
    let mut parser = Parser::new(dialect()).try_with_sql(text)?;
    let expression = parser.parse_expr()?;
    parser.expect_token(&Token::EOF)?;
    Ok(expression)
}

/// Rewrites a parsed statement into what DataFusion plans.
pub(crate) fn prepare(mut statement: Ast) -> Result<Ast, EngineError> {
    time_zone::rewrite(&mut statement);
    visit(&mut statement, &mut report_inputs::Rewriter)?;
    visit(&mut statement, &mut named_arguments::Rewriter)?;
    visit(&mut statement, &mut ordinals::Rewriter)?;
    Ok(statement)
}

/// Walks everything in a statement that sqlparser parsed.
fn visit(
    statement: &mut Ast,
    visitor: &mut impl VisitorMut<Break = DataFusionError>,
) -> Result<(), DataFusionError> {
    let walked = match statement {
        Ast::Statement(statement) => statement.visit(visitor),
        Ast::Explain(explain) => return visit(&mut explain.statement, visitor),
        Ast::CopyTo(copy) => match &mut copy.source {
            CopyToSource::Query(query) => query.visit(visitor),
            CopyToSource::Relation(_) => ControlFlow::Continue(()),
        },
        Ast::CreateExternalTable(_) | Ast::Reset(_) => ControlFlow::Continue(()),
    };
    match walked {
        ControlFlow::Continue(()) => Ok(()),
        ControlFlow::Break(error) => Err(error),
    }
}
