//! Table formats: how tables are declared, found and opened.
//!
//! A format is one file that implements [`TableFormat`] and one line of
//! [`FORMATS`]. Formats made of plain files (Parquet, CSV, JSON, Arrow) share
//! `files`, which lists, partitions and watches them; formats with a log of
//! their own (Delta) bring their own provider.

mod arrow_ipc;
pub(crate) mod classify;
pub(crate) mod contents;
mod csv;
mod definition;
mod delta;
mod discover;
mod factory;
mod files;
mod json;
mod mapped;
pub(crate) mod message;
pub(crate) mod names;
mod options;
mod parquet;
pub(crate) mod versions;

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::plan_err;
use datafusion::error::Result;

pub(crate) use csv::RawCsv;
pub use definition::{TableDefinition, format_named};
pub(crate) use delta::{
    BuiltTable, Compaction, DeltaProvider, DeltaWrite, PartitionIs, Removal, Replaced, Shape,
    Written, file_name, holds_delta,
};
pub use discover::discover;
pub use factory::table_factories;
pub(crate) use files::apart::{Chunks, read_apart};
pub(crate) use files::listing::{DataFile, Place};
pub(crate) use files::widen::common;
pub(crate) use files::{FileSet, single_files};
pub(crate) use mapped::{MappedTable, source_column};
pub use options::{COMMON_OPTIONS, OptionHelp, TableOptions};
pub(crate) use versions::current;

/// A way to store a table.
#[async_trait]
pub trait TableFormat: fmt::Debug + Send + Sync {
    /// The name in `STORED AS` and in `cohortql.toml`, in lower case.
    fn name(&self) -> &'static str;

    /// Other names for it.
    fn aliases(&self) -> &'static [&'static str] {
        &[]
    }

    /// The extensions of its files, in lower case; none when a table is a folder.
    fn extensions(&self) -> &'static [&'static str];

    /// The options it takes besides [`COMMON_OPTIONS`].
    fn options(&self) -> &'static [OptionHelp];

    /// Opens a table, reading as much as its columns need.
    ///
    /// # Errors
    /// When there are no files, they can't be read, or an option is wrong.
    async fn open(
        &self,
        session: &dyn Session,
        definition: &TableDefinition,
    ) -> Result<Arc<dyn TableProvider>>;
}

/// Every format.
pub static FORMATS: [&dyn TableFormat; 5] = [
    &parquet::Parquet,
    &csv::Csv,
    &json::Json,
    &arrow_ipc::ArrowIpc,
    &delta::Delta,
];

/// Opens a table with whatever its definition asks for on top.
///
/// # Errors
/// When the format can't be told, or as [`TableFormat::open`].
pub async fn open(
    session: &dyn Session,
    definition: &TableDefinition,
) -> Result<Arc<dyn TableProvider>> {
    let format = match definition.format {
        Some(format) => format,
        None => discover::format_at(session, definition).await?,
    };
    let known: Vec<_> = format
        .options()
        .iter()
        .chain(&COMMON_OPTIONS)
        .copied()
        .collect();
    definition.options.check(format.name(), &known)?;
    if definition.locations.is_empty() {
        return plan_err!("table \"{}\" has no location", definition.name);
    }
    let table = format.open(session, definition).await?;
    mapped::MappedTable::over(definition, table)
}
