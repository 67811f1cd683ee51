//! From DataFusion's errors to ours: the root cause, without the wrapping around it.

use datafusion::common::{Column, SchemaError};
use datafusion::error::DataFusionError;
use datafusion::execution::SessionState;
use datafusion::sql::sqlparser::parser::ParserError;

use super::{EngineError, Location, names, resources};
use crate::catalog;
use crate::nearest::did_you_mean;

/// Columns that a message lists when none is like the one asked for.
const COLUMNS_SHOWN: usize = 12;

/// Characters of a message, which is cut there.
const LONGEST_MESSAGE: usize = 1_000;

/// Finds the kind, the message and the place of an error of DataFusion's.
pub(super) fn classify(error: &DataFusionError, state: Option<&SessionState>) -> EngineError {
    let root = error.find_root();
    let location = diagnosed(error);
    // Spilling fails inside whichever writer was at it, so the kind of the error says nothing.
    if let Some(message) = resources::explain_disk(&root.message()) {
        return EngineError::Resources { message };
    }
    match root {
        DataFusionError::External(inner) => match inner.downcast_ref::<EngineError>() {
            Some(ours) => ours.clone(),
            None => EngineError::Execution {
                message: one_line(&inner.to_string()),
            },
        },
        DataFusionError::SQL(error, _) => syntax(error),
        DataFusionError::SchemaError(error, _) => schema(error, location),
        DataFusionError::Plan(message) => planning(message, location, state),
        DataFusionError::NotImplemented(message) => EngineError::Unsupported {
            message: one_line(message),
            location,
        },
        DataFusionError::Configuration(message) => EngineError::Plan {
            message: one_line(message),
            location,
        },
        DataFusionError::ResourcesExhausted(message) => EngineError::Resources {
            message: resources::explain(message),
        },
        DataFusionError::IoError(error) => storage(&error.to_string()),
        DataFusionError::ObjectStore(error) => storage(&error.to_string()),
        DataFusionError::ParquetError(error) => storage(&parquet(&error.to_string())),
        DataFusionError::Internal(message) => EngineError::Internal {
            message: one_line(message),
        },
        DataFusionError::ExecutionJoin(error) if error.is_panic() => EngineError::Internal {
            message: one_line(&error.to_string()),
        },
        _ => EngineError::Execution {
            message: one_line(&root.message()),
        },
    }
}

fn storage(message: &str) -> EngineError {
    EngineError::Storage {
        message: one_line(message),
    }
}

/// The last cause of a Parquet error: the layers above it only repeat the file's name.
fn parquet(text: &str) -> String {
    let cause = match text.rsplit_once("Object Store error: ") {
        Some((_, cause)) => cause,
        None => text.trim_start_matches("Parquet error: "),
    };
    format!("cannot read a Parquet file: {cause}")
}

fn syntax(error: &ParserError) -> EngineError {
    let text = match error {
        ParserError::TokenizerError(text) | ParserError::ParserError(text) => text.as_str(),
        ParserError::RecursionLimitExceeded => "the statement is nested too deeply",
    };
    let (message, location) = split_place(text);
    EngineError::Syntax {
        message: plain_words(message),
        location,
    }
}

/// Takes sqlparser's ` at Line: 3, Column: 7` off a message.
fn split_place(text: &str) -> (&str, Option<Location>) {
    let Some((message, place)) = text.rsplit_once(" at Line: ") else {
        return (text, None);
    };
    let numbers = place
        .split_once(", Column: ")
        .and_then(|(line, column)| Some((line.parse().ok()?, column.trim().parse().ok()?)));
    match numbers {
        Some(location) => (message, Some(location)),
        None => (text, None),
    }
}

fn plain_words(message: &str) -> String {
    match message.strip_prefix("Expected: ") {
        Some(rest) => format!("expected {}", rest.replacen(", found: ", ", got ", 1)),
        None => one_line(message),
    }
}

