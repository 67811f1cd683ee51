//! Rows that are written into files of a table while others come.

use arrow::array::RecordBatch;
use futures::{StreamExt, stream};
use tokio::sync::mpsc;

use crate::formats::{BuiltTable, Shape, Written};
use crate::runtime::Task;
use crate::{EngineError, Session};

/// Batches that may wait for the writer.
const AHEAD: usize = 2;

/// Work that takes batches as they come, and makes files of them.
pub(super) struct Writer {
    sender: mpsc::Sender<RecordBatch>,
    task: Task<Result<Written, EngineError>>,
}

impl Writer {
    /// Begins with files of a table.
    pub(super) fn start(session: &Session, table: &BuiltTable, shape: &Shape) -> Self {
        let (sender, receiver) = mpsc::channel(AHEAD);
        let rows = stream::unfold(
            receiver,
            |mut receiver: mpsc::Receiver<RecordBatch>| async {
                receiver.recv().await.map(|batch| (Ok(batch), receiver))
            },
        );
        let (table, shape) = (table.clone(), shape.clone());
        let work = async move { table.write(&shape, rows.boxed()).await };
        Self {
            sender,
            task: Task::spawn(session.shared().runtimes.compute(), work),
        }
    }

    /// Hands rows on.
    ///
    /// # Errors
    /// What writing those before has failed with.
    pub(super) async fn write(&mut self, batch: RecordBatch) -> Result<(), EngineError> {
        if self.sender.send(batch).await.is_ok() {
            return Ok(());
        }
        match (&mut self.task).await? {
            Err(error) => Err(error),
            Ok(_) => Err(EngineError::Internal {
                message: "a writer has ended before its rows".to_owned(),
            }),
        }
    }

    /// The files, when all rows have come.
    pub(super) async fn finish(self) -> Result<Written, EngineError> {
        drop(self.sender);
        self.task.await?
    }
}
