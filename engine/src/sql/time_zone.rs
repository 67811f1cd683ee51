//! `SET TIME ZONE 'Europe/Berlin'`, the standard's spelling of the session's option.

use datafusion::sql::parser::Statement as Ast;
use datafusion::sql::sqlparser::ast::{Ident, ObjectName, Set, Statement};

const OPTION: [&str; 3] = ["datafusion", "execution", "time_zone"];

/// Writes the statement as the assignment that DataFusion plans.
pub(super) fn rewrite(statement: &mut Ast) {
    if let Ast::Statement(inner) = statement
        && let Statement::Set(set) = inner.as_mut()
        && let Set::SetTimeZone { value, .. } = set
    {
        *set = Set::SingleAssignment {
            scope: None,
            hivevar: false,
            variable: ObjectName::from(OPTION.map(Ident::new).to_vec()),
            values: vec![value.clone()],
        };
    }
}
