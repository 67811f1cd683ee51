//! Models: queries that are built into a warehouse, each after those that it reads.
//!
//! A model is a file of SQL. What it reads is found from the SQL (`reads`), what becomes of it is
//! said in its header (`header`, `properties`). The `library` is all models of a [`Project`], the
//! shipped ones and over them its own; the `graph` is their order, and a [`Selection`] names some of
//! them. [`Project::build`] goes through these: a view is kept as its query, a table as a Delta table,
//! both in the warehouse of the project's target, whose `manifest` tells every engine over it what
//! there is. Incremental models are found anew only where what they read has changed (`incremental`).
//! Variables are parameters, and take their values as views do that are made with some.
//!
//! Models read a project's files as `source.NAME`: `sources` says which columns they expect there,
//! and `mapping` makes them of those that the files have. What reads a source that a project does not
//! have is skipped, unless it says that it does without (`missing`, `shapes`).
//!
//! What must hold of models and sources is tested (`checks`), by itself or as they are built.

mod alerts;
mod build;
mod checks;
mod described;
mod files;
mod graph;
mod header;
mod incremental;
mod library;
mod lock;
mod manifest;
mod mapping;
mod missing;
mod model;
mod outcome;
mod project;
mod properties;
mod reads;
mod seed;
mod selection;
mod shapes;
mod snapshot;
mod sources;
mod state;
mod types;
mod unused;
mod values;
mod variables;
mod warehouse;
mod watched;
mod yaml;

use std::path::Path;

use crate::EngineError;
use crate::catalog::Catalog;
use crate::config::ProjectSettings;

pub use alerts::Alert;
pub use build::{BuildOptions, Built};
pub use checks::{
    Arguments, Check, CheckName, DeclaredFreshness, Severity, Subject, Test, TestOutcome,
    TestStatus,
};
pub use described::InWarehouse;
pub use model::{Kind, Model};
pub use outcome::{Event, Extent, Outcome, Status};
pub use project::{Compiled, Project, Reads};
pub use properties::{Column, Properties, Strategy};
pub use selection::Selection;
pub use sources::{Source, SourceColumn, Sources};
pub use watched::Cursor;
pub use yaml::Scalar;

pub(crate) use checks::{RESULTS_TABLE, failures_location, result_columns, results_location};
pub(crate) use manifest::{Manifest, Relation};
pub(crate) use mapping::MappedSource;
pub(crate) use warehouse::Warehouse;

/// The sources that the shipped models read, and what `sql/sources.yml` of a project's folder adds.
///
/// # Errors
/// When that file makes no sense.
pub fn declared_sources(folder: &Path) -> Result<Sources, EngineError> {
    library::sources(folder)
}

/// Adds the sources of a project to a catalog.
pub(crate) fn declare_sources(
    project: &ProjectSettings,
    folder: &Path,
    catalog: &Catalog,
) -> Result<(), EngineError> {
    let declared = declared_sources(folder)?;
    for (name, source) in &project.sources {
        let columns = declared.get(name).map(|source| &source.columns);
        catalog.declare_source(MappedSource::new(name, source, columns, folder)?);
    }
    Ok(())
}
