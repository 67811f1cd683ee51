//! A batch as a client sends it.

use arrow::array::RecordBatch;
use arrow_flight::FlightData;
use arrow_ipc::CompressionType;
use arrow_ipc::writer::{DictionaryTracker, IpcDataGenerator, IpcWriteContext, IpcWriteOptions};

/// The schema, dictionaries and rows of a batch.
pub(crate) fn messages(
    batch: &RecordBatch,
    compression: Option<CompressionType>,
) -> Vec<FlightData> {
    let options = IpcWriteOptions::default()
        .try_with_compression(compression)
        .unwrap();
    let generator = IpcDataGenerator::default();
    let mut tracker = DictionaryTracker::new(false);
    let schema = generator.schema_to_bytes_with_dictionary_tracker(
        batch.schema_ref(),
        &mut tracker,
        &options,
    );
    let (dictionaries, rows) = generator
        .encode(
            batch,
            &mut tracker,
            &options,
            &mut IpcWriteContext::default(),
        )
        .unwrap();
    let mut messages = vec![FlightData::from(schema)];
    messages.extend(dictionaries.into_iter().map(FlightData::from));
    messages.push(rows.into());
    messages
}
