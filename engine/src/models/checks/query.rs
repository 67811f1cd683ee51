//! Tests as SQL: the condition that is true in a wrong row, and the query of all that is wrong.

use arrow::datatypes::{Field, Schema};

use super::expectation::Expectation;
use super::literal::literal;
use super::test::Test;
use crate::EngineError;
use crate::nearest::did_you_mean;
use crate::sql::quoted_name;

/// What the relation that another refers to is called, so that it hides none of the names there.
const REFERRED: &str = "\"referred to\"";

impl Test {
    /// The relation that it looks at, as SQL.
    pub(super) fn relation(&self) -> String {
        let subject = self.subject.as_ref();
        subject.map_or_else(String::new, super::subject::Subject::sql)
    }

    /// Which of the relation's rows it looks at, as a condition.
    pub(super) fn looks_at(&self) -> String {
        match &self.condition {
            Some(condition) => format!("({condition})"),
            None => "TRUE".to_owned(),
        }
    }

    /// The condition that is true in a row that is wrong, of those looked at; `columns` are those
    /// of the relation. A test that looks at more than a row has none.
    ///
    /// # Errors
    /// When there is no such column, or a value does not fit it.
    pub(super) fn wrong(&self, columns: &Schema) -> Result<Option<String>, EngineError> {
        let condition = match &self.expectation {
            Expectation::Expression(condition) => format!("NOT ({condition})"),
            Expectation::NotNull => {
                let (column, _) = self.own_column(columns)?;
                format!("{column} IS NULL")
            }
            Expectation::NonNegative => {
                let (column, field) = self.own_column(columns)?;
                if !field.data_type().is_numeric() {
                    return Err(EngineError::Plan {
                        message: format!("expected a column of numbers, got {}", field.data_type()),
                        location: None,
                    });
                }
                format!("{column} < 0")
            }
            Expectation::AcceptedValues(values) => {
                let (column, field) = self.own_column(columns)?;
                let values = values.iter().map(|value| literal(value, field));
                let values = values.collect::<Result<Vec<_>, _>>()?;
                format!("{column} NOT IN ({})", values.join(", "))
            }
            Expectation::Range { min, max } => {
                let (column, field) = self.own_column(columns)?;
                let mut beyond = Vec::new();
                for (bound, than) in [(min, "<"), (max, ">")] {
                    if let Some(bound) = bound {
                        beyond.push(format!("{column} {than} {}", literal(bound, field)?));
                    }
                }
                beyond.join(" OR ")
            }
            _ => return Ok(None),
        };
        Ok(Some(format!("{} AND ({condition})", self.looks_at())))
    }

    /// The query of all that is wrong. What compares numbers has none.
    ///
    /// # Errors
    /// When there is no such column, or a value does not fit it.
    pub(super) fn failing(&self, columns: &Schema) -> Result<Option<String>, EngineError> {
        let (relation, looks_at) = (self.relation(), self.looks_at());
        if let Some(wrong) = self.wrong(columns)? {
            return Ok(Some(format!("SELECT * FROM {relation} WHERE {wrong}")));
        }
        Ok(match &self.expectation {
            Expectation::Unique(names) => {
                let names = names.iter().map(|name| column(columns, name));
                let names: Vec<String> = names
                    .map(|found| found.map(|(name, _)| name))
                    .collect::<Result<_, _>>()?;
                let key = names.join(", ");
                let known: Vec<_> = names
                    .iter()
                    .map(|name| format!("{name} IS NOT NULL"))
                    .collect();
                Some(format!(
                    "SELECT {key}, COUNT(*) AS rows_of_key FROM {relation} \
                     WHERE {looks_at} AND ({}) GROUP BY {key} HAVING COUNT(*) > 1",
                    known.join(" OR ")
                ))
            }
            Expectation::Relationships { to, column } => {
                let (own, _) = self.own_column(columns)?;
                let (other, there) = (to.sql(), quoted_name(column));
                Some(format!(
                    "SELECT * FROM {relation} WHERE {looks_at} AND {own} IS NOT NULL AND NOT EXISTS \
                     (SELECT 1 FROM {other} AS {REFERRED} \
                     WHERE {REFERRED}.{there} = {relation}.{own})"
                ))
            }
            Expectation::NoRows(query) => Some(query.statement.ast().to_string()),
            _ => None,
        })
    }

    /// The column that it is a test of, as SQL and as it is.
    pub(super) fn own_column<'a>(
        &self,
        columns: &'a Schema,
    ) -> Result<(String, &'a Field), EngineError> {
        column(columns, self.column.as_deref().unwrap_or_default())
    }
}

/// A column of a relation, as SQL and as it is.
///
/// # Errors
/// When there is none of that name, with the nearest that there is.
pub(super) fn column<'a>(
    columns: &'a Schema,
    name: &str,
) -> Result<(String, &'a Field), EngineError> {
    match columns.field_with_name(name) {
        Ok(field) => Ok((quoted_name(name), field)),
        Err(_) => {
            let there = columns.fields().iter().map(|field| field.name());
            let near = did_you_mean(name, there);
            Err(EngineError::NotFound {
                message: format!("there is no column {name:?}{near}"),
                location: None,
            })
        }
    }
}