fn planning(
    message: &str,
    location: Option<Location>,
    state: Option<&SessionState>,
) -> EngineError {
    if let (Some(table), Some(state)) = (quoted_in(message, "table '", "' not found"), state)
        && let Some(failure) = catalog::failure_of(state, table)
    {
        return failure;
    }
    let missing = quoted_in(message, "table '", "' not found")
        .map(|table| missing_table(table, state))
        .or_else(|| {
            let function = quoted_in(message, "Invalid function '", "'")
                .or_else(|| quoted_in(message, "able function '", "' not found"))?;
            let is_window = |state: &SessionState| state.window_functions().contains_key(function);
            if state.is_some_and(is_window) {
                return Some(format!(
                    "function {function:?} needs a window: {function}(…) OVER (…)"
                ));
            }
            let near = state.map_or_else(String::new, |state| {
                did_you_mean(function, names::functions(state))
            });
            Some(format!("function {function:?} does not exist{near}"))
        });
    match missing {
        Some(message) => EngineError::NotFound { message, location },
        None => EngineError::Plan {
            message: one_line(message),
            location,
        },
    }
}

fn missing_table(table: &str, state: Option<&SessionState>) -> String {
    let Some(state) = state else {
        return format!("table {table:?} does not exist");
    };
    let options = &state.config_options().catalog;
    let table = table
        .strip_prefix(&format!("{}.", options.default_catalog))
        .unwrap_or(table);
    let table = table
        .strip_prefix(&format!("{}.", options.default_schema))
        .unwrap_or(table);
    format!(
        "table {table:?} does not exist{}",
        did_you_mean(table, names::tables(state))
    )
}

fn schema(error: &SchemaError, location: Option<Location>) -> EngineError {
    let SchemaError::FieldNotFound {
        field,
        valid_fields,
    } = error
    else {
        return EngineError::Plan {
            message: one_line(&error.to_string()),
            location,
        };
    };
    let place = field
        .spans
        .first()
        .map(|span| (span.start.line, span.start.column));
    EngineError::NotFound {
        message: missing_column(field, valid_fields),
        location: location.or(place),
    }
}

fn missing_column(field: &Column, valid: &[Column]) -> String {
    let asked = field.flat_name();
    let known: Vec<String> = valid
        .iter()
        .filter(|column| field.relation.is_none() || column.relation == field.relation)
        .map(|column| column.name.clone())
        .collect();
    let hint = did_you_mean(&field.name, &known);
    if !hint.is_empty() || known.is_empty() {
        return format!("column {asked:?} does not exist{hint}");
    }
    let mut shown = known
        .iter()
        .take(COLUMNS_SHOWN)
        .cloned()
        .collect::<Vec<_>>()
        .join(", ");
    if known.len() > COLUMNS_SHOWN {
        shown.push_str(&format!(" and {} more", known.len() - COLUMNS_SHOWN));
    }
    format!("column {asked:?} does not exist; there are {shown}")
}

fn diagnosed(error: &DataFusionError) -> Option<Location> {
    let first = error.iter().next().unwrap_or(error);
    let span = first.diagnostic()?.span?;
    Some((span.start.line, span.start.column))
}

fn quoted_in<'a>(message: &'a str, before: &str, after: &str) -> Option<&'a str> {
    let (_, rest) = message.split_once(before)?;
    rest.split_once(after).map(|(name, _)| name)
}

/// A message on one line, and not longer than a screen: some quote all of the data that they
/// refuse.
fn one_line(message: &str) -> String {
    let lines: Vec<_> = message
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .collect();
    let line = lines.join(" ");
    match line.char_indices().nth(LONGEST_MESSAGE) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn syntax_errors_have_a_place_and_plain_words() {
        let text = "Expected: an expression, found: FROM at Line: 2, Column: 8".to_owned();
        let error = DataFusionError::from(ParserError::ParserError(text));
        let expected = EngineError::Syntax {
            message: "expected an expression, got FROM".to_owned(),
            location: Some((2, 8)),
        };
        assert_eq!(EngineError::from(error), expected);
    }

    #[test]
    fn our_own_errors_come_back_from_inside_others() {
        let ours = EngineError::Cancelled;
        let wrapped = DataFusionError::from(ours.clone()).context("while planning");
        assert_eq!(EngineError::from(wrapped), ours);
    }

    #[test]
    fn a_missing_column_without_a_like_one_lists_what_there_is() {
        let valid: Vec<_> = (0..14)
            .map(|n| Column::from_name(format!("c{n:02}")))
            .collect();
        let message = missing_column(&Column::from_name("amount"), &valid);
        assert!(message.starts_with("column \"amount\" does not exist; there are c00, c01"));
        assert!(message.ends_with("c11 and 2 more"));
    }
}
