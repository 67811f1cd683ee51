//! The files of a table one by one, each with the columns of all.

use std::sync::Arc;

use datafusion::catalog::TableProvider;
use datafusion::error::Result;

use super::table::FileTable;
use crate::formats::message;

/// The files of a table, with names that users know them by; none of a table that is not of plain
/// files.
///
/// # Errors
/// When they cannot be listed.
pub(crate) async fn single_files(
    table: &Arc<dyn TableProvider>,
) -> Result<Option<Vec<(String, Arc<dyn TableProvider>)>>> {
    let Some(table) = table.downcast_ref::<FileTable>() else {
        return Ok(None);
    };
    let store = table.source().selection.store_url();
    let files = table.list().await?.into_iter().map(|file| {
        let name = message::file_name(store, &file.meta.location);
        let alone: Arc<dyn TableProvider> = Arc::new(table.of(vec![file]));
        (name, alone)
    });
    Ok(Some(files.collect()))
}
