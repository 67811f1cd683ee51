//! What sources have to offer: the columns that models read, as `sources.yml` declares them, and
//! what must hold for them.

use std::collections::BTreeMap;

use arrow::datatypes::DataType;
use serde::Deserialize;

use super::checks::{Check, DeclaredFreshness, SourceTests};
use super::{types, yaml};
use crate::EngineError;

/// Sources by name.
pub type Sources = BTreeMap<String, Source>;

/// A source that is declared.
#[derive(Debug, Clone)]
pub struct Source {
    /// What its rows are.
    pub description: String,
    /// The columns, in order.
    pub columns: Vec<SourceColumn>,
    pub(super) tests: SourceTests,
}

/// A column that models read.
#[derive(Debug, Clone)]
pub struct SourceColumn {
    /// Its name.
    pub name: String,
    /// What it holds.
    pub description: String,
    /// None for an identifier, which stays what it is.
    pub data_type: Option<DataType>,
    /// Whether the source is of no use without it.
    pub is_required: bool,
}

impl SourceColumn {
    /// The type where no file says one.
    pub(super) fn type_alone(&self) -> DataType {
        self.data_type.clone().unwrap_or(DataType::Utf8)
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawSource {
    #[serde(default)]
    description: String,
    columns: Vec<RawColumn>,
    freshness: Option<DeclaredFreshness>,
    #[serde(default)]
    tests: Vec<Check>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawColumn {
    name: String,
    #[serde(rename = "type")]
    type_name: Option<String>,
    #[serde(default)]
    description: String,
    #[serde(default)]
    required: bool,
    #[serde(default)]
    tests: Vec<Check>,
}

/// Reads a `sources.yml`.
pub(super) fn declared(text: &str, label: &str) -> Result<Sources, EngineError> {
    let raw: BTreeMap<String, RawSource> = yaml::read(text, label, 0)?;
    let mut sources = Sources::new();
    for (name, mut source) in raw {
        let of_columns = source.columns.iter_mut().map(|column| {
            let tests = std::mem::take(&mut column.tests);
            (column.name.clone(), tests)
        });
        let tests = SourceTests {
            label: format!("{label}: source {name:?}"),
            freshness: source.freshness,
            columns: of_columns.collect(),
            tests: source.tests,
        };
        let columns = source
            .columns
            .into_iter()
            .map(|column| column.checked(&name, label));
        let columns = columns.collect::<Result<_, _>>()?;
        let source = Source {
            description: source.description,
            columns,
            tests,
        };
        sources.insert(name, source);
    }
    Ok(sources)
}

impl RawColumn {
    fn checked(self, source: &str, label: &str) -> Result<SourceColumn, EngineError> {
        let wrong = |type_name: &str| EngineError::Config {
            message: format!(
                "{label}: column {:?} of source {source:?}: type must be {}, got {type_name:?}",
                self.name,
                types::EXPECTED
            ),
        };
        let data_type = self
            .type_name
            .as_deref()
            .map(|name| types::data_type(name).ok_or_else(|| wrong(name)))
            .transpose()?;
        Ok(SourceColumn {
            name: self.name,
            description: self.description,
            data_type,
            is_required: self.required,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_checked() {
        let text =
            "visits:\n  columns:\n    - {name: id, required: true}\n    - {name: at, type: date}\n";
        let sources = declared(text, "sources.yml").unwrap();
        let [id, at] = sources["visits"].columns.as_slice() else {
            panic!("{sources:?}");
        };
        assert!(id.is_required && id.data_type.is_none());
        assert_eq!(at.data_type, Some(DataType::Date32));
        let error = declared(&text.replace("date", "day"), "sources.yml").unwrap_err();
        assert!(
            error
                .to_string()
                .starts_with("sources.yml: column \"at\" of source \"visits\": type must be text"),
            "{error}"
        );
    }
}
