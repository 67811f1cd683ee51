//! Flight SQL's commands, packed: any bytes are a command or an error.

use std::time::UNIX_EPOCH;

use arrow::datatypes::{DataType, Field, Schema};
use arrow_flight::FlightDescriptor;
use cohortql_protocol::info;
use prost::Message;

/// Reads the bytes as a command; one that can be read is the same when it is packed again, and
/// can be answered.
pub fn commands(data: &[u8]) {
    let descriptor = FlightDescriptor::new_cmd(data.to_vec());
    let named = info::descriptor_command(&descriptor);
    let command = info::command(data);
    assert!(data.is_empty() || named.is_ok() == command.is_ok());
    let Ok(command) = command else {
        return;
    };
    let packed = command.clone().into_any().encode_to_vec();
    let again = info::command(&packed).map(|again| again.into_any());
    assert_eq!(again.ok(), Some(command.into_any()), "a command changed");
    let schema = Schema::new(vec![Field::new("c", DataType::Utf8, true)]);
    let answer = info::flight_info(descriptor, &schema, packed.into(), -1, UNIX_EPOCH);
    assert!(answer.is_ok_and(|answer| answer.encoded_len() < data.len() + (128 << 10)));
}
