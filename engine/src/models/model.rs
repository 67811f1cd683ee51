//! A model: a query with what its header says, or the rows of a seed.

use std::borrow::Cow;

use super::files::ModelFile;
use super::header;
use super::properties::{Materialized, Properties, Strategy};
use super::reads::Query;
use super::yaml;
use crate::EngineError;

/// What becomes of a model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A query that is run each time the model is read.
    View,
    /// Rows that are found anew by each build.
    Table,
    /// Rows of which a build may find those anew that changed.
    Incremental(Strategy),
    /// The history of a query's rows.
    Snapshot,
    /// Rows that lie beside the models.
    Seed,
    /// A query that gives the rows that are wrong.
    Test,
}

impl Kind {
    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::View => "view",
            Self::Table => "table",
            Self::Incremental(_) => "incremental",
            Self::Snapshot => "snapshot",
            Self::Seed => "seed",
            Self::Test => "test",
        }
    }
}

/// A model, a seed or a test.
#[derive(Debug, Clone)]
pub struct Model {
    /// Its name, which is that of its table.
    pub name: String,
    /// Its file below `sql/`.
    pub path: String,
    /// What becomes of it.
    pub kind: Kind,
    /// What its header says.
    pub properties: Properties,
    /// What messages call its file.
    pub(super) label: String,
    pub(super) body: Body,
}

#[derive(Debug, Clone)]
pub(super) enum Body {
    Query(Query),
    /// CSV with a header.
    Rows(Cow<'static, str>),
}

impl Model {
    /// A model of a file of SQL, with the properties of its header or of the `.yml` beside it.
    pub(super) fn of_query(
        file: &ModelFile,
        beside: Option<&ModelFile>,
    ) -> Result<Self, EngineError> {
        let label = file.label();
        let header = header::read(&file.text);
        let mut properties: Properties = match (&header.yaml, beside) {
            (Some(_), Some(beside)) => {
                return Err(EngineError::Config {
                    message: format!(
                        "{label} has properties in its header and in {}: keep one of them",
                        beside.label()
                    ),
                });
            }
            (Some((yaml, lines_before)), None) => yaml::read(yaml, &label, *lines_before)?,
            (None, Some(beside)) => yaml::read(&beside.text, &beside.label(), 0)?,
            (None, None) => Properties::default(),
        };
        if properties.description.is_empty() {
            properties.description = header.prose;
        }
        properties.check(&label, file.is_in("tests"))?;
        let query = Query::parse(&file.text).map_err(|error| placed(error, &label))?;
        let kind = match (properties.materialized, properties.strategy) {
            _ if file.is_in("tests") => Kind::Test,
            (Some(Materialized::Table), _) => Kind::Table,
            (Some(Materialized::Snapshot), _) => Kind::Snapshot,
            (Some(Materialized::Incremental), Some(strategy)) => Kind::Incremental(strategy),
            _ => Kind::View,
        };
        Ok(Self {
            name: name(file)?,
            path: file.path.clone(),
            kind,
            properties,
            label,
            body: Body::Query(query),
        })
    }

    /// A seed: a file of CSV, with the types of the `.yml` beside it.
    pub(super) fn of_rows(
        file: &ModelFile,
        beside: Option<&ModelFile>,
    ) -> Result<Self, EngineError> {
        let label = file.label();
        let name = name(file)?;
        let Some(beside) = beside else {
            return Err(EngineError::Config {
                message: format!("{label} needs {name}.yml beside it, with its columns and types"),
            });
        };
        let properties: Properties = yaml::read(&beside.text, &beside.label(), 0)?;
        Ok(Self {
            name,
            path: file.path.clone(),
            kind: Kind::Seed,
            properties,
            label,
            body: Body::Rows(file.text.clone()),
        })
    }

    /// The query, of what has one.
    pub(super) fn query(&self) -> Option<&Query> {
        match &self.body {
            Body::Query(query) => Some(query),
            Body::Rows(_) => None,
        }
    }
}

/// The name of a file's model.
fn name(file: &ModelFile) -> Result<String, EngineError> {
    let (stem, _) = file.stem();
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    if stem.chars().all(fits) && stem.starts_with(|c: char| !c.is_ascii_digit()) {
        return Ok(stem.to_owned());
    }
    Err(EngineError::Config {
        message: format!(
            "{}: a model's name must be lower-case letters, digits and _, got {stem:?}",
            file.label()
        ),
    })
}

/// The error with its file, line and column.
fn placed(error: EngineError, label: &str) -> EngineError {
    let place = match error.location() {
        Some((line, column)) => format!("{label}:{line}:{column}"),
        None => label.to_owned(),
    };
    error.about(&place)
}
