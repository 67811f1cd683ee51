//! What a table is declared as, after its names, options and locations were checked.

use std::collections::BTreeMap;
use std::path::Path;

use arrow::datatypes::SchemaRef;
use datafusion::common::plan_err;
use datafusion::error::Result;

use super::options::TableOptions;
use super::{FORMATS, TableFormat};
use crate::config::TableConfig;
use crate::nearest::did_you_mean;
use crate::stores::Location;

/// A table to open: names checked, locations parsed, options free of secrets.
#[derive(Debug, Clone)]
pub struct TableDefinition {
    /// The name that messages use.
    pub name: String,
    /// Where the data lies; several places are read as one table.
    pub locations: Vec<Location>,
    /// The format, or `None` to find it from the files.
    pub format: Option<&'static dyn TableFormat>,
    /// Options of the format.
    pub options: TableOptions,
    /// The columns, when declared.
    pub schema: Option<SchemaRef>,
    /// The partition columns, when declared; their types are in `schema` or inferred.
    pub partition_columns: Option<Vec<String>>,
    /// Names of columns here, and the source columns they stand for.
    pub columns: BTreeMap<String, String>,
    /// The column that marks deleted rows.
    pub soft_delete_column: Option<String>,
    /// The statement that declared the table.
    pub sql: Option<String>,
}

impl TableDefinition {
    /// A table at one location with nothing else said.
    pub fn at(name: impl Into<String>, location: Location) -> Self {
        Self {
            name: name.into(),
            locations: vec![location],
            format: None,
            options: TableOptions::default(),
            schema: None,
            partition_columns: None,
            columns: BTreeMap::new(),
            soft_delete_column: None,
            sql: None,
        }
    }

    /// A Delta table at one location.
    ///
    /// # Errors
    /// When there is no such format.
    pub(crate) fn delta(name: impl Into<String>, location: Location) -> Result<Self> {
        Ok(Self {
            format: Some(format_named("delta")?),
            ..Self::at(name, location)
        })
    }

    /// Validates `[tables.name]`, relative locations against `base`.
    ///
    /// # Errors
    /// When the format is unknown, the location is malformed, or an option
    /// belongs to a credential.
    pub fn from_config(name: &str, config: &TableConfig, base: &Path) -> Result<Self> {
        let mut definition = Self::at(name, Location::parse(&config.location, base)?);
        definition.format = config.format.as_deref().map(format_named).transpose()?;
        definition.partition_columns = config.partitions.clone();
        definition.columns = config.columns.clone();
        definition.soft_delete_column = config.soft_delete_column.clone();
        definition.set_options(TableOptions::new(config.options.clone())?)?;
        Ok(definition)
    }

    /// Takes options over, moving those that every format has to their fields.
    pub(crate) fn set_options(&mut self, mut options: TableOptions) -> Result<()> {
        if let Some(column) = options.remove("soft_delete_column") {
            self.soft_delete_column = Some(column);
        }
        if let Some(map) = options.remove("columns") {
            for pair in map.split(',').filter(|pair| !pair.trim().is_empty()) {
                let Some((ours, source)) = pair.split_once('=') else {
                    return plan_err!(
                        "option \"columns\" must be 'ours = source, …', got \"{}\"",
                        pair.trim()
                    );
                };
                self.columns
                    .insert(ours.trim().to_string(), source.trim().to_string());
            }
        }
        self.options = options;
        Ok(())
    }
}

/// The format of that name.
///
/// # Errors
/// When there is none; the message lists them all.
pub fn format_named(name: &str) -> Result<&'static dyn TableFormat> {
    let lower = name.to_ascii_lowercase();
    match FORMATS
        .iter()
        .find(|f| f.name() == lower || f.aliases().contains(&lower.as_str()))
    {
        Some(format) => Ok(*format),
        None => {
            let names: Vec<_> = FORMATS.iter().map(|f| f.name()).collect();
            plan_err!(
                "unknown table format \"{name}\"{}; expected one of {}",
                did_you_mean(&lower, names.iter().copied()),
                names.join(", ")
            )
        }
    }
}
