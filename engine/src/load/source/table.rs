//! Sources that the engine reads as tables: Parquet, Arrow and Delta, and folders whose names are
//! columns.

use std::sync::Arc;

use datafusion::catalog::TableProvider;
use datafusion::physical_plan::ExecutionPlanProperties;
use futures::TryStreamExt;

use super::{Nulls, Opened, Sender, rows_of, shared};
use crate::formats::{self, TableDefinition, single_files};
use crate::load::came::Came;
use crate::{EngineError, Session};

/// Opens a table, of which each file is read by itself.
pub(super) async fn open(
    session: &Session,
    definition: &TableDefinition,
    fingerprint: Option<String>,
) -> Result<Opened, EngineError> {
    let state = session.context().state();
    let table = formats::open(&state, definition).await?;
    let columns = table.schema();
    let parts = match single_files(&table).await? {
        Some(files) => files,
        None => vec![(definition.name.clone(), table)],
    };
    let reader = session.clone();
    let rows = rows_of(session, move |sender| async move {
        for (name, part) in parts {
            if !read(&reader, &name, &part, &sender).await? {
                break;
            }
        }
        Ok(())
    });
    Ok(Opened {
        name: definition.name.clone(),
        columns,
        is_typed: true,
        nulls: Nulls::None,
        fingerprint,
        rows,
    })
}

/// Puts the rows of one file into the channel; false when nobody wants more.
async fn read(
    session: &Session,
    name: &str,
    table: &Arc<dyn TableProvider>,
    sender: &Sender,
) -> Result<bool, EngineError> {
    let context = session.context();
    let plan = table.scan(&context.state(), None, &[], None).await?;
    // Files are in parts, each in its order: one after the other they are the file.
    let parts = plan.output_partitioning().partition_count();
    let origin = shared(name);
    let mut number = 0_u64;
    for part in 0..parts {
        let mut stream = plan.execute(part, context.task_ctx())?;
        while let Some(columns) = stream.try_next().await? {
            let first = number + 1;
            number += u64::try_from(columns.num_rows()).unwrap_or(u64::MAX);
            let came = Came {
                numbers: (first..=number).collect(),
                columns,
                origin: Arc::clone(&origin),
                raw: None,
                broken: Vec::new(),
            };
            if sender.send(Ok(came)).await.is_err() {
                return Ok(false);
            }
        }
    }
    Ok(true)
}
