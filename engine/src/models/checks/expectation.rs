//! What a test expects, with its arguments checked.

use super::anomaly::Anomaly;
use super::declared::{Check, CheckName};
use super::freshness::Freshness;
use super::subject::Subject;
use crate::models::library::Library;
use crate::models::reads::Query;
use crate::models::yaml::Scalar;
use crate::sql;

/// What must hold.
#[derive(Debug, Clone)]
pub(super) enum Expectation {
    NotNull,
    NonNegative,
    AcceptedValues(Vec<Scalar>),
    Range {
        min: Option<Scalar>,
        max: Option<Scalar>,
    },
    Expression(String),
    /// No two rows have the same in all of these columns.
    Unique(Vec<String>),
    Relationships {
        to: Subject,
        column: String,
    },
    RowCount {
        of: Subject,
        exactly: bool,
    },
    Anomaly(Anomaly),
    Freshness(Freshness),
    /// A query gives no rows.
    NoRows(Query),
}

impl Expectation {
    /// What a check of a column, or of rows as a whole, asks for.
    ///
    /// # Errors
    /// What is wrong with its arguments.
    pub(super) fn of(
        check: &Check,
        column: Option<&str>,
        library: &Library,
    ) -> Result<Self, String> {
        let (name, given) = (check.name, &check.arguments);
        if let Some(foreign) = given.foreign(name) {
            return Err(format!("{} takes no {foreign}", name.word()));
        }
        let lacks = |what: &str| format!("{} needs {what}", name.word());
        let of_column = || match column {
            Some(_) => Ok(()),
            None => Err(format!(
                "{} is a test of a column: put it below that",
                name.word()
            )),
        };
        let of_rows = || match column {
            None => Ok(()),
            Some(_) => Err(format!(
                "{} is a test of all rows together: put it below tests",
                name.word()
            )),
        };
        match name {
            CheckName::NotNull => of_column().map(|()| Self::NotNull),
            CheckName::NonNegative => of_column().map(|()| Self::NonNegative),
            CheckName::AcceptedValues if given.values.is_empty() => {
                Err(lacks("values, a list without NULL"))
            }
            CheckName::AcceptedValues if given.values.contains(&Scalar::Null) => {
                Err(lacks("values that are not NULL, which is always accepted"))
            }
            CheckName::AcceptedValues => {
                of_column().map(|()| Self::AcceptedValues(given.values.clone()))
            }
            CheckName::Range => {
                of_column()?;
                let bound = |value: &Option<Scalar>| value.clone().filter(|v| *v != Scalar::Null);
                let (min, max) = (bound(&given.min), bound(&given.max));
                if min.is_none() && max.is_none() {
                    return Err(lacks("min, max or both"));
                }
                Ok(Self::Range { min, max })
            }
            CheckName::Unique => match (column, given.columns.as_slice()) {
                (Some(column), []) => Ok(Self::Unique(vec![column.to_owned()])),
                (None, [_, ..]) => Ok(Self::Unique(given.columns.clone())),
                (Some(_), _) => Err("unique of a column takes no columns".to_owned()),
                (None, []) => Err(lacks("columns")),
            },
            CheckName::Relationships => {
                of_column()?;
                let (Some(to), Some(column)) = (&given.to, &given.column) else {
                    return Err(lacks("to, a model, and its column"));
                };
                let to = Subject::named(to, library)?;
                Ok(Self::Relationships {
                    to,
                    column: column.clone(),
                })
            }
            CheckName::RowCount => {
                of_rows()?;
                let of = given.of.as_deref();
                let of = of.ok_or_else(|| lacks("of, a model or source.NAME"))?;
                let exactly = match given.at.as_deref() {
                    None | Some("equal") => true,
                    Some("at_most") => false,
                    Some(other) => {
                        return Err(format!(
                            "row_count: at must be equal or at_most, got {other:?}"
                        ));
                    }
                };
                let of = Subject::named(of, library)?;
                Ok(Self::RowCount { of, exactly })
            }
            CheckName::Expression => {
                let text = given.sql.as_deref();
                let text = text.ok_or_else(|| lacks("sql, a condition"))?;
                condition(text).map(Self::Expression)
            }
            CheckName::Anomaly => {
                of_rows()?;
                Anomaly::of(given).map(Self::Anomaly)
            }
        }
    }

    /// The word for it.
    pub(super) fn word(&self) -> &'static str {
        match self {
            Self::NotNull => CheckName::NotNull.word(),
            Self::NonNegative => CheckName::NonNegative.word(),
            Self::AcceptedValues(_) => CheckName::AcceptedValues.word(),
            Self::Range { .. } => CheckName::Range.word(),
            Self::Expression(_) => CheckName::Expression.word(),
            Self::Unique(_) => CheckName::Unique.word(),
            Self::Relationships { .. } => CheckName::Relationships.word(),
            Self::RowCount { .. } => CheckName::RowCount.word(),
            Self::Anomaly(_) => CheckName::Anomaly.word(),
            Self::Freshness(_) => "freshness",
            Self::NoRows(_) => "query",
        }
    }

    /// Whether a row is right or wrong by itself, so that one scan sees to many tests.
    pub(super) fn is_of_one_row(&self) -> bool {
        matches!(
            self,
            Self::NotNull
                | Self::NonNegative
                | Self::AcceptedValues(_)
                | Self::Range { .. }
                | Self::Expression(_)
        )
    }

    /// The other relation that it reads.
    pub(super) fn other(&self) -> Option<&Subject> {
        match self {
            Self::Relationships { to: other, .. } | Self::RowCount { of: other, .. } => Some(other),
            _ => None,
        }
    }

    /// The parts of it that are SQL, and may read variables and other relations.
    pub(super) fn fragments(&self) -> Vec<String> {
        let scalars = |values: &mut dyn Iterator<Item = &Scalar>| {
            values.filter_map(variable).map(str::to_owned).collect()
        };
        match self {
            Self::Expression(text) => vec![text.clone()],
            Self::AcceptedValues(values) => scalars(&mut values.iter()),
            Self::Range { min, max } => scalars(&mut min.iter().chain(max)),
            Self::Anomaly(anomaly) => vec![anomaly.of.clone()],
            _ => Vec::new(),
        }
    }
}

/// The variable that stands in the place of a value, such as `$as_of`.
pub(super) fn variable(value: &Scalar) -> Option<&str> {
    let Scalar::Text(text) = value else {
        return None;
    };
    let name = text.strip_prefix('$')?;
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    (!name.is_empty() && name.chars().all(is_word)).then_some(text.as_str())
}

/// A text that is one expression, in a form that can stand in a query.
///
/// # Errors
/// When it is none.
pub(super) fn condition(text: &str) -> Result<String, String> {
    match sql::expression(text) {
        Ok(parsed) => Ok(parsed.to_string()),
        Err(error) => Err(format!("{text:?} is no expression: {error}")),
    }
}
