//! Any batch as it goes over the wire.

use arrow::array::RecordBatch;
use arrow::compute::concat_batches;
use arrow::datatypes::{DataType, UnionMode};
use arrow_flight::decode::FlightRecordBatchStream;
use arrow_flight::error::FlightError;
use cohortql_protocol::{ProtocolError, Types, encode, wire_schema};
use futures::executor::block_on;
use futures::{TryStreamExt, stream};

use super::arrays::batch;
use super::input::Input;

/// Recasts any batch to its wire schema, sends it, and reads it back. Arrow's own types may come
/// back with other dictionaries of the same values.
pub fn recast(data: &[u8]) {
    let mut input = Input::new(data);
    let types = input.one(&[Types::Plain, Types::Simple, Types::Arrow]);
    let Some(batch) = batch(&mut input) else {
        return;
    };
    let wire = wire_schema(batch.schema_ref(), types);
    assert_eq!(wire_schema(&wire, types), wire, "wire types must stay");
    let sent = cohortql_protocol::recast(&batch, &wire, types);
    // Not every value fits a simple type, and not all of Arrow's own can be cast; plain ones can.
    let fits = sent.is_ok() || types != Types::Plain;
    assert!(fits, "{:?}: {}", sent.err(), batch.schema());
    let Ok(sent) = sent else { return };
    assert_eq!(sent.schema(), wire);
    assert_eq!(sent.num_rows(), batch.num_rows());
    for column in sent.columns() {
        let valid = column.to_data().validate_full();
        assert!(valid.is_ok(), "{valid:?}");
    }
    // Arrow's reader panics on offsets that do not lie as they should, which is chance.
    if wire
        .fields()
        .iter()
        .any(|field| has_dense_union(field.data_type()))
    {
        return;
    }
    let batches = stream::iter([Ok::<_, ProtocolError>(batch)]);
    let messages = encode(&wire, types, batches)
        .map_err(|error| FlightError::from_external_error(Box::new(error)));
    let read = FlightRecordBatchStream::new_from_flight_data(messages);
    let read = block_on(read.try_collect::<Vec<RecordBatch>>());
    let arrives = read.is_ok() || types == Types::Arrow;
    assert!(arrives, "{:?}: {}", read.err(), wire);
    let read = concat_batches(&wire, &read.unwrap_or_default());
    if sent.num_rows() > 0 && types != Types::Arrow {
        assert_eq!(read.ok(), Some(sent), "rows changed on the way");
    }
}

fn has_dense_union(data_type: &DataType) -> bool {
    match data_type {
        DataType::Union(_, UnionMode::Dense) => true,
        DataType::Union(fields, UnionMode::Sparse) => fields
            .iter()
            .any(|(_, field)| has_dense_union(field.data_type())),
        DataType::Dictionary(_, values) => has_dense_union(values),
        DataType::Struct(fields) => fields
            .iter()
            .any(|field| has_dense_union(field.data_type())),
        DataType::List(item)
        | DataType::LargeList(item)
        | DataType::ListView(item)
        | DataType::LargeListView(item)
        | DataType::FixedSizeList(item, _)
        | DataType::Map(item, _)
        | DataType::RunEndEncoded(_, item) => has_dense_union(item.data_type()),
        _ => false,
    }
}
