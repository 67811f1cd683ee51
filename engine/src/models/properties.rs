//! What a model's header, or the `.yml` beside it, says of it.

use serde::Deserialize;

use super::checks::{Check, Severity};
use super::yaml::Scalar;
use crate::EngineError;

/// How the rows of a model are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Materialized {
    View,
    Table,
    Incremental,
    Snapshot,
}

/// How an incremental model takes in what is new.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Strategy {
    /// The rows of the keys that new rows touch are found anew.
    Merge,
    /// The partitions that new rows touch are found anew.
    Partitions,
}

/// Properties of a model as they are written.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Properties {
    /// What the model is; that of a query is the prose of its header.
    pub description: String,
    /// What a row is.
    pub grain: Option<String>,
    /// Columns that tell rows apart, or groups of rows that belong together.
    pub key: Vec<String>,
    pub(super) materialized: Option<Materialized>,
    /// How an incremental model takes in what is new.
    pub strategy: Option<Strategy>,
    /// The column whose values are the partitions.
    pub partition_by: Option<String>,
    /// Columns by which rows lie together.
    pub cluster_by: Vec<String>,
    /// Models that it does without where they cannot be built.
    pub optional: Vec<String>,
    /// The variable whose value is the moment of a snapshot.
    pub as_of: Option<String>,
    /// Words that a selection may name.
    pub tags: Vec<String>,
    /// The columns, in order.
    pub columns: Vec<Column>,
    /// What must hold for the model's rows together.
    pub tests: Vec<Check>,
    /// Of a test: whether a failure is an error.
    pub(super) severity: Option<Severity>,
    /// Of a test: above how many rows it warns, or above which share of those looked at.
    pub(super) warn_above: Option<Scalar>,
    /// Of a test: above how many rows it fails.
    pub(super) error_above: Option<Scalar>,
}

/// A column of a model.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// Its type, where the file does not say: of seeds.
    #[serde(rename = "type")]
    pub type_name: Option<String>,
    /// What it holds.
    #[serde(default)]
    pub description: String,
    /// What must hold for its values.
    #[serde(default)]
    pub tests: Vec<Check>,
}

impl Properties {
    /// Refuses properties that do not go together.
    pub(super) fn check(&self, label: &str, is_test: bool) -> Result<(), EngineError> {
        let is = |kind| self.materialized == Some(kind);
        let wrong = |message: &str| {
            Err(EngineError::Config {
                message: format!("{label}: {message}"),
            })
        };
        if is(Materialized::Incremental) != self.strategy.is_some() {
            return wrong(
                "strategy (merge or partitions) and materialized: incremental belong together",
            );
        }
        match self.strategy {
            Some(Strategy::Merge) if self.key.is_empty() => {
                return wrong("strategy: merge needs a key, such as key: [order_id]");
            }
            Some(Strategy::Partitions) if self.partition_by.is_none() => {
                return wrong("strategy: partitions needs partition_by, a column");
            }
            _ => {}
        }
        if is(Materialized::Snapshot) && (self.key.is_empty() || self.as_of.is_none()) {
            return wrong(
                "a snapshot needs a key and as_of, the variable whose value is its moment",
            );
        }
        let of_tests = [
            self.severity.is_some(),
            self.warn_above.is_some(),
            self.error_above.is_some(),
        ];
        if !is_test && of_tests.contains(&true) {
            return wrong(
                "severity, warn_above and error_above are for the queries of sql/tests/; a model \
                 gives them to each of its tests",
            );
        }
        if self.as_of.is_some() && !is(Materialized::Snapshot) {
            return wrong("as_of is for materialized: snapshot");
        }
        Ok(())
    }
}
