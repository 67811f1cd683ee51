//! Messages that every gRPC client accepts: under 4 MiB of real, encoded bytes.
//!
//! What a batch takes in memory says little about what it takes when encoded: a slice holds on to
//! its whole parent, a list to all its items. So a batch is encoded, measured, and cut when it
//! turns out too large. Only where recasting would write one value out many times is it cut before.

use std::collections::VecDeque;

use arrow::array::RecordBatch;
use arrow::datatypes::Schema;
use arrow_flight::FlightData;
use arrow_ipc::writer::{DictionaryTracker, IpcDataGenerator, IpcWriteContext, IpcWriteOptions};
use prost::Message;

use super::portions::Portions;
use super::unions::with_whole_unions;
use crate::error::ProtocolError;

/// What gRPC clients accept in one message unless told otherwise.
const LIMIT_BYTES: usize = 4 << 20;

/// How large messages are made when a batch has to be cut.
const TARGET_BYTES: usize = 2 << 20;

/// Rows encoded at once at most, so that measuring a huge batch does not copy all of it.
const PORTION_ROWS: usize = 65_536;

/// A batch as one message, or cut because it would be too large.
pub(super) enum Fitted {
    /// A message below the limit.
    Message(FlightData),
    /// The same rows in order, in several batches.
    Portions(Vec<RecordBatch>),
}

/// Cuts a batch into portions of a bounded number of rows, which take a bounded number of bytes
/// when they are recast to a schema.
pub(super) fn portions(batch: RecordBatch, schema: &Schema) -> Vec<RecordBatch> {
    let portions = if batch.num_rows() <= PORTION_ROWS {
        vec![batch]
    } else {
        slices(&batch, PORTION_ROWS)
    };
    let portions = portions.into_iter();
    portions
        .flat_map(|portion| by_bytes(portion, schema))
        .collect()
}

fn by_bytes(batch: RecordBatch, schema: &Schema) -> Portions {
    let columns = batch.columns().iter().zip(schema.fields());
    let changing = columns.filter(|(column, field)| column.data_type() != field.data_type());
    let changing = changing.map(|(column, _)| column);
    Portions::of(&batch, changing, LIMIT_BYTES as u64)
}

/// Encodes a batch, or says how to cut it. A single row above the limit is an error. The messages
/// of dictionaries that the reader does not have yet are added to `ahead`: they come first, also
/// when the batch is cut.
pub(super) fn fit(
    batch: &RecordBatch,
    dictionaries: &mut DictionaryTracker,
    ahead: &mut VecDeque<FlightData>,
) -> Result<Fitted, ProtocolError> {
    let (new, message) = message(batch, dictionaries)?;
    for dictionary in new {
        let bytes = dictionary.encoded_len();
        if bytes >= LIMIT_BYTES {
            return Err(ProtocolError::Limit(format!(
                "a dictionary of the result takes {} MiB, and a message holds less than {} MiB; \
                 ask for plain types",
                bytes >> 20,
                LIMIT_BYTES >> 20
            )));
        }
        ahead.push_back(dictionary);
    }
    let bytes = message.encoded_len();
    if bytes < LIMIT_BYTES {
        return Ok(Fitted::Message(message));
    }
    if batch.num_rows() == 1 {
        return Err(ProtocolError::RowTooLarge {
            bytes,
            limit: LIMIT_BYTES,
        });
    }
    let parts = bytes.div_ceil(TARGET_BYTES).max(2);
    let rows = batch.num_rows().div_ceil(parts).max(1);
    Ok(Fitted::Portions(slices(batch, rows)))
}

fn slices(batch: &RecordBatch, rows: usize) -> Vec<RecordBatch> {
    (0..batch.num_rows())
        .step_by(rows)
        .map(|start| batch.slice(start, rows.min(batch.num_rows() - start)))
        .collect()
}

