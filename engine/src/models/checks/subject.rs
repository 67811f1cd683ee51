//! What a test looks at: a model, or a source.

use std::fmt;

use crate::environment::SOURCES;
use crate::models::library::Library;
use crate::nearest::did_you_mean;
use crate::sql::quoted_name;

/// A relation that is tested, or that a test compares with.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Subject {
    /// A model.
    Model(String),
    /// What models read as `source.NAME`.
    Source(String),
}

impl Subject {
    /// The relation of that name: `mart_rfm`, `source.orders`.
    ///
    /// # Errors
    /// When there is none, with the nearest that there is.
    pub(super) fn named(text: &str, library: &Library) -> Result<Self, String> {
        let source = text
            .split_once('.')
            .filter(|(schema, _)| *schema == SOURCES);
        match source {
            Some((_, source)) => library
                .check_source(source)
                .map(|()| Self::Source(source.to_owned())),
            None if library.models.contains_key(text) => Ok(Self::Model(text.to_owned())),
            None => {
                let near = did_you_mean(text, library.models.keys());
                Err(format!("there is no model {text:?}{near}"))
            }
        }
    }

    /// The relation in SQL.
    pub(super) fn sql(&self) -> String {
        match self {
            Self::Model(name) => quoted_name(name),
            Self::Source(name) => format!("{SOURCES}.{}", quoted_name(name)),
        }
    }

    /// Its part of a test's name.
    pub(super) fn word(&self) -> String {
        match self {
            Self::Model(name) => name.clone(),
            Self::Source(name) => format!("{SOURCES}_{name}"),
        }
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Model(name) => formatter.write_str(name),
            Self::Source(name) => write!(formatter, "{SOURCES}.{name}"),
        }
    }
}
