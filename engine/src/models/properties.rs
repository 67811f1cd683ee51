//! What a model's header, or the `.yml` beside it, says of it.

use serde::Deserialize;

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

/// Something that must hold.
#[derive(Debug, Clone, Deserialize)]
#[serde(
    untagged,
    expecting = "expected a test: not_null, unique, non_negative, or one with its arguments, such as range: {min: 0}"
)]
pub enum Check {
    /// One without arguments, such as `not_null`.
    Plain(CheckName),
    /// One with arguments, such as `range: {min: 0}`.
    With(std::collections::BTreeMap<CheckName, Arguments>),
}

/// What is checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CheckName {
    /// There is a value in every row.
    NotNull,
    /// No two rows have the same.
    Unique,
    /// No value is below 0.
    NonNegative,
    /// Values are those of a list.
    AcceptedValues,
    /// Values lie between `min` and `max`.
    Range,
    /// Values are those of a column of another model.
    Relationships,
    /// There are as many rows as another relation has, or fewer.
    RowCount,
    /// A condition in SQL holds in every row.
    Expression,
}

/// The arguments of a check.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Arguments {
    /// Whether a failure is an error; `warn` only says it.
    pub severity: Option<Severity>,
    /// The columns of `unique`.
    pub columns: Vec<String>,
    /// The values of `accepted_values`.
    pub values: Vec<Scalar>,
    /// The least value of `range`.
    pub min: Option<Scalar>,
    /// The greatest value of `range`.
    pub max: Option<Scalar>,
    /// The model of `relationships`.
    pub to: Option<String>,
    /// The column of `relationships`.
    pub column: Option<String>,
    /// The relation of `row_count`.
    pub of: Option<String>,
    /// `equal` or `at_most`, of `row_count`.
    pub at: Option<String>,
    /// The condition of `expression`.
    pub sql: Option<String>,
}

/// What a failed check is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The build fails.
    Error,
    /// It is said, and the build goes on.
    Warn,
}

impl Properties {
    /// Refuses properties that do not go together.
    pub(super) fn check(&self, label: &str) -> Result<(), EngineError> {
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
        if self.as_of.is_some() && !is(Materialized::Snapshot) {
            return wrong("as_of is for materialized: snapshot");
        }
        Ok(())
    }
}
