//! What a table holds at one moment, and which of its rows have come and gone since another.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use datafusion::catalog::TableProvider;
use datafusion::error::Result;
use serde::{Deserialize, Serialize};

use super::delta::DeltaProvider;
use super::files::FileTable;
use super::mapped::MappedTable;

/// What a table holds at one moment, in few words.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Contents {
    /// A version of a Delta table.
    Version {
        /// Tells the table from another that lay in the same place.
        table: String,
        version: u64,
    },
    /// Plain files by their paths.
    Files(BTreeMap<String, FileStamp>),
}

/// Tells a file from another of the same path.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct FileStamp {
    pub(super) size: u64,
    /// In microseconds since 1970.
    pub(super) modified: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) e_tag: Option<String>,
}

/// A table that reads what it held at one moment, whatever comes later.
#[derive(Debug, Clone)]
pub(crate) struct Held {
    pub(crate) contents: Contents,
    pub(crate) table: Arc<dyn TableProvider>,
}

/// Tells a table from others, and the version that is read for good from those of other queries.
pub(crate) type Identity = (usize, Option<u64>);

/// What has become of a table since an earlier moment.
#[derive(Debug)]
pub(crate) enum Since {
    /// Nothing.
    Same,
    Changed(Changes),
    /// That cannot be told, for this reason.
    Unknown(String),
}

/// Rows that have come and gone. Some may have done both.
#[derive(Debug)]
pub(crate) struct Changes {
    pub(crate) added: Option<Arc<dyn TableProvider>>,
    pub(crate) removed: Option<Arc<dyn TableProvider>>,
}

impl Changes {
    /// All rows of a table, as if none had been there.
    pub(crate) fn all_of(held: &Held) -> Self {
        Self {
            added: Some(Arc::clone(&held.table)),
            removed: None,
        }
    }
}

/// A table whose changes can be told.
#[async_trait]
pub(crate) trait Followed: TableProvider {
    /// The same for all providers that read the same of one table.
    fn identity(&self) -> Identity;

    /// What the table holds now.
    async fn hold(&self) -> Result<Held>;

    /// What has changed between an earlier moment and the one that this table reads.
    async fn since(&self, earlier: &Contents) -> Result<Since>;
}

/// What a table holds now, or the one that a source is over; none where that cannot be told.
pub(crate) async fn contents_of(table: &dyn TableProvider) -> Result<Option<Contents>> {
    let table = match table.downcast_ref::<MappedTable>() {
        Some(mapped) => mapped.source().as_ref(),
        None => table,
    };
    match followed(table) {
        Some(table) => Ok(Some(table.hold().await?.contents)),
        None => Ok(None),
    }
}

/// The table as one whose changes can be told, if they can.
pub(crate) fn followed(table: &dyn TableProvider) -> Option<&dyn Followed> {
    if let Some(delta) = table.downcast_ref::<DeltaProvider>() {
        return Some(delta);
    }
    let files = table.downcast_ref::<FileTable>()?;
    Some(files)
}
