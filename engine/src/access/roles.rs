//! Roles as `cohortql.toml` has them, checked.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::Privilege;
use super::mask::Mask;
use super::pattern::Pattern;
use crate::EngineError;
use crate::config::{RoleConfig, RoleTableConfig};
use crate::stores::Location;

/// Allows all locations.
const EVERYWHERE: &str = "*";

/// A role.
#[derive(Debug, Clone, Default)]
pub(super) struct Role {
    read: Vec<Pattern>,
    write: Vec<Pattern>,
    tables: BTreeMap<(String, String), Grant>,
    privileges: BTreeSet<Privilege>,
    /// URLs below which files may be reached; the empty one is above all others.
    locations: Vec<String>,
}

/// What a role shows of a table.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Grant {
    /// SQL that is true in the rows that are shown; none shows all.
    pub(super) filter: Option<String>,
    /// The columns shown; none shows all.
    pub(super) columns: Option<BTreeSet<String>>,
    /// Columns shown masked.
    pub(super) masks: BTreeMap<String, Mask>,
}

impl Grant {
    /// Whether nothing is hidden.
    pub(super) fn is_whole(&self) -> bool {
        *self == Self::default()
    }

    pub(super) fn shows(&self, column: &str) -> bool {
        self.columns
            .as_ref()
            .is_none_or(|columns| columns.contains(column))
    }
}

impl Role {
    /// Checks a role. Locations count from `base`.
    pub(super) fn validate(
        name: &str,
        config: RoleConfig,
        base: &Path,
    ) -> Result<Self, EngineError> {
        let patterns = |key: &str, texts: &[String]| -> Result<Vec<Pattern>, EngineError> {
            let parsed = texts.iter().map(|text| Pattern::parse(text));
            parsed
                .collect::<Result<_, _>>()
                .map_err(|message| wrong(&format!("roles.{name}.{key}"), &message))
        };
        let privileges = config.privileges.iter().map(|text| Privilege::parse(text));
        let mut tables = BTreeMap::new();
        for (table, config) in config.tables {
            let key = format!("roles.{name}.tables.{table:?}");
            match Pattern::parse(&table).map_err(|message| wrong(&key, &message))? {
                Pattern::Table(schema, table) => {
                    tables.insert((schema, table), grant(&key, config)?);
                }
                _ => return Err(wrong(&key, "expected \"schema.table\", got a pattern")),
            }
        }
        let locations = config.locations.iter().map(|text| location(text, base));
        Ok(Self {
            read: patterns("read", &config.read)?,
            write: patterns("write", &config.write)?,
            tables,
            privileges: privileges
                .collect::<Result<_, _>>()
                .map_err(|message| wrong(&format!("roles.{name}.privileges"), &message))?,
            locations: locations
                .collect::<Result<_, _>>()
                .map_err(|message| wrong(&format!("roles.{name}.locations"), &message))?,
        })
    }

    /// What it shows of a table; nothing where it says nothing of it. What is said of the table itself
    /// counts before what is said of many.
    pub(super) fn grant(&self, schema: &str, table: &str) -> Option<Grant> {
        let own = self.tables.get(&(schema.to_owned(), table.to_owned()));
        own.cloned().or_else(|| {
            let reads = self.read.iter().any(|pattern| pattern.is(schema, table));
            reads.then(Grant::default)
        })
    }

    pub(super) fn writes(&self, schema: &str, table: &str) -> bool {
        self.write.iter().any(|pattern| pattern.is(schema, table))
    }

    /// Whether all of a schema may be written, so that the schema itself may be made and dropped.
    pub(super) fn writes_schema(&self, schema: &str) -> bool {
        self.write.iter().any(|pattern| pattern.is_whole(schema))
    }

    /// Whether anything of a schema may be seen.
    pub(super) fn knows(&self, schema: &str) -> bool {
        let patterns = self.read.iter().chain(&self.write);
        patterns.into_iter().any(|pattern| pattern.touches(schema))
            || self.tables.keys().any(|(wanted, _)| wanted == schema)
    }

    pub(super) fn has(&self, privilege: Privilege) -> bool {
        self.privileges.contains(&privilege)
    }

    /// Whether files at a URL may be read and written.
    pub(super) fn reaches(&self, url: &str) -> bool {
        self.locations.iter().any(|allowed| {
            url.strip_prefix(allowed.as_str()).is_some_and(|rest| {
                allowed.is_empty()
                    || rest.is_empty()
                    || allowed.ends_with('/')
                    || rest.starts_with('/')
            })
        })
    }

    /// Columns and filters to be tried on the tables that there are.
    pub(super) fn tables(&self) -> impl Iterator<Item = (&(String, String), &Grant)> {
        self.tables.iter()
    }
}

fn grant(key: &str, config: RoleTableConfig) -> Result<Grant, EngineError> {
    let mut masks = BTreeMap::new();
    for (column, name) in config.masks {
        let mask = Mask::parse(&name)
            .map_err(|message| wrong(&format!("{key}.masks.{column}"), &message))?;
        masks.insert(column, mask);
    }
    let columns: Option<BTreeSet<String>> = config.columns.map(|names| names.into_iter().collect());
    if columns.as_ref().is_some_and(BTreeSet::is_empty) {
        return Err(wrong(
            &format!("{key}.columns"),
            "expected names of columns, got none",
        ));
    }
    let hidden = |column: &&String| {
        let listed = columns.as_ref();
        listed.is_some_and(|columns| !columns.contains(*column))
    };
    if let Some(column) = masks.keys().find(hidden) {
        return Err(wrong(
            &format!("{key}.masks.{column}"),
            "expected a column that is listed in columns",
        ));
    }
    Ok(Grant {
        filter: config.filter,
        columns,
        masks,
    })
}

/// The URL below which files may be reached.
fn location(text: &str, base: &Path) -> Result<String, String> {
    if text == EVERYWHERE {
        return Ok(String::new());
    }
    let location = Location::parse(text, base).map_err(|error| error.to_string())?;
    if location.glob().is_some() {
        return Err(format!(
            "expected a file, folder or URL, got the pattern {text:?}"
        ));
    }
    Ok(location.url().to_string())
}

fn wrong(key: &str, message: &str) -> EngineError {
    EngineError::Config {
        message: format!("{key}: {message}"),
    }
}
