//! Tables and queries that reports read, made what DataFusion sees as such.
//!
//! Where a report's input stands, `(SELECT …)`, `(VALUES …)` and the like are queries, and may have
//! a name and names for their columns: `rfm((VALUES …) AS t(a, b), …)` reads
//! `(SELECT * FROM (VALUES …) AS t(a, b))`. sqlparser takes `VALUES` for a function there.
//!
//! Before DataFusion plans a statement it loads the tables that the syntax tree names as tables.
//! In `cohort_retention(orders, …)` the tree has `orders` as a column, so it becomes
//! `(SELECT * FROM orders)`, which is what the report sees.

use std::ops::ControlFlow;

use datafusion::common::DataFusionError;
use datafusion::sql::sqlparser::ast::{
    Expr, FunctionArg, FunctionArgExpr, Ident, ObjectName, ObjectNamePart, Query, SetExpr,
    TableFactor, VisitorMut,
};
use datafusion::sql::sqlparser::keywords::Keyword;
use datafusion::sql::sqlparser::parser::{Parser, ParserError};
use datafusion::sql::sqlparser::tokenizer::Token;

use super::dialect;
use super::identifiers::normalised;
use crate::reports;

/// What a query begins with.
const QUERY: [Keyword; 3] = [Keyword::SELECT, Keyword::WITH, Keyword::VALUES];

/// The query in parentheses that is a report's input, if the parser stands before one.
pub(super) fn parse(parser: &mut Parser) -> Option<Result<Expr, ParserError>> {
    let [open, begin] = parser.peek_tokens_ref();
    let is_query = open.token == Token::LParen
        && matches!(&begin.token, Token::Word(word) if QUERY.contains(&word.keyword));
    (is_query && opens_report(parser)).then(|| parse_query(parser))
}

/// Whether a report's name and a parenthesis are what the parser has just read.
fn opens_report(parser: &Parser) -> bool {
    let mut before = (0..parser.index())
        .rev()
        .map(|place| parser.token_at(place))
        .filter(|read| !matches!(read.token, Token::Whitespace(_)));
    let opened = before.next().map(|read| &read.token) == Some(&Token::LParen);
    opened
        && before.next().is_some_and(|read| match &read.token {
            Token::Word(word) => is_report(&word.to_ident(read.span)),
            _ => false,
        })
}

fn parse_query(parser: &mut Parser) -> Result<Expr, ParserError> {
    parser.expect_token(&Token::LParen)?;
    let subquery = parser.parse_query()?;
    parser.expect_token(&Token::RParen)?;
    let query = match parser.maybe_parse_table_alias()? {
        None => subquery,
        alias => everything_from(|table| {
            *table = TableFactor::Derived {
                lateral: false,
                subquery,
                alias,
                sample: None,
            };
        })?,
    };
    Ok(Expr::Subquery(query))
}

/// Turns the bare table names that reports are given into subqueries.
pub(super) struct Rewriter;

impl VisitorMut for Rewriter {
    type Break = DataFusionError;

    fn pre_visit_table_factor(&mut self, factor: &mut TableFactor) -> ControlFlow<Self::Break> {
        let (name, arguments) = match factor {
            TableFactor::Table {
                name,
                args: Some(arguments),
                ..
            } => (name, &mut arguments.args),
            TableFactor::Function { name, args, .. } => (name, args),
            _ => return ControlFlow::Continue(()),
        };
        let is_report = match name.0.as_slice() {
            [part] => part.as_ident().is_some_and(is_report),
            _ => false,
        };
        if is_report
            && let Some(FunctionArg::Unnamed(FunctionArgExpr::Expr(table))) = arguments.first_mut()
            && let Some(name) = table_name(table)
        {
            let placed = everything_from(|table| {
                if let TableFactor::Table { name: placed, .. } = table {
                    *placed = name;
                }
            });
            match placed {
                Ok(query) => *table = Expr::Subquery(query),
                Err(error) => return ControlFlow::Break(error.into()),
            }
        }
        ControlFlow::Continue(())
    }
}

fn is_report(name: &Ident) -> bool {
    reports::is_report(&normalised(name))
}

fn table_name(table: &Expr) -> Option<ObjectName> {
    let parts: Vec<Ident> = match table {
        Expr::Identifier(name) => vec![name.clone()],
        Expr::CompoundIdentifier(names) => names.clone(),
        _ => return None,
    };
    Some(ObjectName(
        parts.into_iter().map(ObjectNamePart::Identifier).collect(),
    ))
}

/// `SELECT * FROM t`, whose table becomes what `place` puts there. A name stays as it stood in the
/// SQL, so that an error points there.
fn everything_from(place: impl FnOnce(&mut TableFactor)) -> Result<Box<Query>, ParserError> {
    let mut query = Parser::new(dialect())
        .try_with_sql("SELECT * FROM t")?
        .parse_query()?;
    if let SetExpr::Select(select) = query.body.as_mut()
        && let [table] = select.from.as_mut_slice()
    {
        place(&mut table.relation);
        return Ok(query);
    }
    Err(ParserError::ParserError(
        "SELECT * FROM t is no query of one table".to_string(),
    ))
}
