//! `VACUUM table [LITE | FULL] [RETAIN n HOURS | DAYS] [FORCE] [DRY RUN]`, as users of Delta Lake know
//! it.
//!
//! sqlparser knows Redshift's statement of that name, which has none of these words. So it is read here,
//! into the call of a procedure: `CALL vacuum(table, retain_hours => 168)`.

use datafusion::sql::sqlparser::ast::{
    Expr, Function, FunctionArg, FunctionArgExpr, FunctionArgOperator, FunctionArgumentList,
    FunctionArguments, Ident, ObjectName, ObjectNamePart, Statement, Value,
};
use datafusion::sql::sqlparser::keywords::Keyword;
use datafusion::sql::sqlparser::parser::{Parser, ParserError};
use datafusion::sql::sqlparser::tokenizer::Token;

use crate::EngineError;

/// The procedure.
const NAME: &str = "vacuum";
const RETAIN_HOURS: &str = "retain_hours";
const LITE: &str = "lite";
const FORCE: &str = "force";
const DRY_RUN: &str = "dry_run";

/// What the statement says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Vacuum {
    pub(crate) table: ObjectName,
    /// Only files that commits have taken out of the table, without looking for others.
    pub(crate) lite: bool,
    pub(crate) retain_hours: Option<u64>,
    /// Also where that is less than the table wants.
    pub(crate) force: bool,
    pub(crate) dry_run: bool,
}

/// The statement, if the parser stands before one.
pub(super) fn parse(parser: &mut Parser) -> Option<Result<Statement, ParserError>> {
    parser
        .parse_keyword(Keyword::VACUUM)
        .then(|| parse_rest(parser))
}

fn parse_rest(parser: &mut Parser) -> Result<Statement, ParserError> {
    takes(parser, "TABLE");
    let table = parser.parse_object_name(false)?;
    let mut args = vec![FunctionArg::Unnamed(FunctionArgExpr::Expr(
        Expr::CompoundIdentifier(identifiers(table)?),
    ))];
    let mut set = |name: &str, value: Value| {
        args.push(FunctionArg::Named {
            name: Ident::new(name),
            arg: FunctionArgExpr::Expr(Expr::value(value)),
            operator: FunctionArgOperator::RightArrow,
        });
    };
    if takes(parser, "LITE") {
        set(LITE, Value::Boolean(true));
    } else {
        takes(parser, "FULL");
    }
    if takes(parser, "RETAIN") {
        let count = parser.parse_literal_uint()?;
        let hours = match () {
            () if takes(parser, "HOURS") || takes(parser, "HOUR") => Some(count),
            () if takes(parser, "DAYS") || takes(parser, "DAY") => count.checked_mul(24),
            () => return parser.expected_ref("HOURS or DAYS", parser.peek_token_ref()),
        };
        let hours = hours.unwrap_or(u64::MAX).to_string();
        set(RETAIN_HOURS, Value::Number(hours, false));
    }
    if takes(parser, "FORCE") {
        set(FORCE, Value::Boolean(true));
    }
    if takes(parser, "DRY") {
        if !takes(parser, "RUN") {
            return parser.expected_ref("RUN", parser.peek_token_ref());
        }
        set(DRY_RUN, Value::Boolean(true));
    }
    Ok(Statement::Call(Function {
        name: ObjectName::from(vec![Ident::new(NAME)]),
        uses_odbc_syntax: false,
        parameters: FunctionArguments::None,
        args: FunctionArguments::List(FunctionArgumentList {
            duplicate_treatment: None,
            args,
            clauses: Vec::new(),
        }),
        filter: None,
        null_treatment: None,
        over: None,
        within_group: Vec::new(),
    }))
}

/// Goes past a word, whether or not it is one of sqlparser's.
fn takes(parser: &mut Parser, wanted: &str) -> bool {
    let Token::Word(word) = &parser.peek_token_ref().token else {
        return false;
    };
    let is_it = word.quote_style.is_none() && word.value.eq_ignore_ascii_case(wanted);
    if is_it {
        parser.advance_token();
    }
    is_it
}

fn identifiers(name: ObjectName) -> Result<Vec<Ident>, ParserError> {
    let parts = name.0.into_iter().map(|part| match part {
        ObjectNamePart::Identifier(name) => Ok(name),
        ObjectNamePart::Function(_) => Err(ParserError::ParserError(
            "expected the name of a table, got a function".to_owned(),
        )),
    });
    parts.collect()
}

impl Vacuum {
    /// What the call of a procedure says, if it is this one.
    ///
    /// # Errors
    /// For arguments that it does not have.
    pub(crate) fn of(call: &Function) -> Result<Option<Self>, EngineError> {
        if !call.name.to_string().eq_ignore_ascii_case(NAME) {
            return Ok(None);
        }
        let wrong = || EngineError::Plan {
            message:
                "expected VACUUM table [LITE | FULL] [RETAIN n HOURS | DAYS] [FORCE] [DRY RUN]"
                    .to_owned(),
            location: None,
        };
        let FunctionArguments::List(list) = &call.args else {
            return Err(wrong());
        };
        let mut vacuum = None;
        for argument in &list.args {
            match (argument, &mut vacuum) {
                (FunctionArg::Unnamed(FunctionArgExpr::Expr(expression)), None) => {
                    let parts = match expression {
                        Expr::CompoundIdentifier(parts) => parts.clone(),
                        Expr::Identifier(name) => vec![name.clone()],
                        _ => return Err(wrong()),
                    };
                    vacuum = Some(Self {
                        table: ObjectName::from(parts),
                        lite: false,
                        retain_hours: None,
                        force: false,
                        dry_run: false,
                    });
                }
                (FunctionArg::Named { name, arg, .. }, Some(vacuum)) => {
                    let FunctionArgExpr::Expr(Expr::Value(value)) = arg else {
                        return Err(wrong());
                    };
                    match (name.value.as_str(), &value.value) {
                        (LITE, Value::Boolean(lite)) => vacuum.lite = *lite,
                        (FORCE, Value::Boolean(force)) => vacuum.force = *force,
                        (DRY_RUN, Value::Boolean(dry_run)) => vacuum.dry_run = *dry_run,
                        (RETAIN_HOURS, Value::Number(hours, _)) => {
                            vacuum.retain_hours = Some(hours.parse().map_err(|_| wrong())?);
                        }
                        _ => return Err(wrong()),
                    }
                }
                _ => return Err(wrong()),
            }
        }
        vacuum.map(Some).ok_or_else(wrong)
    }
}
