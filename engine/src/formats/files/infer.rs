//! The columns of a table's files, or the one file that keeps them from being known.

use std::sync::Arc;

use arrow::datatypes::{Schema, SchemaRef};
use datafusion::catalog::Session;
use datafusion::common::plan_err;
use datafusion::error::{DataFusionError, Result};

use super::listing::DataFile;
use super::{FileKind, Selection};
use crate::formats::message;

/// The columns of all files together.
pub(super) async fn schema(
    session: &dyn Session,
    selection: &Selection,
    files: &[DataFile],
    kind: &dyn FileKind,
) -> Result<SchemaRef> {
    let schema = match kind.infer(session, selection.store(), files).await {
        Ok(schema) => schema,
        Err(error) => return Err(blame(session, selection, kind, files, error).await),
    };
    if schema.fields().is_empty() {
        return plan_err!("\"{}\" has no columns", selection.places[0].location);
    }
    // Another file may lack a column, or the next one may hold NULL in it.
    let fields: Vec<_> = schema
        .fields()
        .iter()
        .map(|field| field.as_ref().clone().with_nullable(true))
        .collect();
    Ok(Arc::new(Schema::new_with_metadata(
        fields,
        schema.metadata().clone(),
    )))
}

/// The error of many files as that of the one which causes it.
async fn blame(
    session: &dyn Session,
    selection: &Selection,
    kind: &dyn FileKind,
    files: &[DataFile],
    error: DataFusionError,
) -> DataFusionError {
    let name = |file: &DataFile| message::file_name(selection.store_url(), &file.meta.location);
    if let [one] = files {
        return message::in_file(&name(one), error);
    }
    for file in files {
        let alone = std::slice::from_ref(file);
        if let Err(error) = kind.infer(session, selection.store(), alone).await {
            return message::in_file(&name(file), error);
        }
    }
    message::in_file(&selection.places[0].location.to_string(), error)
}
