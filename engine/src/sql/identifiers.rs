//! Names in the syntax tree: how they are read, and errors that point at them.

use datafusion::common::{DataFusionError, Diagnostic, Span};
use datafusion::sql::sqlparser::ast::Ident;
use datafusion::sql::sqlparser::tokenizer;

/// An identifier folded to lower case unless it is quoted.
pub(super) fn normalised(name: &Ident) -> String {
    match name.quote_style {
        Some(_) => name.value.clone(),
        None => name.value.to_lowercase(),
    }
}

/// A name as SQL text that is read as it is.
pub(crate) fn quoted_name(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// A planning error that points at a name in the SQL.
pub(crate) fn at(name: &Ident, message: String) -> DataFusionError {
    at_span(name.span, message)
}

/// A planning error that points at a place in the SQL.
pub(super) fn at_span(span: tokenizer::Span, message: String) -> DataFusionError {
    let span = Span::try_from_sqlparser_span(span);
    DataFusionError::Plan(message.clone()).with_diagnostic(Diagnostic::new_error(message, span))
}
