//! Descriptors, endpoints and schemas as Flight's messages.

use std::time::{SystemTime, UNIX_EPOCH};

use arrow::datatypes::Schema;
use arrow_flight::sql::{Any, Command, ProstMessageExt, TicketStatementQuery};
use arrow_flight::{
    FlightDescriptor, FlightEndpoint, FlightInfo, IpcMessage, SchemaAsIpc, SchemaResult, Ticket,
};
use arrow_ipc::writer::IpcWriteOptions;
use bytes::Bytes;
use prost::Message;

use crate::error::ProtocolError;

/// A descriptor longer than this is not repeated in the answer, which must stay below the
/// 4 MiB that clients accept.
const ECHOED_BYTES: usize = 64 << 10;

/// The Flight SQL command in packed bytes.
pub fn command(bytes: &[u8]) -> Result<Command, ProtocolError> {
    let malformed = || {
        ProtocolError::Invalid("the request holds no Flight SQL command that is known".to_owned())
    };
    let any = Any::decode(bytes).map_err(|_| malformed())?;
    match Command::try_from(any).map_err(|_| malformed())? {
        Command::Unknown(any) if any.type_url.is_empty() => Err(malformed()),
        command => Ok(command),
    }
}

/// The command of a descriptor.
pub fn descriptor_command(descriptor: &FlightDescriptor) -> Result<Command, ProtocolError> {
    if descriptor.cmd.is_empty() {
        return Err(ProtocolError::Invalid(
            "expected a descriptor with a Flight SQL command, got one without".to_owned(),
        ));
    }
    command(&descriptor.cmd)
}

/// A result that waits behind one endpoint.
pub fn flight_info(
    descriptor: FlightDescriptor,
    schema: &Schema,
    handle: Bytes,
    total_records: i64,
    expires: SystemTime,
) -> Result<FlightInfo, ProtocolError> {
    let info = FlightInfo::new()
        .try_with_schema(schema)?
        .with_endpoint(endpoint(handle, expires))
        .with_total_records(total_records)
        .with_ordered(true);
    Ok(with_descriptor(info, descriptor))
}

/// The way to a result. It has no location: it is where the request went.
pub fn endpoint(handle: Bytes, expires: SystemTime) -> FlightEndpoint {
    let ticket = TicketStatementQuery {
        statement_handle: handle,
    };
    let ticket = Ticket::new(ticket.as_any().encode_to_vec());
    let mut endpoint = FlightEndpoint::new().with_ticket(ticket);
    let (seconds, nanos) = since_epoch(expires);
    let time = endpoint.expiration_time.get_or_insert_default();
    (time.seconds, time.nanos) = (seconds, nanos);
    endpoint
}

/// A descriptor if it is short enough to be repeated in answers, else an empty one.
pub fn echoed(descriptor: FlightDescriptor) -> FlightDescriptor {
    match descriptor.cmd.len() <= ECHOED_BYTES {
        true => descriptor,
        false => FlightDescriptor::default(),
    }
}

pub(crate) fn with_descriptor(info: FlightInfo, descriptor: FlightDescriptor) -> FlightInfo {
    let descriptor = echoed(descriptor);
    match descriptor == FlightDescriptor::default() {
        true => info,
        false => info.with_descriptor(descriptor),
    }
}

/// Seconds and nanoseconds since the Unix epoch.
pub(crate) fn since_epoch(time: SystemTime) -> (i64, i32) {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    let seconds = i64::try_from(since.as_secs()).unwrap_or(i64::MAX);
    (
        seconds,
        i32::try_from(since.subsec_nanos()).unwrap_or_default(),
    )
}

/// A schema alone.
pub fn schema_result(schema: &Schema) -> Result<SchemaResult, ProtocolError> {
    let options = IpcWriteOptions::default();
    Ok(SchemaResult::try_from(SchemaAsIpc::new(schema, &options))?)
}

/// A schema as the bytes that a prepared statement's answer carries.
pub fn schema_bytes(schema: &Schema) -> Result<Bytes, ProtocolError> {
    let options = IpcWriteOptions::default();
    let message = IpcMessage::try_from(SchemaAsIpc::new(schema, &options))?;
    Ok(message.0)
}
