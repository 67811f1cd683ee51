//! Schema `system`: what the engine tells of itself, as tables.
//!
//! `system.queries` has the statements that have ended last, `system.running` those that have not.
//! Who may not watch the others sees his own. In a project `system.test_results` has what tests of
//! models came to. The rows are those of the moment at which they are read, and of whoever reads
//! them, also through a view.

mod column;
mod queries;
mod running;
mod table;
mod test_results;

use std::sync::Arc;

use datafusion::common::TableReference;

use crate::EngineError;
use crate::access::{Access, Privilege};
use crate::catalog::Catalog;
use crate::models::RESULTS_TABLE;
use crate::queries::Queries;
use crate::stores::Location;

use table::{InMemory, Shows, SystemTable};
use test_results::TestResults;

/// The schema's name.
pub(crate) const SCHEMA: &str = "system";

/// Adds the tables to a catalog; results of tests are at a location where there is a project.
pub(crate) fn add_to(catalog: &Catalog, queries: &Arc<Queries>, results: Option<Location>) {
    let tables: [(&str, Shows); 2] = [("queries", queries::shown), ("running", running::shown)];
    for (name, shows) in tables {
        let rows = InMemory::new(name, Arc::clone(queries), shows);
        catalog.provide(SCHEMA, name, Arc::new(SystemTable(rows)));
    }
    if let Some(results) = results {
        let rows = TestResults::at(results);
        catalog.provide(SCHEMA, RESULTS_TABLE, Arc::new(SystemTable(rows)));
    }
}

/// Refuses a change of this schema.
pub(crate) fn may_change(schema: &str) -> Result<(), EngineError> {
    match schema == SCHEMA {
        false => Ok(()),
        true => Err(EngineError::Plan {
            message: format!("schema {SCHEMA:?} belongs to the engine and is only read"),
            location: None,
        }),
    }
}

/// Who looks: nobody in particular, to whom everything is shown, or a principal.
#[derive(Debug, Clone)]
pub(crate) struct Viewer(Option<Access>);

impl Viewer {
    pub(crate) fn new(access: Option<Access>) -> Self {
        Self(access)
    }

    /// Whether statements of `principal` are for this viewer to see and to stop.
    pub(crate) fn sees(&self, principal: Option<&str>) -> bool {
        let own = |access: &Access| principal == Some(&access.principal().name);
        self.watches() || self.0.as_ref().is_some_and(own)
    }

    /// What a statement has read, where it is for this viewer to know: rows behind a wall are not
    /// to be counted from before it.
    pub(crate) fn read(&self, guarded: bool, read: u64) -> Option<u64> {
        (!guarded || self.watches()).then_some(read)
    }

    /// Those of a statement's tables that are there for this viewer. Behind a view are others.
    pub(crate) fn tables(&self, names: &[String]) -> Vec<String> {
        let there = |name: &&String| match &self.0 {
            Some(access) if !self.watches() => access.sees(&TableReference::parse_str(name)),
            _ => true,
        };
        names.iter().filter(there).cloned().collect()
    }

    /// Whether all of a table is for this viewer to read.
    fn reads(&self, table: &TableReference) -> bool {
        let access = self.0.as_ref();
        self.watches() || access.is_some_and(|access| access.sees_all_of(table))
    }

    /// Whether everybody's statements are to be seen.
    fn watches(&self) -> bool {
        let access = self.0.as_ref();
        access.is_none_or(|access| access.has(Privilege::Monitor))
    }
}