/// Encodes a batch, and the dictionaries in it that are new.
fn message(
    batch: &RecordBatch,
    dictionaries: &mut DictionaryTracker,
) -> Result<(Vec<FlightData>, FlightData), ProtocolError> {
    let (new, encoded) = IpcDataGenerator::default().encode(
        &with_whole_unions(batch)?,
        dictionaries,
        &IpcWriteOptions::default(),
        &mut IpcWriteContext::default(),
    )?;
    let new = new.into_iter().map(FlightData::from).collect();
    Ok((new, encoded.into()))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{ArrayRef, DictionaryArray, Int32Array, ListArray, StringArray};
    use arrow::datatypes::Int32Type;

    use super::super::{Types, recast, wire_schema};
    use super::*;

    fn tried(batch: &RecordBatch) -> Result<Fitted, ProtocolError> {
        let mut ahead = VecDeque::new();
        let fitted = fit(batch, &mut DictionaryTracker::new(false), &mut ahead);
        assert!(ahead.is_empty());
        fitted
    }

    fn lengths(mut waiting: Vec<RecordBatch>) -> Vec<usize> {
        let mut lengths = Vec::new();
        waiting.reverse();
        while let Some(batch) = waiting.pop() {
            match tried(&batch).unwrap() {
                Fitted::Message(message) => {
                    assert!(message.encoded_len() < LIMIT_BYTES);
                    lengths.push(batch.num_rows());
                }
                Fitted::Portions(portions) => waiting.extend(portions.into_iter().rev()),
            }
        }
        lengths
    }

    fn cut_up(batch: &RecordBatch) -> Vec<RecordBatch> {
        portions(batch.clone(), batch.schema_ref())
    }

    fn of(array: ArrayRef) -> RecordBatch {
        RecordBatch::try_from_iter([("c", array)]).unwrap()
    }

    #[test]
    fn a_small_batch_is_one_message() {
        let batch = of(Arc::new(Int32Array::from_iter_values(0..8192)));
        assert_eq!(lengths(cut_up(&batch)), [8192]);
    }

    #[test]
    fn a_small_slice_of_a_large_batch_is_one_message() {
        let long = "x".repeat(1 << 20);
        let batch = of(Arc::new(StringArray::from(vec![long.as_str(); 16])));
        assert_eq!(lengths(cut_up(&batch.slice(7, 2))), [2]);
    }

    #[test]
    fn rows_of_uneven_size_are_cut_until_they_fit() {
        let long = "x".repeat(3 << 20);
        let mut values = vec!["y"; 1000];
        values[3] = &long;
        values[4] = &long;
        let cut = lengths(cut_up(&of(Arc::new(StringArray::from(values)))));
        assert_eq!(cut.iter().sum::<usize>(), 1000);
        assert!(cut.len() > 1);
    }

    #[test]
    fn long_lists_are_cut() {
        let rows = (0..64).map(|_| Some((0..100_000).map(Some)));
        let lists = ListArray::from_iter_primitive::<Int32Type, _, _>(rows);
        let cut = lengths(cut_up(&of(Arc::new(lists))));
        assert_eq!(cut.iter().sum::<usize>(), 64);
        assert!(cut.len() >= 7);
    }

    #[test]
    fn a_huge_batch_is_not_encoded_at_once() {
        let batch = of(Arc::new(Int32Array::from_iter_values(0..200_000)));
        assert_eq!(cut_up(&batch).len(), 4);
    }

    #[test]
    fn one_value_named_by_many_rows_is_not_written_out_at_once() {
        let long = "x".repeat(1 << 20);
        let once = StringArray::from(vec![long.as_str()]);
        let dictionary =
            DictionaryArray::new(Int32Array::from(vec![0; 1000]), Arc::new(once) as ArrayRef);
        let batch = of(Arc::new(dictionary));
        let wire = wire_schema(batch.schema_ref(), Types::Plain);
        assert_eq!(portions(batch.clone(), batch.schema_ref()).len(), 1);
        let cut = portions(batch, &wire);
        assert!(cut.len() >= 250);
        let rows: usize = cut.iter().map(RecordBatch::num_rows).sum();
        assert_eq!(rows, 1000);
        let first = recast(&cut[0], &wire, Types::Plain).unwrap();
        assert!(first.get_array_memory_size() < 2 * LIMIT_BYTES);
    }

    #[test]
    fn one_row_above_the_limit_is_a_clear_error() {
        let long = "x".repeat(5 << 20);
        let batch = of(Arc::new(StringArray::from(vec![long.as_str()])));
        let Err(error) = tried(&batch) else {
            panic!("it cannot fit");
        };
        assert_eq!(
            error.to_string(),
            "one row of the result takes 5.0 MiB, and a message holds less than 4.0 MiB; \
             select fewer columns or shorter values"
        );
    }
}
