//! Descriptors, endpoints and schemas as Flight's messages.

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

/// A result that waits behind one endpoint. The endpoint has no location: it is where the
/// request went.
pub fn flight_info(
    descriptor: FlightDescriptor,
    schema: &Schema,
    handle: Bytes,
    total_records: i64,
) -> Result<FlightInfo, ProtocolError> {
    let ticket = TicketStatementQuery {
        statement_handle: handle,
    };
    let endpoint = FlightEndpoint::new().with_ticket(Ticket::new(ticket.as_any().encode_to_vec()));
    let mut info = FlightInfo::new()
        .try_with_schema(schema)?
        .with_endpoint(endpoint)
        .with_total_records(total_records)
        .with_ordered(true);
    if descriptor.cmd.len() <= ECHOED_BYTES {
        info = info.with_descriptor(descriptor);
    }
    Ok(info)
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
