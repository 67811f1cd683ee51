//! The bytes of a file, for readers that are not asynchronous: each has a thread of its own, to which
//! the bytes are sent as they come.

use std::io::{self, Read};
use std::sync::Arc;

use bytes::Bytes;
use datafusion::error::{DataFusionError, Result};
use futures::stream::BoxStream;
use futures::{StreamExt, TryStreamExt};
use object_store::{ObjectStore, ObjectStoreExt};
use tokio::sync::mpsc;
use tokio::task::spawn_blocking;

use super::listing::DataFile;

/// Chunks that a file is ahead of its reader.
const CHUNKS_AHEAD: usize = 2;

/// What was sent, as a file.
pub(crate) struct Chunks {
    receiver: mpsc::Receiver<Bytes>,
    chunk: Bytes,
}

impl Read for Chunks {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.chunk.is_empty() {
            match self.receiver.blocking_recv() {
                Some(chunk) => self.chunk = chunk,
                None => return Ok(0),
            }
        }
        let length = buffer.len().min(self.chunk.len());
        buffer[..length].copy_from_slice(&self.chunk.split_to(length));
        Ok(length)
    }
}

/// What `work` makes of a file, unpacked, on a thread that may wait. It may stop before the end.
///
/// # Errors
/// When the file cannot be read to where `work` wants it; what that has made of the part before is
/// lost.
pub(crate) async fn read_apart<T: Send + 'static>(
    store: &Arc<dyn ObjectStore>,
    file: &DataFile,
    work: impl FnOnce(Chunks) -> T + Send + 'static,
) -> Result<T> {
    let (sender, receiver) = mpsc::channel(CHUNKS_AHEAD);
    let reader = Chunks {
        receiver,
        chunk: Bytes::new(),
    };
    let working = spawn_blocking(move || work(reader));
    let mut chunks = bytes(store, file).await?;
    while let Some(chunk) = chunks.next().await {
        // Nobody listens once there is enough.
        if sender.send(chunk?).await.is_err() {
            break;
        }
    }
    drop(sender);
    working
        .await
        .map_err(|error| DataFusionError::External(error.into()))
}

/// The bytes of a file, unpacked.
pub(crate) async fn bytes(
    store: &Arc<dyn ObjectStore>,
    file: &DataFile,
) -> Result<BoxStream<'static, Result<Bytes>>> {
    let got = store.get(&file.meta.location).await?;
    let packed = got.into_stream().map_err(DataFusionError::from).boxed();
    file.compression.convert_stream(packed)
}
