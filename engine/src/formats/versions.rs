//! Tables that change: reading them as they are by now, and as they were.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use chrono::{DateTime, SecondsFormat, Utc};
use datafusion::catalog::{Session, TableProvider};
use datafusion::error::Result;

use super::delta::DeltaProvider;
use super::files::FileTable;
use super::mapped::MappedTable;
use crate::access::GuardedTable;

/// A moment in the life of a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Version {
    /// The version of that number.
    Number(u64),
    /// The version that was the newest at that time.
    Time(DateTime<Utc>),
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => write!(f, "version {number}"),
            Self::Time(time) => {
                write!(
                    f,
                    "version at {}",
                    time.to_rfc3339_opts(SecondsFormat::AutoSi, true)
                )
            }
        }
    }
}

/// A table of which old versions can be read.
#[async_trait]
pub(crate) trait Versioned: TableProvider {
    /// The table as it was.
    ///
    /// # Errors
    /// When there is no such version; the message says which there are.
    async fn at(&self, version: Version) -> Result<Arc<dyn TableProvider>>;
}

/// The table as one that has versions, if it has.
pub(crate) fn versioned(table: &dyn TableProvider) -> Option<&dyn Versioned> {
    if let Some(delta) = table.downcast_ref::<DeltaProvider>() {
        return Some(delta);
    }
    if let Some(guarded) = table.downcast_ref::<GuardedTable>() {
        return versioned(guarded.table().as_ref()).map(|_| guarded as &dyn Versioned);
    }
    let mapped = table.downcast_ref::<MappedTable>()?;
    versioned(mapped.source().as_ref()).map(|_| mapped as &dyn Versioned)
}

/// The table with the columns that it has by now, which a table that stays open may have changed
/// since.
///
/// # Errors
/// When what the table is made of can't be read any more.
pub(crate) async fn current(
    session: &dyn Session,
    table: Arc<dyn TableProvider>,
) -> Result<Arc<dyn TableProvider>> {
    if let Some(delta) = table.downcast_ref::<DeltaProvider>() {
        return delta.current().await;
    }
    if let Some(files) = table.downcast_ref::<FileTable>() {
        return files.current(session).await;
    }
    if let Some(mapped) = table.downcast_ref::<MappedTable>() {
        let source = Box::pin(current(session, Arc::clone(mapped.source()))).await?;
        return mapped.again(source);
    }
    Ok(table)
}
