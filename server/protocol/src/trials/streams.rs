//! What a client puts: any sequence of messages is read to its end or to an error.

use arrow_flight::{FlightData, FlightDescriptor};
use bytes::Bytes;
use cohortql_protocol::parameters::{Parameter, cast};
use cohortql_protocol::{Rows, Types, recast, wire_schema};
use futures::executor::block_on;
use futures::stream;

use super::input::Input;

/// Bytes that the rows may take in all.
const LIMIT: usize = 64 << 20;

/// Reads the messages as [`messages`] cuts them, keeps the rows, and looks at every value.
pub fn streams(data: &[u8]) {
    let messages = messages(data);
    let arrive = || stream::iter(messages.clone().into_iter().map(Ok));
    let opened = block_on(Rows::open(arrive()));
    assert!(opened.is_ok(), "the first message has a descriptor");
    let Ok(rows) = opened else { return };
    let Ok(Some((schema, batches))) = block_on(rows.collect(LIMIT)) else {
        return;
    };
    let wire = wire_schema(&schema, Types::Plain);
    for batch in &batches {
        assert_eq!(batch.schema(), schema);
        for column in batch.columns() {
            let valid = column.to_data().validate_full();
            assert!(valid.is_ok(), "{valid:?}");
        }
        let parameters: Vec<Parameter> = (0..batch.num_columns())
            .map(|at| Parameter {
                name: format!("${}", at + 1),
                data_type: None,
            })
            .collect();
        // Within the limit of what is written out.
        if let Ok(same) = cast(batch, &parameters) {
            assert_eq!(same.num_rows(), batch.num_rows());
            if let Ok(sent) = recast(batch, &wire, Types::Plain) {
                assert_eq!(sent.schema(), wire);
            }
        }
    }
}

/// Messages, each with the lengths of its header and body before it, as two numbers of two bytes.
fn messages(data: &[u8]) -> Vec<FlightData> {
    let mut input = Input::new(data);
    let mut messages = Vec::new();
    while !input.is_empty() {
        let (header, body) = (input.below(1 << 16), input.below(1 << 16));
        messages.push(FlightData {
            data_header: Bytes::copy_from_slice(input.rest(header)),
            data_body: Bytes::copy_from_slice(input.rest(body)),
            ..FlightData::default()
        });
    }
    let descriptor = FlightDescriptor::new_cmd(Bytes::new());
    match messages.first_mut() {
        Some(first) => first.flight_descriptor = Some(descriptor),
        None => messages.push(FlightData::new().with_descriptor(descriptor)),
    }
    messages
}

/// The bytes of messages, as [`messages`] reads them.
#[cfg(test)]
pub(super) fn packed(messages: &[FlightData]) -> Vec<u8> {
    let mut packed = Vec::new();
    for message in messages {
        let (header, body) = (&message.data_header, &message.data_body);
        for part in [header, body] {
            let length = u16::try_from(part.len()).unwrap();
            packed.extend_from_slice(&length.to_le_bytes());
        }
        packed.extend_from_slice(header);
        packed.extend_from_slice(body);
    }
    packed
}
