//! `[sources.NAME]`: files that models read, and what must hold for them.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::TableConfig;
use crate::models::{Check, DeclaredFreshness};

/// A source.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SourceConfig {
    /// Path, folder, pattern or URL.
    pub location: String,
    /// `parquet`, `csv`, `json`, `arrow`, `delta`; found from the files when left out.
    pub format: Option<String>,
    /// Columns that models read, and the expressions over those of the files that they stand for.
    pub columns: BTreeMap<String, String>,
    /// A column that is true in deleted rows, which nobody sees.
    pub soft_delete_column: Option<String>,
    /// Options of the format.
    pub options: BTreeMap<String, String>,
    /// Partition columns in the order of the folders; found from the folders when left out.
    pub partitions: Option<Vec<String>>,
    /// How old its latest row may be.
    pub freshness: Option<DeclaredFreshness>,
    /// What must hold for the values of columns, by these.
    pub column_tests: BTreeMap<String, Vec<Check>>,
    /// What must hold for all rows together.
    pub tests: Vec<Check>,
}

impl SourceConfig {
    /// The files, without what is to be made of their columns.
    pub(crate) fn files(&self) -> TableConfig {
        TableConfig {
            location: self.location.clone(),
            format: self.format.clone(),
            columns: BTreeMap::new(),
            soft_delete_column: self.soft_delete_column.clone(),
            options: self.options.clone(),
            partitions: self.partitions.clone(),
        }
    }
}
